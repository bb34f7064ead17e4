"""How the box reads presses: cases, a second telling of the rules, and what must hold for any hands."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.box.hands import ESCALATE, RELEASE, WARN, Press, Step, alone, expected, steps
from tests.box.replay import Replay
from tests.box.vectors import VECTORS

from rung_box.contacts import SIZE, EdgeRing
from rung_box.debounce import DEBOUNCE_MS, PULSE_MS, Debounce
from rung_box.gestures import Gestures

MOST_BOUNCE_MS = 5
LIMITS_MS = (150, 700, 1000, 1500, 2000, 5000)
buttons = st.sampled_from([ESCALATE, WARN, RELEASE])
seeds = st.integers(0, 2**32).map(random.Random)


@st.composite
def hands(draw: st.DrawFn) -> list[Press]:
    """Three hands: no two edges in the same millisecond, and no contact used twice within 20 ms."""
    presses: list[Press] = []
    for button in (ESCALATE, WARN, RELEASE):
        now = button
        for _ in range(draw(st.integers(0, 4))):
            down = now + 3 * draw(st.integers(7, 200))
            held = draw(
                st.one_of(st.integers(6, 60), st.sampled_from(LIMITS_MS).map(lambda ms: ms // 3), st.integers(6, 2000))
            )
            now = down + 3 * held
            presses.append(Press(button, down, now))
    return sorted(presses, key=lambda press: press.down)


def _sent(replay: Replay) -> list[tuple[str, str, int]]:
    return sorted(
        [(buttons, gesture, ms) for buttons, gesture, _, ms, _ in replay.sent], key=lambda item: (item[2], item[0])
    )


@pytest.mark.parametrize("name", VECTORS)
def test_case(name: str) -> None:
    vector = VECTORS[name]
    replay = Replay(lag_ms=vector.lag_ms, held=vector.held)
    assert replay.play(vector.steps) == vector.sent
    assert replay.refused == set(vector.refused)


@pytest.mark.parametrize("name", VECTORS)
def test_clock_wraps_within_a_case(name: str) -> None:
    """The clock starts again at 2**30 ms, in the middle of any gesture."""
    vector = VECTORS[name]
    for before_ms in (900, 1005, 1500, 2500):
        replay = Replay((1 << 30) - before_ms, vector.lag_ms, vector.held)
        assert replay.play(vector.steps) == vector.sent


@given(hands())
def test_hands_make_what_the_rules_say(presses: list[Press]) -> None:
    replay = Replay()
    replay.play(steps(presses))
    assert _sent(replay) == expected(presses)


@given(hands(), seeds)
def test_bounce_changes_nothing(presses: list[Press], bounce: random.Random) -> None:
    clean, bouncing = Replay(), Replay()
    clean.play(steps(presses))
    bouncing.play(steps(presses, bounce))
    assert _sent(bouncing) == _sent(clean)


def _apart(presses: list[Press], gap_ms: int) -> list[Press]:
    """The same hands, slowed so that any two edges are at least so far apart."""
    order = sorted(ms for press in presses for ms in press[1:])
    later = {ms: ms + index * gap_ms for index, ms in enumerate(order)}
    return [Press(press.button, later[press.down], later[press.up]) for press in presses]


@given(hands(), st.integers(1, 400))
def test_a_busy_box_reads_the_same(presses: list[Press], lag_ms: int) -> None:
    """What counts is when the edges were latched, not when the task got round to them.

    Looking back, a letting go is only known from the edges of the next 15 ms; so those are left free.
    """
    presses = _apart(presses, DEBOUNCE_MS)
    busy = Replay(lag_ms=lag_ms)
    busy.play(steps(presses))
    assert _sent(busy) == expected(presses)


@given(buttons, st.integers(10, 8000), seeds, st.integers(0, 5))
def test_every_clean_press_of_10_ms_makes_its_one_gesture(
    button: int, held_ms: int, bounce: random.Random, lag_ms: int
) -> None:
    press = Press(button, 1000, 1000 + held_ms)
    replay = Replay(lag_ms=lag_ms)
    replay.play(steps([press], bounce))
    late_ms = range(MOST_BOUNCE_MS + 1) if lag_ms else range(1)  # a late look sees the last of the bounce
    allowed = [alone(Press(button, 1000, 1000 + held_ms + ms)) for ms in late_ms]
    assert [item[:2] for item in _sent(replay)] in [[item[:2] for item in sent] for sent in allowed]
    held_too_long_for_a_tap = button != ESCALATE and held_ms >= 700
    assert len(replay.sent) == 1 or held_too_long_for_a_tap


@given(st.integers(0, 150), st.integers(10, 7000), st.integers(10, 7000), st.booleans(), seeds, st.integers(0, 40))
def test_a_chord_is_never_two_taps(
    gap_ms: int, first_ms: int, second_ms: int, warn_first: bool, bounce: random.Random, lag_ms: int
) -> None:
    first, second = (WARN, ESCALATE) if warn_first else (ESCALATE, WARN)
    presses = [Press(first, 1000, 1000 + first_ms), Press(second, 1000 + gap_ms, 1000 + gap_ms + second_ms)]
    replay = Replay(lag_ms=lag_ms)
    replay.play(steps(presses, bounce))
    assert _sent(replay) == [("EW", "c", 1000 + gap_ms)]


@given(st.lists(st.tuples(st.integers(0, 900), buttons), max_size=60), st.integers(0, 60))
def test_any_edges_whatever(gaps: list[tuple[int, int]], lag_ms: int) -> None:
    """A release hold needs a press 1.5 to 5 s before; nothing is sent of a button that was not pressed."""
    ms, level, play = 0, [False] * 3, []
    for gap_ms, button in gaps:
        ms += gap_ms
        level[button] = not level[button]
        play.append([ms, "edge", button, level[button]])
    replay = Replay(lag_ms=lag_ms)
    replay.play(play)
    downs = [(step[2], step[0]) for step in play if step[3]]
    for letters, gesture, _, edge_ms, _ in replay.sent:
        if (letters, gesture) == ("R", "h"):
            assert any(button == RELEASE and 1500 <= edge_ms - down <= 5000 for button, down in downs)
        assert all(any("EWR"[button] == letter and down <= edge_ms for button, down in downs) for letter in letters)
    used = [item[0][1:] if item[0][0] == "W" and item[1] == "h" else item[0] for item in replay.sent]  # one of each
    for letter in "EWR":
        assert sum(letter in letters for letters in used) <= sum("EWR"[button] == letter for button, _ in downs)


@given(st.sampled_from([WARN, RELEASE]), st.integers(10, 8000), st.data())
def test_nothing_of_a_call_is_sent_on_the_next(button: int, held_ms: int, data: st.DataObject) -> None:
    """The call changes while warn or release is down: what was not sent until then is not sent at all, and shows so."""
    at = 1000 + data.draw(st.integers(1, held_ms - 1))
    replay = Replay()
    replay.play(sorted([*steps([Press(button, 1000, 1000 + held_ms)]), [at, "epoch", 8]], key=lambda step: step[0]))
    assert all(item[4] <= at for item in replay.sent)
    stuck = button == RELEASE and at > 6000
    assert replay.sent or button in replay.refused or stuck


def test_stuck_button_shows_until_it_is_let_go() -> None:
    gestures = Gestures(lambda *_: None)
    gestures.held_at_boot(WARN)
    gestures.down(RELEASE, 0, 1000)
    gestures.tick(6000)
    assert [gestures.stuck(button) for button in range(3)] == [False, True, False]
    gestures.tick(6001)
    assert gestures.stuck(RELEASE)
    gestures.up(WARN, 7000)
    gestures.up(RELEASE, 7000)
    assert [gestures.stuck(button) for button in range(3)] == [False] * 3


def test_a_hold_fills_its_lamp_and_a_tap_does_not() -> None:
    gestures = Gestures(lambda *_: None)
    gestures.down(RELEASE, 0, 1000)
    assert gestures.filling(RELEASE, 1299) is None
    assert gestures.filling(RELEASE, 1300) == (1000, 1500)
    gestures.forbid_hold(RELEASE, 1301)
    assert gestures.filling(RELEASE, 1302) is None


@given(st.integers(4, 200), st.integers(0, 199))
def test_a_pin_that_is_looked_at_before_its_edge_is_latched(held_ms: int, looked_ms: int) -> None:
    """However late the look and its time, the press is as long as its edges say."""
    downs: list[int] = []
    contact = Debounce(SimpleNamespace(down=lambda _, __, ms: downs.append(ms), up=lambda *_: None), WARN, False)
    contact.settle(True, 7, 1000 + min(looked_ms, held_ms - 1))
    if not downs:
        for ms, level in ((1000, True), (1000 + held_ms, False)):
            contact.pass_time(ms)
            contact.edge(level, 7, ms)
        contact.settle(False, 7, 1300)
    assert downs == [1000]


@pytest.mark.parametrize("held_ms", [1, 2, 3, 8])
def test_a_letting_go_that_the_pin_tells_before_the_interrupt(held_ms: int) -> None:
    """A late look at the pin must neither lose the press nor make one of a pulse."""
    downs: list[int] = []
    contact = Debounce(SimpleNamespace(down=lambda _, __, ms: downs.append(ms), up=lambda *_: None), WARN, False)
    contact.edge(True, 7, 1000)
    for now in (1000 + held_ms, 1009):
        contact.settle(False, 7, now)
        assert contact.next_due(now) == 1 and not downs
    contact.pass_time(1000 + held_ms)
    contact.edge(False, 7, 1000 + held_ms)
    contact.settle(False, 7, 1020)
    assert downs == ([1000] if held_ms >= PULSE_MS else [])


def test_an_edge_that_never_comes_makes_no_press() -> None:
    downs: list[int] = []
    contact = Debounce(SimpleNamespace(down=lambda *_: downs.append(0), up=lambda *_: None), WARN, False)
    contact.edge(True, 7, 1000)
    for now in range(1001, 1100):
        contact.settle(False, 7, now)
    assert not downs and contact.next_due(1100) is None


def test_a_full_ring_keeps_what_came_first_and_tells_that_more_came() -> None:
    ring = EdgeRing()
    for ms in range(SIZE - 1):
        ring.put(RELEASE, ms % 2 == 0, 7, ms)
    assert not ring.is_overrun
    for ms in range(SIZE, SIZE + 9):
        ring.put(RELEASE, ms % 2 == 0, 7, ms)
        assert ring.is_overrun
    taken = []
    while ring.take():
        taken.append(ring.ms)
    assert taken == list(range(SIZE - 1))


pulses = st.integers(1, 90).flatmap(
    lambda many: st.lists(st.tuples(buttons, st.integers(0, 1), st.integers(0, 2)), min_size=many, max_size=many)
)


@given(pulses, st.sampled_from([0, 5, 30, 400]))
def test_noise_makes_no_press_however_late_it_is_read(noise: list[tuple[int, int, int]], lag_ms: int) -> None:
    """Bursts that fit into no ring, on all three wires, while the box does something else."""
    replay = Replay(lag_ms=lag_ms)
    assert replay.play(_noise(noise)) == []


@given(pulses, st.sampled_from([0, 5, 30, 60]))
def test_a_press_after_noise_is_seen_if_it_is_held_until_the_box_looks(
    noise: list[tuple[int, int, int]], lag_ms: int
) -> None:
    play = _noise(noise)
    at = play[-1][0] + 20
    replay = Replay(lag_ms=lag_ms)
    sent = replay.play([*play, *steps([Press(RELEASE, at, at + 300)])])
    assert [item[:2] for item in sent] == [["R", "t"]]


def _noise(noise: list[tuple[int, int, int]]) -> list[Step]:
    """Pulses of (button, whether a tick passes in it, ms until the next, which may begin before this one ends)."""
    ms, play, free = 1000, [], [0, 0, 0]
    for button, ticks, next_ms in noise:
        down = max(ms, free[button])
        free[button] = down + ticks + 1
        play += [[down, "edge", button, True], [down + ticks, "edge", button, False]]
        ms += next_ms
    return sorted(play, key=lambda step: step[0])
