"""Named attacks on the file of a desk's record, each as somebody with the file and SQLite would do it.

`rung journal verify` finds each; those that only a head kept elsewhere can show are found with it, and it is shown that
without it they are not. The same attacks on entries by themselves are vectors in ``files/attacks.jsonl``.
"""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.journal.samples import closed, opened, press
from typer.testing import CliRunner, Result

from rung.cli.app import app
from rung.journal.format import Head, seal
from rung.journal.heads import sign
from rung.journal.reading import reading
from rung.journal.signing import Signer
from rung.journal.store import Journal
from rung.words import CallerCalmed, Event

NAMES = "seq, at_ms, wall_ms, kind, body, hash"
LAST = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A desk's journal with its key, the head of its last entry, and an older copy with five entries."""
    journal = tmp_path / "journal.db"
    write(journal, opened("c"), *press(1), *press(2))
    shutil.copy(journal, tmp_path / "older.db")
    head = write(journal, CallerCalmed("ann"), CallerCalmed("ann"), closed("c"))
    assert head.seq == LAST
    with reading(journal) as record:
        (tmp_path / "kept.txt").write_text(f"{Signer(journal).sign(record.id, head, 1)}\n")
    return tmp_path


def write(path: Path, *events: Event) -> Head:
    with closing(Journal(path)) as journal:
        return journal.append(events, at_ms=1, wall_ms=1_700_000_000_000)


def proof(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["journal", "verify", str(folder / "journal.db"), *options])


def against(folder: Path) -> Result:
    return proof(folder, "--against", str(folder / "kept.txt"))


def sql(*statements: str) -> Callable[[Path], None]:
    def attack(folder: Path) -> None:
        with closing(apsw.Connection(str(folder / "journal.db"))) as db:
            for statement in statements:
                db.execute(statement)

    return attack


def rewrite_from(seq: int) -> Callable[[Path], None]:
    """Everything from there on is told anew, with all hashes right."""

    def attack(folder: Path) -> None:
        sql(f"DELETE FROM entry WHERE seq >= {seq}")(folder)
        write(folder / "journal.db", *[CallerCalmed("eve")] * (LAST - seq + 2))

    return attack


def insert_with_its_hash_made_right(folder: Path) -> None:
    with closing(Journal(folder / "journal.db")) as journal:
        before = list(journal.entries())[2]
    forged = seal(Head(before.seq, before.hash), CallerCalmed("eve"), at_ms=1, wall_ms=1)
    sql("UPDATE entry SET seq = -seq - 1 WHERE seq > 3", "UPDATE entry SET seq = -seq WHERE seq < 0")(folder)
    with closing(apsw.Connection(str(folder / "journal.db"))) as db:
        values = (forged.seq, forged.at_ms, forged.wall_ms, forged.kind, forged.body.decode(), forged.hash)
        db.execute(f"INSERT INTO entry ({NAMES}) VALUES (?,?,?,?,?,?)", values)


def take_entries_of_another_desk(folder: Path) -> None:
    write(folder / "other.db", opened("d"), *press(1), *press(2))
    sql(
        f"ATTACH '{folder / 'other.db'}' AS other",
        "DELETE FROM entry WHERE seq > 3",
        f"INSERT INTO entry ({NAMES}) SELECT {NAMES} FROM other.entry WHERE seq > 3",
    )(folder)


def put_the_file_of_another_desk_there(folder: Path) -> None:
    write(folder / "other.db", *[CallerCalmed("eve")] * (LAST + 1))
    shutil.copy(folder / "other.db", folder / "journal.db")


def roll_back(folder: Path) -> None:
    shutil.copy(folder / "older.db", folder / "journal.db")


def roll_back_and_go_on(folder: Path) -> None:
    roll_back(folder)
    write(folder / "journal.db", *[CallerCalmed("eve")] * (LAST + 1))


def begin_anew_with_the_desk_s_key(folder: Path) -> None:
    """And sign it: the key has now signed two records, of which one does not speak of the other."""
    (folder / "journal.db").unlink()
    head = write(folder / "journal.db", *[CallerCalmed("eve")] * (LAST + 1))
    with reading(folder / "journal.db") as record, (folder / "kept.txt").open("a") as kept:
        kept.write(f"{Signer(folder / 'journal.db').sign(record.id, head, 2)}\n")


