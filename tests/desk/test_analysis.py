"""What the record comes to: against a plain count, without anybody's name, and nothing fetched."""

import re
from collections import Counter
from pathlib import Path
from statistics import median
from typing import get_type_hints

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journal.called import AGENT, SUPERVISOR
from typer.testing import CliRunner

from rung import words as w
from rung.cli.app import app
from rung.desk.after_desk import BlockRow, Reply, Row
from rung.desk.analysis.html import html
from rung.desk.analysis.tables import Table, tables
from rung.journal.after.figures import AskRow, Counting, EndingRow, Figures, Own, RefusalRow, own
from rung.journal.store import Journal
from rung.page.say import Say
from rung.words import Button, EndedBy, Ending, Gesture, Ground, Outcome, Verdict, Want
from rung.words import Reply as Replied

HOUR_MS = 3_600_000
NAMES = (AGENT.id, SUPERVISOR.id, "ada", "sue", "0151")


class Line(msgspec.Struct, frozen=True):
    wall_ms: int
    event: w.Event


CALLS = st.tuples(
    st.integers(0, 48 * HOUR_MS),
    st.sampled_from(["0151-1", "0151-2", "anonymous"]),
    st.sampled_from([Outcome.ACCEPTED, Outcome.DECLINED, Outcome.IGNORED, None]),
    st.integers(100, 30_000),
    st.sampled_from([Ending.RELEASED, Ending.CALLER_LEFT]),
    st.lists(st.sampled_from([Ground.SLUR, Ground.THREAT]), max_size=2, unique=True),
    st.booleans(),
)


def call(number: int, told: tuple[int, str, Outcome | None, int, Ending, list[Ground], bool]) -> list[Line]:
    at, caller, outcome, after_ms, how, grounds, refused = told
    case = f"ada-{number}"
    press = w.Pressed(
        box="b", boot="b", number=number, buttons=(Button.RELEASE,), gesture=Gesture.TAP, epoch=number, age_ms=0
    )
    events: list[tuple[int, w.Event]] = [
        (0, w.CaseOpened(case=case, epoch=number, call="c", direction="in", policy="p", version="1", caller=caller,
                         person=AGENT.id)),
        *((0, w.GroundDeclared(ground=ground, person=AGENT.id)) for ground in grounds),
    ]  # fmt: skip
    if refused:
        answer = w.Answer(verdict=Verdict.REFUSED, why=f"Warn first: {number} s more. Now: warn.")
        events += [(1, w.PressRecorded(press, AGENT.id)), (1, w.PressAnswered(number, answer))]
    if outcome is not None:
        events.append((2, w.AskOpened(ask=number, rung="escalate", person=AGENT.id, want=Want.TRANSFER, to=("sue",))))
        if outcome != Outcome.IGNORED:
            reply = w.AskReplied(desk="sue", person=SUPERVISOR.id, reply=Replied.ACCEPT)
            events.append((2 + after_ms, reply))
        events.append((3 + after_ms, w.AskClosed(rung="escalate", outcome=outcome)))
    if how == Ending.RELEASED:
        events.append((4 + after_ms, w.RungTaken(rung="end", person=AGENT.id)))
    by = EndedBy.US if how == Ending.RELEASED else EndedBy.THEM
    events.append((5 + after_ms, w.CaseClosed(case=case, how=how, by=by)))
    return [Line(at + ms, event) for ms, event in events]


def counted(lines: list[Line]) -> Figures:
    counting = Counting()
    counting.take("ada", lines)
    return counting.figures()


@given(st.lists(CALLS, max_size=12))
@settings(max_examples=40, deadline=None)
def test_the_tables_are_what_a_plain_count_gives(
    told: list[tuple[int, str, Outcome | None, int, Ending, list[Ground], bool]],
) -> None:
    told.sort(key=lambda one: one[0])
    found = {t.name: t.rows for t in tables(counted([x for n, one in enumerate(told, 1) for x in call(n, one)]))}
    asked = [one for one in told if one[2] is not None]
    outcomes = {row["outcome"]: row for row in found["asks_by_outcome"].to_dicts()}
    assert {o: r["count"] for o, r in outcomes.items()} == Counter(one[2] for one in asked)
    for outcome, row in outcomes.items():
        seconds = [one[3] / 1000 for one in asked if one[2] == outcome and outcome != Outcome.IGNORED]
        assert row["answered_s_median"] == (pytest.approx(median(seconds), abs=0.051) if seconds else None)
        assert row["nobody_answered"] == (row["count"] if outcome == Outcome.IGNORED else 0)
    incidents = [one for one in told if one[4] == Ending.RELEASED or one[5]]
    assert sum(found["endings_by_policy"]["count"]) == len(incidents)
    grounds = Counter(str(g) for one in incidents for g in one[5] or ["none"])
    by_ground = found["endings_by_ground"].group_by("ground").agg(pl.col("count").sum())
    assert dict(by_ground.iter_rows()) == grounds
    callers = Counter(one[1] for one in incidents if one[1] != "anonymous")
    assert dict(found["repeat_callers"].iter_rows()) == Counter(callers.values())
    refused = sum(one[6] for one in told)
    assert found["refusals_by_reason"].rows() == ([("release", "Warn first: … s more", refused)] if refused else [])


