"""MicroPython's own image: checked whole before any board is touched, and written by esptool.

A download is a bootloader, the table of partitions and the program, in one file that begins at the chip's own offset.
"""

import hashlib
import struct
from functools import reduce
from operator import xor
from pathlib import Path

from msgspec import Struct

MAGIC = 0xE9
CHIPS = {  # the number in an image's head: the chip, and where in its flash the image begins
    0: ("ESP32", 0x1000),
    2: ("ESP32-S2", 0x1000),
    5: ("ESP32-C3", 0x0),
    9: ("ESP32-S3", 0x0),
    13: ("ESP32-C6", 0x0),
}
PARTITIONS_AT, PARTITIONS_MAGIC = 0x8000, b"\xaa\x50"  # places in the flash
PROGRAM_AT = 0x10000
HEAD_BYTES, HASHED_AT, CHIP_AT = 24, 23, 12
CHECKSUM_SEED = 0xEF


class ImageError(Exception):
    """The image cannot be used, or was not written; one line with the mend."""


class Image(Struct, frozen=True):
    """A file that has been found whole."""

    path: Path
    chip: str
    offset: int

    def suits(self, chip: str) -> bool:
        """Whether it is for this chip, as MicroPython or esptool calls it; for a board that does not say, perhaps."""
        return not chip or _plain(chip) == _plain(self.chip)


def read_image(path: Path) -> Image:
    """Check a download of MicroPython. Raises ImageError."""
    mend = "download it again"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: cannot be read: {error.strerror}; name MicroPython's .bin for the chip") from None
    if len(data) < HEAD_BYTES or data[0] != MAGIC:
        raise ImageError(f"{path}: is no image of an ESP32; take the .bin from MicroPython's downloads")
    number = int.from_bytes(data[CHIP_AT : CHIP_AT + 2], "little")
    if number not in CHIPS:
        raise ImageError(f"{path}: is for a chip that Rung does not know (number {number})")
    chip, offset = CHIPS[number]
    table = PARTITIONS_AT - offset
    if data[table : table + 2] != PARTITIONS_MAGIC:
        raise ImageError(
            f"{path}: has no table of partitions; take the .bin, not the .app-bin, and {mend} if it is one"
        )
    for part, start in (("bootloader", 0), ("program", PROGRAM_AT - offset)):
        fault = _fault(data, start)
        if fault:
            raise ImageError(f"{path}: its {part} {fault}; {mend}")
        if data[start + CHIP_AT : start + CHIP_AT + 2] != data[CHIP_AT : CHIP_AT + 2]:
            raise ImageError(f"{path}: its {part} is for another chip than its bootloader; {mend}")
    return Image(path, chip, offset)


def _fault(data: bytes, start: int) -> str:
    """What is wrong with the part that begins there; empty if nothing is."""
    head = data[start : start + HEAD_BYTES]
    if len(head) < HEAD_BYTES or head[0] != MAGIC:
        return "is not there"
    at, checksum = start + HEAD_BYTES, CHECKSUM_SEED
    for _ in range(head[1]):
        length = struct.unpack_from("<I", data, at + 4)[0] if at + 8 <= len(data) else len(data)
        segment = data[at + 8 : at + 8 + length]
        if len(segment) < length:
            return "is cut off"
        checksum ^= reduce(xor, segment, 0)
        at += 8 + length
    at = start + (at - start) // 16 * 16 + 15  # the checksum is the last byte of a line of sixteen
    if data[at : at + 1] != bytes([checksum]):
        return "has a wrong checksum" if at < len(data) else "is cut off"
    digest = data[at + 1 : at + 33]
    if head[HASHED_AT] and digest != hashlib.sha256(data[start : at + 1]).digest():
        return "has a wrong SHA-256"
    return ""


def _plain(chip: str) -> str:
    """ESP32-D0WDQ6 and ESP32 are one chip; ESP32-S3 (QFN56) and ESP32S3 too. Other names stay as they are."""
    letters = chip.upper().replace("-", "").replace("_", "")
    kinds = ("ESP32S2", "ESP32S3", "ESP32C3", "ESP32C6", "ESP32")
    return next((kind for kind in kinds if kind in letters), letters)
