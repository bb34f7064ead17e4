# mypy: ignore-errors
"""Inside the VM: the flash chip as littlefs in one file of the host."""

import os

import vfs

BLOCK = 4096


class Chip:
    """A block device in a file that the host made, as large as the chip."""

    def __init__(self, path):
        self._blocks = os.stat(path)[6] // BLOCK
        self._file = open(path, "r+b")

    def readblocks(self, block, into, offset=0):
        self._file.seek(block * BLOCK + offset)
        self._file.readinto(into)

    def writeblocks(self, block, data, offset=0):
        self._file.seek(block * BLOCK + offset)
        self._file.write(data)

    def ioctl(self, request, argument):
        if request == 4:
            return self._blocks
        if request == 5:
            return BLOCK
        return 0  # 6 erases, which a file needs not


def littlefs(path):
    """The file system on the flash chip in this file; a blank one is formatted."""
    chip = Chip(path)
    try:
        return vfs.VfsLfs2(chip)
    except OSError:
        vfs.VfsLfs2.mkfs(chip)
        return vfs.VfsLfs2(chip)
