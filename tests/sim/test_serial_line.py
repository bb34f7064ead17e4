"""A line's speed, by a clock that the test turns."""

from __future__ import annotations

import random
import select
import time

import pytest

from rung.sim.serial_line import Lane, Timer

BAUD = 115_200
BYTE_S = 10 / BAUD


def test_a_byte_leaves_when_it_has_wholly_passed() -> None:
    lane = Lane(BAUD)
    lane.put(b"ab", 5.0)
    assert lane.take(5.0 + 0.9 * BYTE_S) == b""
    assert lane.take(5.0 + BYTE_S) == b"a"
    assert lane.due() == pytest.approx(5.0 + 2 * BYTE_S, abs=1e-9)
    assert lane.take(5.0 + 2 * BYTE_S) == b"b"
    assert lane.due() is None


def test_an_idle_line_saves_no_time_up() -> None:
    lane = Lane(BAUD)
    lane.put(b"a", 0.0)
    assert lane.take(1.0) == b"a"
    lane.put(b"bc", 1.0)
    assert lane.take(1.0 + BYTE_S) == b"b"


def test_whoever_looks_late_finds_all_that_has_passed() -> None:
    lane = Lane(BAUD)
    lane.put(bytes(1000), 0.0)
    assert len(lane.take(500 * BYTE_S)) == 500
    lane.put(bytes(10), 500 * BYTE_S)
    assert len(lane.take(1010 * BYTE_S)) == 510


def test_nothing_is_lost_reordered_or_early_whatever_the_moments(seed: int) -> None:
    chance = random.Random(seed)
    lane = Lane(BAUD)
    sent, got, now = b"", b"", 0.0
    for _ in range(2000):
        now += chance.random() * 30 * BYTE_S
        if chance.random() < 0.5:
            data = chance.randbytes(chance.randrange(1, 30))
            lane.put(data, now)
            sent += data
        got += lane.take(now)
        assert len(got) <= now / BYTE_S + 1e-2
    got += lane.take(now + len(sent) * BYTE_S)
    assert got == sent


def test_without_a_speed_all_leaves_at_once() -> None:
    lane = Lane(None)
    lane.put(bytes(100_000), 7.0)
    assert len(lane.take(7.0)) == 100_000
    assert not lane.is_full


def test_the_timer_is_readable_from_its_moment_on() -> None:
    timer = Timer()
    timer.set(time.monotonic() + 0.002)
    assert select.select([timer.fd], [], [], 30)[0]
    timer.clear()
    assert not select.select([timer.fd], [], [], 0)[0]
    timer.set(time.monotonic() - 1)
    assert select.select([timer.fd], [], [], 30)[0]
    timer.set(None)
    assert not select.select([timer.fd], [], [], 0)[0]
    timer.close()
