"""`rung flash` on real parts: mpremote's transport, the real VM with littlefs, lines of 115,200 baud."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.link.leaks import files_without_keys, leaks
from tests.real.box_rig import wait_for
from tests.real.test_pair import rung

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Teller
from rung.fleet.inventory import Inventory
from rung.floor.base import Place
from rung.journal.store import Journal
from rung.link.keys import keep_key, read_keys
from rung.link.search import BoxAt
from rung.policy import Book, load
from rung.sim.box import VirtualBox
from rung.sim.chip import blank_chip
from rung.sim.exchange import VirtualExchange
from rung.sim.hub import UART_BAUD, Hub
from rung.sim.phone import VirtualPhone

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

PATIENCE_S = 60.0
SMALL = 64 * 1024  # of a flash that does not hold the firmware
OTHER = "print('somebody else')\n"


@pytest.fixture
def hub_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "hub"
    folder.mkdir()
    return folder


def flash(hub: Path, *more: object) -> tuple[int, str]:
    return rung("flash", "--in", hub, "--fleet", hub / "fleet", "--yes", *more)


def id_of(number: int) -> str:
    return f"24dcc3{number + 1:06x}"


def inventory(hub: Path) -> Inventory:
    return Inventory(hub / "fleet" / "fleet.db")


def presses_at_the_bridge(folder: Path, box: VirtualBox, keys: Path) -> list[w.Pressed]:
    """What a bridge that has these keys has on record after a tap of WARN."""
    journal = Journal(folder / "journal.db")

    async def run() -> None:
        book = Book(load("warm-transfer"), desk="north")
        bridge = Bridge(
            book, journal, VirtualPhone(VirtualExchange(), "500"), Teller(lambda _: None), box=BoxAt(keys, box.port)
        )
        task = asyncio.create_task(bridge.run(Place(extension="500", person=w.Person("agent"))))
        end = time.monotonic() + PATIENCE_S
        while not journal.of_kind(w.PressRecorded) and time.monotonic() < end:
            for act in (box.press, box.let_go):
                act("warn")
                await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    try:
        asyncio.run(run())
        return [entry.event.press for entry in journal.of_kind(w.PressRecorded)]  # type: ignore[union-attr]
    finally:
        journal.close()


def test_an_empty_board_becomes_a_paired_box_and_its_press_reaches_the_bridge(hub_folder: Path) -> None:
    with Hub(hub_folder, 1, baud=UART_BAUD) as hub:
        code, said = flash(hub_folder, "--desk", "north")
        assert code == 0 and f"box {id_of(0)} runs firmware" in said and "1 of 1 boards" in said, said
        keys = hub_folder / "fleet" / "north" / "keys"
        assert list(read_keys(keys)) == [id_of(0)]
        key = (keys / f"{id_of(0)}.key").read_text().strip()
        assert leaks(key, [said, *files_without_keys(hub_folder / "fleet")]) == []
        [press, *_] = presses_at_the_bridge(hub_folder, hub.boxes[0], keys)
        assert press.box == id_of(0) and press.buttons == (w.Button.WARN,)
        box = inventory(hub_folder).find("north")
        assert (box.id, box.chip, bool(box.micropython), bool(box.fingerprint)) == (id_of(0), "virtual", True, True)


def test_many_boards_side_by_side_and_again_with_nothing_changed(hub_folder: Path) -> None:
    with Hub(hub_folder, 4, baud=None) as hub:
        code, said = flash(hub_folder, "--dry-run", "--desk", "north-##")
        assert code == 0 and all(f"north-0{number + 1}" in said for number in range(4)), said
        assert inventory(hub_folder).boxes() == [] and not list(hub_folder.rglob("*.key"))
        code, said = flash(hub_folder)
        assert code == 2 and "say which, by --port or --id, or take --all" in said
        assert not list(hub_folder.rglob("*.key"))
        code, said = flash(hub_folder, "--id", id_of(2))
        assert code == 0 and "1 of 1 boards" in said, said
        assert [box.id for box in inventory(hub_folder).boxes()] == [id_of(2)]
        code, said = flash(hub_folder, "--all", "--desk", "north-##")
        assert code == 0 and "4 of 4 boards" in said, said
        keys = sorted(hub_folder.rglob("*.key"))
        was = [key.read_text() for key in keys]
        assert [box.place for box in inventory(hub_folder).boxes()] == [f"north-0{number}" for number in range(1, 5)]
        code, said = flash(hub_folder, "--all")
        assert code == 0 and said.count("nothing had to be changed") == 4, said
        assert [key.read_text() for key in keys] == was
        assert all(len(box.lives()) > 1 for box in hub.boxes)


def test_everything_that_goes_wrong_is_one_line_and_the_other_boards_go_on(hub_folder: Path) -> None:
    """In one run: a full flash, a board that disappears, a device that is no board, a port that is held."""
    blank_chip(hub_folder / "box1.flash", SMALL)
    with Hub(hub_folder, 4, baud=UART_BAUD) as hub:
        hub.take_last()
        hub.add_gps()
        good, full, gone, held = (str(hub_folder / f"ttyRUNG{number}") for number in range(4))
        with running(hub_folder, "--all") as process:
            lines = []
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.rstrip())
                if line.startswith(f"{gone}: firmware"):
                    hub.boxes[2].unplug()
            assert process.wait(PATIENCE_S) == 1
        told = {port: [line for line in lines if line.startswith(port)][-1] for port in (good, full, gone, held)}
        assert f"{good}: box {id_of(0)} runs firmware" in told[good], lines
        assert told[full] == f"{full}: the board has a full flash: remove what is not Rung's"
        assert told[gone] == f"{gone}: the board has gone; plug it in and try again"
        assert "another program holds it" in told[held] and "end that program" in told[held]
        [gps] = [line for line in lines if "ttyGPS0" in line]
        assert "left alone: neither a box nor a bare MicroPython answers" in gps
        assert lines[-1] == "1 of 4 boards run what is wanted"
        assert all(line.isprintable() and "Traceback" not in line for line in lines), lines
        assert [box.id for box in inventory(hub_folder).boxes()] == [id_of(0)]
        hub.boxes[2].plug()
        code, said = flash(hub_folder, "--id", id_of(2))
        assert code == 0 and f"box {id_of(2)} runs firmware" in said, said


def _as_from_a_terminal() -> None:
    """A shell's background job ignores Ctrl-C, and so does whatever it starts: these tests, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(hub: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-u", "-m", "rung", "flash", "--in", str(hub), "--fleet", str(hub / "fleet"), "--yes"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen([*command, *more], **pipes, text=True, preexec_fn=_as_from_a_terminal) as process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c_leaves_every_board_ready_to_be_flashed_again(hub_folder: Path) -> None:
    with Hub(hub_folder, 2, baud=UART_BAUD):
        lines = _ended_by(signal.SIGINT, hub_folder)
        assert [line.partition(": ")[2] for line in lines[-3:-1]] == [
            "stopped before it was done; it is safe to flash it again"
        ] * 2, lines
        assert lines[-1] == "0 of 2 boards run what is wanted"
        code, said = flash(hub_folder, "--all")
        assert code == 0 and "2 of 2 boards" in said, said


