"""What `test_states` runs on a disk of its own: `python -m tests.journal.small_disk FOLDER fills|read-only`."""

import sys
from contextlib import closing
from pathlib import Path

from tests.journal.samples import press

from rung.journal.anew import open_journal
from rung.journal.format import JournalError
from rung.journal.reading import reading
from rung.journal.store import Journal
from rung.journal.verify import verify


def fills(folder: Path) -> None:
    """The press that finds no room is refused with the reason; when there is room, it is taken."""
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(60_000))
    with closing(Journal(folder / "journal.db")) as journal:
        number = 0
        while True:
            number += 1
            before = journal.head
            try:
                journal.append(press(number), at_ms=1, wall_ms=1)
            except JournalError as error:
                assert "the disk is full; free some space" in str(error), error
                break
        assert number > 3 and journal.head == before
        ballast.unlink()
        assert journal.append(press(number), at_ms=1, wall_ms=1).seq == 2 * number
        assert verify(journal.entries(), journal.id, before).ok


def read_only(folder: Path) -> None:
    """It does not start, and says so; it can be read and proven."""
    for file in ("journal.db", "new.db"):
        try:
            open_journal(folder / file)
        except JournalError as error:
            assert "the disk is read-only" in str(error), error
        else:
            raise AssertionError("it was opened")
    with reading(folder / "journal.db") as record:
        assert verify(record.entries(), record.id).head.seq > 6 and record.structure() == ""
    assert {file.name for file in folder.iterdir()} == {"journal.db"}


if __name__ == "__main__":
    {"fills": fills, "read-only": read_only}[sys.argv[2]](Path(sys.argv[1]))
