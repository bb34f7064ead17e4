"""Which port to open next: the one that is named, or each that may have a box behind it, by its USB ids.

Names of ports say nothing (they change, and several chips have the same serial number); ids say only that a box is
possible. Which box it is, the box itself says in its HELLO.
"""

from pathlib import Path

from msgspec import Struct
from serial.tools import list_ports

AUTO = "auto"
ESPRESSIF = 0x303A  # USB inside the chip (S2, S3, C3, C6), whatever its product id
BRIDGES = {
    (0x10C4, 0xEA60),  # Silicon Labs CP2102, CP2104
    (0x1A86, 0x7523),  # WCH CH340
    (0x1A86, 0x55D3),  # WCH CH343
    (0x1A86, 0x55D4),  # WCH CH9102
    (0x0403, 0x6001),  # FTDI FT232R
    (0x0403, 0x6010),  # FTDI FT2232
    (0x0403, 0x6015),  # FTDI FT231X
}
LEFT_FIRST_MS = 5_000  # a port without this desk's box is left alone for so long, since opening may reset a board,
LEFT_MOST_MS = 40_000  # then twice as long, up to this; but one that was plugged in anew is tried at once


class BoxAt(Struct, frozen=True):
    """Which box a desk has, and where to find it and its key."""

    keys: Path
    port: str = AUTO  # a serial port or any pyserial URL; "auto": wherever it is plugged in
    id: str = ""  # empty: the only paired one


def boards() -> list[str]:
    """The ports that may have a box behind them."""
    return sorted(p.device for p in list_ports.comports() if p.vid == ESPRESSIF or (p.vid, p.pid) in BRIDGES)


class Search:
    """Takes turns. Times are milliseconds of the caller's clock."""

    def __init__(self, at: BoxAt) -> None:
        self.is_auto = at.port == AUTO
        self.sees_any = True  # whether at least one port was there, when last looked
        self._named = at.port
        self._last = ""
        self._left: dict[str, tuple[int, int]] = {}  # since when, for how long

    def next(self, now: int) -> str | None:
        """The port to open now; None while there is none."""
        if not self.is_auto:
            return self._named
        ports = self._worth_a_try(now)
        later = [port for port in ports if port > self._last]
        self._last = next(iter(later or ports), "")
        return self._last or None

    def has_others(self, port: str, now: int) -> bool:
        """Whether another port than this one is worth a try."""
        return self.is_auto and self._worth_a_try(now) not in ([], [port])

    def leave(self, port: str, now: int) -> None:
        """There is nothing for this desk."""
        _, span_ms = self._left.get(port, (0, LEFT_FIRST_MS // 2))
        self._left[port] = (now, min(2 * span_ms, LEFT_MOST_MS))

    def found(self, port: str) -> None:
        """The box is here."""
        self._left.pop(port, None)

    def _worth_a_try(self, now: int) -> list[str]:
        ports = boards()
        self.sees_any = bool(ports)
        self._left = {port: left for port, left in self._left.items() if port in ports}
        return [port for port in ports if port not in self._left or now - self._left[port][0] >= self._left[port][1]]
