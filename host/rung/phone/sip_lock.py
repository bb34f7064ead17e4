"""Whether a phone process lives behind a control file: it holds a lock that the system frees when it dies."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

_TRIES = 50
_TRY_AGAIN_S = 0.02  # who only asks holds the lock too, for microseconds


@contextlib.contextmanager
def serving(control: Path) -> Iterator[None]:
    """Be the one phone behind ``control``. BlockingIOError if another is, OSError if nobody can be."""
    import fcntl  # not on Windows, where the rest of this package is imported too

    lock = os.open(_lock_of(control), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        for left in reversed(range(_TRIES)):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not left:
                    raise
                time.sleep(_TRY_AGAIN_S)
        yield
    finally:
        os.close(lock)


def is_served(control: Path) -> bool:
    """Whether the phone that serves ``control`` lives; it may hang. OSError if that cannot be known."""
    import fcntl

    try:
        lock = os.open(_lock_of(control), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _lock_of(control: Path) -> Path:
    return control.with_suffix(".lock")
