"""No press is missed and none is invented: short ones with bouncing contacts, a poller beside, noise on the wires.

What the contacts do is exact by the box's clock, however busy this computer is: see `VirtualBox.chatter`.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.real.host_end import HostEnd

from rung.sim.box import VirtualBox
from rung.sim.flash import install
from rung_wire import codes

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

IS_LONG = bool(os.environ.get("RUNG_LONG"))
PRESSES = 500 if IS_LONG else 50
PULSES = 10_000 if IS_LONG else 1_500
BURST = 15
SHORT_MS, MIDDLE_MS, LONG_MS = 5, 30, 60
POLLER = """
import machine, neopixel, time
lamps = neopixel.NeoPixel(machine.Pin(4), 3)
buttons = [machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP) for number in (25, 27)]
seen, before = 0, [1, 1]
while True:
    now = [button.value() for button in buttons]
    seen += sum(was > is_ for was, is_ in zip(before, now))
    before = now
    lamps[0] = (seen // 256, seen % 256, 0)
    lamps.write()
    time.sleep_ms(50)
"""


def _wait(host: HostEnd, ms: float) -> None:
    until = time.monotonic() + ms / 1000
    while (left := until - time.monotonic()) > 0:
        host.turn()
        time.sleep(min(left, 0.002))


def test_every_short_press_is_seen_once_and_a_poller_beside_misses_most(flash: Path, tmp_path: Path, seed: int) -> None:
    """The poller gets those under 30 ms; on a busy computer some of them last longer, which helps it."""
    chance = random.Random(seed)
    install(flash)
    (tmp_path / "poller").mkdir()
    (tmp_path / "poller" / "main.py").write_text(POLLER)
    made, short = [], 0
    with (
        VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box,
        VirtualBox(tmp_path / "poller", link=tmp_path / "ttyRUNG1") as poller,
        HostEnd(box.port) as host,
    ):
        host.wait("up")
        host.show(7, "lll")
        for _ in range(PRESSES):
            button = chance.choice(("escalate", "release"))
            edges = 1 + 2 * chance.randrange(3)
            ms = chance.uniform(SHORT_MS, LONG_MS)
            box.chatter(button, edges, 100)
            if ms < MIDDLE_MS:
                poller.press(button)
                short += 1
            _wait(host, ms)
            box.chatter(button, edges, 100, held=True)
            poller.let_go(button)
            made.append(button[0].upper())
            _wait(host, chance.uniform(25, 60))
        host.is_still("press")
        seen = [event[3] for event in host.events if event[0] == "press"]
        polled = poller.lamps()[0][0] * 256 + poller.lamps()[0][1]
    print(f"{PRESSES} presses of 5 to 60 ms: {len(seen)} seen; a poller every 50 ms: {polled} of {short} under 30 ms")
    # Taps of escalate wait for a chord, so the order differs.
    assert Counter(seen) == Counter(made), f"RUNG_SEED={seed}"
    assert polled < short


def test_noise_on_the_wires_makes_no_press(flash: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    install(flash)
    pulses = 0
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box, HostEnd(box.port) as host:
        host.wait("up")
        host.show(7, "lll")
        while pulses < PULSES:
            button = chance.choice(("escalate", "warn", "release"))
            box.chatter(button, 2 * BURST, chance.choice((50, 100, 300, 900)))
            pulses += BURST
            _wait(host, chance.choice((0, 3, 25)))
        assert host.is_still("press"), f"RUNG_SEED={seed}"
        box.press("release")
        _wait(host, LONG_MS)
        box.let_go("release")
        assert host.wait("press")[3:5] == ("R", codes.TAP), "it has seen all that came before, too"
    print(f"{pulses} pulses of 0.05 to 0.9 ms in bursts of {BURST}: no press")


def test_a_double_tap_is_two_presses(flash: Path, tmp_path: Path) -> None:
    install(flash)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box, HostEnd(box.port) as host:
        host.wait("up")
        host.show(7, "lll")
        for button in ("escalate", "warn", "release"):
            for _ in range(2):
                box.chatter(button, 5, 100)
                time.sleep(0.04)
                box.chatter(button, 5, 100, held=True)
                time.sleep(0.06)
            assert [host.wait("press")[3:5] for _ in range(2)] == [(button[0].upper(), codes.TAP)] * 2
            assert host.is_still("press", 0.3)
