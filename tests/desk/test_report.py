"""The incident report: whole, on paper as on the page, and not to be deceived about the order."""

import asyncio
import re
import zlib
from collections.abc import Callable, Iterator
from html import unescape

import pytest
from tests.desk.rig import Desk

from rung import words as w
from rung.desk.afterwards import Opened
from rung.desk.report.model import Report
from rung.desk.report.page import page, private_page
from rung.desk.report.pdf import pdf
from rung.desk.report.reading import report
from rung.desk.report.rows import BROKEN, KEPT, Said, plain, whole
from rung.journal.after.files import Files
from rung.page.say import Say
from rung.words import Actor, Button, Gesture

SAID = "I cannot <b>find</b> my order & Łukasz promised it"


def record() -> list[Opened]:
    """A call that was ended in order: warned, asked in vain, final notice, announced, released."""

    async def play() -> list[Opened]:
        desk = Desk()
        async with desk.bridge():
            desk.call_comes()
            desk.now.feed(w.Noted(matter=SAID))
            await desk.climb_to_release()
            await desk.may_press(Button.RELEASE, Gesture.HOLD)
            await desk.until(lambda: desk.has(w.CaseClosed))
            case = next(e.case for e in desk.record() if isinstance(e, w.CaseClosed))
            desk.now.attend(w.WrappedUp(case=case, code="ended", reason="went on after the notice"), Actor("agent-17"))
            whole = desk.now.after.lines()
            part = desk.now.after.lines(case)
            told = report(desk.now.after.files(), case, {"desk": whole}, whole[-1].wall_ms)
            assert told == report(
                desk.now.after.files(), case, {"desk": part}, whole[-1].wall_ms
            )  # it has all it needs
            assert len(part) < len(whole)
            return whole

    return asyncio.run(play())


def reported(lines: list[Opened]) -> Report:
    files = Files()
    for line in lines:
        files.take("desk", line.event, line.wall_ms)
    found = report(files, "case-1", {"desk": lines}, lines[-1].wall_ms)
    assert found is not None
    return found


def test_what_was_handed_over_and_cannot_be_read_is_said_and_the_rest_is_told() -> None:
    """Sealed at another desk whose record is not here, or erased: nobody claims that the order was kept."""
    told: list[w.Event] = [
        w.CaseReceived(case="case-1", desk="ada", state="", call="c", offer=6),
        w.CaseArrived(case="case-1", epoch=4, call="c", person="eve", role=w.Role.SUPERVISOR),
        w.GroundDeclared(ground=w.Ground.SLUR, person="eve"),
        w.RungTaken(rung="supervisor-end", person="eve", grounds=(w.Ground.SLUR,)),
        w.CaseClosed(case="case-1", how="released", by=w.EndedBy.US),
    ]
    found = reported([Opened(at, at, event) for at, event in enumerate(told)])
    assert not found.order_kept and "sealed at another desk, or erased" in found.rungs[0].lacked[0]
    assert found.how == "released" and [each.ground for each in found.grounds] == ["slur"]


@pytest.fixture(scope="module")
def lines() -> list[Opened]:
    return record()


def test_an_ending_in_order_is_told_whole(lines: list[Opened]) -> None:
    told = reported(lines)
    assert told.order_kept
    assert [taken.rung for taken in told.rungs if not taken.announced] == [
        "warn",
        "escalate",
        "final-notice",
        "release",
    ]
    assert all(taken.script and taken.needs for taken in told.rungs)
    assert (told.how, told.side, told.matter) == ("released", "us", SAID)
    assert told.reason == "went on after the notice" and told.due == ()
    assert told.rungs[1].came_to_nothing and told.asks[0].outcome and told.refused  # pressed until it was taken


def test_the_page_escapes_and_fetches_nothing(lines: list[Opened]) -> None:
    made = page(reported(lines))
    assert KEPT in made and "&lt;b&gt;find&lt;/b&gt;" in made and "<b>" not in made
    assert not re.search(r"""(?:src|href)=|url\(|@import|<script""", made)


def test_the_private_page_is_of_ones_own_steps(lines: list[Opened]) -> None:
    told = reported(lines)
    mine, others = private_page(told, "agent-17"), private_page(told, "agent-18")
    assert (KEPT in mine and "Release the call" in mine) or "release" in mine
    assert KEPT not in others and "No step of the ladder" in others
    assert "went on after the notice" not in mine  # findings and the like are not on it


