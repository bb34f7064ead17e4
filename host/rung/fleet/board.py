"""One board in the raw REPL, over mpremote's own transport: what it is, and how the firmware gets onto it.

Nothing here judges or decides: who calls says which board is meant and what is to be on it.
"""

from __future__ import annotations

import ast
import contextlib
import re
import struct
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Self

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport
from msgspec import Struct

from rung.firmware import MANIFEST, Build
from rung.fleet import programs
from rung.fleet.stream import NotTaken, packed, send
from rung.link.port import BAUD, why_not_open

SLOTS, FLAT, BARE, FOREIGN = "slots", "flat", "bare", "foreign"  # how a board's flash is laid out
Progress = Callable[[int, int], None]  # bytes done, bytes in all

READ_S: Final = 10.0  # a board that says nothing for so long does not work
BREAK_S: Final = 0.5  # then Ctrl-C comes again: opening a port may reset a board, which starts for a while
BREAKS: Final = 12
_MARK: Final = b"# Rung, slots 1\n"
_PROMPT: Final = b"raw REPL; CTRL-B to exit\r\n>"
_FULL: Final = re.compile(r"OSError: (\[Errno 28\]|28)")


class BoardError(Exception):
    """The board did not do what it was asked; one line that names the port and the mend."""


class About(Struct, frozen=True):
    """What a board says of itself."""

    id: str  # machine.unique_id() in hexadecimal digits: the identity of the box
    machine: str  # MicroPython's name of it, such as "Generic ESP32 module with ESP32"
    micropython: str  # its release, such as "1.29.0"
    mpy: int  # sys.implementation._mpy: which compiled files it loads; 0: none
    layout: str  # SLOTS; FLAT: an older firmware of ours; BARE: MicroPython alone; FOREIGN: another program
    firmware: str  # the version that starts; empty: none that is whole
    digest: str  # of that firmware, as `Build.digest` has it; empty: it is not whole, or FLAT
    slot: str  # "a" or "b": the one that starts; empty: none
    back: str  # that one is on trial, since no host has welcomed the box yet, and may go back to this; empty: it is not
    fingerprint: str  # of its key, as `rung.link.keys.fingerprint` makes it; empty: it is not paired
    desk: str  # what stands in its file /desk; empty: nothing
    free: int  # bytes of its flash
    leftovers: bool  # an older firmware beside the slots, which nothing goes back to any more

    @property
    def trial(self) -> bool:
        return bool(self.back)


class Sent(Struct, frozen=True):
    """What an install came to."""

    sent: tuple[str, ...]  # files that travelled, as they are named in the slot
    kept: int  # files that were on the board already
    wire: int  # bytes that went into the board for it, programs and all
    slot: str  # the one that starts next
    switched: bool  # False: nothing had to be changed


