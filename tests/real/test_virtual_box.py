"""The virtual box: the real MicroPython VM behind a pty, driven by fingers and by the real mpremote.

These boxes run tiny programs of their own, so that what is tested is the box and not the firmware.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import serial

from rung.sim.box import LampFrame, VirtualBox

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from tests.real.box_rig import COUNTER, PATIENCE, mpremote, read_until, shows, wait_for

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


def test_ctrl_c_never_breaks_into_a_collection_of_garbage(flash: Path, tmp_path: Path) -> None:
    program = "import gc\nkept = [[n] for n in range(500)]\ninput()\nprint('ready')\nwhile True: gc.collect()\n"
    (flash / "main.py").write_text(program)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box, serial.Serial(box.port) as port:
        for _ in range(20):
            port.write(b"\r")
            read_until(port, b"ready\n")
            port.write(b"\x03")
            read_until(port, b">>> ")
            port.write(b"len(bytearray(100))\r")
            read_until(port, b"100\n>>> ")
            box.reset()
        assert [started.cause for started in box.lives()] == ["power", *["pin"] * 20]


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
