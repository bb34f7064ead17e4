"""The line to the host: the REPL's own port, so that no second cable is needed. Nothing but frames is printed."""

import asyncio
import select
import sys

_PORTION_BYTES = 256  # taken in one turn: what the input ring holds; a flood leaves the other tasks their turns


def _readable(stream):
    """Wait until there is something to read: as asyncio's StreamReader does, which takes 2 KB of heap."""
    yield asyncio.core._io_queue.queue_read(stream)  # type: ignore[attr-defined]


class Line:
    """Bytes in both directions. Waiting for input never blocks the loop, whatever part of a line has come."""

    def __init__(self) -> None:
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(self._in, select.POLLIN)

    async def read(self) -> bytes:
        """What has come: at least one byte. A read of more than is there would block the whole loop."""
        await _readable(self._in)
        data = bytearray(self._in.read(1))
        while len(data) < _PORTION_BYTES and self._poll.poll(0):
            data += self._in.read(1)
        return bytes(data)

    def waits(self) -> bool:
        """Whether something has come that nobody has read."""
        return bool(self._poll.poll(0))

    def write(self, frames: bytes) -> None:
        """Send whole frames at once."""
        if frames:
            self._out.write(frames)
