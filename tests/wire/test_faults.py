"""Both ends against each other under a seeded faulty line, and canaries that show that the checks can fail."""

from __future__ import annotations

import os
from typing import Any

import pytest
from tests.wire.world import World

from rung_wire import box, codes, frame, host, seal, ticks
from rung_wire.box import BoxLink
from rung_wire.host import HostLink

SEEDS = int(os.environ.get("RUNG_WIRE_SEEDS", "60"))  # more of them before a release


@pytest.mark.parametrize("seed", range(SEEDS))
def test_presses_come_once_and_lamps_converge(seed: int) -> None:
    """Loss, repetition, bit flips, splits, garbage, resets of either end, stalls of up to 20 s; then a good line."""
    World(seed).run()


def test_the_faults_do_happen() -> None:
    """A world in which nothing goes wrong would prove nothing."""
    worlds = [World(seed).run() for seed in range(20)]
    assert sum(len(world.journal) for world in worlds) > 200
    assert sum(len(world.results) for world in worlds) > 50
    for counter in ("bad_frames", "noise_bytes", "strays"):
        for end in ("host", "box"):
            assert sum(getattr(getattr(world, end), counter) for world in worlds) > 0, (end, counter)
    assert any(len({boot for boot, _ in world.journal}) > 1 for world in worlds)


# -- canaries: one broken rule each, which the checks must catch -----------------------------------------------


class GivesTwice(HostLink):
    """Dedupe switched off."""

    def _press(self, frame: Any, now: int, is_fresh: bool, events: Any) -> None:
        self._given = self._acked = 0
        super()._press(frame, now, is_fresh, events)

    def _handlers(self) -> Any:
        return {**host.HANDLERS, (host.UP, codes.PRESS): GivesTwice._press}


class ForgetsRecord(HostLink):
    """What an earlier bridge recorded is not told to the box."""

    def welcome(self, session: int, nonce: str, last_number: int) -> None:
        super().welcome(session, nonce, 0)


class SendsOnce(BoxLink):
    """A press is not repeated."""

    def pump(self, now: int) -> bytes:
        out = super().pump(now)
        if b"!P" in out:
            self._presses.pop(0)
        return out


class StaleAge(BoxLink):
    """The age is the one of the press's first moment."""

    def pump(self, now: int) -> bytes:
        for press in self._presses:
            press._aged_at = now
        return super().pump(now)


class ForgetsLamps(HostLink):
    """Lamps are sent once, with no repetition."""

    def _reliable(self, at: Any, now: int) -> bytes:
        out = super()._reliable(at, now)
        self._flight = None
        return out


class TakesTwice(BoxLink):
    """A repeated reliable frame is taken again."""

    def _result(self, frame: Any, now: int, is_fresh: bool, events: Any) -> None:
        super()._result(frame, now, True, events)

    def _handlers(self) -> Any:
        return {**box.HANDLERS, (box.UP, codes.RESULT): TakesTwice._result}


class NeverLost(BoxLink):
    """Silence means nothing to the box..."""

    def _patience(self, now: int) -> int:
        return 1000


class NeverAsks(HostLink):
    """...and a bridge out of session keeps still: either rule alone heals the link."""

    def _stray(self) -> None:
        pass


CANARIES: list[tuple[str, dict[str, Any]]] = [
    ("a press was given out twice", {"host_class": GivesTwice}),
    ("a press was given out twice", {"host_class": ForgetsRecord}),
    ("a press was skipped", {"box_class": SendsOnce}),
    ("is not fresh", {"box_class": StaleAge}),
    ("the lamps lie", {"host_class": ForgetsLamps}),
    ("an answer came twice", {"box_class": TakesTwice}),
    ("the link did not heal", {"box_class": NeverLost, "host_class": NeverAsks}),
    ("acknowledged before it was durable", {"ack_early": True}),
]


def caught(**broken: Any) -> set[str]:
    """What the checks say about a broken rule, over the first seeds."""
    found = set()
    for seed in range(30):
        try:
            World(seed, **broken).run()
        except AssertionError as error:
            found.add(str(error).splitlines()[0])
    return found


@pytest.mark.parametrize(("complaint", "broken"), CANARIES)
def test_canary(complaint: str, broken: dict[str, Any]) -> None:
    assert any(complaint in found for found in caught(**broken))


def test_canary_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """With neither sum nor tag, broken frames get through."""
    monkeypatch.setattr(frame, "_crc", lambda body: b"00000000")
    monkeypatch.setattr(seal.Key, "tag", lambda self, text: "AAAAAAAA")
    assert caught()


def test_canary_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain subtraction is wrong where the clock of a box wraps."""
    monkeypatch.setattr(ticks, "diff", lambda later, earlier: later - earlier)
    assert caught()
