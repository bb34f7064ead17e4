"""A box that greets: which it is, and whether this desk may work with it."""

import time
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from rung.link.port import Port
from rung_wire import codes, names
from rung_wire.host import HostLink
from rung_wire.seal import Key

TELL_MS = 200  # troubles follow their HELLO in the same breath; an adapter may cut it in two

_TROUBLES = {
    codes.RESTARTED: "has failed and started anew ({what}); if it goes on, flash it anew",
    codes.SAFE: "is in safe mode: it failed three times in a row ({what}); flash it anew, or plug it in again",
    codes.SETTINGS: "has a mistake in its file of settings ({what}): mend it and copy it to the box again",
}


class Trouble(Struct, frozen=True):
    """What a box tells of itself besides; nothing proves it when ``trust`` is not ``names.PAIRED``."""

    box: str
    trouble: str  # one of names.TROUBLES
    what: str
    trust: str

    def __str__(self) -> str:
        """One line with the mend."""
        return f"box {self.box} {_TROUBLES[self.trouble].format(what=self.what)}"


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
    troubles: "tuple[Trouble, ...]" = ()

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


def greeted(url: str, keys: dict[str, Key], seconds: float) -> Hello | Trouble | None:
    """Open a port and wait for a box's HELLO, without welcoming it; or for one in safe mode. Raises PortError."""
    link, port = HostLink(keys), Port(url)
    hello, troubles = None, []
    end = time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0:
            for event in link.receive(port.read(min(left, 0.1)), _now_ms()):
                if event[0] == "hello" and hello is None:
                    hello = Hello(*event[1:])
                    end = time.monotonic() + TELL_MS / 1000
                elif event[0] == "trouble":
                    trouble = Trouble(*event[1:])
                    if trouble.trouble == codes.SAFE:
                        return trouble
                    troubles.append(trouble)
            port.write(link.pump(_now_ms()))  # a box in an old session is asked who it is
        return None if hello is None else replace(hello, troubles=tuple(dict.fromkeys(troubles)))
    finally:
        port.close()


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
