"""A new firmware takes over, in the raw REPL: checked file by file against its manifest, then named by the pointer.

`mpremote fs cp` and `mpremote mip install` put it into /new; `rung flash` fills the idle slot itself, since most of
it is on the board already. Until the pointer is switched the board starts what it started before.
"""

import binascii
import hashlib
import os
import sys

NEW = "/new"
MARK = b"# Rung, slots 1\n"  # begins a boot.py and a main.py of this layout


def take(folder: str = NEW, replace: bool = False) -> str:
    """The firmware in `folder` starts next, on trial if there is one to go back to; the slot that it is in.

    With `replace`, boot.py and main.py are replaced too where they are of another version. Raises ValueError with the
    name of the first file that is not as the manifest has it; then nothing is changed.
    """
    names = _checked(folder)
    sys.path.insert(0, folder + "/outside")  # its own, whatever stands outside
    import boot

    words = boot.read()
    back = words[1] if len(words) == 3 else words[0] if words else boot.ROOT
    slot = "b" if back == "a" else "a"
    if folder != "/" + slot:
        boot.go_back()  # this slot may be on trial
        remove("/" + slot)
        os.rename(folder, "/" + slot)
    _keep_only("/" + slot, names)
    if len(words) == 1:  # a slot has been proven: nothing goes back to an older firmware beside the slots
        remove("/rung_box")
        remove("/rung_wire")
    _place_outside("/" + slot, replace)
    boot.point("%s %s %d" % (slot, back, boot.TRIES) if _can_start(back) else slot)
    remove(NEW)  # where an earlier copy has ended half-way
    return slot


def is_whole(folder: str) -> bool:
    """Whether every file is there as the manifest has it."""
    try:
        _checked(folder)
        return True
    except ValueError:
        return False


def remove(path: str) -> None:
    """A file or a folder with all that is in it; or nothing."""
    try:
        for entry in os.ilistdir(path):
            remove(path + "/" + entry[0])
    except OSError:  # it is no folder
        pass
    try:
        os.remove(path)
    except OSError:
        try:
            os.rmdir(path)
        except OSError:  # it is not there
            pass


def _checked(folder: str) -> "list[str]":
    """The manifest's names. Its first line is the version; then digest (SHA-256), size and name of each file."""
    # All that is kept is made at once, before the hashing strews its garbage: else it would cut the heap to pieces.
    entries = [line.split(" ") for line in _read(folder + "/manifest").decode().split("\n")[1:] if line]
    names = [entry[2] for entry in entries]
    if not names:
        raise ValueError("%s has no manifest: flash it again" % folder)
    for digest, _, name in entries:
        if _digest(folder + "/" + name) != digest:
            raise ValueError("%s/%s is damaged or missing: flash it again" % (folder, name))
    names.append("manifest")
    return names


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    portion = bytearray(512)
    try:
        with open(path, "rb") as file:
            while count := file.readinto(portion):
                digest.update(memoryview(portion)[:count])
    except OSError:
        return ""
    return binascii.hexlify(digest.digest()).decode()


def _keep_only(slot: str, names: "list[str]", inside: str = "") -> None:
    """Remove whatever else is in the slot: a source would be loaded instead of what was compiled from a newer one."""
    for entry in list(os.ilistdir(slot + "/" + inside)):
        name = inside + entry[0]
        if entry[1] & 0x4000:
            _keep_only(slot, names, name + "/")
        elif name not in names:
            os.remove(slot + "/" + name)


def _place_outside(slot: str, replace: bool) -> None:
    """boot.py, then main.py: each by rename, and only if it is not of this layout."""
    main = _read("/main.py")
    is_flat = _read("/rung_box/__init__.py") and not main.startswith(MARK)
    if is_flat and not _read("/rung_box/start.py"):
        _replace("/rung_box/start.py", main)  # the older firmware starts with it as before
    for name in ("/boot.py", "/main.py"):
        old = _read(name)
        new = _read(slot + "/outside" + name)
        if not old.startswith(MARK) or (replace and old != new):
            _replace(name, new)


def _can_start(back: str) -> bool:
    return is_whole("/" + back) if back in ("a", "b") else bool(_read("/rung_box/start.py"))


def _replace(path: str, data: bytes) -> None:
    """A file's new content: whole or not at all."""
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.rename(path + ".new", path)


def _read(path: str) -> bytes:
    """A file's content; empty where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
