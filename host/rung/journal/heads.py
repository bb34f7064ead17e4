"""Signed heads: the end of a record as its desk signed it, in one line that anybody can keep.

::

    rung-head-v1 JOURNAL SEQ HASH WALL_MS FORMAT KEY SIGNATURE

    signature = Ed25519 of KEY over "rung-journal-head-v1" 00 | F(JOURNAL) | F(SEQ) | F(HASH) | F(WALL_MS) | F(FORMAT)

``F`` as in `rung.journal.format`; HASH, KEY and SIGNATURE stand in the line as base64 for URLs, without padding.
FORMAT is the version of the entry format in which the desk was writing.

A head that somebody else has kept shows later whether anything up to it was changed. The signature shows that it is the
desk's: whoever keeps heads cannot make one to accuse the desk, and the desk cannot say that it never made it.

This module has no clock and no I/O.
"""

import base64
import binascii
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct
from msgspec.structs import replace

from rung.journal.format import VERSION, Head, field

HEAD_DOMAIN = b"rung-journal-head-v1\0"
MARK = "rung-head-v1"
FINGERPRINT_CHARS = 16  # of a key, for people to compare; the line has the whole

# A mail program may have broken the line at a blank, and put its mark of quotation before each part.
_FIELDS = ("[0-9a-f]{1,64}", r"\d{1,18}", r"[\w-]{43}", r"\d{1,18}", r"\d{1,6}", r"[\w-]{43}", r"[\w-]{86}")
_LINE = re.compile(MARK + "".join(rf"[\s>]+({form})" for form in _FIELDS) + r"(?![\w-])", re.ASCII)


class SignedHead(Struct, frozen=True, kw_only=True):
    """`str` of it is the line."""

    journal: str  # its id
    seq: int
    hash: bytes
    wall_ms: int  # Unix time by the desk's clock
    format: int
    key: bytes  # the public one
    signature: bytes

    def __str__(self) -> str:
        hash_, key, signature = map(_text, (self.hash, self.key, self.signature))
        return f"{MARK} {self.journal} {self.seq} {hash_} {self.wall_ms} {self.format} {key} {signature}"

    @property
    def head(self) -> Head:
        return Head(self.seq, self.hash)

    @property
    def fingerprint(self) -> str:
        """Of the key, for people."""
        return _text(self.key)[:FINGERPRINT_CHARS]

    @property
    def genuine(self) -> bool:
        """Whether its key has signed just this."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, _signed(self))
        except (InvalidSignature, ValueError):
            return False
        return True


def sign(key: Ed25519PrivateKey, journal: str, head: Head, wall_ms: int) -> SignedHead:
    """The end of a record, signed."""
    made = SignedHead(
        journal=journal,
        seq=head.seq,
        hash=head.hash,
        wall_ms=wall_ms,
        format=VERSION,
        key=key.public_key().public_bytes_raw(),
        signature=b"",
    )
    return replace(made, signature=key.sign(_signed(made)))


def heads_in(text: str) -> list[SignedHead]:
    """Every line of a signed head in a text (a file of them, a mail, a print-out), genuine or not, in its order."""
    found = []
    for journal, seq, hash_, wall_ms, format_, key, signature in _LINE.findall(text):
        try:
            head = SignedHead(
                journal=journal,
                seq=int(seq),
                hash=_bytes(hash_),
                wall_ms=int(wall_ms),
                format=int(format_),
                key=_bytes(key),
                signature=_bytes(signature),
            )
        except binascii.Error:  # not that many letters of base64 are whole bytes
            continue
        found.append(head)
    return found


def _signed(head: SignedHead) -> bytes:
    fields: tuple[bytes | str | int, ...] = (head.journal, head.seq, head.hash, head.wall_ms, head.format)
    return HEAD_DOMAIN + b"".join(map(field, fields))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