@pytest.mark.skipif("RUNG_LONG" not in os.environ, reason="waits for a watchdog of 15 s: RUNG_LONG=1")
def test_a_board_whose_flashing_was_killed_comes_back_by_itself(hub_folder: Path) -> None:
    with Hub(hub_folder, 1, baud=UART_BAUD) as hub:
        _ended_by(signal.SIGKILL, hub_folder)
        wait_for(lambda: hub.boxes[0].lives()[-1].cause == "watchdog")
        code, said = flash(hub_folder)
        assert code == 0 and "1 of 1 boards" in said, said


def _ended_by(number: signal.Signals, hub: Path) -> list[str]:
    """What `rung flash` has said that gets this signal when the firmware begins to stand in every flash."""
    chips = sorted(hub.glob("*.flash"))
    with running(hub, "--all") as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("port "):  # nothing has been written yet
                before = [chip.read_bytes() for chip in chips]
                wait_for(lambda: all(chip.read_bytes() != was for chip, was in zip(chips, before, strict=True)))  # noqa: B023
                process.send_signal(number)
        process.wait(PATIENCE_S)
    return lines


def test_another_program_on_a_board_stays_unless_its_port_is_named(tmp_path: Path, hub_folder: Path) -> None:
    folder = tmp_path / "flash"
    folder.mkdir()
    (folder / "main.py").write_text(OTHER)
    with VirtualBox(folder, link=hub_folder / "ttyRUNG0") as box:
        code, said = flash(hub_folder, "--all")
        assert code == 2 and "left alone: it runs another program in MicroPython" in said, said
        assert (folder / "main.py").read_text() == OTHER
        code, said = flash(hub_folder, "--port", box.port)
        assert code == 0 and f"box {box.unique_id} runs firmware" in said, said


