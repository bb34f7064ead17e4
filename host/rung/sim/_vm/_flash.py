# mypy: ignore-errors
"""Inside the VM: the flash chip as `/`, a folder of the host or littlefs in one file."""

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


def mount(path):
    """Make the flash at the host's `path` the only file system; a blank chip is formatted."""
    if os.stat(path)[0] & 0x4000:
        system = vfs.VfsPosix(path)
    else:
        chip = Chip(path)
        try:
            system = vfs.VfsLfs2(chip)
        except OSError:
            vfs.VfsLfs2.mkfs(chip)
            system = vfs.VfsLfs2(chip)
    vfs.umount("/")
    vfs.mount(system, "/")
    os.chdir("/")
