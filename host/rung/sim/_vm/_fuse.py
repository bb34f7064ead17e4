# mypy: ignore-errors
"""Inside the VM: a flash chip that writes down what is done to it, and whose power fails when the host wants it."""

import struct

import _wires
from _flash import BLOCK, Chip

CUT = b"C"


class Recorded(Chip):
    """Its log and its fuse lie beside it; see chip.py on the host."""

    def __init__(self, path):
        super().__init__(path)
        self._log = open(path + ".log", "ab")
        self._fuse = open(path + ".fuse", "r+b")

    def writeblocks(self, block, data, offset=0):
        self._note(block * BLOCK + offset, data)
        super().writeblocks(block, data, offset)

    def erase(self, block):
        self._note(block * BLOCK, b"")
        super().erase(block)

    def _note(self, place, data):
        self._log.write(struct.pack("<IH", place, len(data)))
        self._log.write(data)
        self._fuse.seek(0)
        left = int.from_bytes(self._fuse.read(4), "little")
        if not left:
            _wires.send(CUT)
            while True:  # the board takes the power away
                _wires.time.sleep_ms(100)
        if left < 0xFFFFFFFF:
            self._fuse.seek(0)
            self._fuse.write((left - 1).to_bytes(4, "little"))