# Seen in the file by itself: what is done, and what is said.
INSIDE: dict[str, tuple[Callable[[Path], None], str]] = {
    "changed-entry": (sql("UPDATE entry SET body = replace(body, 'warned', 'asked') WHERE seq = 3"), "3 is changed"),
    "changed-time": (sql("UPDATE entry SET wall_ms = wall_ms - 3600000 WHERE seq = 5"), "5 is changed"),
    "changed-kind": (sql("UPDATE entry SET kind = 'CallHeld' WHERE seq = 6"), "6 is changed"),
    "removed-entry": (sql("DELETE FROM entry WHERE seq = 4"), "4 is missing"),
    "removed-entry-renumbered": (
        sql("DELETE FROM entry WHERE seq = 4", "UPDATE entry SET seq = seq - 1 WHERE seq > 4"),
        "4 is changed",
    ),
    "removed-first-entry": (sql("DELETE FROM entry WHERE seq = 1"), "1 is missing"),
    "inserted-entry": (insert_with_its_hash_made_right, "5 is changed"),
    "swapped-entries": (
        sql(
            "UPDATE entry SET seq = -4 WHERE seq = 5",
            "UPDATE entry SET seq = 5 WHERE seq = 4",
            "UPDATE entry SET seq = 4 WHERE seq = -4",
        ),
        "4 is changed",
    ),
    "duplicated-entry": (
        sql(f"INSERT INTO entry ({NAMES}) SELECT 9, at_ms, wall_ms, kind, body, hash FROM entry WHERE seq = 8"),
        "9 is changed",
    ),
    "another-desk's-entries": (take_entries_of_another_desk, "4 is changed"),
    "another-desk's-name": (sql("UPDATE journal SET id = 'other'"), "1 is changed"),
    "no-name": (sql("DELETE FROM journal"), "does not say which record it is"),
    "dropped-table": (sql("DROP TABLE entry"), "no such table"),
    "added-trigger": (
        sql("CREATE TRIGGER hush AFTER INSERT ON entry BEGIN UPDATE entry SET wall_ms = 0 WHERE seq = new.seq; END"),
        "triggers are not those that Rung makes",
    ),
}
# Sound in themselves: only a head kept elsewhere shows them.
OUTSIDE: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut-off-tail": (sql(f"DELETE FROM entry WHERE seq = {LAST}"), "has had entry 8"),
    "emptied": (sql("DELETE FROM entry"), "has had entry 8"),
    "forked-file": (rewrite_from(6), "8 is forked"),
    "changed-last-entry": (rewrite_from(LAST), "8 is forked"),
    "another-desk's-file": (put_the_file_of_another_desk_there, "none of the 1 heads is of this record"),
    "rolled-back-copy": (roll_back, "has had entry 8"),
    "rolled-back-copy-that-goes-on": (roll_back_and_go_on, "8 is forked"),
    "second-record-of-one-key": (begin_anew_with_the_desk_s_key, "the same key has signed another record"),
}


@pytest.mark.parametrize("attack", INSIDE)
def test_it_is_seen_in_the_file_by_itself(attack: str, folder: Path) -> None:
    do, said = INSIDE[attack]
    do(folder)
    for result in (proof(folder), against(folder)):
        assert result.exit_code == 1 and said in result.output, result.output


@pytest.mark.parametrize("attack", OUTSIDE)
def test_it_is_seen_against_a_head_kept_elsewhere_and_only_so(attack: str, folder: Path) -> None:
    do, said = OUTSIDE[attack]
    do(folder)
    result = against(folder)
    assert result.exit_code == 1 and said in result.output, result.output
    assert proof(folder).exit_code == 0, "should this fail, RECORD.md says too little"


def test_a_head_that_somebody_else_made_accuses_nobody(folder: Path) -> None:
    with reading(folder / "journal.db") as record:
        forged = sign(Ed25519PrivateKey.generate(), record.id, Head(8, bytes(32)), 1)
    kept = (folder / "kept.txt").read_text()
    (folder / "kept.txt").write_text(f"{kept}{str(forged).replace(str(forged).split()[6], kept.split()[6])}\n")
    result = against(folder)
    assert result.exit_code == 1 and "its key has not signed it" in result.output
    assert "8 entries, the chain holds" in result.output


def test_a_sound_record_holds_against_its_head(folder: Path) -> None:
    result = against(folder)
    assert result.exit_code == 0, result.output
    assert "8 entries, the chain holds" in result.output and "head of entry 8" in result.output
    before = {file.name for file in folder.iterdir()}
    assert proof(folder).exit_code == 0
    assert {file.name for file in folder.iterdir()} == before, "nothing is left beside a record that is read"