class Board:
    """A board whose program has been interrupted; a context manager, which closes the port.

    Each method may raise BoardError. A cut at any moment (cable, power, this program's end) leaves a board that starts
    what it started before, or the new firmware.
    """

    def __init__(self, port: str, transport: Any) -> None:
        """Use `open`."""
        self.port = port
        self._transport = transport
        self._about: About | None = None
        self._wire = 0
        self._is_lost = False  # something went wrong: nobody knows what the board makes of what is still on the line

    @classmethod
    def open(cls, port: str) -> Self:
        """Interrupt what runs behind the port and put its watchdog off for ten minutes. Raises BoardError."""
        try:
            transport = SerialTransport(port, BAUD, timeout=READ_S)
        except Exception as error:  # termios has an error of its own, other ports have others
            raise BoardError(why_not_open(port, error)) from None
        board = cls(port, transport)
        try:
            with board._explained("does not answer; if it is one that runs MicroPython, reset it and try again"):
                board._break_in()
                board._run(programs.CALM)
            return board
        except BaseException:
            board.close()
            raise

    def about(self) -> About:
        """Ask the board; one round trip."""
        with self._explained("does not tell about itself; reset it and try again"):
            self._about = _about(ast.literal_eval(self._run(programs.ABOUT).decode()))
        return self._about

    def install(self, build: Build, progress: Progress = lambda _done, _all: None, *, boot: bool = False) -> Sent:
        """Fill the idle slot, have the board check it, and switch the pointer: the new slot is then on trial.

        Only what is nowhere on the board travels. boot.py and main.py are put there when they are not of this layout;
        with ``boot`` also when they are of another version. The trial ends when a host welcomes the box (hearing its
        HELLO is not enough). `restart` starts it.
        """
        about = self._about or self.about()
        self._wire = 0
        if about.digest == build.digest and not boot and not about.leftovers:
            return Sent((), len(build.files), self._wire, about.slot, switched=False)
        keeps = about.back or about.slot
        slot = "b" if keeps == "a" else "a"
        other = "a" if slot == "b" else "b"
        self._about = None
        with self._explained("did not take the firmware; try again"):
            wanted = self._fill(build, f"/{slot}/", f"/{other}/", progress)
            self._run(programs.TAKE.format(folder=f"/{slot}", boot=boot))
        return Sent(wanted, len(build.files) - len(wanted), self._wire, slot, switched=True)

    def go_back(self) -> bool:
        """Give up a slot on trial, such as one that no HELLO has come from; whether there was one.

        The board goes back by itself from a firmware that fails; whether a host is there to be greeted it cannot know.
        """
        self._about = None
        with self._explained("did not go back; install the firmware again"):
            return self._run(programs.GO_BACK).strip() == b"True"

    def put(self, name: str, data: bytes) -> None:
        """Write a file outside the slots, such as `key`: whole or not at all, by rename."""
        with self._explained(f"did not keep its file {name}; try again"):
            self._run(programs.PUT.format(name=name, data=data))

    def restart(self) -> None:
        """Leave the raw REPL by a hard reset; the board starts what it has now. Closes the port. No more than once."""
        if not self._transport.serial.is_open:
            return
        with self._explained("cannot be reset; pull its cable and plug it in again"):
            if self._is_lost:
                self._break_in()
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
        self.close()

    def close(self) -> None:
        """Let go of the port; the board stays at its prompt."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _break_in(self) -> None:
        """Into the raw REPL, as mpremote does it, which asks only once and prints what it does not understand."""
        line = self._transport.serial
        for _ in range(BREAKS):
            line.write(b"\r\x03")
            line.read(line.in_waiting)
            line.write(b"\r\x01")
            if self._transport.read_until(1, _PROMPT, timeout_overall=BREAK_S).endswith(_PROMPT):
                break
        else:
            raise TransportError("no prompt")
        line.write(b"\x04")  # a soft reset: the heap is empty again
        for expected in (b"soft reboot\r\n", _PROMPT[:-1]):
            if not self._transport.read_until(1, expected, timeout_overall=READ_S).endswith(expected):
                raise TransportError("no soft reset")
        self._transport.in_raw_repl = True

    def _run(self, program: str) -> bytes:
        self._wire += len(program)
        said: bytes = self._transport.exec(program)
        return said

    def _fill(self, build: Build, to: str, other: str, progress: Progress) -> tuple[str, ...]:
        """The files that had to travel."""
        program = f"{programs.FILL}fill({to!r},{other!r},{programs.WBITS})\n"
        self._transport.exec_raw_no_follow(program)
        manifest = packed(build.files[MANIFEST])
        names = [name for name in build.files if name != MANIFEST]
        done = 0

        def taken(bytes_: int) -> None:
            nonlocal done
            done += bytes_
            progress(done, in_all)

        in_all = sum(map(len, manifest))
        self._wire += len(program) + self._send(manifest, taken)
        told = self._transport.read_until(1, b"\n", timeout=READ_S)
        if not told.endswith(b"]\r\n") and not told.endswith(b"]\n"):
            raise _failed(self._transport, told)
        wanted = [names[number] for number in ast.literal_eval(told.decode())]
        files = packed(b"".join(build.files[name] for name in wanted))
        in_all += sum(map(len, files))
        self._wire += self._send(files, taken)
        _, error = self._transport.follow(READ_S)
        if error:
            raise TransportExecError(1, error.decode())
        return tuple(wanted)

    def _send(self, blocks: list[bytes], taken: Callable[[int], None]) -> int:
        try:
            return send(self._transport.serial, blocks, taken)
        except NotTaken as stopped:
            raise _failed(self._transport, stopped.said) from None

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Whatever goes wrong becomes one BoardError."""
        try:
            try:
                yield
            except BaseException:
                self._is_lost = True
                raise
        except TransportExecError as error:
            last = (error.error_output.strip().splitlines() or [""])[-1]
            said = "has a full flash: remove what is not Rung's" if _FULL.search(last) else f"{what} ({last})"
            raise BoardError(f"{self.port}: the board {said}") from None
        except OSError:  # pyserial's own are of this kind
            raise BoardError(f"{self.port}: the board has gone; plug it in and try again") from None
        except (TransportError, struct.error, ValueError, SyntaxError):
            raise BoardError(f"{self.port}: the board {what}") from None


def _failed(transport: Any, said: bytes) -> TransportError:
    """What has ended a program on the board, if it still tells."""
    text = said + (b"" if said.endswith(b"\x04>") else transport.read_until(1, b"\x04>", timeout=1))
    parts = text.split(b"\x04")
    if len(parts) < 3:
        return TransportError("it is silent")
    return TransportExecError(1, parts[1].decode(errors="replace"))


def _about(told: tuple[Any, ...]) -> About:
    """Of what ABOUT prints."""
    id, machine, micropython, mpy, boot, main, older, words, slots, fingerprint, desk, free = told
    is_ours = main.startswith(_MARK[:16]) and boot.startswith(_MARK[:16])
    version = re.search(rb'VERSION = "(.+)"', older)
    slot = words[0] if is_ours and words else ""
    firmware, digest = slots["ab".index(slot)] if slot else ("", "")
    layout = SLOTS if is_ours and (slot or not version) else FLAT if version else FOREIGN if main else BARE
    return About(
        id=id,
        machine=machine,
        micropython=micropython,
        mpy=mpy,
        layout=layout,
        firmware=firmware or (version[1].decode() if version and not slot else ""),
        digest=digest if firmware else "",
        slot=slot,
        back=words[1] if slot and len(words) == 3 else "",
        fingerprint=fingerprint,
        desk=desk.decode(errors="replace").strip(),
        free=free,
        leftovers=bool(version) and slot != "" and len(words) == 1,
    )
