"""Bytes on their way into a board: few of them, no Ctrl-C among them, and never more than its ring holds."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from rung.fleet.programs import BLOCK_BYTES, WBITS, WINDOW_BLOCKS

INTERRUPT = 3  # Ctrl-C
TAKEN = b"."


class NotTaken(Exception):
    """The board has stopped taking blocks; ``said``: what it wrote instead, empty if nothing."""

    def __init__(self, said: bytes) -> None:
        super().__init__(said)
        self.said = said


def packed(data: bytes) -> list[bytes]:
    """Deflated, in blocks of BLOCK_BYTES or less that hold no Ctrl-C."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -WBITS)
    small = deflater.compress(data) + deflater.flush()
    step = BLOCK_BYTES - 1
    return [_veiled(small[at : at + step]) for at in range(0, len(small), step)]


def _veiled(data: bytes) -> bytes:
    """Behind a first byte that all others are combined with; 0, which changes nothing, wherever it can be."""
    veil = next(veil for veil in range(256) if veil != INTERRUPT and veil ^ INTERRUPT not in data)
    return bytes([veil, *(byte ^ veil for byte in data)])


def send(serial: Any, blocks: list[bytes], progress: Callable[[int], None]) -> int:
    """Send blocks (how many bytes come first) and wait until each is taken; the bytes on the line. Or NotTaken."""
    head = b"%08x" % sum(map(len, blocks))
    serial.write(head)
    sent = taken = 0
    while taken < len(blocks):
        upto = min(len(blocks), taken + WINDOW_BLOCKS)
        if upto > sent:
            serial.write(b"".join(blocks[sent:upto]))
            sent = upto
        said = serial.read(min(max(1, serial.in_waiting), upto - taken))
        if not said or said.strip(TAKEN):
            raise NotTaken(said)
        progress(sum(map(len, blocks[taken : taken + len(said)])))
        taken += len(said)
    return len(head) + sum(map(len, blocks))
