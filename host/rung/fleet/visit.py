"""A short session with one box: it greets, is welcomed, and is left again. Proof that it runs, and the press test."""

import secrets
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from rung.link.hello import Hello, Trouble
from rung.link.port import Port, PortError
from rung_wire import codes, names
from rung_wire.host import HostLink
from rung_wire.seal import Key

BACK_S = 0.05  # a port of USB inside the chip vanishes at a reset: look this often whether it is back
TURN_S = 0.1

Event = tuple[Any, ...]


class VisitError(Exception):
    """The box did not do its part; one line with the mend."""


class Silent(VisitError):
    """The box does not greet, or does not answer: it runs nothing, or its firmware is deaf."""


class Visit:
    """One opened port and the link on it; a context manager, which says goodbye to the box. Raises PortError too."""

    def __init__(self, port: str, keys: dict[str, Key], patience_s: float) -> None:
        """Open the port, waiting at most ``patience_s`` for one that is still away."""
        self.link = HostLink(keys)
        self.troubles: list[Trouble] = []
        self._end = time.monotonic() + patience_s
        self._port = self._opened(port)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.link.bye()
            self._port.write(self.link.pump(_now_ms()))
        except PortError:
            pass  # it has gone by itself
        finally:
            self._port.close()

    def welcome(self, box: str) -> Hello:
        """Wait until that very box greets with its key, and enter a session with it. Raises VisitError."""
        hello = None
        for event in self.events(self._end):
            if event[0] == "hello":
                hello = self._known(Hello(*event[1:]), box)
                self.link.welcome(1 + secrets.randbelow(0xFFFF), secrets.token_hex(6), 0, _now_ms())
            elif event[0] == "trouble":
                self._note(Trouble(*event[1:]))
            elif event[0] == "up" and hello is not None:
                return hello
        port = self._port.url
        if hello is not None:
            raise Silent(f"{port}: box {box} greets, but does not answer; unplug it and plug it in again")
        raise Silent(f"{port}: no box greets; unplug it and plug it in again, then look: rung doctor")

    def events(self, end: float) -> Iterator[Event]:
        """What the box tells, until this moment of the monotonic clock."""
        while (left := end - time.monotonic()) > 0:
            data = self._port.read(min(left, TURN_S, max(0, self.link.next_due(_now_ms())) / 1000))
            yield from self.link.receive(data, _now_ms())
            self._port.write(self.link.pump(_now_ms()))

    def show(self, lamps: tuple[tuple[str, str], ...]) -> None:
        self.link.lamps(0, lamps, 0, _now_ms())

    def acknowledge(self, press: Event) -> None:
        self.link.ack(press[1], press[2], _now_ms())

    def _known(self, hello: Hello, box: str) -> Hello:
        port = self._port.url
        if hello.box != box:
            raise VisitError(f"{port}: here is box {hello.box} instead of {box}; was the cable changed? Try again")
        if hello.protocol != codes.PROTOCOL:
            raise VisitError(f"{port}: box {box} speaks protocol {hello.protocol}; flash it: rung flash --port {port}")
        if hello.trust != names.PAIRED:
            raise VisitError(f"{port}: box {box} is not paired with this fleet; give it a key: rung fleet rekey {box}")
        return hello

    def _note(self, trouble: Trouble) -> None:
        if trouble.trouble == codes.SAFE:
            raise VisitError(f"{self._port.url}: {trouble}")
        if trouble not in self.troubles:
            self.troubles.append(trouble)

    def _opened(self, port: str) -> Port:
        while True:
            try:
                return Port(port)
            except PortError:
                if time.monotonic() > self._end:
                    raise
                time.sleep(BACK_S)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
