"""The keys of the boxes that are paired with this desk: one file a box, which nobody but its owner can read."""

import os
import secrets
from binascii import hexlify, unhexlify
from hashlib import sha256
from pathlib import Path

from rung_wire.codes import HEX_CHARS, KEY_BYTES
from rung_wire.seal import Key

SUFFIX = ".key"
FINGERPRINT_CHARS = 12


class KeysError(Exception):
    """A key cannot be used or kept; one line with the file and the mend. It never holds a key."""


def state_home() -> Path:
    """Where this user's desks have their state folders, and a fleet its keys, unless told otherwise."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "rung"


def new_key() -> str:
    """64 random hexadecimal digits: what stands in the file of a box, on both ends."""
    return hexlify(secrets.token_bytes(KEY_BYTES)).decode()


def fingerprint(key: str) -> str:
    """What a key may be known by in tables and reports: it tells nothing of the key itself."""
    return sha256(unhexlify(key)).hexdigest()[:FINGERPRINT_CHARS]


def read_keys(folder: Path) -> dict[str, Key]:
    """The key of every paired box, by its id. Raises KeysError."""
    return {file.stem: read_key(file) for file in sorted(folder.glob(f"[!.]*{SUFFIX}"))}


def keep_key(folder: Path, box: str, key: str) -> Path:
    """Write a box's key, instead of an earlier one; by rename, so that there is always a whole one. Or KeysError."""
    if not box or box.strip(HEX_CHARS):
        raise KeysError(f"{box!r} is no box's id: it has hexadecimal digits")
    file = folder / f"{box}{SUFFIX}"
    draft = folder / f".{box}.{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
                opened.write(f"{key}\n")
                opened.flush()
                os.fsync(opened.fileno())
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise KeysError(f"{file}: cannot be written: {error.strerror}") from None
    read_key(file)  # a file system that keeps nothing private is no place for a key
    return file


def read_key(file: Path) -> Key:
    """The key in that file. Raises KeysError."""
    try:
        if os.name == "posix" and file.stat().st_mode & 0o077:
            raise KeysError(f"{file}: can be read by others; if nobody has, chmod 600 {file}, else pair the box anew")
        return Key(unhexlify(file.read_text().strip()))
    except OSError as error:
        raise KeysError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError:
        mend = f"it needs {2 * KEY_BYTES} hexadecimal digits; pair the box anew: rung pair"
        raise KeysError(f"{file}: is no key: {mend}") from None
