"""The inventory: which boxes there are, where they stand, what runs on them, and what has been found out about each.

One SQLite file beside the keys (`keyring.py`). It holds fingerprints of keys, never a key.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import apsw
import msgspec
from msgspec import Struct

SCHEMA_VERSION = 1
APPLICATION_ID = 0x52554E46  # "RUNF"; tells our file from any other SQLite database
NO_REASON = "no reason was given"
BUSY_MS = 5000  # another `rung` writes for milliseconds

_TABLES = f"""
CREATE TABLE box (
    id TEXT PRIMARY KEY,
    desk TEXT NOT NULL DEFAULT '',
    retired TEXT NOT NULL DEFAULT '',
    chip TEXT NOT NULL DEFAULT '',
    micropython TEXT NOT NULL DEFAULT '',
    firmware TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL DEFAULT '',
    settled INTEGER NOT NULL DEFAULT 1,
    first_s INTEGER NOT NULL,
    seen_s INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_box_a_desk ON box (desk) WHERE desk <> '';
CREATE TABLE fault (box TEXT NOT NULL REFERENCES box, at_s INTEGER NOT NULL, what TEXT NOT NULL) STRICT;
CREATE TABLE test (
    box TEXT NOT NULL REFERENCES box, button TEXT NOT NULL, at_s INTEGER NOT NULL, result TEXT NOT NULL,
    PRIMARY KEY (box, button)
) STRICT;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""

_MENDS: dict[type[Exception], str] = {
    apsw.BusyError: "is being written by another program; try again",
    apsw.FullError: "the disk is full; free some space",
    apsw.ReadOnlyError: "may not be written; give this user the right to write it",
    PermissionError: "may not be written; give this user the right to write it",
    apsw.CantOpenError: "cannot be opened; check that its folder may be written",
    apsw.NotADBError: "is not an inventory of Rung; name another folder: --fleet",
    apsw.CorruptError: "is damaged; keep it, and begin anew with another folder: --fleet",
}


class InventoryError(Exception):
    """What is asked cannot be done with the inventory; one line with the mend."""


class Box(Struct, frozen=True):
    """One box as the inventory knows it. Times are seconds of the wall clock."""

    id: str
    desk: str  # where it stands; empty: a spare
    retired: str  # why it is used no more; empty: it is used
    chip: str
    micropython: str
    firmware: str
    fingerprint: str  # of its key; empty: it has none
    first_s: int
    seen_s: int

    @property
    def place(self) -> str:
        """Where it is, in a word."""
        return "retired" if self.retired else self.desk or "spare"


class Fault(Struct, frozen=True):
    """What a box told of itself, or somebody of a box."""

    box: str
    at_s: int
    what: str


class PressTest(Struct, frozen=True):
    """The newest press test of one button."""

    box: str
    button: str
    at_s: int
    result: str  # "ok", or what came instead


_Row = TypeVar("_Row", Box, Fault, PressTest)


class Inventory:
    """The open inventory; one thread at a time. Every method raises InventoryError, in one line."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open the inventory at ``path``, or begin one."""
        self._place = f"inventory {path}"
        self._clock = clock
        with self._explained():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)  # SQLite would make it readable for all; what it makes beside it takes these rights
            self._db = apsw.Connection(os.fspath(path))
            self._db.set_busy_timeout(BUSY_MS)
            self._prepare()

    def close(self) -> None:
        with self._explained():
            self._db.close()

    # What is known

    def boxes(self) -> list[Box]:
        """All, by desk; then the spares, then what is retired."""
        return self._read(Box, "box", "ORDER BY retired <> '', desk = '', desk, id")

    def box(self, id: str) -> Box | None:
        return next(iter(self._read(Box, "box", "WHERE id = ?", id)), None)

    def at(self, desk: str) -> Box | None:
        """The box that stands at that desk."""
        return next(iter(self._read(Box, "box", "WHERE desk = ? AND desk <> ''", desk)), None)

    def find(self, name: str) -> Box:
        """The box of that id, or at the desk of that name."""
        found = self.box(name) or self.at(name)
        if found is None:
            raise InventoryError(f"no box or desk {name!r}; `rung fleet list` shows them")
        return found

    def faults(self, box: str) -> list[Fault]:
        """The newest first."""
        return self._read(Fault, "fault", "WHERE box = ? ORDER BY at_s DESC, rowid DESC", box)

    def unsettled(self) -> list[Box]:
        """Those that changed their place, whose keys may still be where they were: see `Keyring.follow`."""
        return self._read(Box, "box", "WHERE NOT settled")

    def tests(self, box: str) -> dict[str, PressTest]:
        """By button; the newest of each."""
        return {test.button: test for test in self._read(PressTest, "test", "WHERE box = ?", box)}

    def desks_for(self, pattern: str, count: int) -> list[str]:
        """So many names that no box has: ``#`` in the pattern stands for a number, ``##`` for one of two digits."""
        taken = {box.desk for box in self.boxes()}
        if "#" not in pattern:
            if count > 1:
                raise InventoryError(f"--desk {pattern}: {count} boxes cannot have one name; number them: {pattern}-##")
            return [checked(pattern)]
        digits = re.search("#+", pattern)
        assert digits is not None
        names, number = list[str](), 0
        while len(names) < count:
            number += 1
            name = checked(pattern.replace(digits[0], f"{number:0{len(digits[0])}}", 1))
            if name not in taken:
                names.append(name)
        return names

    # What has changed

    def saw(self, id: str, *, chip: str = "", micropython: str = "", firmware: str = "") -> None:
        """A box was there just now. What is left empty stays as it was."""
        now = int(self._clock())
        new = {"chip": chip, "micropython": micropython, "firmware": firmware}
        with self._explained(), self._db:
            self._db.execute(
                "INSERT INTO box (id, first_s, seen_s) VALUES (?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET seen_s = excluded.seen_s",
                (id, now, now),
            )
            for column, value in new.items():
                if value:
                    self._set(id, column, value)

    def keyed(self, id: str, fingerprint: str) -> None:
        with self._explained():
            self._set(id, "fingerprint", fingerprint)

    def rename(self, id: str, desk: str) -> None:
        """The box stands at that desk from now on; empty: it is a spare. A retired one is used again."""
        if desk and (there := self.at(checked(desk))) is not None and there.id != id:
            mend = f"swap it: rung fleet swap {desk}, or give that one another name"
            raise InventoryError(f"desk {desk} has box {there.id} already; {mend}")
        with self._explained(), self._db:
            self._place_at(id, desk)

    def retire(self, id: str, why: str) -> None:
        """It is used no more, and its desk is free."""
        with self._explained(), self._db:
            self._retire(id, why)

    def swap(self, broken: str, spare: str, why: str) -> None:
        """The spare takes the broken box's desk; the broken one is retired: both or neither."""
        with self._explained(), self._db:
            desk = self._db.execute("SELECT desk FROM box WHERE id = ?", (broken,)).get
            self._retire(broken, why)
            self._place_at(spare, desk)

    def fault(self, id: str, what: str) -> None:
        with self._explained():
            self._db.execute("INSERT INTO fault VALUES (?, ?, ?)", (id, int(self._clock()), what))

    def tested(self, id: str, button: str, result: str) -> None:
        with self._explained():
            row = (id, button, int(self._clock()), result)
            self._db.execute("INSERT OR REPLACE INTO test VALUES (?, ?, ?, ?)", row)

    def settled(self, id: str) -> None:
        """Its key stands where it belongs."""
        with self._explained():
            self._db.execute("UPDATE box SET settled = 1 WHERE id = ?", (id,))

    def _place_at(self, id: str, desk: str) -> None:
        self._db.execute(
            "UPDATE box SET settled = settled AND desk = ?1 AND retired = '', desk = ?1, retired = '' WHERE id = ?2",
            (desk, id),
        )

    def _retire(self, id: str, why: str) -> None:
        row = (why.strip() or NO_REASON, id)
        self._db.execute("UPDATE box SET settled = 0, desk = '', retired = ?, fingerprint = '' WHERE id = ?", row)

    def _set(self, id: str, column: str, value: str) -> None:
        self._db.execute(f"UPDATE box SET {column} = ? WHERE id = ?", (value, id))

    def _read(self, kind: type[_Row], table: str, rest: str, *values: str) -> list[_Row]:
        with self._explained():
            columns = ", ".join(kind.__struct_fields__)
            rows = self._db.execute(f"SELECT {columns} FROM {table} {rest}", values).fetchall()
            return [msgspec.convert(dict(zip(kind.__struct_fields__, row, strict=True)), kind) for row in rows]

    def _prepare(self) -> None:
        with self._db:
            version = self._db.pragma("user_version")
            if version == 0 and not self._db.execute("SELECT count(*) FROM sqlite_schema").get:
                self._db.execute(_TABLES)
                version = SCHEMA_VERSION
        if self._db.pragma("application_id") != APPLICATION_ID:
            raise InventoryError(f"{self._place}: is not an inventory of Rung; name another folder: --fleet")
        if version != SCHEMA_VERSION:
            raise InventoryError(f"{self._place}: has version {version}, this Rung knows {SCHEMA_VERSION}; update Rung")
        self._db.pragma("journal_mode", "WAL")
        self._db.pragma("foreign_keys", True)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what SQLite and the system say into one line with place and mend."""
        try:
            yield
        except (apsw.Error, OSError, msgspec.ValidationError) as error:
            mend = _MENDS.get(type(error), "cannot be used; see the reason in brackets")
            raise InventoryError(f"{self._place}: {mend} ({error})") from error


def checked(desk: str) -> str:
    """A desk's name that may be one; as in `rung.toml`."""
    if not desk.replace("-", "").replace("_", "").isalnum():
        raise InventoryError(f"{desk!r} is no desk's name; use letters, digits, - and _")
    return desk
