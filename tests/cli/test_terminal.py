"""Keys from a pipe: each counts once, however it comes."""

import asyncio
import os
import sys
from collections.abc import Iterator

import pytest

from rung.cli.terminal import keys_of_stdin

PATIENCE_S = 30


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where to write what is typed."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield write
        os.close(write)


def heard(typed: int, *pieces: bytes) -> str:
    """The keys that arrive when these pieces are typed one after the other."""

    async def whole() -> str:
        keys: asyncio.Queue[str] = asyncio.Queue()
        got = ""
        with keys_of_stdin(keys.put_nowait):
            for piece in pieces:
                await asyncio.sleep(0.05)
                os.write(typed, piece)
            os.write(typed, b"\n")
            async with asyncio.timeout(PATIENCE_S):
                while not got.endswith("\n"):
                    got += await keys.get()
        return got[:-1]

    return asyncio.run(whole())


@pytest.mark.parametrize(
    "pieces", [(b"k",), (b"p", b"c", b"k"), (b"x" * 200,), ("é".encode()[:1], "é".encode()[1:]), (b"\xff",)]
)
def test_every_key_arrives_once_and_in_order(typed: int, pieces: tuple[bytes, ...]) -> None:
    assert heard(typed, *pieces) == b"".join(pieces).decode(errors="replace")


def test_a_character_is_not_cut_where_a_read_ends(typed: int) -> None:
    note = "x" * 63 + "é" * 100
    assert heard(typed, note.encode()) == note


def test_keys_go_on_when_the_terminal_was_made_non_blocking(typed: int) -> None:
    """Any program on the same terminal can do that; the keys were then dead, and nothing said so."""
    os.set_blocking(sys.stdin.fileno(), False)
    assert heard(typed, b"p", b"k") == "pk"
