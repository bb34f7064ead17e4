"""A hub full of virtual boxes, and what else hangs on a real one: a device that is no board, a port that is taken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import serial

from rung.sim.box import VirtualBox
from rung.sim.chip import blank_chip
from rung.sim.port import Port

UART_BAUD: Final = 115_200
UART_RING: Final = 260  # bytes that an ESP32 keeps for a program that does not read
FLASH_BYTES: Final = 2 * 1024 * 1024  # what MicroPython leaves for files on a chip of 4 MB
GPS_EVERY_S: Final = 1.0
_GPS_SAYS: Final = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"


class Plugged(NamedTuple):
    """What hangs on one port."""

    port: Path
    box: VirtualBox | None  # None: no board
    is_taken: bool = False


class Hub:
    """Boxes whose chips (`box0.flash` …) and ports (`ttyRUNG0` …) are in one folder; use it as a context manager.

    A chip that is there already is used as it is; others are copies of `like`, else blank. With `baud` the boxes hang
    on UARTs of that speed, else on native USB.
    """

    def __init__(
        self, folder: Path, count: int, *, baud: int | None, like: Path | None = None, flash_bytes: int = FLASH_BYTES
    ) -> None:
        self.folder = folder
        self.plugged: list[Plugged] = []
        self._count = count
        self._baud = baud
        self._like = like
        self._flash_bytes = flash_bytes
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as exits:
            for number in range(self._count):
                self.plugged.append(self._plug(number, exits))
            self._exits = exits.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.close()

    @property
    def boxes(self) -> list[VirtualBox]:
        return [plugged.box for plugged in self.plugged if plugged.box]

    def ports(self) -> dict[str, VirtualBox]:
        """The boxes by the names of their ports."""
        return {plugged.port.name: plugged.box for plugged in self.plugged if plugged.box}

    def add_gps(self) -> None:
        """Plug in a device that is no board: it talks by itself and hears nothing."""
        port = self.folder / "ttyGPS0"
        self._exits.enter_context(_gps(port))
        self.plugged.append(Plugged(port, None))

    def take_last(self) -> None:
        """Open the last box's port and keep it, as a program does that talks with its box."""
        last = self.plugged[-1]
        self._exits.enter_context(serial.Serial(str(last.port), UART_BAUD, exclusive=True))
        self.plugged[-1] = last._replace(is_taken=True)

    def _plug(self, number: int, exits: ExitStack) -> Plugged:
        chip = self.folder / f"box{number}.flash"
        if not chip.exists():
            if self._like:
                chip.write_bytes(self._like.read_bytes())
            else:
                blank_chip(chip, self._flash_bytes)
        port = self.folder / f"ttyRUNG{number}"
        ring = UART_RING if self._baud else None
        box = VirtualBox(chip, link=port, unique_id=f"24dcc3{number + 1:06x}", baud=self._baud, ring=ring)
        return Plugged(port, exits.enter_context(box))


@contextmanager
def _gps(link: Path) -> Iterator[None]:
    port = Port(link)
    stop = threading.Event()

    def talk() -> None:
        while not stop.wait(GPS_EVERY_S):
            port.write(_GPS_SAYS)
            while port.read():
                pass

    thread = threading.Thread(target=talk, name="gps", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        port.close()
