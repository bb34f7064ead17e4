"""The journal's file: its tables, its settings, and the checks before it is written to.

SQLite in WAL mode with ``synchronous=FULL``: when a commit returns, the log is on the disk. One
process alone holds the file (``locking_mode=EXCLUSIVE``), so the log's index is in memory and
needs no shared-memory file.
"""

import secrets

import apsw

from rung.journal.database import SETTINGS, settle
from rung.journal.format import VERSION, JournalError, JournalForeign

MIGRATIONS = {1: ""}  # from which version: what changes in the file; entries are never written anew
SCHEMA_VERSION = VERSION  # the file's and the entries' versions go together
APPLICATION_ID = 0x52554E47  # "RUNG"; tells our file from any other SQLite database

# The indexes only find entries; what proves them is the chain of hashes.
_TABLES = f"""
CREATE TABLE journal (id TEXT NOT NULL) STRICT;
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX entry_by_kind ON entry (kind, seq);
CREATE INDEX press_by_box ON entry (body ->> '$.press.box', seq) WHERE kind = 'PressRecorded';
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""


def prepare(db: apsw.Connection, place: str) -> str:
    """Take the file for this process alone, check and set it up, and return the journal's id.

    Raises JournalError for a file that is not ours or is newer than this program, apsw.Error for
    whatever SQLite cannot do.
    """
    # Before the first access: it decides that the log's index stays in memory.
    db.pragma("locking_mode", "EXCLUSIVE")
    version = db.pragma("user_version")
    new = version == 0 and not db.execute("SELECT count(*) FROM sqlite_schema").get
    if not new:
        _refuse_unknown(db, place, version)
    settle(db, place, SETTINGS)
    if new:
        with db:
            db.execute(_TABLES)
            db.execute("INSERT INTO journal VALUES (?)", (secrets.token_hex(16),))
    elif version < SCHEMA_VERSION:
        with db:
            db.execute("".join(MIGRATIONS[old] for old in range(version, SCHEMA_VERSION)))
            db.pragma("user_version", SCHEMA_VERSION)
    return str(db.execute("SELECT id FROM journal").get)


def layout(db: apsw.Connection) -> list[tuple[str, str, str]]:
    """Every table, index, trigger or view in the database: kind, name, and how it was made."""
    rows = db.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY name, type").fetchall()
    return [(str(kind), str(name), str(sql)) for kind, name, sql in rows]


def proper_layout() -> list[tuple[str, str, str]]:
    """What `layout` must tell of a journal; a trigger, say, could change what is written."""
    db = apsw.Connection(":memory:")
    db.execute(_TABLES)
    return layout(db)


def _refuse_unknown(db: apsw.Connection, place: str, version: int) -> None:
    if db.pragma("application_id") != APPLICATION_ID:
        raise JournalForeign(f"{place}: is not a journal of Rung; name another file")
    if version not in MIGRATIONS and version != SCHEMA_VERSION:
        raise JournalError(f"{place}: has version {version}, this Rung knows {SCHEMA_VERSION}; update Rung")
