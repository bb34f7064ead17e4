# mypy: ignore-errors
"""Inside the VM: a folder of the host as `/`."""

import os

import _wires
import vfs


def mount(path):
    """Make it the only file system."""
    host = vfs.VfsPosix()

    def in_host(name):
        return path + (name if name[:1] == "/" else os.getcwd().rstrip("/") + "/" + name)

    # VfsPosix itself makes both paths of a rename in one buffer, where its root is not the host's.
    _wires.replace("os", "rename", lambda old, new: host.rename(in_host(old), in_host(new)))
    vfs.umount("/")
    vfs.mount(vfs.VfsPosix(path), "/")
    os.chdir("/")
    return True
