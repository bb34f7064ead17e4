"""Files that only their owner may read, whole or not there: keys, doors with their secrets, the floor's handouts."""

import contextlib
import os
import secrets
from pathlib import Path


def make_folder(folder: Path) -> None:
    """What is missing is made for the owner alone; what exists may be anybody's and stays as it is."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def write_private(file: Path, data: bytes) -> None:
    """Whole or not at all, on the disk when it returns. OSError if ``file`` cannot be kept so."""
    make_folder(file.parent)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            if os.name == "posix" and os.fstat(out.fileno()).st_mode & 0o077:
                raise PermissionError(f"{file.parent} keeps no file private")
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Names that were made or changed in it stay so."""
    with contextlib.suppress(OSError):  # Windows opens no folder; it keeps names by itself
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
