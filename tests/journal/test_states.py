"""What a desk does when its record cannot be written or is not what it was: each row of the table in RECORD.md.

A disk that fills up in mid-call, fails or turns read-only under a running bridge is in tests/desk/test_bridge.py and
test_faults.py; a file in use, foreign or newer in test_store.py.
"""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from tests.journal.samples import closed, opened, press
from typer.testing import CliRunner

from rung.cli.app import app
from rung.desk.recovery import recover
from rung.journal.anew import NUMBERS_SINCE_MS, open_journal
from rung.journal.format import Head, JournalDamaged, JournalError
from rung.journal.heads import heads_in
from rung.journal.reading import reading
from rung.journal.signing import Signer, last_signed
from rung.journal.store import Journal
from rung.journal.verify import verify
from rung.words import CallerCalmed, CaseOpened, Event, RecordBegunAnew

NEVER_BEFORE = (1_764_000_000_000 - NUMBERS_SINCE_MS) // 60_000  # any number of a call from before this was written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The record of a desk, with a case that is open, and its signed head."""
    path = tmp_path / "journal.db"
    sign(path, write(path, opened("c"), *press(1), closed("c"), opened("d"), *press(2)))
    return path


def write(path: Path, *events: Event) -> Head:
    with closing(Journal(path)) as journal:
        return journal.append(events, at_ms=5000, wall_ms=1_700_000_000_000)


def sign(path: Path, head: Head) -> None:
    with reading(path) as record:
        Signer(path).sign(record.id, head, 1)


def begun_anew(path: Path, damage: str = "") -> tuple[RecordBegunAnew, Path | None]:
    """The first entry of the fresh record, and where the one before lies."""
    before = {file: file.read_bytes() for file in path.parent.glob("journal.db*")}
    journal, told = open_journal(path, damage)
    with closing(journal):
        (entry,) = journal.entries()
        event = entry.event
        assert isinstance(event, RecordBegunAnew) and event.why in told and "\n" not in told
        assert verify(journal.entries(), journal.id, journal.head).ok
        desk = recover(journal)
        assert desk.case is None and desk.epoch == desk.ask == desk.effect == event.epoch > NEVER_BEFORE
        journal.append([opened("e"), *press(3)], at_ms=1, wall_ms=1)
    if not event.file:
        return event, None
    aside = path.with_name(event.file)
    assert aside.read_bytes() == before[path], "what was damaged is kept as it was"
    log = aside.with_name(aside.name + "-wal")
    assert not log.exists() or log.read_bytes() == before[path.with_name("journal.db-wal")]
    again, told = open_journal(path)
    again.close()
    assert told == "", "once is enough"
    return event, aside


