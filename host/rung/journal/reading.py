"""A record for reading alone: a journal, a copy of one, one that a bridge is writing at this moment, or an export.

A running bridge holds its file alone, and its newest entries are in the log beside it. So file and log are copied, the
file first. That is whole as long as the log has not begun anew meanwhile: all that a checkpoint may have been writing
into the file is in the log still, and a half-written end of the log is passed over by its checksums. A log that begins
anew shows it by its first bytes, and then both are copied again. Nothing of the original is written, locked or made.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import apsw
import msgspec
from msgspec import Struct

from rung.journal.format import VERSION, Entry, JournalDamaged, JournalError
from rung.journal.schema import APPLICATION_ID, layout, proper_layout

LOG_HEADER_BYTES = 32  # its salts, which change whenever it begins anew
COPIES_MAX = 20  # a log begins anew every thousand pages; nobody writes so fast twenty times running
EXPORT_MARK = b'{"rung_journal":'

T = TypeVar("T")

# As bytes: what a damaged or forged file holds need be no text.
_ENTRIES = "SELECT seq, at_ms, wall_ms, CAST(kind AS BLOB), CAST(body AS BLOB), hash FROM entry ORDER BY seq"


class Record(Struct, frozen=True):
    """What can be read of it. ``entries`` and ``structure`` may raise JournalDamaged where they meet the damage."""

    id: str
    version: int
    entries: Callable[[], Iterator[Entry]]  # from the first on, one by one
    structure: Callable[[], str]  # what is wrong with the file around the entries; empty: nothing


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Record]:
    """Raises JournalError, in one line with place and mend, for what is no record or cannot be read at all."""
    place = f"journal {path}"
    with contextlib.ExitStack() as stack:
        with _explained(place):
            record = _opened(path, place, stack)
        yield record


def _opened(path: Path, place: str, stack: contextlib.ExitStack) -> Record:
    with path.open("rb") as file:
        start = file.read(len(EXPORT_MARK))
    if start == EXPORT_MARK:
        return _export(path, place)
    if _log_header(path):
        copy = stack.enter_context(_copied(path))
        db = apsw.Connection(str(copy))
        db.pragma("locking_mode", "EXCLUSIVE")  # the copy is ours alone; its log needs no shared memory
    else:  # all is in the file; it is read as if nobody ever wrote it
        uri = f"file:{quote(str(path.resolve()))}?immutable=1"
        db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    stack.callback(db.close)
    return record_in(db, place)


def record_in(db: apsw.Connection, place: str) -> Record:
    """The record in this database. Raises as `reading`."""
    with _explained(place):
        if db.pragma("application_id") != APPLICATION_ID:
            raise JournalError(f"{place}: is not a journal of Rung; name another file")
        version = db.pragma("user_version")
        if version not in range(1, VERSION + 1):
            raise JournalError(f"{place}: has version {version}, this Rung knows {VERSION}; update Rung")
        ids = [row[0] for row in db.execute("SELECT id FROM journal").fetchall()]
        if len(ids) != 1 or not isinstance(ids[0], str):
            raise JournalDamaged(f"{place}: does not say which record it is; take another copy")

    def entries() -> Iterator[Entry]:
        with _explained(place):
            for row in db.execute(_ENTRIES):
                yield _entry(row, place)

    def structure() -> str:
        with _explained(place):
            if layout(db) != proper_layout():
                return "its tables, indexes or triggers are not those that Rung makes"
            found = [str(row[0]) for row in db.execute("PRAGMA integrity_check(3)").fetchall()]
        return "" if found == ["ok"] else "; ".join(" ".join(line.split()) for line in found)

    return Record(ids[0], version, entries, structure)


def _entry(row: tuple[object, ...], place: str) -> Entry:
    seq, at_ms, wall_ms, kind, body, hash_ = row
    if not (
        isinstance(seq, int)
        and isinstance(at_ms, int)
        and isinstance(wall_ms, int)
        and isinstance(kind, bytes)
        and isinstance(body, bytes)
        and isinstance(hash_, bytes)
    ):
        raise JournalDamaged(f"{place}: entry {seq} is not as entries are")
    text = kind.decode("utf-8", "surrogateescape")
    return Entry(seq=seq, at_ms=at_ms, wall_ms=wall_ms, kind=text, body=body, hash=hash_)


# -- an export: one line that says what it is, then one for each entry -------------------------------------------------


class Beginning(Struct, frozen=True):
    rung_journal: int  # the version
    journal: str  # the id


class ExportedEntry(Struct, frozen=True):
    seq: int
    at_ms: int
    wall_ms: int
    kind: str
    body: str  # the event as JSON; these very letters are what was hashed
    hash: str  # in hex


class ExportedHead(Struct, frozen=True):
    head: str  # a signed head's line


def exported(record: Record, heads: Iterable[str] = ()) -> Iterator[bytes]:
    """The lines of an export; `reading` takes it as the record. The last are signed heads."""
    yield msgspec.json.encode(Beginning(record.version, record.id)) + b"\n"
    for e in record.entries():
        try:
            body = e.body.decode()
        except UnicodeDecodeError:
            raise JournalDamaged(f"entry {e.seq} is no text; keep the journal's own file instead") from None
        line = ExportedEntry(e.seq, e.at_ms, e.wall_ms, e.kind, body, e.hash.hex())
        yield msgspec.json.encode(line) + b"\n"
    for head in heads:
        yield msgspec.json.encode(ExportedHead(head)) + b"\n"


def _export(path: Path, place: str) -> Record:
    with path.open("rb") as file:
        beginning = _decode(file.readline(), Beginning, f"{place}: line 1")
    if beginning.rung_journal not in range(1, VERSION + 1):
        raise JournalError(f"{place}: has version {beginning.rung_journal}, this Rung knows {VERSION}; update Rung")

    def entries() -> Iterator[Entry]:
        with _explained(place), path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if number == 1 or line.startswith(b'{"head":'):
                    continue
                e = _decode(line, ExportedEntry, f"{place}: line {number}")
                try:
                    hash_ = bytes.fromhex(e.hash)
                except ValueError:
                    raise JournalDamaged(f"{place}: line {number}: its hash is no hex") from None
                body = e.body.encode()
                yield Entry(seq=e.seq, at_ms=e.at_ms, wall_ms=e.wall_ms, kind=e.kind, body=body, hash=hash_)

    return Record(beginning.journal, beginning.rung_journal, entries, lambda: "")


def _decode(line: bytes, form: type[T], place: str) -> T:
    try:
        return msgspec.json.decode(line, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalDamaged(f"{place}: cannot be read: {error}") from None


# -- a copy of a file that may be written to meanwhile -----------------------------------------------------------------


@contextlib.contextmanager
def _copied(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rung-journal-") as folder:  # for its owner alone
        copy = Path(folder) / "journal.db"
        for _ in range(COPIES_MAX):
            before = _log_header(path)
            shutil.copyfile(path, copy)
            log = copy.with_name(copy.name + "-wal")
            log.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(_log(path), log)
            if _log_header(path) == before:
                yield copy
                return
        raise JournalError(f"journal {path}: is written to faster than it can be copied; try again")


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _log_header(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError), _log(path).open("rb") as log:
        return log.read(LOG_HEADER_BYTES)
    return b""


@contextlib.contextmanager
def _explained(place: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise JournalError(f"{place}: is not there; check the name") from None
    except apsw.NotADBError as error:
        raise JournalDamaged(f"{place}: is no journal, or is damaged from its first bytes on ({error})") from None
    except (apsw.CorruptError, apsw.SQLError, UnicodeDecodeError) as error:  # an SQLError: a table is not there
        raise JournalDamaged(f"{place}: is damaged ({error})") from None
    except (apsw.Error, OSError) as error:
        raise JournalError(f"{place}: cannot be read ({error})") from None
