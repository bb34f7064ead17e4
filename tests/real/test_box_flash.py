"""The firmware and the host's tools: mpremote always gets the board, and a box that fails starts anew."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.host_end import PATIENCE_S, HostEnd

from rung import firmware
from rung.sim.box import Pixels, VirtualBox
from rung.sim.flash import SLOT, install

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

HEAP = "64wK"
LESS_HEAP = "56wK"  # an eighth stays free
TAP_S = 0.15  # an unhurried one: on a busy computer the VM may stand still for longer than a short tap lasts
DARK = ((0, 0, 0),) * 3


@pytest.fixture
def box(flash: Path, tmp_path: Path) -> Iterator[VirtualBox]:
    install(flash)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=HEAP) as box:
        yield box


def _mpremote(box: VirtualBox, *arguments: str) -> str:
    command = [sys.executable, "-m", "mpremote", "connect", box.port, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def _works(box: VirtualBox) -> bool:
    """Whether the box greets, and a press on it arrives."""
    with HostEnd(box.port) as host:
        host.wait("up")
        host.show(7, "lll")
        box.press("release")
        time.sleep(TAP_S)
        box.let_go("release")
        return bool(host.wait("press")[3:6] == ("R", "t", 7))


def _is_fault(pixels: Pixels) -> bool:
    return len(set(pixels)) == 1 and pixels[0][0] > 0 == pixels[0][1]


def test_ctrl_c_hands_over_the_board_with_dark_lamps(box: VirtualBox) -> None:
    assert _works(box)
    assert _mpremote(box, "eval", "1+1") == "2"
    box.wait_lamps(lambda pixels: pixels == DARK, PATIENCE_S)
    _mpremote(box, "reset")
    assert _works(box)


def test_ctrl_c_hands_over_the_board_at_any_moment(box: VirtualBox) -> None:
    """While it starts, at work, with a button held, and again and again."""
    for turn in range(8):
        box.reset()
        time.sleep(0.02 * turn)
        box.press("escalate")
        assert _mpremote(box, "eval", "1+1") == "2"
        box.let_go("escalate")
    _mpremote(box, "reset")
    assert _works(box)


def test_the_interrupted_program_leaves_no_interrupts_behind(box: VirtualBox) -> None:
    assert _works(box)
    assert _mpremote(box, "resume", "eval", "1+1") == "2"
    box.wait_lamps(lambda pixels: pixels == DARK, PATIENCE_S)
    box.press("release")
    box.let_go("release")
    assert _mpremote(box, "resume", "eval", "1+1") == "2"
    assert box.lamps() == DARK


def test_mpremote_flashes_an_empty_box(flash: Path, tmp_path: Path) -> None:
    """By a copy of what stands in a box's flash. (`make flash` is tested in test_box_slots_by_hand.py.)"""
    source = tmp_path / "source"
    source.mkdir()
    install(source)
    parts = sorted(str(part) for part in source.iterdir() if part.name != "key")
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=HEAP) as box:
        _mpremote(box, "fs", "cp", str(source / "key"), ":", "+", "fs", "cp", "-r", *parts, ":", "+", "reset")
        assert _works(box)


def test_the_firmware_starts_in_seven_eighths_of_its_heap(flash: Path, tmp_path: Path) -> None:
    install(flash)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=LESS_HEAP) as box:
        for _ in range(2):
            assert _works(box)
        assert box.life == 1


@pytest.mark.parametrize("part", ["rung_box/app.py", "rung_box/panel.py", "rung_wire/box.py"])
def test_a_box_that_fails_shows_it_starts_anew_and_can_be_mended(box: VirtualBox, flash: Path, part: str) -> None:
    broken = flash / SLOT / part
    broken.write_text(firmware.files()[part].read_text() + "\n\nraise ValueError('a bit has fallen over')\n")
    box.reset()
    box.wait_lamps(_is_fault, PATIENCE_S)
    box.wait_life(3, PATIENCE_S)
    assert box.lives()[2].cause == "software"
    assert _mpremote(box, "eval", "1+1") == "2"
    broken.unlink()
    _mpremote(box, "reset")
    assert _works(box)
