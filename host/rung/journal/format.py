"""The record's entry format: what is hashed, and how entries hang together.

::

    hash(0) = SHA-256( "rung-journal-genesis-v1" 00 | F(journal id) )
    hash(n) = SHA-256( "rung-journal-entry-vV" 00 | F(hash(n-1)) | F(seq) | F(at_ms) | F(wall_ms)
                       | F(kind) | F(body) )
    F(x)    = length of x in bytes, 8 bytes big-endian | x

V is the version of the entry's format, 1 or 2. Numbers are written in decimal ASCII, text in UTF-8; ``seq`` counts 1,
2, 3 without a gap. ``body`` is the event as JSON in one fixed spelling; what is hashed are these very bytes, so a
reader never has to spell them again. The fixed first words keep such a hash from ever meaning anything else, the
lengths keep two different entries from ever giving the same input.

Version 2 differs in its first word alone: from it on a body may hold sealed text in place of what a person may have
taken out again, which a Rung of version 1 would not understand. Old entries are never written anew, so one record may
hold both: the first word under which its hash holds tells an entry's version, and along a record versions never go
down.

This module has no clock and no I/O.
"""

import hashlib
import struct

import msgspec
from msgspec import Struct

from rung import words

VERSION = 2  # in which entries are written; those before it are read as well
GENESIS_DOMAIN = b"rung-journal-genesis-v1\0"  # the same for all versions
ENTRY_DOMAINS = {version: b"rung-journal-entry-v%d\0" % version for version in range(1, VERSION + 1)}


class JournalError(Exception):
    """The record cannot be read or written. One line: where, what is wrong, and the mend."""


class JournalDamaged(JournalError):
    """What the file holds is not what was written."""


class JournalForeign(JournalError):
    """A database that is no journal of Rung's."""


class Head(Struct, frozen=True):
    """The end of a chain. Whoever keeps one can tell later whether anything up to ``seq`` changed."""

    seq: int
    hash: bytes


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the record, as it was written."""

    seq: int
    at_ms: int  # the desk's own clock
    wall_ms: int  # Unix time, for people
    kind: str  # the event's type
    body: bytes  # the event
    hash: bytes

    @property
    def event(self) -> words.Event:
        """The event itself. Raises JournalError if this version of Rung does not know it."""
        try:
            event = _EVENT.decode(self.body)
            if type(event).__name__ != self.kind:
                raise msgspec.ValidationError(f"its text is that of a {type(event).__name__}")
            return event
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalError(
                f"entry {self.seq}: this version of Rung cannot read a {self.kind!r} ({error}); "
                "read it with the version that wrote it, or a newer one"
            ) from None


def genesis(journal_id: str) -> Head:
    """The head of a record with nothing in it."""
    return Head(0, hashlib.sha256(GENESIS_DOMAIN + field(journal_id)).digest())


def seal(previous: Head, event: words.Event, *, at_ms: int, wall_ms: int) -> Entry:
    """The entry that follows ``previous``. Raises UnicodeEncodeError for lone surrogates."""
    seq, kind, body = previous.seq + 1, type(event).__name__, _JSON.encode(event)
    hash_ = entry_hash(previous.hash, seq, at_ms, wall_ms, kind, body)
    return Entry(seq=seq, at_ms=at_ms, wall_ms=wall_ms, kind=kind, body=body, hash=hash_)


def entry_hash(
    previous: bytes, seq: int, at_ms: int, wall_ms: int, kind: str, body: bytes, version: int = VERSION
) -> bytes:
    """What an entry's hash must be, after an entry whose hash is ``previous``."""
    # As `field` does it for each, but written out: a million of these are proven in one go.
    s, a, w, k = b"%d" % seq, b"%d" % at_ms, b"%d" % wall_ms, kind.encode("utf-8", "surrogatepass")
    head = (ENTRY_DOMAINS[version], _length(len(previous)), previous, _length(len(s)), s, _length(len(a)), a)
    rest = (_length(len(w)), w, _length(len(k)), k, _length(len(body)), body)
    return hashlib.sha256(b"".join(head + rest)).digest()


def version_of(entry: Entry, previous: bytes, least: int = 1) -> int:
    """The version in which the entry is unchanged and follows the one with that hash, ``least`` or later; 0: none."""
    for version in range(least, VERSION + 1):
        if entry.hash == entry_hash(previous, entry.seq, entry.at_ms, entry.wall_ms, entry.kind, entry.body, version):
            return version
    return 0


def follows(entry: Entry, previous: bytes) -> bool:
    """Whether the entry is unchanged and follows the one whose hash is ``previous``."""
    return version_of(entry, previous) != 0


def field(value: bytes | str | int) -> bytes:
    """Its length, and itself."""
    # A forged entry may hold text that is not Unicode: it must fail the check, not break it.
    raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    return _length(len(raw)) + raw


_length = struct.Struct(">Q").pack
_JSON = msgspec.json.Encoder(order="deterministic")
_EVENT: msgspec.json.Decoder[words.Event] = msgspec.json.Decoder(words.Event)
