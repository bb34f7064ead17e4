"""Both ends of the link, back to back."""

from __future__ import annotations

from typing import Any

from tests.wire.test_frame import BOOT, BOX_ID, VECTORS

from rung_wire import box, codes, host
from rung_wire.box import BoxLink
from rung_wire.frame import Decoder, encode, pack
from rung_wire.host import HostLink

LAMPS = (("b", "-"), ("l", "a"), ("o", "-"))
OTHER_LAMPS = (("o", "-"), ("o", "-"), ("d", "-"))
FIELDS = {vector[0]: vector[3] for vector in VECTORS}


def frame(kind: str, sequence: int = 0, session: int = 1, fields: Any = None) -> bytes:
    return encode(kind, sequence, session, pack(kind, FIELDS[kind] if fields is None else fields))


def sent(data: bytes) -> str:
    """The kinds of frames in these bytes, in order."""
    kinds = {**codes.BOX_FRAMES, **codes.HOST_FRAMES}
    return "".join(found[0] for found in Decoder(kinds, codes.BOX_FRAME_MAX_BYTES).feed(data))


class Pair:
    """Both ends on a good line without delay; `now` is the bridge's clock, the box's runs `offset` ahead and wraps."""

    def __init__(self, offset: int = 0) -> None:
        self.now = 0
        self._offset = offset
        self.host = HostLink()
        self.box = BoxLink(BOX_ID, BOOT, "0.1.0", codes.BY_POWER)
        self.recorded: list[int] = []
        self.events: list[Any] = []

    @property
    def box_now(self) -> int:
        return (self.now + self._offset) % (1 << 30)

    def box_turn(self, data: bytes = b"") -> bytes:
        self.events += self.box.receive(data, self.box_now)
        return self.box.pump(self.box_now)

    def host_turn(self, data: bytes = b"") -> bytes:
        for event in self.host.receive(data, self.now):
            self.events.append(event)
            if event[0] == "hello":
                self.host.welcome(len(self.events), max(self.recorded, default=0), self.now)
        return self.host.pump(self.now)

    def settle(self, ms: int = 0) -> Pair:
        """Let them talk for so long."""
        end = self.now + ms
        to_host = to_box = b""
        while True:
            to_host = self.box_turn(to_box)
            to_box = self.host_turn(to_host)
            if to_host or to_box:
                continue
            if self.now >= end:
                return self
            self.now = min(end, self.now + max(1, min(self.box.next_due(self.box_now), self.host.next_due(self.now))))

    def press(self, gesture: str = "t", edge_ago: int = 0) -> int | None:
        return self.box.press("E", gesture, 3, (self.box_now - edge_ago) % (1 << 30), self.box_now)

    def names(self) -> list[str]:
        names = [event[0] for event in self.events]
        self.events.clear()
        return names


def up() -> Pair:
    pair = Pair().settle(5)
    assert pair.box.up(pair.box_now) and pair.host.up(pair.now)
    pair.events.clear()
    return pair


def box_in(state: str) -> BoxLink:
    link = BoxLink(BOX_ID, BOOT, "0.1.0", codes.BY_POWER)
    if state == box.UP:
        link.receive(frame("w", 0), 0)
    assert link.state == state
    return link


def host_in(state: str) -> HostLink:
    link = HostLink()
    if state != host.LISTENING:
        link.receive(frame("H", session=0), 0)
    if state in (host.WELCOMED, host.UP):
        link.welcome(1, 0, 0)
    if state == host.UP:
        link.receive(frame("A"), 0)
    if state == host.CLOSED:
        link.bye()
    assert link.state == state
    return link
