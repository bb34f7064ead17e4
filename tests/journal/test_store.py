"""The journal's file, through its public door."""

import os
import random
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.journal.samples import closed, opened, press

from rung.journal.format import Entry, Head, JournalError, genesis
from rung.journal.store import READ_BATCH, Journal
from rung.journal.verify import verify
from rung.sim.disk import Disk, FileLayer
from rung.words import (
    BridgeRestarted,
    CallerCalmed,
    CaseArrived,
    CaseOpened,
    CaseReceived,
    CaseReleased,
    CaseReturned,
    Event,
    Ground,
    GroundDeclared,
    PressRecorded,
    Role,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.journal"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with closing(Journal(path)) as journal:
        yield journal


def write(journal: Journal, *events: Event, at_ms: int = 1) -> Head:
    return journal.append(events, at_ms=at_ms, wall_ms=1_700_000_000_000)


@contextmanager
def in_memory() -> Iterator[Journal]:
    layer = FileLayer(Disk())
    with closing(Journal("/desk.journal", vfs=layer.name)) as journal:
        yield journal


def doctor(path: Path, statement: str) -> None:
    """Change the file behind Rung's back."""
    with closing(apsw.Connection(str(path))) as database:
        database.execute(statement)


# -- what is in it ---------------------------------------------------------------------------------------------


def test_an_empty_journal(journal: Journal) -> None:
    assert journal.head == genesis(journal.id)
    assert (list(journal.entries()), journal.open_cases(), journal.last_at_ms()) == ([], [], 0)
    assert journal.last(CaseOpened) is None and journal.last_press("b0x") is None
    assert write(journal) == journal.head == genesis(journal.id)  # appending nothing


def test_what_was_appended_is_read_back_and_outlives_the_journal(path: Path) -> None:
    events = [opened("c"), *press(1), GroundDeclared(ground=Ground.OTHER, person="ann", note='"Grüezi"\0')]
    with closing(Journal(path)) as journal:
        desk, head = journal.id, write(journal, *events, at_ms=41)
    with closing(Journal(path)) as journal:
        assert (journal.id, journal.head, journal.last_at_ms()) == (desk, head, 41)
        assert [entry.event for entry in journal.entries()] == events
        assert [entry.seq for entry in journal.entries(after=2)] == [3, 4]
        assert verify(journal.entries(), journal.id, head).ok


def test_more_entries_than_one_read_takes(journal: Journal) -> None:
    write(journal, *[CallerCalmed("ann")] * (2 * READ_BATCH + 1))
    assert [entry.seq for entry in journal.entries()] == list(range(1, 2 * READ_BATCH + 2))
    assert len(list(journal.entries(after=READ_BATCH))) == READ_BATCH + 1


def test_appending_while_reading_is_seen_whole(journal: Journal) -> None:
    write(journal, *press(1))
    reading = journal.entries()
    first = next(reading)
    write(journal, *press(2))
    assert verify([first, *reading], journal.id).ok


@given(st.lists(st.tuples(st.sampled_from(["left", "right"]), st.sampled_from(["b1", "b2"])), max_size=9))
def test_the_last_press_is_each_box_s_own(presses: list[tuple[str, str]]) -> None:
    expected: dict[str, tuple[str, int]] = {}
    with in_memory() as journal:
        for number, (box, boot) in enumerate(presses):
            write(journal, *press(number, box, boot), CallerCalmed("ann"))
            expected[box] = (boot, number)
        assert [journal.last_press(box) for box in ("left", "right")] == [
            expected.get("left"),
            expected.get("right"),
        ]


CASE_MOVES = {  # how a case comes to a desk and goes: from which state to which
    "open": ("gone", "here"),
    "receive": ("gone", "coming"),
    "forget": ("coming", "gone"),
    "arrive": ("coming", "here"),
    "release": ("here", "released"),
    "keep": ("released", "here"),
    "close": ("here", "gone"),
    "close after release": ("released", "gone"),
}
CASE_EVENTS = {
    "open": opened,
    "receive": lambda case: CaseReceived(case=case, desk="d", state="{}"),
    "forget": CaseReturned,
    "arrive": lambda case: CaseArrived(case=case, epoch=1, call="c", person="ann", role=Role.AGENT),
    "release": lambda case: CaseReleased(case, "d"),
    "keep": CaseReturned,
    "close": closed,
    "close after release": closed,
}


@given(st.lists(st.tuples(st.sampled_from(sorted(CASE_MOVES)), st.sampled_from("abc")), max_size=40))
def test_open_cases_are_everything_since_the_desk_had_none(story: list[tuple[str, str]]) -> None:
    state = dict.fromkeys("abc", "gone")
    expected: list[Event] = []
    with in_memory() as journal:
        for act, case in story:
            before, after = CASE_MOVES[act]
            if state[case] == before:
                expected.append(CASE_EVENTS[act](case))
                write(journal, expected[-1])
                state[case] = after
                write(journal, CallerCalmed("ann"))
                expected = [] if set(state.values()) == {"gone"} else [*expected, CallerCalmed("ann")]
        assert [entry.event for entry in journal.open_cases()] == expected


def test_an_event_of_another_version_does_not_hinder_the_rest(path: Path) -> None:
    with closing(Journal(path)) as journal:
        write(journal, opened("c"), CallerCalmed("ann"), *press(3))
    doctor(path, """UPDATE entry SET kind = 'Later', body = '{"type":"Later"}' WHERE seq = 2""")
    with closing(Journal(path)) as journal:
        assert [entry.kind for entry in journal.open_cases()][1] == "Later"
        assert journal.last_press("b0x") == ("b1", 3)
        with pytest.raises(JournalError, match="entry 2: this version of Rung cannot read"):
            _ = list(journal.entries())[1].event


# -- what it refuses -------------------------------------------------------------------------------------------


def refusal(path: Path | str, vfs: str | None = None) -> str:
    with pytest.raises(JournalError) as error:
        Journal(path, vfs=vfs).close()
    line = str(error.value)
    assert "\n" not in line and str(path) in line
    return line


def test_a_second_bridge_in_this_or_another_process(path: Path, journal: Journal) -> None:
    assert "in use by another bridge; stop that one" in refusal(path)
    program = "import sys; from rung.journal.store import Journal; Journal(sys.argv[1])"
    other = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True)
    assert other.returncode != 0
    assert other.stderr.strip().endswith("or name another file (database is locked)")
    write(journal, *press(1))
    assert verify(journal.entries(), journal.id).ok


