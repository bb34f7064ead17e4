"""What the lamps show: which signal wins, and that no two signals look alike."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung_box import safe
from rung_box.gestures import ESCALATE, RELEASE, WARN
from rung_box.panel import HINT_MS, Panel
from rung_box.rhythm import FRAME_MS, frame, is_steady
from rung_wire import codes, names

NAMES = (*names.LAMP_STATES, codes.UNCONFIRMED, codes.LINK_LOST, codes.FAULT, codes.OWN_NAMING)
SAFE_MODE = (codes.SAFE_MODE, codes.NO_MARK)
SIGNALS = [
    *((name, codes.NO_MARK) for name in NAMES),
    (codes.LIT, codes.ALONE),
    (codes.BREATHING, codes.ALONE),  # `alone` comes only with what may be pressed
    (codes.OFF, codes.FILLING),  # over other states it has their colour
    SAFE_MODE,
]
LOOK_MS = 8000
FULL_MS = 2 * LOOK_MS
LAMPS = ((codes.LIT, codes.NO_MARK), (codes.BREATHING, codes.ALONE), (codes.BLINKING, codes.FILLING))


class FakeGestures:
    """What `Panel` asks of the gestures."""

    def __init__(self) -> None:
        self.is_stuck = False
        self.fills: tuple[int, int] | None = None
        self.refused: int | None = None
        self.names = False

    def stuck(self, button: int) -> bool:
        return self.is_stuck

    def naming(self, button: int) -> bool:
        return self.names

    def filling(self, button: int, now: int) -> tuple[int, int] | None:
        return self.fills

    def refused_since(self, button: int) -> int | None:
        return self.refused


def _panel(waiting: str = "") -> tuple[Panel, FakeGestures]:
    gestures = FakeGestures()
    link = SimpleNamespace(unconfirmed=lambda: [(1, waiting)] if waiting else [])
    return Panel(gestures, link, 0), gestures


def _frame(name: str, mark: str, now: int) -> tuple[tuple[int, int, int], ...]:
    """What the three lamps look like when all show this signal."""
    if (name, mark) == SAFE_MODE:
        return safe.colours(now // safe.STEP_MS)
    return frame([(name, mark, 0, FULL_MS)] * 3, now)


@cache
def _look(name: str, mark: str) -> list[float]:
    """Brightness of the middle lamp, frame by frame, as a part of its brightest: what the colour-blind see."""
    seen = [sum(_frame(name, mark, now)[1]) for now in range(0, 2 * LOOK_MS, FRAME_MS)]
    return [level / max(1, *seen) for level in seen]


@pytest.mark.parametrize("pair", list(combinations(SIGNALS, 2)), ids=str)
def test_no_two_signals_have_one_rhythm(pair: tuple[tuple[str, str], tuple[str, str]]) -> None:
    """They differ for a twelfth of the time by a third of their light, whenever one begins to look."""
    frames = LOOK_MS // FRAME_MS
    ours, theirs = (_look(*signal) for signal in pair)
    for start in range(frames):
        differing = sum(abs(a - b) > 1 / 3 for a, b in zip(ours, theirs[start : start + frames], strict=False))
        assert differing > frames / 12, f"alike from {start * FRAME_MS} ms"


@pytest.mark.parametrize("signal", SIGNALS, ids=str)
def test_only_steady_signals_are_not_redrawn(signal: tuple[str, str]) -> None:
    assert is_steady((*signal, 0, 0)) == (len(set(_look(*signal))) == 1)


def test_filling_grows_and_stays_full() -> None:
    lit = [level for level in _look(codes.OFF, codes.FILLING) if level]
    assert lit == sorted(lit)
    full = [(codes.OFF, codes.FILLING, 0, FULL_MS)] * 3
    assert frame(full, FULL_MS) == frame(full, FULL_MS + 9999)


def test_link_lost_is_one_pulse_of_all_three_and_safe_mode_wanders() -> None:
    for now in range(0, LOOK_MS, FRAME_MS):
        assert len(set(frame([(codes.LINK_LOST, codes.NO_MARK, 0, 0)] * 3, now))) == 1
        assert [any(colour) for colour in _frame(*SAFE_MODE, now)].count(True) == 1


@given(st.sampled_from(NAMES), st.sampled_from(names.LAMP_MARKS), st.integers(-50, 2**31), st.integers(0, 409500))
def test_colours_are_always_colours(name: str, mark: str, now: int, full_ms: int) -> None:
    assert all(0 <= part <= 255 for colour in frame([(name, mark, 0, full_ms)] * 3, now) for part in colour)


@given(st.sets(st.sampled_from(codes.PRECEDENCE)).map(lambda holding: holding - {codes.SAFE_MODE}))
def test_the_strongest_wins(holding: set[str]) -> None:
    """For everything that may hold at once the lamp shows what the wire's table puts first."""
    lamps = (*LAMPS[:2], (codes.LIT, codes.NO_MARK)) if codes.OWN_NEXT in holding else LAMPS
    panel, gestures = _panel("R" if codes.UNCONFIRMED in holding else "")
    if codes.LINK_LOST not in holding:
        panel.lamps(7, lamps, 0, 100)
    if codes.OWN_NEXT in holding:
        panel.hint("R", 150)
    gestures.is_stuck = codes.FAULT in holding
    gestures.fills = (50, 1500) if codes.OWN_HOLD in holding else None
    gestures.names = codes.OWN_NAMING in holding
    gestures.refused = 60 if codes.OWN_REFUSED in holding else None
    shown = {
        codes.OWN_HOLD: (codes.OFF, codes.FILLING),
        codes.OWN_REFUSED: (codes.REFUSED, codes.NO_MARK),
        codes.OWN_NEXT: (codes.BREATHING, codes.NO_MARK),
        codes.FROM_HOST: (codes.BLINKING, codes.FILLING),
    }
    strongest = codes.strongest(holding | {codes.FROM_HOST})
    assert panel.signals(200)[RELEASE][:2] == shown.get(strongest, (strongest, codes.NO_MARK))


