"""A box that greets: which it is, and whether this desk may work with it."""

import time
from pathlib import Path

from msgspec import Struct

from rung.link.port import Port
from rung_wire import codes, names
from rung_wire.host import HostLink
from rung_wire.seal import Key


class Hello(Struct, frozen=True):
    """What the box says of itself, in the order of the wire, and whether its tag proves it."""

    box: str
    boot: str
    protocol: int
    firmware: str
    cause: str
    bad: int
    dropped: int
    pending: int
    caught: int
    nonce: str
    trust: str

    def stranger(self, port: str, wanted: str, keys: Path) -> str:
        """Why this desk may not work with it, one line with the mend; empty when it may. ``wanted``: the box's id."""
        pair = f"pair it: rung pair {port}"
        if wanted and self.box != wanted:
            return f"{port}: here is box {self.box}; this desk's is {wanted} (box.id, or the key in {keys})"
        if self.trust == names.UNPAIRED:
            return f"{port}: box {self.box} is not paired; {pair}"
        if self.trust == names.UNKNOWN:
            return f"{port}: box {self.box} is paired, but {keys} has no key for it; {pair}"
        if self.trust == names.WRONG_KEY:
            return f"{port}: box {self.box} has another key than the one in {keys}; {pair}"
        if not wanted:
            return f"{port}: here is box {self.box}, and {keys} has several; name this desk's box as box.id"
        if self.protocol != codes.PROTOCOL:
            mend = f"flash the firmware that belongs to this program (protocol {codes.PROTOCOL})"
            return f"{port}: the box speaks protocol {self.protocol}; {mend}"
        return ""


def greeted(url: str, keys: dict[str, Key], seconds: float) -> Hello | None:
    """Open a port and wait for a box's HELLO, without welcoming it. Raises PortError."""
    link, port = HostLink(keys), Port(url)
    end = time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0:
            for event in link.receive(port.read(min(left, 0.1)), _now_ms()):
                if event[0] == "hello":
                    return Hello(*event[1:])
            port.write(link.pump(_now_ms()))  # a box in an old session is asked who it is
        return None
    finally:
        port.close()


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
