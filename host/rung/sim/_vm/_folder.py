# mypy: ignore-errors
"""Inside the VM: a folder of the host as `/`."""

import os
import sys

import vfs


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
    """Make it the only file system."""
    vfs.umount("/")
    vfs.mount(vfs.VfsPosix(path), "/")
    os.chdir("/")
    sys.modules["os"] = _Os(path)
    return True
