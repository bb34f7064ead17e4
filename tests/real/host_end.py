"""The host's end of a box's line, as small as can be: a `HostLink` on a port, driven by the test itself."""

from __future__ import annotations

import os
import random
import select
import time
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from rung.sim.flash import KEY
from rung_wire.host import HostLink
from rung_wire.names import PAIRED
from rung_wire.seal import Key

PATIENCE_S = 30.0
STILL_S = 0.5  # long enough for a press that must not come: the box sends within milliseconds

Event = tuple[Any, ...]
Lamps = tuple[tuple[str, str], ...]


class _OneKey(dict[str, Key]):
    """Whatever box greets, it has the key that virtual boxes have."""

    def get(self, box: str, default: object = None) -> Key:  # type: ignore[override]
        return self[box]

    def __missing__(self, box: str) -> Key:
        return Key(bytes.fromhex(KEY))


class HostEnd:
    """Welcomes any box, and acknowledges its presses at once, unless told not to. A context manager."""

    def __init__(self, port: str) -> None:
        self.link = HostLink(_OneKey())
        self.acks = True
        self.welcomes = True
        self.heard = b""  # everything the box has printed
        self.events: list[Event] = []  # not yet waited for
        self._fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def restart(self) -> None:
        """As a bridge does: it knows of no session."""
        self.link = HostLink(_OneKey())

    def wait(self, *kinds: str) -> Event:
        """The next event of one of these kinds; what came before it is forgotten."""
        self.run(lambda: any(event[0] in kinds for event in self.events))
        while self.events[0][0] not in kinds:
            del self.events[0]
        return self.events.pop(0)

    def is_still(self, kind: str, seconds: float = STILL_S) -> bool:
        """Whether no event of this kind has come since the last one waited for, nor does for a while."""
        until = time.monotonic() + seconds
        self.run(lambda: time.monotonic() > until)
        return kind not in [event[0] for event in self.events]

    def show(self, epoch: int, states: str, marks: str = "---", fill_ds: int = 0) -> None:
        """Have the box show lamps, and wait until it has them."""
        lamps: Lamps = tuple(zip(states, marks, strict=True))
        self.link.lamps(epoch, lamps, fill_ds, self.now())
        while self.wait("shown")[1] != epoch:
            pass

    def run(self, done: Callable[[], bool]) -> None:
        """Turn until `done`; TimeoutError tells what was heard."""
        until = time.monotonic() + PATIENCE_S
        while True:
            self.turn()
            if done():
                return
            if time.monotonic() > until:
                raise TimeoutError(f"heard {self.heard[-1000:]!r}, events {self.events[-10:]}")
            select.select([self._fd], [], [], min(self.link.next_due(self.now()), 20) / 1000)

    def turn(self) -> None:
        """Take what has come, and send what is due."""
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            data = b""
        self.heard += data
        for event in self.link.receive(data, self.now()):
            self.events.append(event)
            if event[0] == "hello" and event[-1] == PAIRED and self.welcomes:
                session = random.randint(1, 0xFFFE)
                nonce = f"{random.getrandbits(48):012x}"
                self.link.welcome(session + (session == self.link.session), nonce, 0, self.now())
            elif event[0] == "press" and self.acks:
                self.link.ack(event[1], event[2], self.now())
        self.write(self.link.pump(self.now()))

    def write(self, data: bytes) -> None:
        """Send these bytes, however long the port takes for them; what comes meanwhile waits for the next turn."""
        while data:
            select.select([], [self._fd], [], PATIENCE_S)
            data = data[os.write(self._fd, data) :]

    def now(self) -> int:
        """Milliseconds of the host's clock."""
        return time.monotonic_ns() // 1_000_000
