"""What goes into a board: whole, without a Ctrl-C, and never more of it than its ring holds."""

from __future__ import annotations

import io
import random
import zlib
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.fleet.programs import BLOCK_BYTES, WBITS, WINDOW_BLOCKS
from rung.fleet.stream import NotTaken, packed, send

RING_BYTES = 259  # of MicroPython's input ring, usable


def unpacked(blocks: list[bytes]) -> bytes:
    """As the board does it."""
    small = b"".join(bytes(byte ^ block[0] for byte in block[1:]) for block in blocks)
    return zlib.decompressobj(-WBITS).decompress(small)


class Taker:
    """A board's end of the line: takes a block when nothing else is to be done, and counts what waits for it."""

    def __init__(self, blocks: list[bytes], stops_after: int | None = None) -> None:
        self.lengths = deque(map(len, blocks))
        self.stops_after = stops_after
        self.got = io.BytesIO()
        self.waiting = self.most = 0
        self.in_waiting = 0

    def write(self, data: bytes) -> None:
        self.got.write(data)
        self.waiting += len(data)
        self.most = max(self.most, self.waiting)

    def read(self, count: int) -> bytes:
        if self.stops_after == 0:
            return b"\x04Traceback"[:count]
        if self.stops_after is not None:
            self.stops_after -= 1
        if self.waiting > sum(self.lengths):
            self.waiting -= 8
        self.waiting -= self.lengths.popleft()
        return b"."


@given(st.binary(max_size=5000))
def test_what_is_packed_comes_out_whole_and_holds_no_ctrl_c(data: bytes) -> None:
    blocks = packed(data)
    assert unpacked(blocks) == data
    assert not any(b"\x03" in block for block in blocks)
    assert all(len(block) <= BLOCK_BYTES for block in blocks)


def test_blocks_are_veiled_only_where_it_is_needed(seed: int) -> None:
    """In what cannot be made smaller every fifth block or so would hold a Ctrl-C."""
    data = random.Random(seed).randbytes(200 * BLOCK_BYTES)
    blocks = packed(data)
    assert unpacked(blocks) == data and not any(b"\x03" in block for block in blocks)
    veiled = [block for block in blocks if block[0]]
    assert 0 < len(veiled) < len(blocks) / 2
    assert all(3 ^ block[0] in block[1:] for block in veiled), "each of them holds one behind its veil"


@given(st.binary(max_size=3000))
def test_the_ring_never_overflows(data: bytes) -> None:
    blocks = packed(data)
    board, told = Taker(blocks), []
    sent = send(board, blocks, told.append)
    assert board.got.getvalue() == b"%08x" % sum(map(len, blocks)) + b"".join(blocks)
    assert sent == len(board.got.getvalue()) and sum(told) == sent - 8
    assert board.most <= RING_BYTES and board.waiting == 0
    assert 8 + WINDOW_BLOCKS * BLOCK_BYTES <= RING_BYTES


def test_a_board_that_stops_is_noticed_at_once() -> None:
    blocks = packed(bytes(range(256)) * 8)
    board = Taker(blocks, stops_after=2)
    with pytest.raises(NotTaken) as stopped:
        send(board, blocks, lambda _: None)
    assert stopped.value.said == b"\x04" and len(board.got.getvalue()) < 8 + 7 * BLOCK_BYTES
