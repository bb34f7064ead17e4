"""Tiny programs for a virtual box, and hands to drive it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import serial

from rung.sim.box import Pixels, VirtualBox

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

PATIENCE = 30.0

# Shows on the lamps how it stands: pixel 0 is (life's cause, edges seen, level of the pin).
COUNTER = """
import asyncio, machine, neopixel, sys
from machine import Pin

lamps = neopixel.NeoPixel(Pin(4), 3)
button = Pin(25, Pin.IN, Pin.PULL_UP)
edges = 0

def show():
    lamps[0] = (machine.reset_cause(), edges, button.value())
    lamps.write()

def edge(pin):
    global edges
    edges += 1
    show()

button.irq(edge, Pin.IRQ_FALLING | Pin.IRQ_RISING)
show()
print("ready")

async def main():
    reader = asyncio.StreamReader(sys.stdin)
    while True:
        got = await reader.read(1)
        sys.stdout.write("<" + got + ">")

asyncio.run(main())
"""

WATCHED = """
import machine, neopixel, time
lamps = neopixel.NeoPixel(machine.Pin(4), 1)
if machine.reset_cause() == machine.PWRON_RESET:
    dog = machine.WDT(timeout=3000)
    for _ in range(10):
        time.sleep_ms(20)
        dog.feed()
lamps[0] = (machine.reset_cause(), 0, 0)
lamps.write()
time.sleep(1000)
"""


def shows(cause: int, edges: int, level: int) -> Callable[[Pixels], bool]:
    return lambda pixels: bool(pixels) and pixels[0] == (cause, edges, level)


def mpremote(box: VirtualBox, *arguments: str) -> str:
    """Run the real mpremote on the box; its output, or AssertionError with its complaint."""
    done = try_mpremote(box, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def try_mpremote(box: VirtualBox, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mpremote", "connect", box.port, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=2 * PATIENCE)


def read_until(port: serial.Serial, expected: bytes) -> bytes:
    """All that the port gave up to `expected`."""
    port.timeout = PATIENCE
    got = bytes(port.read_until(expected))
    assert got.endswith(expected), got
    return got


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether a process has ended, even if its adoptive parent has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
