"""A record is read while its bridge writes it, and nothing of it is touched."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.journal.samples import press

from rung.journal.format import JournalError
from rung.journal.reading import exported, reading
from rung.journal.store import Journal
from rung.journal.verify import verify

SNAPSHOTS = 15

WRITER = """
import sys
from rung.journal import store
from tests.journal.samples import press
store.CHECKPOINT_PAGES = int(sys.argv[2])
journal = store.Journal(sys.argv[1])
number = 0
while True:
    number += 1
    journal.append(press(number), at_ms=number, wall_ms=number)
    print(number, flush=True)
"""


@contextmanager
def writer(path: Path, checkpoint_pages: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", WRITER, str(path), str(checkpoint_pages)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("checkpoint_pages", [12, 60, 1000])
def test_a_running_desk_s_record_is_read_whole_again_and_again(checkpoint_pages: int, tmp_path: Path) -> None:
    """Small checkpoints make the log begin anew all the time: what a copy must survive."""
    path = tmp_path / "journal.db"
    with writer(path, checkpoint_pages) as process:
        assert process.stdout is not None
        lengths = []
        for _ in range(SNAPSHOTS):
            acked = int(process.stdout.readline())
            with reading(path) as record:
                report = verify(record.entries(), record.id)
                assert report.ok and record.structure() == "", report
            assert report.head.seq >= 2 * acked, "what was acknowledged is in it"
            lengths.append(report.head.seq)
        assert lengths == sorted(lengths) and lengths[-1] > lengths[0]
    assert {file.name for file in tmp_path.iterdir()} <= {"journal.db", "journal.db-wal"}


def test_the_bridge_keeps_its_hold_of_a_file_that_somebody_reads(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with writer(path, 1000) as process:
        assert process.stdout is not None and process.stdout.readline()
        with reading(path):
            pass
        with pytest.raises(JournalError, match="in use by another bridge"):
            Journal(path)


def test_a_copy_without_rights_to_write_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(Journal(path)) as journal:
        head = journal.append(press(1), at_ms=1, wall_ms=1)
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with reading(path) as record:
            assert verify(record.entries(), record.id, head).ok
        assert [file.name for file in tmp_path.iterdir()] == ["journal.db"]
    finally:
        tmp_path.chmod(0o700)


def test_what_was_exported_is_the_record(tmp_path: Path) -> None:
    path, out = tmp_path / "journal.db", tmp_path / "out.jsonl"
    with closing(Journal(path)) as journal:
        head = journal.append([*press(1), *press(2)], at_ms=1, wall_ms=1)
    with reading(path) as record:
        entries = list(record.entries())
        out.write_bytes(b"".join(exported(record, ["rung-head-v1 …"])))
    with reading(out) as record:
        assert list(record.entries()) == entries
        assert verify(record.entries(), record.id, head).ok


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "is not there; check the name"),
        (b"", "is not a journal of Rung"),
        (b"nonsense" * 100, "is no journal, or is damaged from its first bytes on"),
        (b'{"rung_journal":9,"journal":"0a"}\n', "has version 9, this Rung knows 2; update Rung"),
        (b'{"rung_journal":true}\n', "line 1: cannot be read"),
    ],
)
def test_what_is_no_record_is_said_in_one_line(content: bytes | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JournalError) as error, reading(path):
        pass
    assert why in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"\xff", b'{"seq":1,"at_ms":1,"wall_ms":1,"kind":"","body":"","hash":"x"}']
)
def test_an_export_with_a_bad_line_says_where(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"rung_journal":2,"journal":"0a"}\n' + line + b"\n")
    with reading(path) as record:
        report = verify(record.entries(), record.id)
    assert report.broken is not None and "line 2: " in report.broken.what