def test_the_hosts_lamps_are_shown_with_their_marks() -> None:
    panel, _ = _panel()
    panel.lamps(7, LAMPS, 30, 100)
    assert panel.signals(200) == [(state, mark, 100, 3000) for state, mark in LAMPS]
    panel.lamps(7, LAMPS, 30, 300)
    assert [since for _, _, since, _ in panel.signals(400)] == [100, 100, 100], "a rhythm goes on while nothing changes"
    panel.lamps(7, LAMPS, 20, 500)
    assert panel.signals(600)[RELEASE] == (codes.BLINKING, codes.FILLING, 500, 2000)


def test_a_lost_link_and_a_new_session_forget_the_lamps() -> None:
    panel, _ = _panel()
    assert {signal[0] for signal in panel.signals(10)} == {codes.LINK_LOST}
    panel.lamps(7, LAMPS, 0, 100)
    panel.forget(200)
    assert panel.signals(300) == [(codes.LINK_LOST, codes.NO_MARK, 200, 0)] * 3


def test_an_unconfirmed_press_shows_on_its_lamps_only() -> None:
    panel, _ = _panel("EW")
    panel.lamps(7, LAMPS, 0, 100)
    panel.signals(200)
    names = [signal[0] for signal in panel.signals(240)]
    assert names == [codes.UNCONFIRMED, codes.UNCONFIRMED, codes.BLINKING]
    assert panel.signals(280)[WARN][2] == 200, "its rhythm begins with the press"


def test_the_next_button_of_a_refusal_breathes_for_a_moment() -> None:
    panel, _ = _panel()
    panel.lamps(7, LAMPS, 0, 100)
    panel.hint("E", 200)
    assert panel.signals(200 + HINT_MS - 1)[ESCALATE][0] == codes.BREATHING
    assert panel.signals(200 + HINT_MS)[ESCALATE][0] == codes.LIT
    panel.hint("E", 9000)
    panel.hint(codes.NO_BUTTON, 9001)
    assert panel.signals(9002)[ESCALATE][0] == codes.LIT


@pytest.mark.parametrize("mark", names.LAMP_MARKS)
@pytest.mark.parametrize("state", names.LAMP_STATES)
@pytest.mark.parametrize("told", ["before the hint", "after the hint"])
def test_a_hint_covers_nothing_but_a_lamp_that_is_lit(state: str, mark: str, told: str) -> None:
    panel, _ = _panel()
    lamps = (LAMPS[0], (state, mark), LAMPS[2])
    panel.lamps(7, lamps if told == "before the hint" else (LAMPS[0],) * 3, 30, 100)
    panel.hint("W", 200)
    panel.lamps(7, lamps, 30, 250)
    is_lit = (state, mark) == (codes.LIT, codes.NO_MARK)
    assert panel.signals(300)[WARN][:2] == (codes.BREATHING if is_lit else state, mark)
    others = [panel.signals(300)[button][:2] for button in (ESCALATE, RELEASE)]
    assert others == [LAMPS[0], LAMPS[2]]


def test_a_hint_does_not_outlive_its_call_or_session() -> None:
    panel, _ = _panel()
    panel.lamps(7, LAMPS, 0, 100)
    panel.hint("E", 200)
    panel.lamps(7, LAMPS, 0, 300)
    assert panel.signals(310)[ESCALATE][0] == codes.BREATHING, "the same call"
    panel.lamps(8, LAMPS, 0, 320)
    assert panel.signals(330)[ESCALATE][0] == codes.LIT, "another call"
    panel.hint("E", 400)
    panel.forget(500)
    assert panel.signals(510)[ESCALATE][0] == codes.LINK_LOST
    panel.lamps(8, LAMPS, 0, 520)
    assert panel.signals(530)[ESCALATE][0] == codes.LIT, "another session"


@pytest.mark.parametrize("before", names.LAMP_STATES)
@pytest.mark.parametrize("after", names.LAMP_STATES)
def test_a_lamp_goes_out_when_its_invitation_ends(before: str, after: str) -> None:
    panel, _ = _panel()
    new = ((after, codes.NO_MARK),) * 3
    assert not panel.has_gone_out(WARN, new), "nothing was known"
    panel.lamps(7, ((before, codes.NO_MARK),) * 3, 0, 100)
    assert panel.has_gone_out(WARN, new) == (before in (codes.LIT, codes.BREATHING) and after == codes.OFF)


def test_a_silent_host_shows_within_two_seconds() -> None:
    """The link finds it, and the next frame of the lamps says so."""
    assert codes.SILENCE_MS + FRAME_MS < 2000
