"""The line to a real box under faults: 115,200 baud, a 260-byte ring, resets when the port is opened, bits that flip.

The bridge's own line (`rung.link.line`) on one end, the firmware on MicroPython on the other, and a bad cable between.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.link.box_end import Desk
from tests.real.host_end import PATIENCE_S
from tests.real.test_box_alive import HASTE, change

from rung.link.keys import keep_key
from rung.link.line import Line
from rung.link.search import BoxAt
from rung.sim.box import VirtualBox
from rung.sim.flash import KEY, install
from rung.sim.tamper import Rule, Tamper, passed
from rung.words import Button, Gesture, Lamp, Lamps, LampState

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

BAUD = 115_200
RING_BYTES = 260
BAD_S = 60.0 if os.environ.get("RUNG_LONG") else 4.0
LIT = Lamps(epoch=7, escalate=Lamp(LampState.LIT), warn=Lamp(LampState.LIT), release=Lamp(LampState.LIT))
NOISE = (b"AT\r\n", b"ets Jul 29 2019 12:21:46\r\n", b"\xff\x00!", b"!P0000011,E,t")


class BadCable:
    """The rule of one way: a seventh of all lines is lost, told twice, cut, joined by noise, or has a flipped bit."""

    def __init__(self, chance: random.Random, faults: Counter[str]) -> None:
        self._chance = chance
        self._faults = faults

    def __call__(self, line: bytes) -> list[bytes]:
        if self._chance.random() > 1 / 7:
            return [line]
        fault = self._chance.choice(("lost", "twice", "cut", "noise", "flipped"))
        self._faults[fault] += 1
        place = self._chance.randrange(len(line))
        if fault == "lost":
            return []
        if fault == "twice":
            return [line, line]
        if fault == "cut":
            return [line[:place]]
        if fault == "noise":
            return [self._chance.choice(NOISE), line]
        flipped = line[place] ^ 1 << self._chance.randrange(8)
        self._faults["a lone Ctrl-C"] += flipped == 3
        return [line[:place] + bytes([flipped]) + line[place + 1 :]]


class Record(Desk):
    """A desk whose record knows one boot of a box from another."""

    def last_press(self, box: str, boot: str) -> int:
        return max((press.number for press in self.presses if press.boot == boot), default=0)


def _until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def _lamps_are_lit(box: VirtualBox) -> bool:
    return box.lamps() == ((60, 60, 60),) * 3


def _tap(box: VirtualBox, button: str) -> None:
    box.press(button)
    time.sleep(0.2)
    box.let_go(button)
    time.sleep(0.05)  # no hand is faster, and contacts chatter


def test_presses_are_taken_once_in_order_under_every_fault(flash: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    faults: Counter[str] = Counter()
    install(flash)
    for (file, old), new in HASTE.items():
        change(flash, file, old, new)
    desk = Record()
    with (
        VirtualBox(flash, link=tmp_path / "ttyBOX", ring=RING_BYTES) as box,
        Tamper(box.port, tmp_path / "ttyRUNG0", BAUD) as tamper,
    ):
        tamper.opened = lambda: box.reset()
        keep_key(tmp_path / "keys", box.unique_id, KEY)
        line = Line(BoxAt(tmp_path / "keys", tamper.port), desk)
        line.show(LIT)
        line.start()
        try:
            _until(lambda: desk.status.up, "the line comes up, though opening the port resets the box")
            assert box.life > 1
            _until(lambda: _lamps_are_lit(box), "the lamps are told")
            for _ in range(5):
                _tap(box, "release")
            _until(lambda: len(desk.presses) == 5, "at 115,200 baud without faults all arrive")

            tamper.up, tamper.down = BadCable(chance, faults), BadCable(chance, faults)
            end = time.monotonic() + BAD_S
            while time.monotonic() < end:
                _tap(box, chance.choice(("escalate", "release")))
                time.sleep(chance.random() / 2)
                if chance.random() < 0.1:
                    faults["a lone Ctrl-C"] += 1
                    tamper.add("down", b"\x03")
            tamper.up = tamper.down = passed
            healed = len(desk.presses)
            _until(lambda: desk.status.up and _lamps_are_lit(box), "the line heals, and the box comes back by itself")
            _until(lambda: _settled(desk), "what was unconfirmed arrives or is told as caught")
            _tap(box, "warn")
            _until(lambda: desk.presses[-1].buttons == (Button.WARN,), "the next press arrives")
        finally:
            line.stop()
    print(f"faults {dict(faults)}, lives {box.life}, presses {healed}, RUNG_SEED={seed}")
    names = [(press.boot, press.number) for press in desk.presses]
    assert len(set(names)) == len(names), f"a press was taken twice, RUNG_SEED={seed}"
    for boot in {boot for boot, _ in names}:
        numbers = [number for of, number in names if of == boot]
        assert numbers == sorted(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all((press.gesture, press.epoch) in ((Gesture.TAP, 7), (Gesture.TAP, 0)) for press in desk.presses)


def _settled(desk: Desk) -> bool:
    """Nothing has come for a moment."""
    before = len(desk.presses)
    time.sleep(1.5)
    return len(desk.presses) == before


def test_a_rule_that_changes_nothing_is_a_cable() -> None:
    rule: Rule = BadCable(random.Random(1), Counter())
    lines = [b"!A0000010,0~\n"] * 2000
    went = [part for line in lines for part in rule(line)]
    assert 0.8 < sum(part == lines[0] for part in went) / len(lines) < 1.0
