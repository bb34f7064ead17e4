"""Both ends of the link, back to back."""

from __future__ import annotations

from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from tests.wire.test_frame import BOOT, BOX_ID, VECTORS

from rung_wire import box, codes, host
from rung_wire.box import BoxLink
from rung_wire.frame import Decoder, encode, pack, text_of
from rung_wire.host import HostLink
from rung_wire.link import Link
from rung_wire.seal import Key, Session

LAMPS = (("b", "-"), ("l", "a"), ("o", "-"))
OTHER_LAMPS = (("o", "-"), ("o", "-"), ("d", "-"))
FIELDS = {vector[0]: vector[3] for vector in VECTORS}
KEY = Key(bytes(range(codes.KEY_BYTES)))
OTHER_KEY = Key(bytes(codes.KEY_BYTES))
KEYS = {BOX_ID: KEY}
NONCE = "0123456789ab"

_far: WeakKeyDictionary[Link, Session] = WeakKeyDictionary()


def new_box(
    boot: str = BOOT,
    key: Key | None = KEY,
    cause: str = codes.BY_POWER,
    caught: int = 0,
    troubles: tuple[tuple[str, str], ...] = (),
) -> BoxLink:
    numbers = count(1)
    return BoxLink(BOX_ID, boot, "0.1.0", cause, key, lambda: f"{next(numbers):010x}", caught, troubles)


def sealed(link: Link, kind: str, fields: Any = None, again: bool = False) -> bytes:
    """The next frame that the other end of this link's session would send."""
    assert link._at is not None
    if link not in _far or _far[link].number != link.session:
        _far[link] = Session(link.session, link._at._key)
        _far[link]._sent[:] = link._at._taken
    return _far[link].frame(kind, pack(kind, FIELDS[kind] if fields is None else fields), again)


def unproven(kind: str, session: int = 0, fields: Any = None) -> bytes:
    """A frame that nobody with the key has made."""
    return encode(text_of(kind, 1, session, pack(kind, FIELDS[kind] if fields is None else fields)), "AAAAAAAA")


def found(kinds: Any, most: int, data: bytes) -> list[Any]:
    """What the frames in these bytes say: kind, sequence, session, fields."""
    return [frame[:4] for frame in Decoder(kinds, most).feed(data)]


def sent(data: bytes) -> str:
    """The kinds of frames in these bytes, in order."""
    kinds = {**codes.BOX_FRAMES, **codes.HOST_FRAMES}
    return "".join(frame[0] for frame in found(kinds, codes.BOX_FRAME_MAX_BYTES, data))


class Pair:
    """Both ends on a good line without delay; `now` is the bridge's clock, the box's runs `offset` ahead and wraps."""

    def __init__(self, offset: int = 0) -> None:
        self.now = 0
        self._offset = offset
        self._sessions = count(1)
        self.host = HostLink(KEYS)
        self.box = new_box()
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
            if event[0] == "hello" and event[-1] == "paired":
                self.host.welcome(next(self._sessions), NONCE, max(self.recorded, default=0), self.now)
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
    assert pair.box.state == box.UP and pair.host.up(pair.now)
    pair.events.clear()
    return pair


def box_in(state: str) -> BoxLink:
    link = new_box()
    if state == box.UP:
        bridge = host_in(host.LISTENING)
        bridge.receive(link.pump(0), 0)
        bridge.welcome(1, NONCE, 0, 0)
        link.receive(bridge.pump(0), 0)
    assert link.state == state
    return link


def host_in(state: str) -> HostLink:
    link = HostLink(KEYS)
    if state != host.LISTENING:
        far = new_box()
        link.receive(far.pump(0), 0)
        link.welcome(1, NONCE, 0, 0)
        far.receive(link.pump(0), 0)
        link.receive(far.pump(0), 0)
    if state == host.CLOSED:
        link.bye()
    assert link.state == state
    return link