def zero(name: str) -> Callable[[Path], None]:
    """The first page of this table or index is lost."""

    def damage(path: Path) -> None:
        with closing(apsw.Connection(str(path))) as db:
            page, size = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).get, 4096
        with path.open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(bytes(size))

    return damage


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def forge_the_last(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as db:
        db.execute("UPDATE entry SET at_ms = 1 WHERE seq = (SELECT max(seq) FROM entry)")


def empty_the_table(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as db:
        db.execute("DELETE FROM entry")


def roll_back(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as db:
        db.execute("DELETE FROM entry WHERE seq > 5")


def fork(path: Path) -> None:
    roll_back(path)
    write(path, *[CallerCalmed("eve")] * 9)


def swap_for_another(path: Path) -> None:
    write(path.with_name("other.db"), *[CallerCalmed("eve")] * 9)
    shutil.move(path.with_name("other.db"), path)


def make_foreign(path: Path) -> None:
    path.unlink()
    with closing(apsw.Connection(str(path))) as db:
        db.execute("CREATE TABLE theirs (a)")


# What is done, and what the entry says.
DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "entries lost": (zero("entry"), "is damaged"),
    "cut off": (cut, "is damaged"),
    "overwritten": (overwrite, "is damaged"),
    "last entry forged": (forge_the_last, "does not follow"),
    "emptied": (empty_the_table, "it ends at entry 0, but this desk has signed entry 7"),
    "rolled back": (roll_back, "it ends at entry 5, but this desk has signed entry 7: it was rolled back"),
    "forked": (fork, "its entry 7 is not the one that this desk has signed"),
    "another desk's": (swap_for_another, "this desk signed entry 7 of another record"),
    "foreign": (make_foreign, "is not a journal of Rung"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_not_the_record_any_more_is_kept_and_a_fresh_one_begins_with_a_pointer(name: str, path: Path) -> None:
    damage, why = DAMAGES[name]
    damage(path)
    event, aside = begun_anew(path)
    assert why in event.why and aside is not None
    signed = last_signed(path)
    assert signed is not None
    assert (event.journal, event.seq, event.hash) == (signed.journal, 7, signed.hash.hex())


def test_the_proof_of_a_fresh_record_says_what_it_goes_on_from(path: Path) -> None:
    kept = path.with_name("kept")
    kept.write_text(path.with_suffix(".head").read_text())
    cut(path)
    _, aside = begun_anew(path)
    with closing(Journal(path)) as journal:
        signed = Signer(path).sign(journal.id, journal.head, 1)
    kept.write_text(f"{kept.read_text()}{signed}\n")
    proven = CliRunner().invoke(app, ["journal", "verify", str(path), "--against", str(kept)])
    assert proven.exit_code == 0 and aside is not None
    assert "it was begun anew after entry 7 of" in proven.output and aside.name in proven.output


def test_a_file_that_is_gone_is_said_too(path: Path) -> None:
    path.unlink()
    event, aside = begun_anew(path)
    assert aside is None and event.seq == 7 and "is missing or empty, but" in event.why


def test_a_log_without_its_file_is_kept(path: Path) -> None:
    with closing(Journal(path)) as journal:
        journal.append(press(3), at_ms=1, wall_ms=1)
        log = path.with_name("journal.db-wal")
        kept = log.read_bytes()
        shutil.copy(log, path.with_name("copy"))
    path.unlink()
    path.with_suffix(".head").unlink()
    shutil.move(path.with_name("copy"), log)
    event, aside = begun_anew(path)
    assert aside is None and "its log is left" in event.why
    (found,) = path.parent.glob("journal.damaged-*-wal")
    assert found.read_bytes() == kept


def test_what_a_running_bridge_has_met_is_damage_whatever_the_next_look_says(path: Path) -> None:
    event, aside = begun_anew(path, damage="the index was lost")
    assert event.why == "the index was lost" and aside is not None and event.seq == 7


def test_entries_since_the_last_signed_head_count_as_sound_when_their_chain_holds(path: Path) -> None:
    write(path, CallerCalmed("ann"))
    zero("entry_by_kind")(path)
    with closing(Journal(path)) as journal, pytest.raises(JournalDamaged):
        journal.last(CaseOpened)
    event, _ = begun_anew(path, damage="an index")
    assert event.seq == 8


def test_damage_upon_damage_keeps_every_file(path: Path) -> None:
    for _ in range(3):
        cut(path)
        begun_anew(path)
    assert len(list(path.parent.glob("journal.damaged-*.db"))) == 3


def test_without_a_signed_head_damage_is_still_met(path: Path) -> None:
    path.with_suffix(".head").unlink()
    cut(path)
    event, _ = begun_anew(path)
    assert event.seq == 0 and event.journal == ""


def test_what_goes_on_from_its_signed_head_is_left_alone(path: Path) -> None:
    write(path, CallerCalmed("ann"))
    journal, told = open_journal(path)
    with closing(journal):
        assert told == "" and journal.head.seq == 8


def test_a_fresh_desk_begins_without_a_word(tmp_path: Path) -> None:
    journal, told = open_journal(tmp_path / "journal.db")
    with closing(journal):
        assert told == "" and journal.head.seq == 0


@pytest.mark.parametrize("version", [0, 7])
def test_a_newer_record_is_no_damage(version: int, path: Path) -> None:
    with closing(apsw.Connection(str(path))) as db:
        db.pragma("user_version", version)
    with pytest.raises(JournalError, match=f"has version {version}, this Rung knows 2; update Rung"):
        open_journal(path)


def test_a_file_in_use_is_no_damage(path: Path) -> None:
    with closing(Journal(path)):
        program = "import sys; from rung.journal.anew import *; open_journal(Path(sys.argv[1]))"
        other = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True)
    assert "is in use by another bridge" in other.stderr
    assert not list(path.parent.glob("*damaged*"))


# -- the desk's key ----------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_is_its_owner_s(path: Path) -> None:
    key, head = path.with_suffix(".key"), path.with_suffix(".head")
    assert [stat.S_IMODE(file.stat().st_mode) for file in (key, head)] == [0o600, 0o600]
    before = key.read_bytes()
    signed = Signer(path).sign("0a", Head(1, bytes(32)), 1)
    assert key.read_bytes() == before and heads_in(head.read_text()) == [signed] == [last_signed(path)]
    assert sorted(file.name for file in path.parent.iterdir()) == ["journal.db", "journal.head", "journal.key"]


def test_a_key_that_is_none_is_not_written_over(path: Path) -> None:
    key = path.with_suffix(".key")
    key.write_text("nonsense")
    with pytest.raises(JournalError, match="is not the desk's key; put the right one back"):
        Signer(path)
    assert key.read_text() == "nonsense"
    key.unlink()
    with pytest.raises(JournalError, match="no key yet"):
        Signer(path, make=False)


def test_a_head_that_is_not_genuine_is_nobody_s(path: Path) -> None:
    head = path.with_suffix(".head")
    head.write_text(head.read_text().replace(" 7 ", " 8 "))
    assert last_signed(path) is None


# -- a real disk -------------------------------------------------------------------------------------------------------

SMALL_DISK = """
set -e
mount -t tmpfs -o size=300k tmpfs "$1"
"$2" -m tests.journal.small_disk "$1" fills
mount -o remount,ro "$1"
"$2" -m tests.journal.small_disk "$1" read-only
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of one's own is made by Linux")
def test_a_disk_that_is_really_full_and_really_read_only(tmp_path: Path) -> None:
    trial = subprocess.run(["unshare", "-rm", "true"], capture_output=True)
    if trial.returncode:
        pytest.skip("no namespace of one's own is allowed here: sysctl kernel.unprivileged_userns_clone=1")
    root = Path(__file__).parents[2]
    command = ["unshare", "-rm", "sh", "-c", SMALL_DISK, "sh", tmp_path, sys.executable]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
