"""The line to the host: the REPL's own port, so that no second cable is needed. Nothing but frames is printed."""

import select
import sys

from rung_wire import const

_PORTION_BYTES = const(256)  # taken in one turn: what the input ring holds; so a flood leaves the rest its turns


class Line:
    """Bytes in both directions. Nothing blocks but `wait`, whatever part of a line has come."""

    def __init__(self, bell) -> None:
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._come = select.poll()
        self._come.register(self._in, select.POLLIN)
        self._any = select.poll()
        self._any.register(self._in, select.POLLIN)
        self._any.register(bell, select.POLLIN)

    def wait(self, most_ms: int) -> None:
        """Sleep until something has come or the bell is rung, or for so long."""
        self._any.poll(most_ms)

    def read(self) -> bytes:
        """What has come, or nothing. A read of more than is there would block the whole box."""
        data = bytearray()
        while len(data) < _PORTION_BYTES and self._come.poll(0):
            data += self._in.read(1)
        return bytes(data)

    def write(self, frames: bytes) -> None:
        """Send whole frames at once."""
        if frames:
            self._out.write(frames)
