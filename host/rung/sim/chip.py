"""A virtual box's flash chip: a file that holds littlefs. It can keep a log, and its power can fail in mid-operation.

As in NOR flash, an erase sets every bit of a block and a program only clears bits. With a log beside it (``record``)
each program and erase is written down before it is done, so that ``perform`` makes the flash of any moment anew, and
``arm`` lets the power fail at one of them; then ``tear`` leaves it half done. The VM's side is _vm/_flash.py and
_vm/_fuse.py.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Final, Literal, NamedTuple

BLOCK_BYTES: Final = 4096
NEVER: Final = 0xFFFFFFFF  # operations from now
_HEAD: Final = struct.Struct("<IH")
_ERASED: Final = b"\xff" * BLOCK_BYTES

# What an operation that loses its power leaves: nothing of it, its first half, or bits as they happened to change.
Tear = Literal["none", "half", "bits"]


class Operation(NamedTuple):
    """A program of ``data``, or with none the erase of the block that begins at ``place``."""

    place: int
    data: bytes


def blank_chip(path: Path, size: int) -> Path:
    """Make an erased chip of `size` bytes in a file; the box formats it with littlefs."""
    path.write_bytes(_ERASED * (size // BLOCK_BYTES))
    return path


def record(chip: Path) -> None:
    """Begin an empty log; a box must be started, or get its power, after the first time."""
    _log(chip).write_bytes(b"")
    arm(chip, NEVER)


def arm(chip: Path, operations: int) -> None:
    """Let the power fail in the operation after so many more."""
    fuse = chip.with_name(chip.name + ".fuse")
    fuse.touch()
    with fuse.open("r+b") as file:  # the box has it open
        file.write(operations.to_bytes(4, "little"))


def operations(chip: Path) -> list[Operation]:
    """All that has been done since ``record``; the last may have lost its power."""
    log = _log(chip).read_bytes()
    found = []
    place = 0
    while place + _HEAD.size <= len(log):
        where, length = _HEAD.unpack_from(log, place)
        place += _HEAD.size
        found.append(Operation(where, log[place : place + length]))
        place += length
    return found


def perform(
    flash: bytearray, operation: Operation, torn: Tear | None = None, chance: random.Random | None = None
) -> None:
    """Do an operation on a chip's content, or leave it torn; ``chance`` draws the bits that changed."""
    where, data = operation
    end = where + (len(data) or BLOCK_BYTES)
    old = bytes(flash[where:end])
    new = _and(old, data) if data else _ERASED
    if torn == "none":
        new = old
    elif torn == "half":
        middle = len(old) // 2
        new = new[:middle] + old[middle:]
    elif torn == "bits":
        mask = (chance or random.Random(0)).randbytes(len(old))
        new = _or(_and(new, mask), _and(old, bytes(255 - byte for byte in mask)))
    flash[where:end] = new


def tear(chip: Path, torn: Tear, seed: int) -> None:
    """Leave the last operation of the log, which lost its power before it began, done by halves."""
    flash = bytearray(chip.read_bytes())
    perform(flash, operations(chip)[-1], torn, random.Random(seed))
    chip.write_bytes(flash)


def _log(chip: Path) -> Path:
    return chip.with_name(chip.name + ".log")


def _and(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def _or(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "little") | int.from_bytes(other, "little")).to_bytes(len(one), "little")
