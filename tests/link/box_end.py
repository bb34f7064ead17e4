"""The box's end of a line without a box: the firmware's own `BoxLink`, driven by the test; and a desk to watch."""

from __future__ import annotations

import os
import secrets
import select
import socket
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rung.link.door import BoxIs, Counters, NotRecorded
from rung.link.keys import keep_key
from rung.link.line import Line
from rung.link.search import BoxAt
from rung.words import Answer, Lamps, Pressed, Verdict
from rung_wire.box import BoxLink
from rung_wire.seal import Key

PATIENCE_S = 30.0
BOX = "24dcc3a1b2c3"
KEY = "c4" * 32

Event = tuple[Any, ...]


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class BoxEnd:
    """Whatever is at ``fd``, a pty's master or a socket, is the line to the host."""

    def __init__(self, fd: int, boot: str = "00000001", box: str = BOX, key: str = KEY) -> None:
        self.fd = fd
        self.box = box
        self.key = key  # "": unpaired
        self.events: list[Event] = []
        self.heard = b""
        self.restart(boot)

    def restart(self, boot: str, caught: int = 0, troubles: tuple[tuple[str, str], ...] = ()) -> None:
        key = Key(bytes.fromhex(self.key)) if self.key else None
        self.link = BoxLink(self.box, boot, "1.2.3", "p", key, lambda: secrets.token_hex(5), caught, troubles)

    def press(self, buttons: str, gesture: str = "t", epoch: int = 1) -> int:
        number = self.link.press(buttons, gesture, epoch, now_ms(), now_ms())
        assert number is not None
        return number

    def run(self, until: Callable[[], bool], what: str = "") -> None:
        """Do a box's work until something is so."""
        end = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < end, f"waited in vain: {what}; the box had {self.events}"
            self.turn(min(0.02, self.link.next_due(now_ms()) / 1000))

    def turn(self, wait_s: float = 0) -> None:
        data = b""
        if select.select([self.fd], [], [], wait_s)[0]:
            with suppress(OSError):  # nobody has the pty open
                data = os.read(self.fd, 4096)
        self.heard += data
        self.events += self.link.receive(data, now_ms())
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self.fd, self.link.pump(now_ms()))

    def wait(self, kind: str) -> Event:
        """The next event of that kind; what came before is forgotten."""
        self.run(lambda: any(event[0] == kind for event in self.events), kind)
        while self.events[0][0] != kind:
            del self.events[0]
        return self.events.pop(0)

    def rest(self, seconds: float) -> None:
        """Do a box's work for a while."""
        end = time.monotonic() + seconds
        self.run(lambda: time.monotonic() >= end)


class Desk:
    """The door behind the line: notes everything, and fails when told to."""

    def __init__(self) -> None:
        self.presses: list[Pressed] = []
        self.told: list[tuple[str, object]] = []  # in the order of the calls
        self.answer = Answer(verdict=Verdict.TAKEN, why="")
        self.broken = False
        self.recorded = 0  # as if from an earlier run
        self.mistake: Exception | None = None
        self.go_on = threading.Event()  # cleared: the record takes its time
        self.go_on.set()

    def last_press(self, box: str, boot: str) -> int:
        self._check()
        return self.recorded

    def press(self, press: Pressed) -> Answer:
        self.told.append(("press", press))
        self.go_on.wait(PATIENCE_S)
        self._check()
        if self.mistake is not None:
            raise self.mistake
        self.presses.append(press)
        self.recorded = press.number
        return self.answer

    def acknowledged(self, press: Pressed) -> None:
        self.told.append(("acknowledged", press))

    def act(self) -> None:
        if self.told and self.told[-1][0] != "act":
            self.told.append(("act", None))

    def shown(self, lamps: Lamps) -> None:
        self.told.append(("shown", lamps))
        self.go_on.wait(PATIENCE_S)

    def box(self, status: BoxIs) -> None:
        self.told.append(("box", status))

    def counted(self, counters: Counters) -> None:
        self.told.append(("counted", counters))

    def failed(self, error: BaseException) -> None:
        self.told.append(("failed", error))

    def _check(self) -> None:
        if self.broken:
            raise NotRecorded("journal: the disk is full; free some space")

    @property
    def status(self) -> BoxIs:
        told = [what for kind, what in self.told if kind == "box"]
        return told[-1] if told else BoxIs(up=False)  # type: ignore[return-value]

    def troubles(self) -> list[str]:
        return [what.trouble for _, what in self.told if isinstance(what, BoxIs) and what.trouble]


@contextmanager
def serving(url: str, desk: Desk, keys: dict[str, str] | None = None, box: str = "") -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="rung-keys-") as folder:
        for paired, key in ({BOX: KEY} if keys is None else keys).items():
            keep_key(Path(folder), paired, key)
        line = Line(BoxAt(Path(folder), url, box), desk)
        line.start()
        try:
            yield line
        finally:
            desk.go_on.set()
            line.stop()


@contextmanager
def pty_at(name: Path, box: str = BOX, key: str = KEY) -> Iterator[BoxEnd]:
    """A port under this name, and the box behind it. Leaving pulls the cable."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    name.symlink_to(os.ttyname(slave))
    os.close(slave)
    try:
        yield BoxEnd(master, box=box, key=key)
    finally:
        name.unlink()
        os.close(master)


@contextmanager
def socket_port() -> Iterator[tuple[str, Callable[[], BoxEnd]]]:
    """A port of pyserial's kind `socket://`, and the wait for the bridge to open it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        opened: list[socket.socket] = []

        def accept() -> BoxEnd:
            opened.append(server.accept()[0])
            opened[-1].setblocking(False)
            return BoxEnd(opened[-1].fileno())

        try:
            yield f"socket://127.0.0.1:{server.getsockname()[1]}", accept
        finally:
            for connection in opened:
                connection.close()
