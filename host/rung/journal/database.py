"""What the record and the file of keys have in common as files: settings, rights, and what is said when one fails."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec

from rung.journal.format import JournalDamaged, JournalError

Settings = dict[str, tuple[str | bool, str | int]]

SETTINGS: Settings = {  # setting, and what must be read back
    "synchronous": ("FULL", 2),
    "journal_mode": ("WAL", "wal"),
    "fullfsync": (True, 1),  # macOS: fsync alone stops in the drive's cache; elsewhere no effect
    "checkpoint_fullfsync": (True, 1),
}

DAMAGED = "is damaged; keep it for the review and name a new file"
_DAMAGES = (apsw.CorruptError, apsw.NotADBError, msgspec.ValidationError, UnicodeDecodeError)
_MENDS: dict[type[Exception], str] = {
    apsw.BusyError: "is in use by another bridge; stop that one, or name another file",
    apsw.LockedError: "is in use by another bridge; stop that one, or name another file",
    apsw.FullError: "the disk is full; free some space",
    apsw.ReadOnlyError: "may not be written; give this user the right to write it",
    apsw.PermissionsError: "may not be written; give this user the right to write it",
    PermissionError: "may not be written; give this user the right to write it",
    apsw.CantOpenError: "cannot be opened; check that its folder exists and may be written",
    FileNotFoundError: "cannot be opened; check that its folder exists and may be written",
    apsw.CorruptError: DAMAGED,
    msgspec.ValidationError: DAMAGED,
    UnicodeDecodeError: DAMAGED,
    apsw.NotADBError: "is not a journal of Rung, or is damaged; keep it and name a new file",
    apsw.IOError: "the disk failed; check the disk",
    apsw.ConnectionClosedError: "has been closed",
}

_MENDS_OF_SYSTEM = {
    errno.EROFS: "may not be written, the disk is read-only; mend that, or name a folder on another disk",
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk is full for this user; free some space",
    errno.EIO: "the disk failed; check the disk",
}
_OTHER = "cannot be used; see the reason in brackets"


@contextlib.contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn what SQLite and the system say into one line with place and mend."""
    try:
        yield
    except (apsw.Error, OSError, UnicodeDecodeError, msgspec.ValidationError) as error:
        mend = _MENDS.get(type(error)) or _MENDS_OF_SYSTEM.get(getattr(error, "errno", None) or 0, _OTHER)
        kind = JournalDamaged if isinstance(error, _DAMAGES) else JournalError
        raise kind(f"{place}: {mend} ({error})") from error


def settle(db: apsw.Connection, place: str, settings: Settings) -> None:
    """Raises JournalError where a setting does not take."""
    for name, (wanted, expected) in settings.items():
        db.pragma(name, wanted)
        if (actual := db.pragma(name)) != expected:
            raise JournalError(
                f"{place}: {name} is {actual!r} instead of {expected!r}, so nothing written here "
                "would be safe; put it on a local disk"
            )


def make_private(path: Path) -> None:
    # A file that was copied here may be readable for all, and its log took that over.
    for file in (path, path.with_name(path.name + "-wal")):
        with contextlib.suppress(FileNotFoundError):
            file.chmod(0o600)


def create_private(path: Path) -> None:
    # SQLite would create it readable for all; a new log takes over these rights.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):  # SQLite would only speak of an I/O error
            if os.access(path, os.R_OK) and _is_read_only(path):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS)) from None
            raise PermissionError("permission denied") from None


def _is_read_only(path: Path) -> bool:
    return hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)
