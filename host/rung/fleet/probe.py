"""Whether a board is behind a port, found out politely: one carriage return, and then only listening.

A box greets by itself, a bare MicroPython answers a carriage return with its prompt, and a chip without any program
tells so in its ROM's words. Everything else is a foreign device, or a program that is not ours: it gets no more than
that carriage return, and at the end the byte that leaves MicroPython's raw REPL, where an earlier flash that was killed
may have left a board.
"""

import time

from rung.link.port import Port
from rung_wire import codes
from rung_wire.frame import Decoder

LISTEN_S = 1.2  # a box greets every 500 ms, also when the opening has reset it into a session that is gone
ANSWER_S = 0.5  # a prompt comes within milliseconds
HEARD_MAX = 4096

ASK, LEAVE_RAW = b"\r", b"\x02\r"  # Ctrl-B: leave the raw REPL
PROMPT = b">>> "
ROM = (b"invalid header: 0x", b"ESP-ROM:", b"waiting for download")  # no program at all, or a chip that starts

BOX, MICROPYTHON, EMPTY = "box", "MicroPython", "empty chip"


def probe(port: str) -> str | None:
    """What is there: BOX, MICROPYTHON or EMPTY; None for whatever else. Raises PortError."""
    line = Port(port)
    try:
        heard = _Heard()
        for words, seconds in ((ASK, LISTEN_S), (LEAVE_RAW, ANSWER_S)):
            line.write(words)
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                if found := heard.take(line.read(min(left, 0.1))):
                    return found
        return heard.empty
    finally:
        line.close()


class _Heard:
    """What came so far, and what it shows."""

    def __init__(self) -> None:
        self._frames = Decoder(codes.BOX_FRAMES, codes.BOX_FRAME_MAX_BYTES)
        self._text = b""
        self.empty: str | None = None

    def take(self, data: bytes) -> str | None:
        self._text = (self._text + data)[-HEARD_MAX:]
        if self._frames.feed(data):
            return BOX
        if any(words in self._text for words in ROM):
            self.empty = EMPTY  # a box that was reset says the same first, and then greets
        return MICROPYTHON if PROMPT in self._text else None
