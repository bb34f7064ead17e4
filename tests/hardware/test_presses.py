"""A bouncing contact, through the circuit's filter, into the firmware's debouncing: each press arrives once."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import pytest

from hardware.boards import BOARDS
from hardware.circuit import build
from hardware.trace import neighbours, net_of
from rung_box.contacts import Contacts
from rung_box.debounce import DEBOUNCE_MS, PULSE_MS

SUPPLY = 3.3
LOW, HIGH = 0.25 * SUPPLY, 0.75 * SUPPLY  # what the chip surely takes for low and high; between them it keeps its mind


@dataclass(frozen=True)
class Filter:
    """What lies between one button and its pin, out of the circuit."""

    pull_up: float
    series: float
    farads: float

    def edges(self, contact: list[tuple[float, bool]]) -> list[tuple[float, bool]]:
        """When the pin changes, in seconds, for a contact that changes so; True is closed, and low."""
        at, volts, level, found = 0.0, SUPPLY, False, []
        ways = {False: (SUPPLY, self.pull_up), True: (self._bottom(), self._parallel())}
        for (begin, closed), (end, _) in zip(contact, [*contact[1:], (math.inf, False)], strict=True):
            goal, ohms = ways[closed]
            slow = ohms * self.farads
            threshold = LOW if closed else HIGH
            if level != closed and (volts > threshold) == closed:
                at = begin + slow * math.log((volts - goal) / (threshold - goal))
                if at < end:
                    level = closed
                    found.append((at, level))
            volts = goal + (volts - goal) * math.exp(-(end - begin) / slow)
        return found

    def _bottom(self) -> float:
        return SUPPLY * self.series / (self.series + self.pull_up)

    def _parallel(self) -> float:
        return self.series * self.pull_up / (self.series + self.pull_up)


def of_button(role: str) -> Filter:
    switch = next(part for part in build(BOARDS[0]).parts if part.role == role and part.name == "button")
    ((series, middle),) = neighbours(switch.pins[1].net, "resistor")
    pull_up = next(part for part, far in neighbours(middle.net, "resistor") if net_of(far) == "3V3")
    capacitor = next(part for part, _ in neighbours(middle.net, "ceramic capacitor"))
    return Filter(pull_up.ohms, series.ohms, capacitor.farads)


def bouncing(begin: float, end: float, chance: random.Random) -> list[tuple[float, bool]]:
    """A press between two moments: up to ten bounces within 4 ms after each, but closed for good before it ends."""
    changes = [(begin, True)]
    settled = end - begin - (PULSE_MS + 1) / 1000  # what is closed for less is no hand to the firmware
    for edge, closed, longest in ((begin, True, min(4e-3, settled)), (end, False, 4e-3)):
        moments = sorted(edge + chance.uniform(1e-5, longest) for _ in range(2 * chance.randint(0, 5)))
        changes += [(end, False)] if edge == end else []
        changes += [(moment, closed ^ (place % 2 == 0)) for place, moment in enumerate(moments)]
    return changes


class Downs:
    """Stands for the firmware's gestures, and notes when a button went down."""

    epoch = 1

    def __init__(self) -> None:
        self.ms: list[int] = []

    def down(self, button: int, epoch: int, ms: int) -> None:
        self.ms.append(ms)

    def up(self, button: int, ms: int) -> None:
        """Of no interest here."""

    def tick(self, now: int) -> None:
        """Time alone is no press."""


def seen(edges: list[tuple[float, bool]], until_ms: int) -> list[int]:
    """The firmware's downs, in milliseconds; its task looks every millisecond."""
    downs, pending, level = Downs(), [(int(at * 1000), level) for at, level in edges], [False]
    contacts = Contacts(downs, lambda button: level[0] and button == 0)
    for ms in range(until_ms):
        while pending and pending[0][0] <= ms:
            at, level[0] = pending.pop(0)
            contacts.edges.put(0, level[0], downs.epoch, at)
        contacts.service(ms)
    return downs.ms


@pytest.mark.parametrize("role", ["escalate", "warn", "release"])
def test_every_short_press_is_seen_once(role: str) -> None:
    """Of 5 to 60 ms, a breath apart."""
    chance, between = random.Random(role), of_button(role)
    presses, changes, at = [], [], 0.1
    for _ in range(50):
        press = at, at + chance.uniform(5e-3, 60e-3)
        presses.append(press)
        changes += bouncing(*press, chance)
        at = press[1] + 4e-3 + 2 * DEBOUNCE_MS / 1000 + chance.uniform(0, 0.05)
    downs = seen(between.edges([(0.0, False), *changes]), int(at * 1000) + 100)
    assert len(downs) == len(presses)
    assert all(0 <= down - int(begin * 1000) <= 1 for (begin, _), down in zip(presses, downs, strict=True))


def test_a_filter_too_slow_loses_presses_and_one_too_fast_lets_sparks_in() -> None:
    """The measure itself: it tells a bad filter from a good one."""
    slow, fast = Filter(22_000, 100, 10e-6), Filter(2200, 100, 1e-9)
    press = [(0.0, False), (0.1, True), (0.105, False), (0.15, True), (0.155, False)]
    spark = [(0.0, False), (0.1, True), (0.100005, False)]
    assert len(seen(slow.edges(press), 400)) < 2 == len(seen(of_button("warn").edges(press), 400))
    assert fast.edges(spark) != []


@pytest.mark.parametrize("role", ["escalate", "warn", "release"])
def test_a_spark_is_no_press(role: str) -> None:
    """Ten thousand, of up to 5 µs."""
    chance, between = random.Random(role), of_button(role)
    changes, at = [(0.0, False)], 0.1
    for _ in range(10_000):
        changes += [(at, True), (at + chance.uniform(1e-7, 5e-6), False)]
        at += chance.uniform(1e-3, 5e-3)
    assert between.edges(changes) == []