def test_a_box_that_is_paired_elsewhere_keeps_its_key_unless_it_is_taken_over(hub_folder: Path) -> None:
    with Hub(hub_folder, 1, baud=None) as hub:
        assert flash(hub_folder)[0] == 0
        mine, theirs = hub_folder / "fleet", hub_folder / "theirs"
        mine.rename(theirs)
        code, said = flash(hub_folder)
        assert code == 1 and "is paired with a key that is not in this fleet's folder" in said and "--rekey" in said
        assert read_keys(theirs / "keys") and presses_at_the_bridge(hub_folder, hub.boxes[0], theirs / "keys")
        code, said = flash(hub_folder, "--rekey")
        assert code == 0, said
        assert list(read_keys(mine / "keys")) == [id_of(0)]


def test_a_box_that_was_paired_for_a_desk_of_this_computer_stays_there(hub_folder: Path) -> None:
    with Hub(hub_folder, 1, baud=None):
        assert flash(hub_folder)[0] == 0
        [key] = hub_folder.rglob("*.key")
        keep_key(hub_folder / "fleet" / "south" / "keys", id_of(0), key.read_text().strip())
        key.unlink()
        code, said = flash(hub_folder)
        assert code == 0 and "desk south; " in said, said
        assert inventory(hub_folder).find("south").id == id_of(0)
        assert list(read_keys(hub_folder / "fleet" / "south" / "keys")) == [id_of(0)]


def test_a_retired_box_is_left_alone(hub_folder: Path) -> None:
    with Hub(hub_folder, 1, baud=None):
        assert flash(hub_folder)[0] == 0
        book = inventory(hub_folder)
        book.retire(id_of(0), "RELEASE sticks")
        code, said = flash(hub_folder, "--all")
        assert code == 2 and "is retired (RELEASE sticks); use it again: rung fleet rename" in said, said


def test_nobody_is_asked_where_nobody_is(hub_folder: Path) -> None:
    code, said = rung("flash", "--in", hub_folder, "--fleet", hub_folder / "fleet")
    assert (code, said) == (2, "rung: nobody is there to be asked: say --yes, or --dry-run to look only\n")
    code, said = flash(hub_folder)
    assert code == 2 and "no board to flash; plug one in, or name its port: --port" in said
    code, said = flash(hub_folder, "--port", hub_folder / "none")
    assert code == 1 and said.startswith(f"{hub_folder / 'none'}: cannot be opened: it is not there"), said


def test_an_id_that_is_not_there_is_told(hub_folder: Path) -> None:
    with Hub(hub_folder, 1, baud=None):
        code, said = flash(hub_folder, "--id", "24dcc3ffffff", "--id", id_of(0))
        assert code == 1 and "24dcc3ffffff: no board with the id 24dcc3ffffff is attached; plug it in" in said
        assert "1 of 2 boards" in said, said


def test_a_terminal_shows_a_bar_for_each_board(hub_folder: Path) -> None:
    with Hub(hub_folder, 2, baud=None):
        main, sub = os.openpty()
        command = [sys.executable, "-m", "rung", "flash", "--in", str(hub_folder), "--fleet", str(hub_folder / "fleet")]
        environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
        with subprocess.Popen([*command, "--all"], stdin=sub, stdout=sub, stderr=sub, env=environment) as process:
            os.close(sub)
            os.write(main, b"y\n")
            said = b""
            try:
                while data := os.read(main, 4096):
                    said += data
            except OSError:  # it has ended
                pass
            assert process.wait(PATIENCE_S) == 0, said
        os.close(main)
    assert b"Flash these 2 boards? [y/N]" in said and "━".encode() in said and b"2 of 2 boards" in said
