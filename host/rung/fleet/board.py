"""One board in the raw REPL, over mpremote's own transport: what it is, and how the firmware gets onto it.

Nothing here judges or decides: who calls says which board is meant and what is to be on it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from msgspec import Struct

from rung.firmware import Build

SLOTS, FLAT, BARE, FOREIGN = "slots", "flat", "bare", "foreign"  # how a board's flash is laid out
Progress = Callable[[int, int], None]  # bytes done, bytes in all


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
    slot: str  # "a" or "b": the one that starts; empty: none
    trial: bool  # that slot has not been answered by a host yet, and may still go back
    fingerprint: str  # of its key, as `rung.link.keys.fingerprint` makes it; empty: it is not paired
    desk: str  # what stands in its file /desk; empty: nothing
    free: int  # bytes of its flash


class Sent(Struct, frozen=True):
    """What an install came to."""

    sent: tuple[str, ...]  # files that travelled, as they are named in the slot
    kept: int  # files that were on the board already
    wire: int  # bytes that went over the line for it
    slot: str  # the one that starts next
    switched: bool  # False: nothing had to be changed


class Board:
    """A board whose program has been interrupted; a context manager, which closes the port.

    Each method may raise BoardError. A cut at any moment (cable, power, this program's end) leaves a board that starts
    what it started before, or the new firmware.
    """

    @classmethod
    def open(cls, port: str) -> Self:
        """Interrupt what runs behind the port and put its watchdog off for ten minutes. Raises BoardError."""
        raise NotImplementedError

    def about(self) -> About:
        """Ask the board; one round trip."""
        raise NotImplementedError

    def install(self, build: Build, progress: Progress = lambda _done, _all: None, *, boot: bool = False) -> Sent:
        """Fill the idle slot, have the board check it, and switch the pointer: the new slot is then on trial.

        Only what is nowhere on the board travels. boot.py and main.py are put there when they are not of this layout;
        with ``boot`` also when they are of another version. The trial ends when a host welcomes the box (hearing its
        HELLO is not enough). `restart` starts it.
        """
        raise NotImplementedError

    def put(self, name: str, data: bytes) -> None:
        """Write a file outside the slots, such as `key`: whole or not at all, by rename."""
        raise NotImplementedError

    def restart(self) -> None:
        """Leave the raw REPL by a hard reset; the board starts what it has now. Closes the port."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the port; the board stays at its prompt."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