SOME = [
    line
    for n, one in enumerate(
        [
            (HOUR_MS, "0151-1", Outcome.ACCEPTED, 4000, Ending.RELEASED, [Ground.SLUR], True),
            (2 * HOUR_MS, "0151-1", Outcome.IGNORED, 30_000, Ending.RELEASED, [Ground.THREAT], True),
            (2 * HOUR_MS + 60_000, "0151-2", None, 100, Ending.CALLER_LEFT, [Ground.SLUR], False),
        ],
        1,
    )
    for line in call(n, one)
]


def test_nobody_is_named_and_nothing_is_counted_by_person() -> None:
    """In no model that managers see is there a field to count or to rank people by."""
    figures = counted(SOME)
    assert not any(name in msgspec.json.encode(figures).decode() for name in NAMES)
    for row in (AskRow, EndingRow, RefusalRow, Row, BlockRow):
        assert not {"person", "people", "agent", "by", "desk", "presses"} & set(get_type_hints(row)), row
    for told in tables(figures):
        assert not {"person", "people", "agent", "desk", "case", "caller"} & set(told.rows.columns), told.name
    assert [name for name, hint in get_type_hints(Reply).items() if hint == Own | None] == ["own"]


def test_an_ask_that_nobody_answered_is_the_floors() -> None:
    ignored = [row for row in counted(SOME).asks if row.answered_s is None]
    assert [row.outcome for row in ignored] == [Outcome.IGNORED]
    assert not {"to", "silent"} & set(AskRow.__struct_fields__)


def test_ones_own_presses_are_counted_for_nobody_else() -> None:
    assert own(SOME, AGENT.id) == Own(refused=2, refused_because=(("Warn first: … s more", 2),))
    assert own(SOME, "agent-18") == Own()


def test_the_page_has_its_plots_and_fetches_nothing() -> None:
    page = html(tables(counted(SOME)), "2026-01-01", "2026-01-02")
    assert page.count("<svg") == page.count("<figure") == 5
    assert not re.search(r"""(?:src|href|data)=["'](?!#)|url\((?!#)|@import|<script|<metadata|<!DOCTYPE svg""", page)
    assert not any(name in page for name in NAMES)
    assert html(tables(Figures()), "", "").count("Nothing on record.") == 7


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "copy.db")
    for line in SOME:
        journal.append([line.event], at_ms=line.wall_ms, wall_ms=line.wall_ms)
    journal.close()
    return tmp_path / "copy.db"


def test_rung_report_prints_tables_and_writes_page_csv_and_parquet(copy: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = ["-o", str(tmp_path / "x.html"), "--csv", str(out), "--parquet", str(out)]
    result = CliRunner().invoke(app, ["report", str(copy), *made])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "x.html").read_text().count("<svg") == 5
    for told in tables(counted(SOME)):
        assert pl.read_parquet(out / f"{told.name}.parquet").equals(told.rows)
        assert pl.read_csv(out / f"{told.name}.csv", schema=told.rows.schema, empty_string_is_null=False).equals(
            told.rows
        )
    printed = CliRunner().invoke(app, ["report", str(copy)])
    assert "Asks by hour and outcome" in printed.output and "ignored" in printed.output


def test_brackets_in_a_cell_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    from rung.cli.report import _print

    cell = Table("endings", "Endings", pl.DataFrame({"policy": ["our [/floor]"]}))
    _print([cell] * 4, Say("en"))
    assert "our [/floor]" in capsys.readouterr().out


def test_a_cell_is_no_formula() -> None:
    from rung.cli.report import _harmless

    rows = pl.DataFrame({"reason": ["=1+1", "-2", "fine"], "count": [1, 2, 3]})
    assert _harmless(rows)["reason"].to_list() == ["'=1+1", "'-2", "fine"]


@pytest.mark.parametrize(
    ("args", "line"),
    [(["none.db"], "none.db"), (["-c", "none.toml"], "none.toml: cannot be read")],
)
def test_what_cannot_be_read_is_one_line(args: list[str], line: str) -> None:
    result = CliRunner().invoke(app, ["report", *args])
    assert result.exit_code == 2 and line in result.stderr and len(result.stderr.splitlines()) == 1


def test_without_the_extra_it_says_how_to_get_it(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rung.cli.ends.find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["report", str(copy)])
    assert result.exit_code == 2 and "pip install 'rung[report]'" in result.stderr
