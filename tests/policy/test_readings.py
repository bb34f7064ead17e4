"""Every class of state against every press, as one table: what a press does, and what the lamps say of it before."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.policy.came import what_came_of_it
from tests.policy.shift import Shift

from rung import words as w
from rung.policy import lamps, step
from rung.words import Button, Gesture, Ground, Marker


def _then(*acts: Callable[[Shift], object]) -> Callable[[Shift], object]:
    return lambda s: [act(s) for act in acts]


def _named(s: Shift) -> None:
    s.put(w.Declared(Ground.SLUR))


def _crisis(s: Shift) -> None:
    s.put(w.Marked(Marker.CRISIS))


def _met(s: Shift) -> None:
    s.consult("up")
    s.wait(3000)


STATES: dict[str, Callable[[Shift], object]] = {
    "no call": lambda s: None,
    "ringing": lambda s: s.line("ringing"),
    "a call": lambda s: s.line("up"),
    "crisis": _then(lambda s: s.line("up"), _crisis),
    "just warned": _then(lambda s: s.line("up"), lambda s: s.press("warn")),
    "warned": Shift.warned,
    "telling": _then(Shift.warned, lambda s: s.press("escalate")),
    "asking": _then(Shift.warned, Shift.ringing),
    "answered": _then(Shift.warned, Shift.ringing, lambda s: s.consult("up")),
    "met": _then(Shift.warned, Shift.ringing, _met),
    "transferring": _then(Shift.warned, Shift.ringing, _met, lambda s: s.press("escalate")),
    "coming back": _then(Shift.warned, Shift.ringing, lambda s: s.consult("ended", "busy", "them")),
    "declined": _then(Shift.warned, lambda s: s.nobody_came("declined")),
    "nobody": _then(Shift.warned, Shift.nobody_came),
    "noticed": Shift.noticed,
    "named": _then(Shift.noticed, _named),
    "announced": Shift.announced,
    "on hold": _then(Shift.announced, lambda s: s.line("held")),
    "in crisis": _then(Shift.announced, _crisis),
    "calmed": _then(Shift.announced, lambda s: s.put(w.Calmed()), lambda s: s.wait(5000)),
    "nobody here": _then(Shift.announced, lambda s: s.put(w.SignedOn(None))),
    "phone lost": _then(Shift.announced, lambda s: s.put(w.PhoneIs(up=False))),
    "two callers": _then(Shift.announced, lambda s: s.line("up", call="other")),
    "ending": _then(Shift.announced, lambda s: s.press("release", "hold")),
    "ended": _then(Shift.announced, lambda s: s.line("ended", "them")),
}

# What a press does; `.`: refused; `-`: understood, nothing to do. Panic is in every record, whatever else holds.
#              warn      escalate  release   release   escalate   escalate
#              tap       tap       tap       hold      and warn   hold
TABLE = """
no call        .         .         .         .         .          panic
ringing        .         .         .         .         .          panic
a call         warn      .         .         .         .          panic
crisis         .         .         .         .         .          panic
just warned    .         .         .         .         .          panic
warned         .         escalate  .         .         .          panic
telling        .         -         .         .         take back  panic
asking         .         -         .         .         take back  panic
answered       .         -         .         .         take back  panic
met            .         complete  .         .         take back  panic
transferring   .         -         .         .         .          panic
coming back    .         -         .         .         -          panic
declined       .         escalate  .         .         .          panic
nobody         final-notice escalate .       .         .          panic
noticed        .         escalate  .         .         .          panic
named          .         escalate  announce  .         .          panic
announced      .         escalate  -         release   .          panic
on hold        .         escalate  .         .         .          panic
in crisis      .         escalate  .         .         .          panic
calmed         .         escalate  .         .         .          panic
nobody here    .         escalate  .         .         .          panic
phone lost     .         .         .         .         .          panic
two callers    .         .         .         .         .          panic
ending         .         .         .         .         .          panic
ended          .         .         .         .         .          panic
"""
PRESSES = [
    ((Button.WARN,), Gesture.TAP),
    ((Button.ESCALATE,), Gesture.TAP),
    ((Button.RELEASE,), Gesture.TAP),
    ((Button.RELEASE,), Gesture.HOLD),
    ((Button.ESCALATE, Button.WARN), Gesture.CHORD),
    ((Button.ESCALATE,), Gesture.HOLD),
]


def _rows() -> list[tuple[str, list[str]]]:
    rows = []
    for text in TABLE.strip().splitlines():
        name, cells = text[:15].strip(), text[15:].replace("take back", "take_back").split()
        rows.append((name, [cell.replace("_", " ") for cell in cells]))
    return rows


def test_the_table_is_whole() -> None:
    assert [name for name, _ in _rows()] == list(STATES)
    assert all(len(cells) == len(PRESSES) for _, cells in _rows())


@pytest.mark.parametrize(("state", "cells"), _rows())
def test_what_every_press_does(state: str, cells: list[str]) -> None:
    s = Shift()
    STATES[state](s)
    for (buttons, gesture), cell in zip(PRESSES, cells, strict=True):
        press = w.Pressed(box="b", boot="b", number=1, buttons=buttons, gesture=gesture, epoch=s.desk.epoch, age_ms=0)
        made = step(s.policy, s.desk, press, s.now)
        assert made.answer is not None
        nothing = "-" if made.answer.verdict == w.Verdict.NOTHING else "."
        came = what_came_of_it(made).replace("announce release", "announce")
        assert (came or nothing) == cell, (buttons, gesture, made.answer)


# `o` off, `l` lit, `b` breathing, `w` waiting; `+`: counted down. Escalate, warn, release.
LAMPS = {
    "no call": "o o o",
    "a call": "o l o",
    "crisis": "o o o",
    "just warned": "o o o",
    "warned": "b o o",
    "telling": "w+ o o",
    "asking": "w o o",
    "met": "b o o",
    "transferring": "w o o",
    "coming back": "w o o",
    "nobody": "l b o",
    "named": "l o b",
    "announced": "l o b",
    "on hold": "b o o",
    "in crisis": "b o o",
    "phone lost": "o o o",
    "two callers": "o o o",
    "ending": "o o w",
    "ended": "o o o",
}
LETTERS = {"off": "o", "lit": "l", "breathing": "b", "blinking": "w"}


@pytest.mark.parametrize("state", LAMPS)
def test_what_the_lamps_show(state: str) -> None:
    s = Shift()
    STATES[state](s)
    shown = lamps(s.policy, replace(s.desk, flashes=()), s.now)
    marks = {w.LampMark.NONE: "", w.LampMark.FILLING: "+"}
    three = (shown.escalate, shown.warn, shown.release)
    assert " ".join(LETTERS[lamp.state] + marks[lamp.mark] for lamp in three) == LAMPS[state]
    assert (shown.epoch == 0) == (state in ("no call", "ended", "two callers"))


def test_the_countdown_on_the_release_lamp() -> None:
    s = Shift()
    STATES["named"](s)
    s.press("release")
    shown = lamps(s.policy, s.desk, s.now + 1000)
    assert shown.release == w.Lamp(w.LampState.OFF, w.LampMark.FILLING)
    assert shown.fill_ms == 3000
