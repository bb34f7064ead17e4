"""A virtual box: the real firmware on the real MicroPython behind a pseudo-terminal.

Nothing of the firmware is replaced but the modules `machine` and `neopixel`. The box runs in
processes of its own (board.py and, for each life between two resets, a VM), so its stamps are exact
however busy the caller is; all stamps are CLOCK_MONOTONIC nanoseconds, the same in every process.

How it differs from silicon: `print` ends lines with a bare newline, objects are 64-bit, the
processor is far faster, interrupts reach an idle program after up to 1 ms and never one that waits
in a blocking read, the port has no DTR and RTS, flash does not wear and takes no time. Linux only.
"""

from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import Pipe
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from rung.sim.chip import Tear, arm
from rung.sim.rom import Cause

DEVKITC: Final[Mapping[str, int]] = {"escalate": 25, "warn": 26, "release": 27, "lamps": 4}
_PRESSED: Final = 0  # a button connects its pin to ground; let go, the pull-up alone decides
_START_S: Final = 30.0

Pixels = tuple[tuple[int, int, int], ...]


class BoxError(Exception):
    """The virtual box could not start, or has failed."""


class LampFrame(NamedTuple):
    """What the lamps began to show, and when it was written (monotonic nanoseconds)."""

    at_ns: int
    pixels: Pixels


class Wave(NamedTuple):
    """What a pin that dims an LED or drives the buzzer began to put out, and when (monotonic nanoseconds)."""

    at_ns: int
    pin: int
    hertz: int
    duty: int  # of 65535; 0 is dark and silent


class Started(NamedTuple):
    """A life of the box: its number from 1, why it began, and its VM's process id."""

    life: int
    cause: Cause
    pid: int


