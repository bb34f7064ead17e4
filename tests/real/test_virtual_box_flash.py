"""The flash of a virtual box as a chip: what is done to it is logged, and its power may fail in the middle."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from rung.sim.box import VirtualBox
from rung.sim.chip import BLOCK_BYTES, NEVER, Tear, arm, blank_chip, operations, perform, record

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from tests.real.box_rig import PATIENCE, mpremote, read_until, shows, try_mpremote, wait_for

SIZE = 64 * BLOCK_BYTES
MANY = 1000  # bytes; more than one program


@pytest.fixture
def chip(tmp_path: Path) -> Path:
    chip = blank_chip(tmp_path / "box.flash", SIZE)
    record(chip)
    return chip


@pytest.fixture
def chip_box(chip: Path, tmp_path: Path) -> Iterator[VirtualBox]:
    with VirtualBox(chip, link=tmp_path / "ttyRUNG0") as box:
        yield box


def write(box: VirtualBox, name: str, fill: str) -> None:
    mpremote(box, "exec", f"with open('{name}', 'w') as file: file.write('{fill}' * {MANY})")


def contents(box: VirtualBox, name: str) -> str:
    return mpremote(box, "exec", f"print(open('{name}').read())").strip()


def test_the_log_makes_the_chip_anew(chip: Path, chip_box: VirtualBox) -> None:
    write(chip_box, "a", "x")
    write(chip_box, "b", "y")
    write(chip_box, "a", "z")
    flash = bytearray(b"\xff" * SIZE)
    done = operations(chip)
    for operation in done:
        perform(flash, operation)
    assert flash == chip.read_bytes()
    assert {bool(operation.data) for operation in done} == {True, False}


@pytest.mark.parametrize("torn", ["none", "half", "bits"])
def test_power_fails_at_each_operation_and_a_file_is_the_old_or_the_new(
    chip: Path, chip_box: VirtualBox, torn: Tear
) -> None:
    write(chip_box, "a", "o")
    seen = set()
    for count in range(4):
        record_before = len(operations(chip))
        chip_box.cut_power(count, torn, seed=count)
        code = f"with open('a', 'w') as file: file.write('n' * {MANY})"
        assert try_mpremote(chip_box, "exec", code).returncode != 0
        chip_box.wait_vanished(count + 1, PATIENCE)
        assert not os.path.lexists(chip_box.port)
        assert len(operations(chip)) == record_before + count + 1
        arm(chip, NEVER)
        life = chip_box.life
        chip_box.plug()
        chip_box.wait_life(life + 1, PATIENCE)
        seen.add(contents(chip_box, "a"))
    assert seen <= {"o" * MANY, "n" * MANY}


def test_a_chip_that_cannot_be_read_is_not_formatted(chip: Path, tmp_path: Path) -> None:
    with VirtualBox(chip, link=tmp_path / "ttyRUNG0") as box:
        write(box, "a", "x")
    torn = b"\x00" * 2 * BLOCK_BYTES + chip.read_bytes()[2 * BLOCK_BYTES :]  # both copies of the root
    chip.write_bytes(torn)
    with VirtualBox(chip, link=tmp_path / "ttyRUNG0") as box, serial.Serial(box.port) as port:
        box.reset()
        read_until(port, b"The filesystem appears to be corrupted.")
    assert chip.read_bytes() == torn


def test_a_cable_is_pulled_after_so_many_bytes(box: VirtualBox) -> None:
    box.unplug_after(3)
    with serial.Serial(box.port) as port:
        port.write(b"abc")
        box.wait_vanished(1, PATIENCE)
    assert not os.path.lexists(box.port)
    box.plug()
    box.wait_lamps(shows(1, 0, 1), PATIENCE)
    with serial.Serial(box.port) as port:
        port.write(b"d")
        read_until(port, b"<d>")


def test_at_the_speed_of_a_uart_all_arrives_both_ways(flash: Path, tmp_path: Path) -> None:
    """Also what a program prints far faster than the line carries it, while the host reads."""
    (flash / "main.py").write_text("while True:\n    line = input()\n    print(line * 100)\n")
    with (
        VirtualBox(flash, link=tmp_path / "ttyRUNG0", baud=115_200) as box,
        serial.Serial(box.port) as port,
    ):
        port.write(b"0123456789" * 10 + b"\n")
        echo = read_until(port, b"0123456789" * 1000 + b"\n")
        assert len(echo) > 10_000


def test_mpremote_copies_and_compares_at_the_speed_of_a_uart(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("a line of it\n" * 200)
    chip = blank_chip(tmp_path / "box.flash", SIZE)
    with VirtualBox(chip, link=tmp_path / "ttyRUNG0", baud=115_200, ring=260) as box:
        mpremote(box, "fs", "cp", str(source), ":")
        assert mpremote(box, "fs", "sha256sum", ":a.txt").split()[-1] == hashlib.sha256(source.read_bytes()).hexdigest()
        assert mpremote(box, "fs", "cat", ":a.txt").replace("\r", "") == source.read_text()
        mpremote(box, "reset")
        wait_for(lambda: box.lives()[-1].cause == "software")
