"""What the firmware takes of an ESP32's heap, and that it does not grow; how long it takes to be ready.

A third is free on the virtual box as it is, although its stand-ins for `machine`, `neopixel` and the wires take heap,
which a chip has in ROM, and so does what tells of the heap here. What these take is told beside it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import serial
from tests.real.box_rig import PATIENCE, read_until
from tests.real.host_end import HostEnd

from rung.sim.box import BoxError, VirtualBox
from rung.sim.flash import install

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

IS_LONG = bool(os.environ.get("RUNG_LONG"))
HEAP = "64wK"
PRESSES = 10_000 if IS_LONG else 80
GROWTH_BYTES = 1024  # what a conservative collector may keep by mistake, now more, now less
# The firmware tells of its heap whenever it feeds the watchdog.
TELL = """
import gc, machine
_feed = machine.WDT.feed
def feed(dog):
    _feed(dog)
    gc.collect()
    print("#heap", gc.mem_alloc(), gc.mem_free())
machine.WDT.feed = feed
"""
USED = "import gc; gc.collect(); print('used', gc.mem_alloc(), 'end')"


def _bare() -> int:
    """Bytes that MicroPython itself takes."""
    start = f"import micropython_run as m; m.run_main(['micropython', '-X', 'heapsize={HEAP}', '-c', {USED!r}])"
    ran = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, timeout=60)
    return int(ran.stdout.split()[1])


def _stand_ins(folder: Path) -> int:
    """Bytes that what stands in for the chip takes, and what tells of the heap here."""
    (folder / "empty").mkdir()
    (folder / "empty" / "main.py").write_text(f"{TELL}\ninput()\n{USED}\n")
    with VirtualBox(folder / "empty", link=folder / "ttyRUNG1", heap=HEAP) as box, serial.Serial(box.port) as port:
        port.write(b"\r")
        return int(read_until(port, b" end").split()[-2]) - _bare()


def _heap(host: HostEnd) -> tuple[int, int]:
    """Used and free at rest, as told from now on."""
    heard = len(host.heard)
    host.run(lambda: host.heard.count(b"#heap", heard) >= 2 and host.heard.endswith(b"\n"))
    used, free = re.findall(rb"#heap (\d+) (\d+)", host.heard[heard:])[-1]
    return int(used), int(free)


def _tap(box: VirtualBox, host: HostEnd, times: int) -> None:
    for _ in range(times):
        box.press("release")
        time.sleep(0.008)
        box.let_go("release")
        host.wait("press")
        time.sleep(0.02)  # no hand is faster, and contacts chatter


def test_a_third_of_the_heap_is_free_and_presses_take_none(flash: Path, tmp_path: Path) -> None:
    install(flash)
    (flash / "main.py").write_text(TELL + (flash / "main.py").read_text())
    stand_ins = _stand_ins(tmp_path)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=HEAP) as box, HostEnd(box.port) as host:
        host.wait("up")
        host.show(7, "lll")
        _tap(box, host, 30)
        used, free = _heap(host)
        _tap(box, host, PRESSES)
        after, _ = _heap(host)
        assert box.life == 1
    total = used + free
    print(f"heap of {total} bytes at rest: {free} free, that is {free / total:.1%}; after {PRESSES} presses", end=" ")
    print(f"{after - used:+} bytes; {stand_ins} are taken by what a chip has in ROM ({stand_ins / total:.1%})")
    assert free > total / 3
    assert after - used < GROWTH_BYTES


def _starts_in(flash: Path, folder: Path, words: int) -> bool:
    try:
        with VirtualBox(flash, link=folder / "ttyRUNG0", heap=f"{words}wK") as box, HostEnd(box.port) as host:
            host.run(lambda: box.life > 1 or any(event[0] == "up" for event in host.events))
            return box.life == 1
    except BoxError:
        return False


@pytest.mark.skipif(not IS_LONG, reason="RUNG_LONG=1 looks for the least heap in which the box starts")
def test_the_peak(flash: Path, tmp_path: Path) -> None:
    install(flash)
    least = next(words for words in range(44, 65) if _starts_in(flash, tmp_path, words))
    print(f"peak: the firmware starts in {least} of 64 K words")
    assert least < 60


def test_boot_to_ready(flash: Path, tmp_path: Path) -> None:
    install(flash)
    took = []
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=HEAP) as box, HostEnd(box.port) as host:
        host.wait("up")
        for _ in range(3):
            begun = time.monotonic()
            box.reset()
            host.wait("hello")
            took.append(time.monotonic() - begun)
    print(f"boot to ready (reset to HELLO): {min(took) * 1000:.0f} ms")
    assert max(took) < PATIENCE
