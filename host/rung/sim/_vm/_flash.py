# mypy: ignore-errors
"""Inside the VM: the flash chip as `/`, littlefs in one file of the host."""

import os
import time

import micropython
import vfs

BLOCK = 4096
_PART = b"\xff" * 256


class Chip:
    """A block device in a file that the host made, as large as the chip; see chip.py there."""

    def __init__(self, path):
        self._blocks = os.stat(path)[6] // BLOCK
        self._file = open(path, "r+b")

    def readblocks(self, block, into, offset=0):
        self._file.seek(block * BLOCK + offset)
        self._file.readinto(into)

    def writeblocks(self, block, data, offset=0):
        """A program: it clears bits and sets none."""
        place = block * BLOCK + offset
        self._file.seek(place)
        old = self._file.read(len(data))
        if old.count(b"\xff") < len(old):
            kept = int.from_bytes(old, "little") & int.from_bytes(data, "little")
            data = kept.to_bytes(len(data), "little")
        self._file.seek(place)
        self._file.write(data)

    def erase(self, block):
        self._file.seek(block * BLOCK)
        for _ in range(BLOCK // len(_PART)):
            self._file.write(_PART)

    def ioctl(self, request, argument):
        if request == 4:
            return self._blocks
        if request == 5:
            return BLOCK
        if request == 6:
            self.erase(argument)
        return 0

    def is_blank(self):
        self._file.seek(0)
        return all(self._file.read(len(_PART)) == _PART for _ in range(BLOCK // len(_PART)))


def mount(path):
    """Make the flash at the host's `path` the only file system; format a blank chip. False if it cannot be read."""
    chip = _chip(path)
    if chip.is_blank():
        vfs.VfsLfs2.mkfs(chip)
    try:
        system = vfs.VfsLfs2(chip)
    except OSError:
        vfs.umount("/")
        return False
    vfs.umount("/")
    vfs.mount(system, "/")
    os.chdir("/")
    return True


def _chip(path):
    try:
        os.stat(path + ".log")
    except OSError:
        return Chip(path)
    from _fuse import Recorded

    return Recorded(path)


def complain():
    """As an ESP32 does until Ctrl-C: it formats a blank chip, and never one that holds something."""
    micropython.kbd_intr(3)
    try:
        while True:
            print("The filesystem appears to be corrupted.")
            time.sleep(3)
    except KeyboardInterrupt:
        micropython.kbd_intr(-1)
