"""The lives of a virtual box: resets, the watchdog, the cable, its flash, and that nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import serial

from rung.sim.box import BoxError, VirtualBox
from rung.sim.chip import blank_chip
from rung.sim.flash import FLOOR, install

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from tests.real.box_rig import PATIENCE, WATCHED, gone, mpremote, read_until, shows, try_mpremote, wait_for

# Resets


def test_the_reset_pin_prints_the_roms_text_and_starts_again(box: VirtualBox) -> None:
    box.press("escalate")
    box.wait_lamps(shows(1, 1, 0), PATIENCE)
    box.let_go("escalate")
    with serial.Serial(box.port) as port:
        port.write(b"x")
        read_until(port, b"<x>")  # the first life's own "ready" is out
        box.reset()
        printed = read_until(port, b"ready\n")
    assert b"\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" in printed
    box.wait_lamps(shows(1, 0, 1), PATIENCE)


def test_a_reset_by_software_has_its_own_cause(box: VirtualBox) -> None:
    mpremote(box, "reset")
    box.wait_lamps(shows(2, 0, 1), PATIENCE)


def test_a_starved_watchdog_resets_the_box_and_says_so(flash: Path, tmp_path: Path) -> None:
    (flash / "main.py").write_text(WATCHED)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box, serial.Serial(box.port) as port:
        printed = read_until(port, b"rst:0xc (SW_CPU_RESET)")
        assert b"task_wdt: Task watchdog got triggered" in printed
        box.wait_lamps(lambda pixels: pixels == ((3, 0, 0),), PATIENCE)
        assert [started.cause for started in box.lives()] == ["power", "watchdog"]


def test_the_watchdog_runs_on_over_a_soft_reset(flash: Path, tmp_path: Path) -> None:
    (flash / "main.py").write_text(WATCHED)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box, serial.Serial(box.port) as port:
        box.wait_lamps(lambda pixels: pixels == ((1, 0, 0),), PATIENCE)
        port.write(b"\x03")
        read_until(port, b">>> ")
        port.write(b"\x04")
        box.wait_lamps(lambda pixels: pixels == ((3, 0, 0),), PATIENCE)
        assert [started.cause for started in box.lives()] == ["power", "soft", "watchdog"]


# Cable and power


def test_unplugged_the_port_vanishes_and_plugged_it_is_back(box: VirtualBox) -> None:
    port = serial.Serial(box.port)
    box.unplug()
    with pytest.raises((serial.SerialException, OSError)):
        port.read()
    port.close()
    assert not os.path.lexists(box.port)
    assert box.lamps() == ((0, 0, 0),) * 3  # no power, no light
    box.plug()
    box.wait_lamps(shows(1, 0, 1), PATIENCE)
    assert [started.cause for started in box.lives()] == ["power", "power"]
    with serial.Serial(box.port) as again:
        again.write(b"x")
        read_until(again, b"<x>")


def test_a_box_fed_from_elsewhere_lives_on_without_its_cable(box: VirtualBox) -> None:
    box.unplug(keep_power=True)
    box.press("escalate")
    box.wait_lamps(shows(1, 1, 0), PATIENCE)
    box.plug()
    with serial.Serial(box.port) as port:
        port.write(b"x")
        read_until(port, b"<x>")
    assert box.life == 1


# The flash


def test_a_full_littlefs_says_so_through_mpremote(tmp_path: Path) -> None:
    chip = blank_chip(tmp_path / "flash.img", 64 * 1024)
    small, large = tmp_path / "small.txt", tmp_path / "large.bin"
    small.write_text("kept\n")
    large.write_bytes(os.urandom(80 * 1024))
    with VirtualBox(chip, link=tmp_path / "ttyRUNG0") as box:
        mpremote(box, "fs", "cp", str(small), ":")
        full = try_mpremote(box, "fs", "cp", str(large), ":")
        assert full.returncode != 0
        assert re.search(r"ENOSPC|No space|\b28\b", full.stdout + full.stderr), full
    with VirtualBox(chip, link=tmp_path / "ttyRUNG0") as box:  # the chip outlives the power
        assert mpremote(box, "fs", "cat", ":small.txt").strip() == "kept"


def test_the_box_has_the_identity_that_it_was_given(tmp_path: Path) -> None:
    with VirtualBox(link=tmp_path / "ttyRUNG0", unique_id="0123456789ab") as box:
        code = "import machine; print(machine.unique_id().hex())"
        assert mpremote(box, "exec", code).strip() == "0123456789ab"


def test_the_floor_program_answers_each_press_with_one_byte(flash: Path, tmp_path: Path) -> None:
    install(flash, FLOOR)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box, serial.Serial(box.port) as port:
        port.timeout = 0.1

        def answered() -> bool:  # until its handler is attached a press says nothing
            box.bounce("escalate", 2)
            return bool(port.read(1))

        wait_for(answered)
        port.timeout = 1
        port.reset_input_buffer()
        for _ in range(20):
            box.press("escalate")
            read_until(port, b"!")
            box.let_go("escalate")
        assert port.in_waiting == 0


# Nothing stays behind


def processes(box: VirtualBox) -> list[int]:
    board = next(
        int(line.split()[1])
        for line in Path(f"/proc/{box.lives()[-1].pid}/status").read_text().splitlines()
        if line.startswith("PPid:")
    )
    return [board, box.lives()[-1].pid]


def test_leaving_the_context_leaves_no_process_and_no_name(box: VirtualBox) -> None:
    pids = processes(box)
    box.__exit__(None, None, None)
    assert all(map(gone, pids))
    assert not os.path.lexists(box.port)
    with pytest.raises(BoxError):
        box.press("escalate")


def test_a_killed_box_leaves_no_process(box: VirtualBox) -> None:
    pids = processes(box)
    box.kill()
    assert all(map(gone, pids))
    assert not os.path.lexists(box.port)


def test_the_box_dies_with_a_caller_that_is_killed(tmp_path: Path) -> None:
    link = tmp_path / "ttyRUNG0"
    program = (
        "import pathlib, sys, time\n"
        "from rung.sim.box import VirtualBox\n"
        "with VirtualBox(link=pathlib.Path(sys.argv[1])) as box:\n"
        "    print(box.lives()[-1].pid, flush=True)\n"
        "    time.sleep(1000)\n"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", program, str(link)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert caller.stdout is not None
    vm = int(caller.stdout.readline())
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    caller.stdout.close()
    wait_for(lambda: gone(vm) and not os.path.lexists(link))
