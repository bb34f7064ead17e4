"""The keys of one desk: a file of its own, apart from the record, never copied anywhere.

What the record holds of a caller stands there encrypted, under the key of its case. To erase a case is to take its key
out of this file for good; the record, its chain and every copy of it stay as they are, and can be read no more.

Which is written first: a new key is on the disk before `seal` returns, so before the entry that needs it is written.
Power that goes between the two leaves a key without an entry, which does no harm; an entry without its key cannot come
about.

Erasing: `secure_delete` writes zeros over the row, VACUUM builds the file anew (pages that SQLite has moved rows out of
may still hold them), the log is cut to nothing, and a last small commit makes the disk keep that. Opening does the
same, whatever a crash has left. What a disk keeps beneath its file system, or a backup, no program can erase: see
PRIVACY.md.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import apsw
import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rung import words as w
from rung.journal import sealing
from rung.journal.database import SETTINGS, create_private, explained, make_private, settle
from rung.journal.format import JournalError
from rung.journal.numbers import normal

KEY_BYTES = 32
APPLICATION_ID = 0x52554E4B  # "RUNK"
VERSION = 1
CIPHERS_KEPT = 200  # in memory: a desk has a few cases at a time

_TABLES = f"""
CREATE TABLE site (secret BLOB NOT NULL, cleaned INTEGER NOT NULL) STRICT;
CREATE TABLE key (name TEXT PRIMARY KEY, secret BLOB NOT NULL, made_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE caller (name TEXT PRIMARY KEY, caller TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX caller_by_index ON caller (caller);
CREATE TABLE owed (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""


def index_of(caller: str, site: bytes, country: str = "") -> str:
    """By what a caller is known on a site that has this secret; empty for one without a number."""
    number = normal(caller, country)
    return hmac.new(site, f"caller\0{number}".encode(), hashlib.sha256).hexdigest() if number else ""


class Vault:
    """The open file. Like the journal it has no lock of its own: every call is made under the desk's lock.

    Only `index` may be called from anywhere. Every method raises JournalError, in one line, when the
    file cannot be read or written.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, site: bytes | None = None, country: str = "", vfs: str | None = None
    ) -> None:
        """Open the file at ``path``, or begin one. ``site``: the secret that all desks of a floor share.

        Without it the desk makes one of its own, once. ``country``: see `numbers.normal`.
        """
        self._place = f"keys {os.fspath(path)}"
        self._country = country
        self._ciphers: dict[str, AESGCM] = {}
        self.unindexed = False  # the site's secret is another one: `begin` is to be said again of every case
        with explained(self._place):
            if vfs is None:
                create_private(Path(path))
            self._db = apsw.Connection(os.fspath(path), vfs=vfs)
        try:
            with explained(self._place):
                self._prepare(site)
                if vfs is None:
                    make_private(Path(path))
        except BaseException:
            with contextlib.suppress(apsw.Error):
                self._db.close()
            raise

    # -- texts -------------------------------------------------------------------------------------------------------

    def seal(self, key: str, event: w.Event, wall_ms: int) -> w.Event:
        """The event as it is to be written. Its key is made, durably, if there is none."""
        return sealing.seal(event, key, lambda: self._made(key, wall_ms), os.urandom(sealing.NONCE_BYTES))

    def unseal(self, event: w.Event) -> w.Event | None:
        """The event as it was; None: what it named has been erased."""
        return sealing.unseal(event, self._cipher(sealing.key_of(event)))

    def opened(self, event: w.Event) -> w.Event:
        """The event as it was, or with gaps where something was erased."""
        return self.unseal(event) or event

    def lock_up(self, key: str, text: str, wall_ms: int) -> str:
        """One text under a key of its own name, such as `block/ID`: for what outlives the case."""
        nonce = os.urandom(sealing.NONCE_BYTES)
        hidden = self._made(key, wall_ms).encrypt(nonce, text.encode(), key.encode())
        return (nonce + hidden).hex()

    def unlock(self, key: str, hidden: str) -> str | None:
        """What `lock_up` has locked; None: erased."""
        cipher, raw = self._cipher(key), bytes.fromhex(hidden)
        if cipher is None:
            return None
        return cipher.decrypt(raw[: sealing.NONCE_BYTES], raw[sealing.NONCE_BYTES :], key.encode()).decode()

    # -- callers -------------------------------------------------------------------------------------------------------

    def index(self, caller: str) -> str:
        """The same for the same caller, on every desk of the floor, and nothing to anybody without the site's secret.

        Empty for a caller without a number.
        """
        return index_of(caller, self._site, self._country)

    def begin(self, case: str, caller: str, wall_ms: int) -> None:
        """A case begins: its keys are there before any press is made on it, and whose case it is.

        So all cases of one caller are found, and erased, together.
        """
        names = (f"{sealing.CASE}/{case}", f"{sealing.REFUSED}/{case}")
        index = self.index(caller)
        with explained(self._place), self._db:
            rows = [(name, secrets.token_bytes(KEY_BYTES), wall_ms) for name in names]
            self._db.executemany("INSERT OR IGNORE INTO key VALUES (?, ?, ?)", rows)
            if index:
                self._db.execute("INSERT OR REPLACE INTO caller VALUES (?, ?)", (names[0], index))

    def cases_of(self, caller: str) -> list[str]:
        """The cases of this caller that are not erased."""
        return self.cases_known(self.index(caller))

    def cases_known(self, index: str) -> list[str]:
        """The same, by what `index` makes of the caller."""
        with explained(self._place):
            rows = self._db.execute("SELECT name FROM caller WHERE caller = ? ORDER BY name", (index,))
            return [str(name).partition("/")[2] for (name,) in rows]

    # -- erasing -------------------------------------------------------------------------------------------------------

    def there(self) -> dict[str, int]:
        """Every key that is there, by name, with the wall clock of its making."""
        with explained(self._place):
            rows = self._db.execute("SELECT name, made_ms FROM key ORDER BY name").fetchall()
            return dict(msgspec.convert(rows, list[tuple[str, int]]))

    def has(self, name: str) -> bool:
        """Whether this key is there."""
        with explained(self._place):
            return bool(self._db.execute("SELECT count(*) FROM key WHERE name = ?", (name,)).get)

    def erase(self, names: Iterable[str]) -> None:
        """Take these keys out for good; when this returns they are in no byte of the file or its log.

        Safe to say again: a crash may have come between.
        """
        rows = [(name,) for name in names]
        for (name,) in rows:
            self._ciphers.pop(name, None)
        with explained(self._place):
            with self._db:
                self._db.executemany("DELETE FROM key WHERE name = ?", rows)
                self._db.executemany("DELETE FROM caller WHERE name = ?", rows)
            self._clean()

    def owe(self, names: Iterable[str]) -> None:
        """Others are still to be told that these were erased."""
        with explained(self._place), self._db:
            self._db.executemany("INSERT OR IGNORE INTO owed VALUES (?)", [(name,) for name in names])

    def owed(self) -> list[str]:
        """Keys that were erased and whose cases the floor has not been told to forget."""
        with explained(self._place):
            return [str(name) for (name,) in self._db.execute("SELECT name FROM owed").fetchall()]

    def settled(self, name: str) -> None:
        with explained(self._place):
            self._db.execute("DELETE FROM owed WHERE name = ?", (name,))

    def close(self) -> None:
        with explained(self._place):
            self._db.close()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _made(self, name: str, wall_ms: int) -> AESGCM:
        if (cipher := self._cipher(name)) is not None:
            return cipher
        with explained(self._place):
            self._db.execute("INSERT INTO key VALUES (?, ?, ?)", (name, secrets.token_bytes(KEY_BYTES), wall_ms))
        cipher = self._cipher(name)
        assert cipher is not None
        return cipher

    def _cipher(self, name: str) -> AESGCM | None:
        if name not in self._ciphers:
            with explained(self._place):
                secret = self._db.execute("SELECT secret FROM key WHERE name = ?", (name,)).get
            if secret is None:
                return None
            if len(self._ciphers) >= CIPHERS_KEPT:
                self._ciphers.clear()
            self._ciphers[name] = AESGCM(secret)
        return self._ciphers[name]

    def _prepare(self, site: bytes | None) -> None:
        self._db.pragma("locking_mode", "EXCLUSIVE")
        new = not self._db.execute("SELECT count(*) FROM sqlite_schema").get
        version = self._db.pragma("user_version")
        if not new and (self._db.pragma("application_id"), version) != (APPLICATION_ID, VERSION):
            raise JournalError(f"{self._place}: is no file of keys that this Rung knows; name another file, or update")
        settle(self._db, self._place, {**SETTINGS, "secure_delete": ("ON", 1), "temp_store": ("MEMORY", 2)})
        if new:
            with self._db:
                self._db.execute(_TABLES)
                self._db.execute("INSERT INTO site VALUES (?, 0)", (site or secrets.token_bytes(KEY_BYTES),))
        self._site = bytes(self._db.execute("SELECT secret FROM site").get)
        if site is not None and site != self._site:  # the desk has come onto a floor: old indexes find nobody there
            with self._db:
                self._db.execute("DELETE FROM caller")
                self._db.execute("UPDATE site SET secret = ?", (site,))
            self._site, self.unindexed = site, True
        self._clean()

    def _clean(self) -> None:
        """Nothing that was deleted is left in the file or in its log, and the disk keeps it so."""
        self._db.execute("VACUUM")
        self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        # Cutting the log is synced by nobody; the next commit's sync covers it.
        self._db.execute("UPDATE site SET cleaned = cleaned + 1")
