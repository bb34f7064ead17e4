"""The key that pairs the box with its bridge: a file of its own, which no flashing of the firmware touches."""

import binascii

from rung_wire.seal import Key

FILE = "/key"  # 64 hexadecimal digits


def read_key() -> "Key | None":
    """The box's key; None where it has none that can be used: it is unpaired."""
    try:
        with open(FILE) as file:
            return Key(binascii.unhexlify(file.read().strip()))
    except (OSError, ValueError):
        return None
