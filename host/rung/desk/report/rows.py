"""What a report shows, as sections, tables and lines: one list for every form in which it is shown.

``say`` turns Rung's own words into the reader's language; what people wrote, and the names of people, stay as they are.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from rung.desk.report.model import Asked, Report, Taken

Say = Callable[[str], str]
Tone = Literal["", "small", "kept", "broken", "soft", "quote"]

KEPT = "The order was kept: by the record and the policy, every step was open when it was taken."
BROKEN = "By the record and the policy, not every step was open when it was taken."
NO_STEP = "No step of the ladder was taken on this call."
YOURS = "This page is yours. How often you press is nobody else's to count."


# Of what is done after a call: what is not in somebody's words.
OURS = frozenset(
    [
        "finding",
        "unauthorised",
        "willing",
        "by way of",
        "goodwill",
        "introduced",
        "duty",
        "out",
        "side",
        "amends",
        "granted",
        "lifted",
    ]
)


class Said(Struct, frozen=True):
    """One line; ``language`` only where it is not the reader's."""

    text: str
    tone: Tone = ""
    language: str = ""


Cell = tuple[Said, ...]


class Grid(Struct, frozen=True, kw_only=True):
    """A table, or the sentence ``otherwise`` where it has no row. Without ``heads`` a row is a name and what it has."""

    heads: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...]  # of its columns, one to another
    otherwise: str = ""


class Section(Struct, frozen=True, kw_only=True):
    title: str = ""
    before: tuple[Said, ...] = ()
    grid: Grid | None = None
    after: tuple[str, ...] = ()  # a list; its first line says of what


def plain(sentence: str) -> str:
    return sentence


def verdict(rungs: Sequence[Taken]) -> Said:
    """Whether the order was kept, in one sentence."""
    kept = all(not taken.lacked for taken in rungs)
    return Said((KEPT if kept else BROKEN) if rungs else NO_STEP, "kept" if kept else "broken")


def under(report: Report, say: Say) -> str:
    return f"{say(report.title)} · {report.policy} {report.version} · {when(report.began)}"


def when(instant: str) -> str:
    """An ISO instant as people write it."""
    return instant.replace("T", " ")[:19]


def facts(report: Report, say: Say = plain) -> list[tuple[str, str]]:
    """What the head of a report tells, by name; what is not known is left out."""
    told = [
        ("caller", report.caller),
        ("who had the call", ", ".join(report.people)),
        ("began", when(report.began)),
        ("ended", when(report.ended)),
        ("of it talk", f"{report.talk_s:g} s"),
        ("how it ended", say(report.how)),
        ("from whose side", say(report.side)),
        ("cause, by the phone", report.cause),
        ("reason", report.reason),
        ("matter", report.matter),
        ("offered", report.offered),
        ("demeanour", report.demeanour),
        ("tried", ", ".join(map(say, report.tried))),
        ("markers", "; ".join(map(say, report.markers))),
        ("recording", report.recording),
    ]
    return [(say(name), text) for name, text in told if text]


def whole(report: Report, say: Say = plain) -> Iterator[Section]:
    """For those who review: everything that is on record of the case."""
    yield Section(grid=Grid(rows=_rows(facts(report, say)), widths=(1, 4)))
    grounds = [
        (when(g.at), say(g.ground) + (f" ({say('taken back')})" if g.taken_back else ""), g.person, g.note)
        for g in report.grounds
    ]
    yield _table("What the caller did", "at|ground|by|note", grounds, (3, 3, 2, 4), "No ground was declared.", say)
    yield _ladder(report.rungs, say)
    refused = [(when(r.at), r.person, say(r.press), say(r.why), say(r.next)) for r in report.refused]
    heads = "at|who|press|answer|next"
    yield _table("What was refused", heads, refused, (3, 2, 3, 6, 2), "Nothing was refused.", say)
    asks = [_ask(ask, say) for ask in report.asks]
    heads = "at|for|asked|answers|no answer|outcome"
    yield _table("Who was asked, and who answered", heads, asks, (3, 2, 3, 4, 3, 3), "Nobody was asked.", say)
    done = [(when(a.at), a.by, say(a.what), "; ".join(_told(*each, say) for each in a.told)) for a in report.afterwards]
    made = _table("After the call", "at|who|what|in their words", done, (3, 2, 3, 6), "Nothing has been done yet.", say)
    due = (say("Still due:"), *map(say, report.due)) if report.due else ()
    yield Section(title=made.title, grid=made.grid, after=due)


def private(report: Report, person: str, say: Say = plain) -> Iterator[Section]:
    """For the agent alone: what they did, and that the order was kept. No word of anybody's finding on anybody else."""
    head = [
        ("how it ended", say(report.how)),
        ("from whose side", say(report.side)),
        ("began", when(report.began)),
    ]
    yield Section(grid=Grid(rows=_rows([(say(name), text) for name, text in head if text]), widths=(1, 4)))
    yield _ladder([taken for taken in report.rungs if taken.person == person], say)
    refused = [(when(r.at), say(r.press), say(r.why), say(r.next)) for r in report.refused if r.person == person]
    yield _table("What was refused", "at|press|answer|next", refused, (3, 3, 6, 2), "Nothing was refused.", say)
    yield Section(before=(Said(say(YOURS), "soft"),))


def _told(name: str, value: str, say: Say) -> str:
    return f"{say(name)}: {say(value) if name in OURS else value}"


def _ladder(rungs: Sequence[Taken], say: Say) -> Section:
    told = verdict(rungs)
    steps = tuple(_step(taken, say) for taken in rungs)
    heads = tuple(map(say, ("at", "step", "by", "needed, and held", "said")))
    return Section(
        title=say("The steps"),
        before=(Said(say(told.text), told.tone),),
        grid=Grid(heads=heads, rows=steps, widths=(3, 3, 2, 5, 5)),
    )


def _step(taken: Taken, say: Say) -> tuple[Cell, ...]:
    title = [Said(say(taken.title) + (f" ({say('announced')})" if taken.announced else ""))]
    if taken.came_to_nothing:
        title.append(Said(f"{say('came to nothing')}: {say(taken.came_to_nothing)}", "small"))
    if taken.grounds:
        title.append(Said(f"{say('because of')}: {', '.join(map(say, taken.grounds))}", "small"))
    needs = [Said("; ".join(map(say, taken.needs.split("; "))))]
    if taken.lacked:
        needs.append(Said(f"{say('not so')}: {'; '.join(map(say, taken.lacked))}", "broken"))
    words = (Said(taken.script, "quote", taken.language),) if taken.script else ()
    return (Said(when(taken.at)),), tuple(title), (Said(taken.person),), tuple(needs), words


def _ask(ask: Asked, say: Say) -> tuple[str, ...]:
    replies = "; ".join(
        f"{reply.person or reply.desk}: {say(reply.reply)}" + (f" ({reply.word})" if reply.word else "")
        for reply in ask.replies
    )
    after = "" if ask.after_s is None else f", {say(f'after {ask.after_s:g} s')}"
    return when(ask.at), say(ask.want), ", ".join(ask.to), replies, ", ".join(ask.silent), say(ask.outcome) + after


def _table(
    title: str, heads: str, rows: Sequence[Sequence[str]], widths: tuple[int, ...], otherwise: str, say: Say
) -> Section:
    grid = Grid(heads=tuple(map(say, heads.split("|"))), rows=_rows(rows), widths=widths, otherwise=say(otherwise))
    return Section(title=say(title), grid=grid)


def _rows(rows: Sequence[Sequence[str]]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple((Said(text),) if text else () for text in row) for row in rows)
