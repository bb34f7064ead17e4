"""The journal of one desk: an SQLite file that entries are added to and nothing is taken from."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import msgspec

from rung import words
from rung.journal.database import DAMAGED, create_private, explained, make_private
from rung.journal.format import Entry, Head, JournalDamaged, JournalError, follows, genesis, seal
from rung.journal.schema import prepare

# Log pages after which the log is copied into the file, some 4 MB: a start then reads little.
CHECKPOINT_PAGES = 1000
READ_BATCH = 500  # entries

_COLUMNS = "seq, at_ms, wall_ms, kind, body, hash"

_CASES = """SELECT seq, kind, body ->> '$.case' FROM entry
WHERE kind IN ('CaseOpened', 'CaseReceived', 'CaseArrived', 'CaseReturned', 'CaseClosed') ORDER BY seq DESC"""


class Journal:
    """The open journal. Entries are on the disk when ``append`` returns.

    It has no lock of its own: every call, of every method, is made under the desk's lock (the one
    over step, append and the swap of the Desk). While it is open no other process can open the
    file, and this process must not open it a second time by any means: closing that would drop the
    lock (POSIX).

    Every method raises JournalError, in one line, when the file cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str], *, vfs: str | None = None) -> None:
        """Open the journal at ``path``, or begin one. ``vfs`` names a file layer of SQLite (tests)."""
        self._place = f"journal {os.fspath(path)}"
        self.damage = ""  # what was found damaged, as soon as it was met: no more should be written here
        self._log_pages = 0
        with self._explained():
            if vfs is None:
                create_private(Path(path))
            self._db = apsw.Connection(os.fspath(path), vfs=vfs)
        try:
            with self._explained():
                self.id = prepare(self._db, self._place)
                if vfs is None:
                    make_private(Path(path))
                self._head = self._checked_tail()
            self._db.set_wal_hook(self._note_log)
        except BaseException:
            with contextlib.suppress(apsw.Error):
                self._db.close()
            raise

    @property
    def head(self) -> Head:
        """The end of the chain; seq 0 while nothing is written."""
        return self._head

    def append(self, events: Sequence[words.Event], *, at_ms: int, wall_ms: int) -> Head:
        """Write the events, all or none, and return the new head once they are on the disk.

        After a JournalError the chain is as before; a later append works if the trouble has gone.
        """
        head, entries = self._head, []
        for event in events:
            try:
                entry = seal(head, event, at_ms=at_ms, wall_ms=wall_ms)
            except UnicodeEncodeError as error:
                raise JournalError(
                    f"{self._place}: a {type(event).__name__} holds text that is not Unicode "
                    f"({error.reason}); leave that text out"
                ) from None
            entries.append(entry)
            head = Head(entry.seq, entry.hash)
        if entries:
            with self._explained():
                self._write(entries)
            self._head = head
            self._checkpoint_when_due()
        return head

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries with ``seq > after``, in order."""
        # In batches: a read left half-way would hold up the checkpoint, and the file would grow.
        while batch := self._select("WHERE seq > ? ORDER BY seq LIMIT ?", (after, READ_BATCH)):
            yield from batch
            if batch[-1].seq <= after:  # only in a damaged file; reading on would never end
                raise self._damaged(f"{DAMAGED} (entries out of order)")
            after = batch[-1].seq

    def entry(self, seq: int) -> Entry | None:
        """The entry of that number."""
        return self._one("WHERE seq = ?", (seq,))

    def last(self, kind: type[words.Event]) -> Entry | None:
        """The newest entry of that kind."""
        return self._one("WHERE kind = ? ORDER BY seq DESC LIMIT 1", (kind.__name__,))

    def last_press(self, box: str) -> tuple[str, int] | None:
        """Boot and number of the newest press that is on record for the box."""
        # Spelled as the index is, or SQLite does not use it.
        entry = self._one(
            "WHERE kind = 'PressRecorded' AND body ->> '$.press.box' = ? ORDER BY seq DESC LIMIT 1",
            (box,),
        )
        if entry is None:
            return None
        event = entry.event
        assert isinstance(event, words.PressRecorded)
        return event.press.boot, event.press.number

    def last_at_ms(self) -> int:
        """The desk's clock at the newest entry; 0 while nothing is written."""
        entry = self._one("ORDER BY seq DESC LIMIT 1")
        return entry.at_ms if entry else 0

    def of_kind(self, kind: type[words.Event]) -> list[Entry]:
        """All entries of that kind, in order."""
        return self._select("WHERE kind = ? ORDER BY seq", (kind.__name__,))

    def open_cases(self) -> list[Entry]:
        """Everything since the desk last had no case at all, if it has one now; else nothing.

        A case is here from when it was opened, or received from another desk, until it is closed, or forgotten because
        the other desk took it back before its call had arrived.
        """
        with self._explained():
            rows = msgspec.convert(self._db.execute(_CASES).fetchall(), list[tuple[int, str, str]])
        start = 0
        later: dict[str, str] = {}  # of the cases whose beginning is still to be found: what became of them
        begun = False  # one that is still here, since `start` was last set
        for seq, kind, case in rows:  # the newest first
            if kind in ("CaseClosed", "CaseReturned"):
                later.setdefault(case, kind)
            elif kind == "CaseArrived":
                later[case] = "CaseClosed" if later.get(case) == "CaseClosed" else kind
            else:
                over = later.pop(case, "")
                begun = begun or not (over == "CaseClosed" or (over == "CaseReturned" and kind == "CaseReceived"))
                if begun and not later:
                    start, begun = seq, False
        return list(self.entries(start - 1)) if start else []

    def close(self) -> None:
        """Let go of the file. Nothing is lost without it: what was appended is on the disk."""
        with self._explained():
            self._db.close()

    def _write(self, entries: list[Entry]) -> None:
        rows = [(e.seq, e.at_ms, e.wall_ms, e.kind, e.body.decode(), e.hash) for e in entries]
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(f"INSERT INTO entry ({_COLUMNS}) VALUES (?,?,?,?,?,?)", rows)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite has rolled back by itself after most errors
                self._db.execute("ROLLBACK")
            raise

    def _note_log(self, db: apsw.Connection, schema: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint_when_due(self) -> None:
        if self._log_pages < CHECKPOINT_PAGES:
            return
        # The entries are safe in the log. What hinders the copying will hinder the next append
        # too, which says so; till then every append tries again.
        with contextlib.suppress(apsw.Error):
            self._db.wal_checkpoint()

    def _checked_tail(self) -> Head:
        last = list(reversed(self._select("ORDER BY seq DESC LIMIT 2")))
        if not last:
            return genesis(self.id)
        tail = last[-1]
        before = last[0] if len(last) == 2 else genesis(self.id)
        if before.seq != tail.seq - 1 or not follows(tail, before.hash):
            raise self._damaged(
                f"entry {tail.seq} does not follow from what comes before it; "
                "keep the file for the review and name a new one"
            )
        return Head(tail.seq, tail.hash)

    def _select(self, rest: str, values: tuple[str | int, ...] = ()) -> list[Entry]:
        with self._explained():
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM entry {rest}", values).fetchall()
            return [_entry(row) for row in rows]

    def _one(self, rest: str, values: tuple[str | int, ...] = ()) -> Entry | None:
        found = self._select(rest, values)
        return found[0] if found else None

    def _damaged(self, why: str) -> JournalDamaged:
        self.damage = f"{self._place}: {why}"
        return JournalDamaged(self.damage)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with explained(self._place):
                yield
        except JournalDamaged as error:
            self.damage = str(error)
            raise


def _entry(row: tuple[Any, ...]) -> Entry:
    seq, at_ms, wall_ms, kind, body, hash_ = row
    # A damaged page may give any type, whatever the table says.
    body = body.encode() if isinstance(body, str) else None
    fields = {"seq": seq, "at_ms": at_ms, "wall_ms": wall_ms, "kind": kind, "body": body, "hash": hash_}
    return msgspec.convert(fields, Entry)
