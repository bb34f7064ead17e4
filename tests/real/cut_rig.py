"""Virtual boards whose flashing is cut: a flash is recorded once, and each of its moments can be had again."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from rung.firmware import MANIFEST, OUTSIDE, Build, files, with_manifest
from rung.fleet.board import Board
from rung.fleet.flashing import Builds, Done, Failed, Met, Wanted, bring, meet
from rung.fleet.keyring import Keyring
from rung.fleet.ports import Candidate
from rung.link.port import Port
from rung.sim.box import VirtualBox
from rung.sim.chip import NEVER, Operation, Tear, arm, blank_chip, operations, perform, record
from rung_wire.host import HostLink

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

PATIENCE_S = 30.0
FLASH_BYTES = 2048 * 1024
MPY = 6  # of the virtual boards' MicroPython
OLD = "0.0.9"
PROMPT = b">>> "
DESK = "north-01"
TEARS: tuple[Tear, ...] = ("none", "half", "bits")


def older(new: Build) -> Build:
    """An earlier release: another version, a file that has gone since and one that was different."""
    version = (new.version.partition("+")[0], OLD)
    build = patched(new, "rung_box/__init__.py", *version)
    slot = {**build.files, "rung_box/gone.py": b"# no newer firmware has this\n" * 100}
    slot["rung_box/leds.py"] = files()["rung_box/leds.py"].read_bytes()
    del slot[MANIFEST], slot["rung_box/leds.mpy"]
    return Build(OLD, with_manifest(OLD, slot))


def patched(build: Build, name: str, old: str, new: str) -> Build:
    """The firmware with something else in one of its sources, which then travels as it is."""
    source = files()[name].read_text()
    assert old in source, f"{name} has changed: no {old!r}"
    slot = {file: data for file, data in build.files.items() if file not in (MANIFEST, name.replace(".py", ".mpy"))}
    slot[f"outside/{name}" if name in OUTSIDE else name] = source.replace(old, new).encode()
    return Build(build.version, with_manifest(build.version, slot))


def put_flat(port: str, build: Build) -> None:
    """Onto a bare board: a firmware from before there were slots, as mpremote copied it."""
    with Board.open(port) as board:
        for folder in ("rung_box", "rung_box/boards", "rung_wire"):
            board._run(f"import os\nos.mkdir({folder!r})")
        for name, data in build.files.items():
            if name != MANIFEST and not name.startswith("outside/") and name != "rung_box/start.mpy":
                board.put(name, data)
        board.put("boot.py", b"# an older one: it darkened the lamps\n")
        board.put("main.py", files()["rung_box/start.py"].read_bytes())
        board.restart()


class _OneBuild(Builds):
    def __init__(self, build: Build) -> None:
        super().__init__()
        self._build = build

    def of(self, mpy: int) -> Build:
        return self._build


class CutBoard:
    """One virtual board, at full speed, whose chip can be exchanged."""

    def __init__(self, folder: Path, box: VirtualBox) -> None:
        self.box = box
        self.keys = folder / "fleet"

    def become(self, chip: bytes, keys: Path) -> None:
        """Have that chip from now on, and a fleet's folder as it was then; it is started."""
        self.box.unplug()
        self.box.flash.write_bytes(chip)
        record(self.box.flash)
        shutil.rmtree(self.keys, ignore_errors=True)
        if keys.exists():
            shutil.copytree(keys, self.keys)
        self.plug()

    def plug(self) -> None:
        arm(self.box.flash, NEVER)
        life = self.box.life
        self.box.plug()
        self.box.wait_life(life + 1, PATIENCE_S)

    def version(self) -> str:
        """What it has started: the firmware that it greets with; nothing where MicroPython's prompt is all there is."""
        link, port = HostLink({}), Port(self.box.port)
        heard = b""
        end = time.monotonic() + PATIENCE_S
        try:
            port.write(b"\r")
            while time.monotonic() < end:
                data = port.read(0.1)
                heard += data
                for event in link.receive(data, 0):
                    if event[0] == "hello":
                        return str(event[4])
                if PROMPT in heard:
                    return ""
        finally:
            port.close()
        raise AssertionError(f"it neither greets nor is at its prompt: {heard[-2000:]!r}")

    def flash(self, wanted: Build) -> Done | Failed:
        """What `rung flash` does with one board, the HELLO that proves it included."""
        met = meet(Candidate(self.box.port, sure=True))
        if isinstance(met, Failed):
            return met
        assert isinstance(met, Met), met
        return bring(met, DESK, Wanted(Keyring(self.keys)), _OneBuild(wanted), lambda *_: None)

    def cut_flash(self, wanted: Build, cut: Callable[[VirtualBox], None]) -> Done | Failed:
        """Flash it while it is to vanish at some moment, and plug it in again if it has."""
        before = self.box.vanished
        cut(self.box)
        done = self.flash(wanted)
        if isinstance(done, Failed):
            try:
                self.box.wait_vanished(before + 1, PATIENCE_S)
            except TimeoutError:
                raise AssertionError(f"it failed, but not because it vanished: {done}") from None
            self.plug()
        arm(self.box.flash, NEVER)
        self.box.unplug_after(None)
        return done


@contextmanager
def cut_board(folder: Path) -> Iterator[CutBoard]:
    folder.mkdir()
    chip = blank_chip(folder / "box.flash", FLASH_BYTES)
    with VirtualBox(chip, link=folder / "ttyRUNG0") as box:
        yield CutBoard(folder, box)


class Cut(NamedTuple):
    """The power fails in this operation of the recorded flash, and leaves it like that."""

    place: int
    torn: Tear


class Recorded(NamedTuple):
    """One whole flash: what the chip held before, all that was done to it, and the fleet's folder afterwards."""

    before: bytes
    operations: list[Operation]
    keys: Path

    def cuts(self) -> list[Cut]:
        """Every moment at which the power can fail: each operation not begun or begun, and after the last."""
        every = [Cut(place, torn) for place in range(len(self.operations)) for torn in TEARS]
        return [*every, Cut(len(self.operations), "none")]

    def chip(self, cut: Cut) -> bytes:
        """What the chip holds after that cut."""
        flash = bytearray(self.before)
        for operation in self.operations[: cut.place]:
            perform(flash, operation)
        if cut.torn != "none":
            perform(flash, self.operations[cut.place], cut.torn, random.Random(f"{cut}"))
        return bytes(flash)


def recorded(board: CutBoard, wanted: Build, keep: Path) -> Recorded:
    """Flash the board as it is now, until it greets with what is wanted and is welcomed."""
    before = board.box.flash.read_bytes()
    record(board.box.flash)  # from here on
    done = board.flash(wanted)
    assert isinstance(done, Done), done
    board.box.unplug()
    keys = keep / "keys"
    shutil.copytree(board.keys, keys)
    flash = Recorded(before, operations(board.box.flash), keys)
    assert flash.chip(Cut(len(flash.operations), "none")) == board.box.flash.read_bytes()
    board.plug()
    return flash
