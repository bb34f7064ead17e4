"""What each end does, frame by frame; faults in number are in test_faults.py."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.pair import (
    KEY,
    KEYS,
    LAMPS,
    NONCE,
    OTHER_LAMPS,
    Pair,
    box_in,
    found,
    host_in,
    new_box,
    sealed,
    sent,
    up,
)
from tests.wire.test_frame import BOOT, BOX_ID

from rung_wire import box, codes, host, ticks
from rung_wire.host import HostLink
from rung_wire.names import PAIRED
from rung_wire.seal import Key

# -- handshake -------------------------------------------------------------------------------------


def test_handshake_tells_everything_and_then_lamps() -> None:
    pair = Pair().settle()
    assert pair.events[0] == ("hello", BOX_ID, BOOT, codes.PROTOCOL, "0.1.0", "p", 0, 0, 0, 0, "0000000001", PAIRED)
    assert pair.names() == ["hello", "welcome", "up", "lamps", "shown"]


def test_hello_is_repeated_until_somebody_welcomes() -> None:
    link = box_in(box.SEEKING)
    hellos = [now for now in range(2001) if link.pump(now)]
    assert hellos == [0, 500, 1000, 1500, 2000]


def test_a_hello_that_comes_again_is_answered_by_the_same_offer() -> None:
    """So that the box and the bridge never choose different ones of two."""
    link, greeting = host_in(host.LISTENING), new_box().pump(0)
    assert [event[0] for event in link.receive(greeting, 0)] == ["hello"]
    link.welcome(1, NONCE, 0, 0)
    first = link.pump(0)
    assert link.receive(greeting, 100) == [] and link.pump(100) == first


def test_nobody_to_welcome_and_no_session_are_errors() -> None:
    with pytest.raises(ValueError):
        HostLink(KEYS).welcome(1, NONCE, 0, 0)
    link = host_in(host.LISTENING)
    link.receive(new_box().pump(0), 0)
    for session in (0, 0x10000):
        with pytest.raises(ValueError):
            link.welcome(session, NONCE, 0, 0)


def test_restarted_bridge_is_found_before_patience_ends() -> None:
    pair = up()
    pair.host = HostLink(KEYS)
    pair.settle(codes.ALIVE_MS)
    assert pair.names()[:3] == ["hello", "welcome", "up"]


def test_bye_loses_the_link_at_once_and_closes_the_bridge() -> None:
    pair = up()
    pair.host.bye()
    assert pair.box.receive(pair.host.pump(0), 0) == [("lost",)]
    assert pair.host.receive(pair.box.pump(0), 0) == [] and pair.host.pump(0) == b""


def test_silence_loses_the_link_on_both_ends() -> None:
    for link in (box_in(box.UP), host_in(host.UP)):
        assert link.receive(b"", codes.SILENCE_MS - 1) == []
        assert link.receive(b"", codes.SILENCE_MS) == [("lost",)]
        assert link.receive(b"", 2 * codes.SILENCE_MS) == []


# -- presses ---------------------------------------------------------------------------------------


def test_press_is_repeated_with_growing_gaps_and_a_fresh_age_until_acknowledged() -> None:
    pair = up()
    assert pair.press(edge_ago=5) == 1
    begun, seen = pair.now, []
    for now in range(begun, begun + 5000):
        pair.box.receive(sealed(pair.box, "a"), now)
        for frame in found(codes.BOX_FRAMES, 96, pair.box.pump(now)):
            if frame[0] == "P":
                seen.append((now - begun, frame[3][4]))
    assert seen == [(at, at + 5) for at in (0, 100, 300, 700, 1500, 2500, 3500, 4500)]
    assert pair.box.unconfirmed() == [(1, "E")]
    assert pair.box.receive(sealed(pair.box, "k"), begun) == [("acked", 1)]
    assert pair.box.unconfirmed() == []


def test_press_is_given_once_and_acknowledged_only_when_durable() -> None:
    pair = up()
    pair.press()
    pair.settle(3000)
    assert pair.names() == ["press"]  # many repetitions later still once, and no "acked"
    pair.host.ack(BOOT, 1, pair.now)
    assert pair.settle().names() == ["acked"]
    again = sealed(pair.host, "P", (1, "E", "t", 3, 9))
    assert pair.host.receive(again, pair.now) == []
    assert sent(pair.host.pump(pair.now)) == "k"  # the ACK was lost: again, but not given out again


def test_presses_come_in_order_one_at_a_time_and_the_queue_is_bounded() -> None:
    pair = up()
    assert [pair.press() for _ in range(10)] == [1, 2, 3, 4, 5, 6, 7, 8, None, None]
    assert pair.box.dropped == 2
    for number in range(1, 9):
        pair.settle()
        assert [event[2] for event in pair.events if event[0] == "press"] == [number]
        pair.events.clear()
        pair.host.ack(BOOT, number, pair.now)
    assert pair.settle(1000).box.unconfirmed() == [] and pair.host.box_dropped == 2


@pytest.mark.parametrize("wait_ms", [codes.PART_MS - 1, codes.PART_MS])
def test_a_frame_without_its_end_is_not_completed_long_after(wait_ms: int) -> None:
    """The newline of whatever comes next would make an old press look young."""
    link = host_in(host.UP)
    data = sealed(link, "P")
    assert link.receive(data[:-1], 0) == []
    assert len(link.receive(b"\n", wait_ms)) == (wait_ms < codes.PART_MS)
    assert link.bad_frames == (wait_ms >= codes.PART_MS)


def test_press_outlives_sessions_and_welcome_confirms_what_is_recorded() -> None:
    pair = up()
    pair.press()
    pair.press()
    pair.settle()
    pair.host, pair.recorded = HostLink(KEYS), [1]  # killed after the record, before the ACK
    pair.events.clear()
    pair.settle(1000)
    assert [event[:3] for event in pair.events if event[0] in ("acked", "press")] == [("acked", 1), ("press", BOOT, 2)]


def test_late_answers_of_an_earlier_boot_are_ignored() -> None:
    pair = up()
    pair.press()
    pair.settle()
    pair.box = new_box("11111111", caught=1)
    pair.settle()
    pair.press()
    pair.events.clear()
    pair.settle()
    pair.host.ack(BOOT, 1, pair.now)
    pair.host.result(BOOT, 1, "t", "-", pair.now)
    assert pair.settle().names() == ["press"] and pair.box.unconfirmed() == [(1, "E")]


def test_what_a_reset_caught_is_told_until_a_bridge_has_heard_it() -> None:
    pair = Pair()
    pair.box = new_box(caught=2)
    assert [event[9] for event in pair.host.receive(pair.box.pump(0) + pair.box.pump(codes.HELLO_MS), 0)] == [2]
    pair.settle(2 * codes.HELLO_MS)
    pair.host, pair.now = HostLink(KEYS), pair.now + codes.SILENCE_MS
    pair.events.clear()
    pair.settle(codes.HELLO_MS)
    assert [event[9] for event in pair.events if event[0] == "hello"] == [0]


@pytest.mark.parametrize(("key", "trust"), [(KEY, "paired"), (None, "unpaired")])
def test_troubles_follow_each_hello(key: Key | None, trust: str) -> None:
    box = new_box(key=key, troubles=((codes.RESTARTED, "ValueError-app.py-27"), (codes.SETTINGS, "line-2")))
    for now in (0, codes.HELLO_MS):
        events = HostLink(KEYS).receive(box.pump(now), now)
        assert [event[0] for event in events] == ["hello", "trouble", "trouble"]
        assert events[1] == ("trouble", BOX_ID, "r", "ValueError-app.py-27", trust)


def test_a_box_that_is_asked_to_leaves_the_session() -> None:
    pair = up()
    pair.host.maintain()
    assert pair.host.next_due(pair.now) == 0
    assert pair.settle().names() == ["maintain"] and pair.box.state == box.UP, "its owner has not done it yet"
    events = pair.host.receive(pair.box.bye(), pair.now)
    assert [event[0] for event in events] == ["left", "lost"] and pair.host.state == host.LISTENING


def test_nobody_is_asked_to_leave_without_a_session() -> None:
    link = HostLink(KEYS)
    link.maintain()
    assert link.pump(0) == b"" and new_box().bye() == b""


def test_two_boots_in_one_read_are_not_mixed_up() -> None:
    """Else the record of the first boot would confirm presses of the second."""
    link = HostLink(KEYS)
    events = link.receive(new_box().pump(0) + new_box("22222222").pump(0), 0)
    assert [event[2] for event in events] == ["22222222"]


@pytest.mark.parametrize("stall_ms", range(0, 12_000, 250))
def test_stalled_bridge_does_not_take_an_old_press_for_a_young_one(stall_ms: int) -> None:
    pair = up()
    pressed_at, lying = pair.now, b""
    pair.press("h")
    for pair.now in range(pressed_at, pressed_at + stall_ms, 10):
        lying += pair.box_turn()
    pair.events.clear()
    pair.box_turn(pair.host_turn(lying))
    pair.settle(2000)
    [press] = [event for event in pair.events if event[0] == "press"]
    if stall_ms > codes.SILENCE_MS:
        assert press[6] >= stall_ms - codes.PRESS_MOST_MS
    assert -codes.PRESS_MOST_MS <= press[6] - stall_ms <= codes.HELLO_MS


@given(st.integers(0, (1 << 30) - 1), st.integers(0, 60_000))
def test_age_is_right_wherever_the_clock_wraps(offset: int, wait_ms: int) -> None:
    pair = Pair(offset)
    pair.press(edge_ago=20)
    pair.now += wait_ms
    pair.settle()
    assert [event[6] for event in pair.events if event[0] == "press"] == [wait_ms + 20]


def test_age_outlives_the_clock_and_stops_at_its_limit() -> None:
    pair = Pair()
    pair.press()
    for _ in range(400):
        pair.now += 3_600_000
        pair.box.pump(pair.box_now)
    pair.settle(codes.HELLO_MS)
    assert [event[6] for event in pair.events if event[0] == "press"] == [codes.AGE_MAX_MS]


def test_illegal_press_is_refused_and_takes_no_number() -> None:
    link = box_in(box.UP)
    for bad in (("X", "t", 0), ("E", "x", 0), ("E", "t", -1), ("E", "t", 1 << 32)):
        with pytest.raises(ValueError):
            link.press(*bad, 0, 0)
    assert link.press("E", "t", 0, 0, 0) == 1


# -- lamps and results -----------------------------------------------------------------------------


def test_one_reliable_frame_in_flight_and_the_newest_lamps_win() -> None:
    link = host_in(host.UP)
    assert sent(link.pump(0)) == "la"
    link.lamps(1, LAMPS, 0, 0)
    link.lamps(2, OTHER_LAMPS, 0, 0)
    assert link.pump(host.RELIABLE_FIRST_MS - 1) == b""
    [again] = found(codes.HOST_FRAMES, 48, link.pump(host.RELIABLE_FIRST_MS))
    assert again[1] == 2 and again[3] == (2, "o-", "o-", "d-", 0)  # a new sequence, the newest lamps
    assert link.receive(sealed(link, "G", (1,)), 70) == []  # late answer to the replaced ones
    assert link.receive(sealed(link, "G", (2,)), 70) == [("shown", 2, OTHER_LAMPS, 0)]


def test_repetitions_grow_and_a_repeated_frame_is_taken_once() -> None:
    link, times = host_in(host.UP), []
    for now in range(1800):
        if "l" in sent(link.pump(now)):
            times.append(now)
    assert times == [0, 60, 180, 420, 900, 1380]
    taking = box_in(box.UP)
    assert len(taking.receive(sealed(taking, "l") * 3, 0)) == 1
    assert sent(taking.pump(0)) == "GA"


def test_what_is_left_to_fill_is_fresh_at_every_transmission() -> None:
    link = host_in(host.UP)
    link.lamps(3, LAMPS, 10, 0)
    fills = [
        frame[3][4]
        for now in range(0, 1800)
        for frame in found(codes.HOST_FRAMES, 48, link.pump(now))
        if frame[0] == "l"
    ]
    assert fills == [10, 9, 8, 5, 1, 0]


def test_lamps_follow_by_themselves_in_a_new_session() -> None:
    pair = up()
    pair.host.lamps(3, LAMPS, 0, pair.now)
    pair.settle()
    pair.box = new_box("11111111")
    pair.events.clear()
    pair.settle()
    assert ("lamps", 3, LAMPS, 0) in pair.events


def test_results_come_in_order_and_are_bounded_in_number_and_time() -> None:
    pair = up()
    for number in range(1, 8):
        pair.host.result(BOOT, number, "r", "W", pair.now)
    assert [event[1] for event in pair.settle().events] == [4, 5, 6, 7] and pair.host.results_dropped == 3
    pair.events.clear()
    pair.host.result(BOOT, 8, "t", "-", pair.now - host.RESULT_KEEP_MS)
    assert pair.settle().events == [] and pair.host.results_dropped == 4


@pytest.mark.parametrize("bad", [(LAMPS[:2], 0), ((("z", "-"),) * 3, 0), (LAMPS, 0x1000), (LAMPS, -1)])
def test_illegal_lamps_fail_at_the_owner(bad: Any) -> None:
    with pytest.raises(ValueError):
        HostLink(KEYS).lamps(0, *bad, 0)


def test_sequences_go_on_for_ever() -> None:
    pair = up()
    for epoch in range(600):
        pair.host.lamps(epoch, LAMPS, 0, pair.now)
        assert pair.settle().names() == ["lamps", "shown"]


# -- clocks and precedence -------------------------------------------------------------------------


@given(st.integers(0, (1 << 30) - 1), st.integers(-(1 << 29), (1 << 29) - 1))
def test_diff_is_right_everywhere(earlier: int, ms: int) -> None:
    assert ticks.diff((earlier + ms) % (1 << 30), earlier) == ms
    assert ticks.diff(earlier + ms, earlier) == ms  # clocks that do not wrap


def test_a_week_asleep_has_passed() -> None:
    assert ticks.left(0, 500, 7 * 24 * 3_600_000) == 0
    assert ticks.left(10, 500, 5) == 505  # read a moment too early: not over


def test_the_strongest_that_holds_is_shown() -> None:
    names = codes.PRECEDENCE
    for subset in range(1 << len(names)):
        holding = [name for place, name in enumerate(names) if subset >> place & 1]
        assert codes.strongest(holding) == (holding[0] if holding else codes.FROM_HOST)
        assert codes.strongest(holding[::-1]) == codes.strongest(holding)
