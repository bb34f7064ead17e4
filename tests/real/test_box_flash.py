"""The firmware and the host's tools: mpremote always gets the board, and a box that fails starts anew."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.box_rig import mpremote
from tests.real.host_end import PATIENCE_S
from tests.real.slot_rig import works

from rung import firmware
from rung.sim.box import Pixels, VirtualBox
from rung.sim.flash import SLOT, install

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

HEAP = "64wK"
LESS_HEAP = "56wK"  # an eighth stays free
DARK = ((0, 0, 0),) * 3


@pytest.fixture
def box(flash: Path, tmp_path: Path) -> Iterator[VirtualBox]:
    install(flash)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=HEAP) as box:
        yield box


def _is_fault(pixels: Pixels) -> bool:
    return len(set(pixels)) == 1 and pixels[0][0] > 0 == pixels[0][1]


def test_ctrl_c_hands_over_the_board_with_dark_lamps(box: VirtualBox) -> None:
    assert works(box)
    assert mpremote(box, "eval", "1+1").strip() == "2"
    box.wait_lamps(lambda pixels: pixels == DARK, PATIENCE_S)
    mpremote(box, "reset")
    assert works(box)


def test_ctrl_c_hands_over_the_board_at_any_moment(box: VirtualBox) -> None:
    """While it starts, at work, with a button held, and again and again."""
    for turn in range(8):
        box.reset()
        time.sleep(0.02 * turn)
        box.press("escalate")
        assert mpremote(box, "eval", "1+1").strip() == "2"
        box.let_go("escalate")
    mpremote(box, "reset")
    assert works(box)


def test_the_interrupted_program_leaves_no_interrupts_behind(box: VirtualBox) -> None:
    assert works(box)
    assert mpremote(box, "resume", "eval", "1+1").strip() == "2"
    box.wait_lamps(lambda pixels: pixels == DARK, PATIENCE_S)
    box.press("release")
    box.let_go("release")
    assert mpremote(box, "resume", "eval", "1+1").strip() == "2"
    assert box.lamps() == DARK


def test_mpremote_flashes_an_empty_box(flash: Path, tmp_path: Path) -> None:
    """By a copy of what stands in a box's flash. (`make flash` is tested in test_box_slots_by_hand.py.)"""
    source = tmp_path / "source"
    source.mkdir()
    install(source)
    parts = sorted(str(part) for part in source.iterdir() if part.name != "key")
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=HEAP) as box:
        mpremote(box, "fs", "cp", str(source / "key"), ":", "+", "fs", "cp", "-r", *parts, ":", "+", "reset")
        assert works(box)


def test_the_firmware_starts_in_seven_eighths_of_its_heap(flash: Path, tmp_path: Path) -> None:
    install(flash)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=LESS_HEAP) as box:
        for _ in range(2):
            assert works(box)
        assert box.life == 1


@pytest.mark.parametrize("part", ["rung_box/app.py", "rung_box/panel.py", "rung_wire/box.py"])
def test_a_box_that_fails_shows_it_starts_anew_and_can_be_mended(box: VirtualBox, flash: Path, part: str) -> None:
    broken = flash / SLOT / part
    broken.write_text(firmware.files()[part].read_text() + "\n\nraise ValueError('a bit has fallen over')\n")
    box.reset()
    box.wait_lamps(_is_fault, PATIENCE_S)
    box.wait_life(3, PATIENCE_S)
    assert box.lives()[2].cause == "software"
    assert mpremote(box, "eval", "1+1").strip() == "2"
    broken.unlink()
    mpremote(box, "reset")
    assert works(box)