def test_only_the_owner_may_read_the_file(path: Path) -> None:
    path.touch(0o644)  # as if somebody had copied it back from a backup
    with closing(Journal(path)) as journal:
        write(journal, *press(1))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"desk.journal": 0o600, "desk.journal-wal": 0o600}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="for root nothing is read-only")
def test_a_file_that_may_not_be_written(path: Path) -> None:
    Journal(path).close()
    path.chmod(0o400)
    assert "give this user the right to write it" in refusal(path)


def test_a_file_that_is_newer(path: Path) -> None:
    Journal(path).close()
    doctor(path, "PRAGMA user_version = 7")
    assert "has version 7, this Rung knows 2; update Rung" in refusal(path)


def test_a_database_of_somebody_else_stays_as_it_is(path: Path) -> None:
    doctor(path, "CREATE TABLE theirs (a)")
    before = path.read_bytes()
    assert "is not a journal of Rung" in refusal(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"nonsense" * 1000)
    assert "is not a journal of Rung" in refusal(path)


def test_a_folder_that_does_not_exist(path: Path) -> None:
    assert "check that its folder exists" in refusal(path / "nowhere")
    assert "check that its folder exists" in refusal(path.parent)


def test_a_place_where_the_settings_do_not_hold() -> None:
    assert "journal_mode is 'memory' instead of 'wal'" in refusal(":memory:", vfs="unix")


@pytest.mark.parametrize(
    "attack",
    [
        "DELETE FROM entry WHERE seq = 2",
        "UPDATE entry SET at_ms = 0 WHERE seq = 3",
        "UPDATE entry SET hash = x'00' WHERE seq = 2",
        "UPDATE entry SET seq = 4 WHERE seq = 3",
        "UPDATE journal SET id = 'another'",
        "DELETE FROM journal",
    ],
)
def test_a_tail_that_was_tampered_with(path: Path, attack: str) -> None:
    with closing(Journal(path)) as journal:
        write(journal, opened("c"), CallerCalmed("ann"), CallerCalmed("ann"))
    if "journal" in attack:  # the beginning binds the first entry
        doctor(path, "DELETE FROM entry WHERE seq > 1")
    doctor(path, attack)
    assert "does not follow from what comes before it" in refusal(path)


def test_text_that_is_not_unicode_changes_nothing(journal: Journal) -> None:
    head = write(journal, *press(1))
    with pytest.raises(JournalError, match="a GroundDeclared holds text that is not Unicode"):
        write(journal, *press(2), GroundDeclared(ground=Ground.OTHER, person="ann", note="\udcff"))
    assert journal.head == head and write(journal, BridgeRestarted()).seq == 3


def test_a_closed_journal_says_so(path: Path) -> None:
    journal = Journal(path)
    journal.close()
    with pytest.raises(JournalError, match="has been closed"):
        write(journal, *press(1))
    with pytest.raises(JournalError, match="has been closed"):
        journal.last(PressRecorded)


def test_a_flipped_bit_in_the_file_never_passes_for_the_record(path: Path, seed: int) -> None:
    """It is refused, or seen by the verifier, or harmless (an index, an unused place, a setting)."""
    with closing(Journal(path)) as journal:
        write(journal, opened("c"), *press(1), *press(2), closed("c"))
        desk, head, sound = journal.id, journal.head, list(journal.entries())
    image = path.read_bytes()
    bits = random.Random(seed).sample(range(8 * len(image)), 100)
    for entry in sound:  # and all of the few bytes that hold an entry's number and lengths
        text = image.index(entry.kind.encode() + entry.body)
        bits += range(8 * (text - 32), 8 * text)
    seen = 0
    for bit in bits:
        flipped = bytearray(image)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        for leftover in ("-wal", "-journal"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        read = read_all(path)
        assert read is None or read == sound or not verify(read, desk, head).ok, f"RUNG_SEED={seed}: bit {bit}"
        seen += read != sound
    assert seen


def read_all(path: Path) -> list[Entry] | None:
    with suppress(JournalError), closing(Journal(path)) as journal:
        return list(journal.entries())
    return None