def test_a_recording_is_named_once_the_phone_has_confirmed_it(lines: list[Opened]) -> None:
    begun = w.EffectDecided(w.Record(99, "line-1", "case-1"), 5)
    at = next(i for i, line in enumerate(lines) if isinstance(line.event, w.RungTaken))
    decided = [*lines[:at], Opened(lines[at].at_ms, lines[at].wall_ms, begun), *lines[at:]]
    confirmed = [
        *decided[: at + 1],
        Opened(lines[at].at_ms, lines[at].wall_ms, w.EffectConfirmed(99)),
        *decided[at + 1 :],
    ]
    assert (reported(decided).recording, reported(confirmed).recording) == ("", "case-1")


def without(lines: list[Opened], gone: Callable[[w.Event], bool]) -> list[Opened]:
    return [line for line in lines if not gone(line.event)]


DECEIVED: list[tuple[str, Callable[[w.Event], bool], str]] = [
    ("never warned", lambda e: isinstance(e, w.RungTaken) and e.rung == "warn", "escalate"),
    ("no final notice", lambda e: isinstance(e, w.RungTaken) and e.rung == "final-notice", "release"),
    ("never announced", lambda e: isinstance(e, w.Announced), "release"),
    ("no ground", lambda e: isinstance(e, w.GroundDeclared), "release"),
    ("the policy is gone", lambda e: isinstance(e, w.PolicyKept), "warn"),
]


@pytest.mark.parametrize(("what", "gone", "rung"), DECEIVED, ids=[what for what, _, _ in DECEIVED])
def test_what_was_not_in_order_is_told(
    lines: list[Opened], what: str, gone: Callable[[w.Event], bool], rung: str
) -> None:
    told = reported(without(lines, gone))
    assert not told.order_kept
    assert rung in {taken.rung for taken in told.rungs if taken.lacked}
    assert BROKEN in page(told)


def test_the_pdf_and_the_page_have_every_line(lines: list[Opened]) -> None:
    told = reported(lines)
    text, made = written(pdf(told)), unescape(page(told))
    said = [said.text for said in every_line(told, plain)]
    assert any("after " in line for line in said) and any("because of" in line for line in said)
    for words in (*said, "Incident case-1", "Łukasz", "went on after the notice"):
        assert words.replace(" ", "") in text, words
        assert words in made, words
    assert "page1" in text


def every_line(told: Report, say: Callable[[str], str]) -> Iterator[Said]:
    for section in whole(told, say):
        yield from section.before
        if section.grid is not None:
            yield from (said for row in section.grid.rows for cell in row for said in cell)


def test_in_german_none_of_rungs_own_words_is_left_in_english(lines: list[Opened]) -> None:
    german, left = Say("de"), set[str]()

    def say(sentence: str) -> str:
        if sentence and german.desk(sentence) == sentence:
            left.add(sentence)
        return german.desk(sentence)

    told = reported(lines)
    made, mine = page(told, say, "de"), private_page(told, "agent-17", say, "de")
    assert left == set()
    assert '<html lang="de">' in made and "Die Reihenfolge wurde eingehalten" in made and SAID in unescape(made)
    assert "Diese Seite gehört Ihnen" in mine
    assert "DieSchritte" in written(pdf(told, say))


def written(file: bytes) -> str:
    """The text of the PDF: what is shown in each font, by that font's own map to Unicode; without blanks."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", file, re.DOTALL)
    maps = [
        {
            int(glyph, 16): chr(int(char, 16))
            for glyph, char in re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]{4})>\n", stream)
        }
        for stream in streams
        if b"beginbfchar" in stream
    ]
    text, font = "", 1
    for shown in (zlib.decompress(stream) for stream in streams if stream[:1] == b"\x78"):
        for name, said in re.findall(rb"/F(\d) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", shown, re.DOTALL):
            font = int(name or font)
            plain = re.sub(rb"\\(.)", lambda m: {b"n": b"\n", b"r": b"\r"}.get(m[1], m[1]), said, flags=re.DOTALL)
            glyphs = (int.from_bytes(plain[i : i + 2], "big") for i in range(0, len(plain), 2))
            text += "".join(maps[font - 1].get(glyph, "?") for glyph in glyphs)
    return text.replace(" ", "")
