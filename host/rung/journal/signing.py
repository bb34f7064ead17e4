"""The desk's own key, made once, and the last head that it has signed."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from rung.journal.format import Head, JournalError
from rung.journal.heads import SignedHead, heads_in, sign
from rung.private import write_private


class Signer:
    """Beside the journal: its key (``.key``, for its owner alone) and the last signed head (``.head``)."""

    def __init__(self, journal: Path, *, make: bool = True) -> None:
        """Makes the key where there is none, if ``make``. Raises JournalError with one line."""
        self._head_file = journal.with_suffix(".head")
        self._key = _read_or_make(journal.with_suffix(".key"), make)

    def sign(self, journal: str, head: Head, wall_ms: int) -> SignedHead:
        """Sign it, and keep it as the last one. Raises JournalError when that cannot be written."""
        signed = sign(self._key, journal, head, wall_ms)
        try:
            write_private(self._head_file, f"{signed}\n".encode())
        except OSError as error:
            raise JournalError(f"{self._head_file}: the last head is not kept: {error.strerror}") from None
        return signed


def last_signed(journal: Path) -> SignedHead | None:
    """The last head that this desk signed, if it is still here and genuine."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return next((head for head in heads_in(journal.with_suffix(".head").read_text()) if head.genuine), None)
    return None


def write_private_lines(file: Path, lines: Iterable[bytes]) -> None:
    """As they come, however many; what was there is gone. Readable by its owner alone."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 (with a mode)
        out.writelines(lines)


def _read_or_make(file: Path, make: bool) -> Ed25519PrivateKey:
    try:
        if make and not file.exists():
            made = Ed25519PrivateKey.generate()
            write_private(file, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        key = load_pem_private_key(file.read_bytes(), None)
    except FileNotFoundError:
        raise JournalError(f"{file}: the desk has no key yet; `rung run` makes it") from None
    except OSError as error:
        raise JournalError(f"{file}: the desk's key: {error.strerror}; give this user the right to it") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        mend = "put the right one back; or move it away, then a new one is made, and whoever keeps heads sees that"
        raise JournalError(f"{file}: is not the desk's key; {mend}")
    return key
