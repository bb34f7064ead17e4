"""The virtual box: the real MicroPython VM behind a pty, driven by fingers and by the real mpremote.

These boxes run tiny programs of their own, so that what is tested is the box and not the firmware.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from rung.sim.box import BoxError, LampFrame, Pixels, VirtualBox
from rung.sim.flash import FLOOR, blank_chip, install

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


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    folder = tmp_path / "flash"
    folder.mkdir()
    return folder


@pytest.fixture
def box(flash: Path, tmp_path: Path) -> Iterator[VirtualBox]:
    """A box with the counting program, whose interrupt is already attached."""
    (flash / "main.py").write_text(COUNTER)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as running:
        running.wait_lamps(shows(1, 0, 1), PATIENCE)
        yield running


def shows(cause: int, edges: int, level: int) -> Callable[[Pixels], bool]:
    return lambda pixels: bool(pixels) and pixels[0] == (cause, edges, level)


def mpremote(box: VirtualBox, *arguments: str) -> str:
    """Run the real mpremote on the box; its output, or AssertionError with its complaint."""
    done = _mpremote(box, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _mpremote(box: VirtualBox, *arguments: str) -> subprocess.CompletedProcess[str]:
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


# Fingers and lamps


def test_a_pressed_pin_reaches_the_handler_and_its_level_the_program(box: VirtualBox) -> None:
    box.press("escalate")
    box.wait_lamps(shows(1, 1, 0), PATIENCE)
    box.let_go("escalate")
    box.wait_lamps(shows(1, 2, 1), PATIENCE)
    box.press("warn")  # nobody listens there
    box.press("escalate")
    box.wait_lamps(shows(1, 3, 0), PATIENCE)


def test_a_tap_of_10_ms_is_never_lost(box: VirtualBox) -> None:
    for tap in range(1, 31):
        box.press("escalate")
        time.sleep(0.010)
        box.let_go("escalate")
        box.wait_lamps(shows(1, 2 * tap, 1), PATIENCE)


def test_every_edge_of_a_bouncing_contact_arrives_in_order(box: VirtualBox) -> None:
    stamps = box.bounce("escalate", 7)
    assert len(stamps) == 7
    assert stamps == sorted(stamps)
    box.wait_lamps(shows(1, 7, 0), PATIENCE)


def test_an_edge_finds_a_program_that_never_waits(flash: Path, tmp_path: Path) -> None:
    busy = COUNTER.split("async def main")[0] + "while True:\n    pass\n"
    (flash / "main.py").write_text(busy)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box:
        box.wait_lamps(shows(1, 0, 1), PATIENCE)
        box.press("escalate")
        box.wait_lamps(shows(1, 1, 0), PATIENCE)


def test_without_a_pull_up_a_button_is_not_seen(flash: Path, tmp_path: Path) -> None:
    (flash / "main.py").write_text(COUNTER.replace(", Pin.PULL_UP", ""))
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box:
        box.wait_lamps(shows(1, 0, 0), PATIENCE)
        box.bounce("escalate", 6)
        box.pin(25, 1)
        box.wait_lamps(shows(1, 1, 1), PATIENCE)  # driven high from outside: the only edge


def test_a_button_held_at_power_up_is_seen_as_held(box: VirtualBox) -> None:
    box.press("escalate")
    box.reset()
    box.wait_lamps(shows(1, 0, 0), PATIENCE)


def test_an_edge_is_stamped_before_and_its_lamp_after(box: VirtualBox) -> None:
    frames: list[LampFrame] = []
    box.watch_lamps(frames.append)
    before = time.monotonic_ns()
    pressed = box.press("escalate")
    box.wait_lamps(shows(1, 1, 0), PATIENCE)
    assert before < pressed < frames[0].at_ns < time.monotonic_ns()
    assert frames[0].pixels == ((1, 1, 0), (0, 0, 0), (0, 0, 0))


# The port and mpremote


def test_the_program_reads_what_the_host_sends(box: VirtualBox) -> None:
    with serial.Serial(box.port) as port:
        port.write(b"ab")
        read_until(port, b"<a><b>")


def test_mpremote_breaks_into_the_running_program(box: VirtualBox) -> None:
    assert mpremote(box, "eval", "6 * 7").strip() == "42"
    assert "edges" not in mpremote(box, "exec", "print(dir())")  # main.py does not run now


def test_mpremote_resume_finds_the_interrupted_program(box: VirtualBox) -> None:
    box.press("escalate")
    box.wait_lamps(shows(1, 1, 0), PATIENCE)
    assert mpremote(box, "resume", "eval", "edges").strip() == "1"
    assert box.life == 1


def test_ctrl_c_ends_the_program_with_its_own_traceback(box: VirtualBox) -> None:
    with serial.Serial(box.port) as port:
        port.write(b"\x03\x03\x03")  # a hurried finger must not kill the VM
        printed = read_until(port, b">>> ")
        port.write(b"1+1\r")
        read_until(port, b"2\n>>> ")
    assert b'File "main.py"' in printed
    assert b"KeyboardInterrupt" in printed
    assert b"_life" not in printed
    assert box.life == 1


def test_mpremote_flashes_and_resets_into_what_it_flashed(box: VirtualBox, flash: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    (fresh / "lib").mkdir(parents=True)
    (fresh / "lib" / "word.py").write_text("WORD = 'from the library'\n")
    (fresh / "main.py").write_text("import word\nwhile not input(): pass\nprint(word.WORD)\n")
    mpremote(box, "fs", "cp", "-r", f"{fresh}/lib", f"{fresh}/main.py", ":", "+", "reset")
    wait_for(lambda: box.lives()[-1].cause == "software")
    box.wait_life(box.life, PATIENCE)
    with serial.Serial(box.port) as port:
        port.write(b"go\r")
        read_until(port, b"from the library\n")
    assert (flash / "lib" / "word.py").read_bytes() == (fresh / "lib" / "word.py").read_bytes()


def test_a_soft_reboot_runs_main_only_when_the_repl_is_friendly(box: VirtualBox) -> None:
    with serial.Serial(box.port) as port:
        port.write(b"\x03")
        read_until(port, b">>> ")
        port.write(b"\x04")
        read_until(port, b"MPY: soft reboot\r\nready\n")
        port.write(b"\x03")
        read_until(port, b">>> ")
        port.write(b"\x01")
        read_until(port, b"raw REPL; CTRL-B to exit\r\n>")
        port.write(b"\x04")
        reboot = b"OK\r\nMPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>"
        assert read_until(port, reboot) == reboot
        port.write(b"print('edges' in globals())\x04")
        read_until(port, b"OKFalse\n\x04\x04>")
    assert [started.cause for started in box.lives()] == ["power", "soft", "soft"]


def test_boot_runs_before_main_and_in_every_life(box: VirtualBox, flash: Path) -> None:
    (flash / "boot.py").write_text("print('boot')\n")
    with serial.Serial(box.port) as port:
        box.reset()
        read_until(port, b"boot\nready\n")
        port.write(b"\x03")
        read_until(port, b">>> ")
        port.write(b"\x01")
        read_until(port, b">")
        port.write(b"\x04")
        read_until(port, b"MPY: soft reboot\r\nboot\nraw REPL; CTRL-B to exit\r\n>")


def test_system_exit_in_main_is_a_soft_reboot(flash: Path, tmp_path: Path) -> None:
    (flash / "main.py").write_text("input()\nimport sys\nsys.exit()\n")
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box, serial.Serial(box.port) as port:
        port.write(b"\r")
        read_until(port, b"MPY: soft reboot\r\n")
        box.wait_life(2, PATIENCE)


def test_what_is_printed_while_nobody_listens_is_lost(box: VirtualBox) -> None:
    with serial.Serial(box.port) as port:
        port.write(b"x")
        wait_for(lambda: port.in_waiting >= 3)  # <x> lies unread in the host when it closes
    with serial.Serial(box.port) as port:
        port.write(b"y")
        assert read_until(port, b"<y>") == b"<y>"


def test_a_ring_loses_silently_what_a_sleeping_program_does_not_read(flash: Path, tmp_path: Path) -> None:
    (flash / "main.py").write_text(
        "import machine, neopixel, sys, time\n"
        "neopixel.NeoPixel(machine.Pin(4), 1).write()\n"
        "while True:\n"
        "    time.sleep_ms(300)\n"
        "    sys.stdout.write(sys.stdin.read(1))\n"
    )
    with (
        VirtualBox(flash, link=tmp_path / "ttyRUNG0", ring=260) as box,
        serial.Serial(box.port) as port,
    ):
        box.wait_lamps(bool, PATIENCE)
        port.write(b"Q" * 900)
        assert bytes_kept(port) == 259


def bytes_kept(port: serial.Serial) -> int:
    """Interrupt the program and count, in the REPL's echo, how many bytes its ring still held."""
    port.write(b"\x03")
    before = read_until(port, b">>> ").count(b"Q")
    port.write(b"\r")
    return before + read_until(port, b"\n").count(b"Q")


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
        full = _mpremote(box, "fs", "cp", str(large), ":")
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
