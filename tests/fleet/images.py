"""MicroPython's image as its downloads have it, made out of parts."""

from __future__ import annotations

import hashlib
import struct
from functools import reduce
from operator import xor

from rung.fleet.image import CHIPS, PARTITIONS_AT, PARTITIONS_MAGIC, PROGRAM_AT


def image(number: int = 0, program: bytes = b"MicroPython." * 3000) -> bytes:
    """A whole download for the chip with that number."""
    offset = CHIPS[number][1]
    data = bytearray(b"\xff" * (PROGRAM_AT - offset))
    boot = part(number, [b"the bootloader"])
    data[: len(boot)] = boot
    at = PARTITIONS_AT - offset
    data[at : at + 2] = PARTITIONS_MAGIC
    return bytes(data) + part(number, [program, b"more of it"])


def part(number: int, segments: list[bytes]) -> bytes:
    """What esptool calls an image: head, segments, checksum, SHA-256."""
    out = struct.pack("<BBBBI", 0xE9, len(segments), 2, 0x20, 0x40080000)
    out += struct.pack("<BBBBHBHH4sB", 0xEE, 0, 0, 0, number, 0, 0, 0xFFFF, bytes(4), 1)
    for index, segment in enumerate(segments):
        out += struct.pack("<II", 0x3FFF0000 + index * 0x1000, len(segment)) + segment
    out += bytes(15 - len(out) % 16) + bytes([reduce(xor, b"".join(segments), 0xEF)])
    return out + hashlib.sha256(out).digest()
