"""Whether a board is behind a port, found out politely: one carriage return, and then only listening.

A box greets by itself, a bare MicroPython answers a carriage return with its prompt, and a chip without any program
tells so in its ROM's words. Everything else is a foreign device, or a program that is not ours: it gets no more than
that carriage return, and at the end the byte that leaves MicroPython's raw REPL, where an earlier flash that was killed
may have left a board.
"""

import time

from msgspec import Struct

from rung.link.port import Port
from rung_wire import codes
from rung_wire.frame import Decoder

LISTEN_S = 1.2  # a box greets every 500 ms, also when the opening has reset it into a session that is gone
ANSWER_S = 0.5  # a prompt comes within milliseconds
HEARD_MAX = 4096

ASK, LEAVE_RAW = b"\r", b"\x02\r"  # Ctrl-B: leave the raw REPL
PROMPT = b">>> "
ROM = (b"invalid header: 0x", b"waiting for download")  # there is no program

BOX, MICROPYTHON, EMPTY = "box", "MicroPython", "empty chip"


class There(Struct, frozen=True):
    """What is behind a port."""

    kind: str  # BOX, MICROPYTHON or EMPTY
    id: str = ""  # as far as a box tells it by itself


def probe(port: str) -> There | None:
    """What is there; None for whatever else. Raises PortError."""
    line = Port(port)
    try:
        heard = _Heard()
        for words, seconds in ((ASK, LISTEN_S), (LEAVE_RAW, ANSWER_S)):
            line.write(words)
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                if found := heard.take(line.read(min(left, 0.1))):
                    return found
        return heard.at_last()
    finally:
        line.close()


class _Heard:
    """What came so far, and what it shows."""

    def __init__(self) -> None:
        self._frames = Decoder(codes.BOX_FRAMES, codes.BOX_FRAME_MAX_BYTES)
        self._text = b""
        self._is_box = False

    def take(self, data: bytes) -> There | None:
        """What is there, as soon as it is known."""
        self._text = (self._text + data)[-HEARD_MAX:]
        for kind, _, _, fields, _, _ in self._frames.feed(data):
            self._is_box = True
            if kind in (codes.HELLO, codes.TROUBLE):
                return There(BOX, fields[0])
        return There(MICROPYTHON) if PROMPT in self._text else None

    def at_last(self) -> There | None:
        """What is there, when all has come that may be waited for."""
        if self._is_box:  # in session with a bridge that has just gone
            return There(BOX)
        return There(EMPTY) if any(words in self._text for words in ROM) else None