class VirtualBox:
    """A box on a desk; use it as a context manager, which powers it up and cleans up after it.

    `flash` is a folder (its `/`), or a file from `chip.blank_chip` that holds littlefs; without it
    the box is empty. `link` is the name that the port gets; call it `…/ttyRUNG0`, since mpremote
    has no read timeout on a bare `/dev/pts/N`. `pins` names the buttons' pins and the `lamps`' data
    pin. `heap` is MicroPython's `-X heapsize` (`64wK` is what 64 KB are to an ESP32). With `ring`,
    input beyond that many bytes unread is lost silently, as on a UART (260 there); else the port
    pushes back, as USB does. With `baud`, the line carries no more in either direction.
    """

    def __init__(
        self,
        flash: Path | None = None,
        *,
        link: Path | None = None,
        unique_id: str = "24dcc3a1b2c3",
        pins: Mapping[str, int] = DEVKITC,
        heap: str = "64wK",
        ring: int | None = None,
        baud: int | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rung-box-")
        folder = Path(self._folder.name)
        if flash is None:
            flash = folder / "flash"
            flash.mkdir()
        self.flash = flash
        self.unique_id = unique_id
        self._link = link or folder / "ttyRUNG0"
        self._pins = pins
        self._config = {
            "flash": str(flash.resolve()),
            "link": str(self._link.absolute()),
            "unique_id": unique_id,
            "heap": heap,
            "ring": ring,
            "baud": baud,
        }
        self._changed = threading.Condition()
        self._lives: list[Started] = []
        self._booted = 0
        self._vanished = 0
        self._pixels: Pixels = ()
        self._waves: list[Wave] = []
        self._failure = ""
        self._gone = False
        self._watchers: list[Callable[[LampFrame], None]] = []
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._commands = threading.Lock()

    def __enter__(self) -> Self:
        self._control, theirs = Pipe()
        self._board = subprocess.Popen(
            [sys.executable, "-m", "rung.sim.board", str(theirs.fileno()), json.dumps(self._config)],
            stdin=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,  # a Ctrl-C in the caller's terminal is not the box's
        )
        theirs.close()
        self._reader = threading.Thread(target=self._read, name="virtual box", daemon=True)
        self._reader.start()
        try:
            self.wait_life(1, _START_S)
        except BaseException:
            self._clean_up()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._gone:
            try:
                self._command("stop")
                self._board.wait(_START_S)
            except (BoxError, subprocess.TimeoutExpired):
                pass  # it has failed or hangs; it is killed below
        self._clean_up()

    @property
    def port(self) -> str:
        """The serial port to open."""
        return str(self._link)

    # Fingers

    def press(self, button: str) -> int:
        """Press a button; return the moment of the edge (monotonic ns)."""
        return self.pin(self._pins[button], _PRESSED)

    def let_go(self, button: str) -> int:
        """Let go of a button; return the moment of the edge (monotonic ns)."""
        return self.pin(self._pins[button], None)

    def bounce(self, button: str, edges: int, gap_us: int = 200, *, held: bool = False) -> list[int]:
        """Press (an odd number of edges) or tap (even) with a contact that bounces; their times.

        Must start with the button let go, or with it pressed if ``held``; no other command is served while it lasts.
        """
        levels = [None if index % 2 != held else _PRESSED for index in range(edges)]
        return self._edges(self._pins[button], levels, gap_us)

    def chatter(self, button: str, edges: int, gap_us: int, *, held: bool = False) -> int:
        """As `bounce`, with at most 31 edges, and exact however busy this computer is; when the first was made.

        The box hears of the edges together, each with its own time: nothing stretches them.
        """
        level = None if edges % 2 == held else _PRESSED
        began: int = self._command("chatter", self._pins[button], level, edges, gap_us)
        return began

    def pin(self, number: int, level: int | None) -> int:
        """Drive a pin low or high, or leave it open (None); return the moment (monotonic ns)."""
        return self._edges(number, [level])[0]

    def _edges(self, pin: int, levels: Sequence[int | None], gap_us: int = 0) -> list[int]:
        stamps: list[int] = self._command("edges", pin, list(levels), gap_us / 1_000_000)
        return stamps

    # Lamps

    def lamps(self) -> Pixels:
        """What the lamps show: (red, green, blue) a pixel; empty before the first frame."""
        with self._changed:
            return self._pixels

    def wait_lamps(self, predicate: Callable[[Pixels], bool], timeout: float) -> Pixels:
        """Wait until the lamps satisfy `predicate`; TimeoutError tells what they show."""
        with self._changed:
            if not self._wait(lambda: predicate(self._pixels), timeout):
                raise TimeoutError(f"after {timeout} s the lamps show {self._pixels}")
            return self._pixels

    def watch_lamps(self, watcher: Callable[[LampFrame], None]) -> None:
        """Call `watcher` at each change from now on, in a thread of the box: it must be quick."""
        self._watchers.append(watcher)

    def waves(self, pin: str) -> list[Wave]:
        """All that came out of a pin so far, in its order; the last is what comes now."""
        with self._changed:
            return [wave for wave in self._waves if wave.pin == self._pins[pin]]

    # Power, cable and lives

    @property
    def life(self) -> int:
        """Number of the present life, from 1; every reset begins another."""
        return self.lives()[-1].life

    def lives(self) -> list[Started]:
        """All lives so far."""
        with self._changed:
            return list(self._lives)

    def wait_life(self, number: int, timeout: float) -> None:
        """Wait until life `number` has come as far as boot.py; else TimeoutError or BoxError."""
        with self._changed:
            if not self._wait(lambda: self._booted >= number, timeout):
                raise TimeoutError(f"after {timeout} s the box is in its life {self._booted}")

    def reset(self, cause: Cause = "pin") -> None:
        """Reset it, by default as its reset pin does. The port stays, as with a UART chip."""
        self._command("reset", cause)

    def unplug(self, *, keep_power: bool = False) -> None:
        """Pull the cable: the port vanishes and, unless something else feeds it, the power too."""
        self._command("unplug", keep_power)

    def unplug_after(self, host_bytes: int | None) -> None:
        """Pull the cable, and with it the power, when so many bytes more have come from the host; None: never."""
        self._command("unplug_after", host_bytes)

    def cut_power(self, operations: int, torn: Tear = "half", seed: int = 0) -> None:
        """Let the power fail in the program or erase of the flash that comes after so many more.

        The flash must be a chip with a log (chip.record). The box disappears as if unplugged; `plug` brings it back.
        """
        self._command("tear", torn, seed)
        arm(self.flash, operations)

    @property
    def vanished(self) -> int:
        """How often it has lost its power by itself."""
        with self._changed:
            return self._vanished

    def wait_vanished(self, times: int, timeout: float) -> None:
        """Wait until it has lost its power by itself so many times in all; else TimeoutError or BoxError."""
        with self._changed:
            if not self._wait(lambda: self._vanished >= times, timeout):
                raise TimeoutError(f"after {timeout} s the box has vanished {self._vanished} times")

    def plug(self) -> None:
        """Put the cable back: the port comes back under its name, and the power if it was off."""
        self._command("plug")

    def kill(self) -> None:
        """Destroy the box at once (SIGKILL); only leaving the context is possible after it."""
        self._gone = True
        self._board.kill()
        self._clean_up()

    # The board's process

    def _command(self, *command: object) -> Any:
        with self._commands:
            if self._gone:
                raise BoxError(self._failure or "the box has been killed")
            self._control.send(command)
            answer = self._answers.get()
        if answer is None:
            raise BoxError(self._failure or "the box's process has gone")
        return answer[0]

    def _wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait, holding `_changed`, for a condition; BoxError when it cannot come any more."""
        done = self._changed.wait_for(lambda: condition() or self._gone, timeout)
        if done and not condition():
            raise BoxError(self._failure or "the box's process has gone")
        return done

    def _read(self) -> None:
        """Thread: what the board reports."""
        while True:
            try:
                kind, *details = self._control.recv()
            except (EOFError, OSError):
                break
            if kind == "done":
                self._answers.put(details)
            else:
                self._note(kind, details)
        with self._changed:
            self._gone = True
            self._changed.notify_all()
        self._answers.put(None)

    def _note(self, kind: str, details: list[Any]) -> None:
        if kind == "lamps":
            at_ns, pin, wire = details
            if pin != self._pins["lamps"]:
                return
            frame = LampFrame(at_ns, _pixels(wire))
            for watcher in self._watchers:
                watcher(frame)
        with self._changed:
            if kind == "lamps":
                self._pixels = frame.pixels
            elif kind == "wave":
                self._waves.append(Wave(*details))
            elif kind == "life":
                self._lives.append(Started(*details))
            elif kind == "booted":
                self._booted = details[0]
            elif kind == "vanished":
                self._vanished += 1
            elif kind == "failed":
                self._failure = details[0]
            self._changed.notify_all()

    def _clean_up(self) -> None:
        self._board.kill()
        self._board.wait()
        self._reader.join()
        self._control.close()
        for life in self._lives[-1:]:
            _wait_gone(life.pid)
        self._link.unlink(missing_ok=True)
        self._folder.cleanup()


def _pixels(wire: bytes) -> Pixels:
    """Decode what a WS2812 string receives: green, red, blue a pixel."""
    return tuple((r, g, b) for g, r, b in zip(wire[::3], wire[1::3], wire[2::3], strict=True))


def _wait_gone(pid: int) -> None:
    """Wait for the VM, which the kernel kills with its board."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    gone = select.poll()
    gone.register(process, select.POLLIN)
    gone.poll(_START_S * 1000)
    os.close(process)
