"""Every bit of a sample file flipped, and the file cut off at every byte: seen, or without any meaning.

The sample is ``files/version-1.db``: five pages, thirteen entries. What a flip can do, and where, is in RECORD.md.
"""

import os
import random
from collections import Counter
from contextlib import closing
from pathlib import Path

import apsw
from tests.journal.samples import press
from tests.journal.test_versions import OLD, OLD_HEAD

from rung.journal.format import Entry, JournalError, genesis
from rung.journal.reading import LOG_HEADER_BYTES, exported, reading, record_in
from rung.journal.store import Journal
from rung.journal.verify import verify

LONG = "RUNG_LONG" in os.environ
PAGE = 4096
FRAME_BYTES = PAGE + 24  # of the log, after its header
HEADER = 100  # bytes of the file's own header, at its beginning
LOG_MODE = slice(18, 20)  # where the header says that there is a log; a database in memory can have none
ENTRIES_PAGE = 3

IMAGE = OLD.read_bytes()
IMAGE_IN_MEMORY = IMAGE[:18] + b"\1\1" + IMAGE[20:]


def found(image: bytes) -> tuple[str, list[Entry]]:
    """How a damaged file is found out, and what is read from it; the first is empty where it is not."""
    db = apsw.Connection(":memory:")
    try:
        db.deserialize("main", image)
        record = record_in(db, "sample")
        entries: list[Entry] = []

        def read() -> list[Entry]:
            entries.extend(record.entries())
            return entries

        try:
            broken = verify(read(), record.id).broken
        except JournalError:
            return "refused", entries
        return ("chain" if broken else "structure" if record.structure() else ""), entries
    except JournalError:
        return "refused", []
    finally:
        db.close()


SOUND = found(IMAGE_IN_MEMORY)[1]


def place_of(byte: int) -> str:
    page, start = byte // PAGE, byte // PAGE * PAGE
    if byte < HEADER:
        return "header"
    head = start + (HEADER if page == 0 else 0)
    cells = int.from_bytes(IMAGE[head + 3 : head + 5], "big")
    content = start + int.from_bytes(IMAGE[head + 5 : head + 7], "big")
    if head + 8 + 2 * cells <= byte < content:
        return "unused"
    return f"page {page + 1}"


def test_every_flipped_bit_is_found_or_means_nothing(seed: int) -> None:
    """By default one bit of each of the entries' bytes, and of every eighth other byte; at length every bit."""
    assert len(SOUND) == OLD_HEAD.seq and found(IMAGE_IN_MEMORY)[0] == ""
    rng = random.Random(seed)
    counted: Counter[tuple[str, str]] = Counter()
    for byte in range(len(IMAGE)):
        place = place_of(byte)
        bits = range(8) if LONG else [rng.randrange(8)]
        if LOG_MODE.start <= byte < LOG_MODE.stop:
            continue
        if not LONG and place != f"page {ENTRIES_PAGE}" and byte % 8:
            continue
        for bit in bits:
            flipped = bytearray(IMAGE_IN_MEMORY)
            flipped[byte] ^= 1 << bit
            how, entries = found(bytes(flipped))
            if not how:
                assert entries == SOUND, f"RUNG_SEED={seed}: bit {bit} of byte {byte} passes for another record"
            counted[place, how or "means nothing"] += 1
    for (place, how), count in sorted(counted.items()):
        print(f"{place}: {how}: {count}")
    silent = {place: count for (place, how), count in counted.items() if how == "means nothing"}
    assert set(silent) <= {"header", "unused", "page 1", "page 2", f"page {ENTRIES_PAGE}"}
    assert counted[f"page {ENTRIES_PAGE}", "chain"] > (15_000 if LONG else 1_500)
    # One bit each: how SQLite stores the entry's number.
    assert silent.get(f"page {ENTRIES_PAGE}", 0) in ([OLD_HEAD.seq] if LONG else range(OLD_HEAD.seq + 1))


def test_the_flips_that_no_memory_takes_are_harmless_too(tmp_path: Path) -> None:
    path = tmp_path / "sample.db"
    for byte in range(LOG_MODE.start, LOG_MODE.stop):
        for bit in range(8):
            flipped = bytearray(IMAGE)
            flipped[byte] ^= 1 << bit
            path.write_bytes(flipped)
            try:
                with reading(path) as record:
                    entries = list(record.entries())
            except JournalError:
                continue
            assert entries == SOUND


def sizes(whole: int, by: int) -> range:
    return range(1, whole, 1 if LONG else by)


def test_a_file_cut_off_at_any_byte_never_passes_for_the_record() -> None:
    for size in sizes(len(IMAGE), 8):
        how, entries = found(IMAGE_IN_MEMORY[:size])
        assert how in ("refused", "chain", "structure"), size
        assert entries == SOUND[: len(entries)]


def test_a_log_cut_off_at_any_byte_is_found_with_the_head_kept_elsewhere(tmp_path: Path) -> None:
    """What is left is whole appends: a sound, shorter record, as a cut-off tail always is."""
    path, log = tmp_path / "journal.db", tmp_path / "journal.db-wal"
    with closing(Journal(path)) as journal:
        made = log.stat().st_size
        heads = [genesis(journal.id), *(journal.append(press(n), at_ms=n, wall_ms=n) for n in (1, 2, 3))]
        whole, image, name = log.read_bytes(), path.read_bytes(), journal.id
    path.write_bytes(image)  # closing has copied the log into it
    frames = range(LOG_HEADER_BYTES, len(whole), FRAME_BYTES)
    for size in {*range(0, len(whole), 1 if LONG else 997), *frames, *(at - 1 for at in frames)}:
        log.write_bytes(whole[:size])
        try:
            with reading(path) as record:
                report = verify(record.entries(), record.id)
        except JournalError:
            assert size < made, "the tables themselves are not there"
            continue
        assert report.ok and report.head in heads, size
        assert report.head != heads[-1] or size > len(whole) - FRAME_BYTES
    log.write_bytes(whole)
    with reading(path) as record:
        assert (record.id, verify(record.entries(), name).head) == (name, heads[-1])


def test_an_export_cut_off_at_any_byte_is_found_with_the_head_kept_elsewhere(tmp_path: Path) -> None:
    with reading(OLD) as record:
        whole = b"".join(exported(record))
    path = tmp_path / "export.jsonl"
    unseen = 0
    line_ends = [at for at, byte in enumerate(whole, 1) if byte == 10]
    for size in {*sizes(len(whole), 4), *line_ends, *(at - 1 for at in line_ends)} - {len(whole)}:
        path.write_bytes(whole[:size])
        try:
            with reading(path) as record:
                unseen += verify(record.entries(), record.id).ok
                # Without its last line feed it is the whole record still.
                assert verify(record.entries(), record.id, OLD_HEAD).ok == (size == len(whole) - 1), size
        except JournalError:
            continue
    # At the end of each line, with and without the line feed: there it is a sound, shorter record.
    assert unseen == 2 * OLD_HEAD.seq + 1
