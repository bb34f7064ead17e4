"""Which ports may have a board behind them, and which are left alone, with the reason.

USB ids come first. MicroPython's own say enough: there a program may be interrupted. Those of the chips that boards
share with other devices say only that a board is possible, and so does a port in a folder of virtual boxes: such a
port is asked politely (`probe.py`). A port that is named is taken at its word.
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

MICROPYTHON = (0x303A, 0x4001)  # MicroPython's own, on a chip with USB inside
VIRTUAL = "tty*"  # in a folder that `rung sim boxes` has made


class Candidate(Struct, frozen=True):
    """A port that may have a board behind it."""

    port: str
    sure: bool = False  # a program there may be interrupted without asking first
    named: bool = False  # whatever program is there may be replaced


class LeftAlone(Struct, frozen=True):
    """A port that was not touched, or not more than politely."""

    port: str
    why: str

    def __str__(self) -> str:
        return f"{self.port}: left alone: {self.why}"


def look(named: Sequence[str], folder: Path | None) -> tuple[list[Candidate], list[LeftAlone]]:
    """The ports that are named; else those in the folder of virtual ones, or whatever is plugged in."""
    if named:
        return [Candidate(port, sure=True, named=True) for port in dict.fromkeys(named)], []
    if folder is not None:
        return [Candidate(str(port)) for port in sorted(folder.glob(VIRTUAL))], []
    return _plugged()


def place_of(port: str) -> str:
    """Where in the tree of hubs it is plugged in: that stays, whatever the port is called. Empty where nobody knows."""
    from serial.tools import list_ports

    return next((str(found.location or "") for found in list_ports.comports() if found.device == port), "")


def back_at(place: str) -> str:
    """The port that is at this place now: a chip with USB inside may have another one under MicroPython."""
    from serial.tools import list_ports

    return next((found.device for found in list_ports.comports() if place and found.location == place), "")


def _plugged() -> tuple[list[Candidate], list[LeftAlone]]:
    from serial.tools import list_ports

    from rung.link.search import boards

    possible = set(boards())
    found, left = [], []
    for port in sorted(list_ports.comports(), key=lambda port: port.device):
        if port.device in possible:
            found.append(Candidate(port.device, sure=(port.vid, port.pid) == MICROPYTHON))
        elif port.vid is None:
            left.append(LeftAlone(port.device, "it is no USB device; if a board is there, name it: --port"))
        else:
            name = f"{port.description}, USB {port.vid:04x}:{port.pid:04x}"
            left.append(LeftAlone(port.device, f"no board has its ids ({name})"))
    return found, left
