"""A hand on the line between box and bridge: it sees every frame, and may hold, repeat, replay or add bytes.

It opens the box's port as a bridge would, and gives the bridge a port of its own. Bytes pass unchanged and whole line
by whole line, unless a rule says otherwise; with ``baud``, no faster than a serial line of that speed carries them.
"""

import contextlib
import os
import select
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from rung.sim.port import Port

PORTION_BYTES = 16  # on a slow line

Way = Literal["up", "down"]  # to the bridge, to the box
Rule = Callable[[bytes], list[bytes]]  # a line that came -> what goes on instead


def passed(line: bytes) -> list[bytes]:
    """The rule that changes nothing."""
    return [line]


class Tamper:
    """Use as a context manager. ``port`` is what the bridge opens. Rules are called on the tamper's own thread."""

    def __init__(self, box_port: str, link: Path, baud: int | None = None) -> None:
        self.opened: Callable[[], None] = lambda: None  # called when the bridge opens its port
        self._second_per_byte = 10 / baud if baud else 0.0
        self._was_open = False
        self.up: Rule = passed
        self.down: Rule = passed
        self.seen: list[tuple[Way, bytes]] = []  # every line that came, whatever became of it
        self._box = os.open(box_port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._box)
        self._bridge = Port(link)
        self._begun: dict[Way, bytes] = {"up": b"", "down": b""}
        self._adding = threading.Lock()
        self._added: list[tuple[Way, bytes]] = []
        self._bell, self._ringer = os.pipe()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="tamper", daemon=True)
        self.port = str(link)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        os.write(self._ringer, b"!")
        self._thread.join()
        self._bridge.close()
        for descriptor in (self._box, self._bell, self._ringer):
            os.close(descriptor)

    def add(self, way: Way, data: bytes) -> None:
        """Send these bytes as well, past every rule; from any thread."""
        with self._adding:
            self._added.append((way, data))
        os.write(self._ringer, b"!")

    @property
    def is_idle(self) -> bool:
        """Has everything added gone on?"""
        return not self._added

    def _run(self) -> None:
        waiting = select.epoll()
        waiting.register(self._box, select.EPOLLIN)
        waiting.register(self._bell, select.EPOLLIN)
        # Edge-triggered: without a bridge the port would report its hang-up for ever.
        waiting.register(self._bridge.master, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        while not self._stopping:
            waiting.poll()
            with contextlib.suppress(BlockingIOError):
                self._come("up", os.read(self._box, 4096))
            while data := self._bridge.read():
                self._come("down", data)
            if select.select([self._bell], [], [], 0)[0]:
                os.read(self._bell, 64)
            while self._added:
                self._send(*self._added[0])
                with self._adding:
                    del self._added[0]
            is_open = self._bridge.is_open()
            self._bridge.flush() if is_open else self._bridge.forget()  # as a cable does
            if is_open and not self._was_open:
                self.opened()
            self._was_open = is_open
        waiting.close()

    def _come(self, way: Way, data: bytes) -> None:
        rule = self.up if way == "up" else self.down
        *lines, self._begun[way] = (self._begun[way] + data).split(b"\n")
        for line in lines:
            self.seen.append((way, line + b"\n"))
            for part in rule(line + b"\n"):
                self._send(way, part)

    def _send(self, way: Way, data: bytes) -> None:
        port = self._bridge.master if way == "up" else self._box
        while data and not self._stopping and (way == "down" or self._bridge.is_open()):
            if select.select([], [port], [], 0.1)[1]:
                portion = data[:PORTION_BYTES] if self._second_per_byte else data
                sent = os.write(port, portion)
                data = data[sent:]
                time.sleep(sent * self._second_per_byte)
