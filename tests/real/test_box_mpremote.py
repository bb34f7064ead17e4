"""mpremote gets the board in every state of the firmware: once each, twenty times under RUNG_LONG=1."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from mpremote.transport_serial import SerialTransport
from tests.real.box_rig import mpremote
from tests.real.host_end import PATIENCE_S, HostEnd
from tests.real.test_box_alive import change

from rung.sim.box import VirtualBox
from rung.sim.flash import install

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

TIMES = 20 if os.environ.get("RUNG_LONG") else 1
STARTS = 5 * TIMES
FLOOD_BYTES = 60_000
RING_BYTES = 260
START_S = 0.2  # twice as long as a start takes on an idle computer


def _running(box: VirtualBox, _: random.Random) -> None:
    """In session, and then left alone."""
    with HostEnd(box.port) as host:
        host.wait("up")


def _crashed(box: VirtualBox, _: random.Random) -> None:
    """While it shows that something has failed."""
    box.unplug()
    box.plug()
    box.wait_lamps(lambda pixels: len(set(pixels)) == 1 and pixels[0][0] > 0 == pixels[0][1], PATIENCE_S)


def _safe(box: VirtualBox, _: random.Random) -> None:
    box.wait_lamps(lambda pixels: len(pixels) == 3 and (90, 45, 0) in pixels, PATIENCE_S)


def _flooded(box: VirtualBox, chance: random.Random) -> None:
    """The line is full of garbage when mpremote opens it."""
    with HostEnd(box.port) as host:
        host.wait("up")
        host.write(chance.randbytes(FLOOD_BYTES).replace(b"\x03", b"\x04"))


BROKEN = ("rung_box/app.py", "signals = self._panel.signals(now)", "raise ValueError")
STATES = {
    "running": (_running, None),
    "crashed": (_crashed, BROKEN),
    "safe mode": (_safe, BROKEN),
    "flooded": (_flooded, None),
}


@pytest.mark.parametrize("state", STATES)
def test_mpremote_gets_the_board(flash: Path, tmp_path: Path, state: str, seed: int) -> None:
    reach, broken = STATES[state]
    chance = random.Random(seed)
    install(flash)
    if broken:
        change(flash, *broken)
        if state == "safe mode":
            change(flash, "rung_box/failure.py", "SHOWN_MS = 3000", "SHOWN_MS = 50")
    got = 0
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", ring=RING_BYTES) as box:
        for _ in range(TIMES):
            reach(box, chance)
            got += mpremote(box, "eval", "6 * 7").strip() == "42"
            mpremote(box, "reset")
        assert got == TIMES
    print(f"mpremote, {state}: {got} of {TIMES}")


def test_mpremote_gets_the_board_while_it_starts(flash: Path, tmp_path: Path, seed: int) -> None:
    """Anywhere in boot.py, main.py, imports and first frames; with mpremote's own transport, which is quick enough."""
    chance = random.Random(seed)
    install(flash)
    got = 0
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", ring=RING_BYTES) as box:
        for _ in range(STARTS):
            box.reset()
            box.wait_life(box.life, PATIENCE_S)
            board = SerialTransport(box.port)
            time.sleep(chance.random() * START_S)
            board.enter_raw_repl()
            got += board.eval("6 * 7") == 42
            board.close()
        assert got == STARTS, f"RUNG_SEED={seed}"
        box.reset()
        with HostEnd(box.port) as host:
            host.wait("up")
    print(f"mpremote, starting: {got} of {STARTS}")
