# mypy: ignore-errors
"""Inside the VM: the flash chip as `/`, a folder of the host or littlefs in one file."""

import os
import sys

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


class _Os:
    """`os` of a box whose flash is a folder of the host: VfsPosix makes both paths of a rename in one buffer."""

    def __init__(self, path):
        self._path = path.rstrip("/")
        self._host = vfs.VfsPosix()

    def rename(self, old, new):
        self._host.rename(self._in_host(old), self._in_host(new))

    def _in_host(self, path):
        return self._path + (path if path[:1] == "/" else os.getcwd().rstrip("/") + "/" + path)

    def __getattr__(self, name):
        return getattr(os, name)


def mount(path):
    """Make the flash at the host's `path` the only file system; format a blank chip. False if it cannot be read."""
    if os.stat(path)[0] & 0x4000:
        system = vfs.VfsPosix(path)
        sys.modules["os"] = _Os(path)
    else:
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
