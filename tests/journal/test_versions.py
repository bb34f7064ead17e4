"""A record of an older version is opened, goes on, and is proven from its first entry; a newer one is left alone.

``files/version-1.db`` was written by the release that knew version 1 alone.
"""

import shutil
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace
from tests.journal.samples import press

from rung.journal.format import Entry, Head, entry_hash, genesis, seal
from rung.journal.store import Journal
from rung.journal.verify import Fault, verify
from rung.words import CallerCalmed, CaseOpened, PressRecorded

OLD = Path(__file__).parent / "files/version-1.db"
OLD_ID = "a877b330a64c86c4ad9946122b78da31"
OLD_HEAD = Head(13, bytes.fromhex("db3716f21efc53df9971bb947481169703eb57d32c8b7309fad4130d5465223a"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return shutil.copy(OLD, tmp_path / "desk.journal")


def test_it_goes_on_and_its_old_entries_stay_as_they_were(path: Path) -> None:
    before = rows(path)
    with closing(Journal(path)) as journal:
        assert (journal.id, journal.head) == (OLD_ID, OLD_HEAD)
        assert journal.last_press("b0x") == ("b1", 3)
        assert [type(entry.event) for entry in journal.open_cases()][:2] == [CaseOpened, PressRecorded]
        head = journal.append(press(4), at_ms=1, wall_ms=2)
        assert verify(journal.entries(), OLD_ID, OLD_HEAD, head).head == Head(15, head.hash)
    with closing(Journal(path)) as journal:  # and once more, in the new version
        assert verify(journal.entries(), OLD_ID, OLD_HEAD, head).ok
    assert rows(path)[:13] == before
    assert pragma(path, "user_version") == 2


def test_an_old_release_does_not_take_what_it_would_misread(path: Path) -> None:
    """It asked for its own version exactly; so the file says that it is of another."""
    assert pragma(path, "user_version") == 1
    Journal(path).close()
    assert pragma(path, "user_version") == 2


def test_nothing_of_the_old_version_is_taken_after_something_of_the_new() -> None:
    new = seal(genesis("d"), CallerCalmed("ann"), at_ms=1, wall_ms=1)
    old = resealed_in_version_1(seal(Head(1, new.hash), CallerCalmed("ann"), at_ms=1, wall_ms=1), new.hash)
    assert verify([resealed_in_version_1(new, genesis("d").hash)], "d").ok
    broken = verify([new, old], "d").broken
    assert broken is not None and (broken.seq, broken.fault) == (2, Fault.CHANGED)


def resealed_in_version_1(entry: Entry, previous: bytes) -> Entry:
    fields = (entry.seq, entry.at_ms, entry.wall_ms, entry.kind, entry.body)
    return replace(entry, hash=entry_hash(previous, *fields, version=1))


def rows(path: Path) -> list[tuple[object, ...]]:
    with closing(apsw.Connection(str(path))) as db:
        return db.execute("SELECT * FROM entry ORDER BY seq").fetchall()


def pragma(path: Path, name: str) -> object:
    with closing(apsw.Connection(str(path))) as db:
        return db.pragma(name)
