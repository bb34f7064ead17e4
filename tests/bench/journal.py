"""What the record costs, beside plain SQLite with the same settings in the same run.

`python -m tests.bench.journal`. One durable append of one press; twenty sealed events in one append; a million entries
written, and proven by the verifier in a process of its own, with the memory that it takes.
"""

import argparse
import gc
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import apsw
from tests.bench.report import machine, met, quantile
from tests.journal.samples import opened, press

from rung.desk.privacy import Privacy
from rung.journal.format import Entry, Head, seal
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.words import Event, Ground, GroundDeclared

APPEND_TIMES, GROUP_TIMES = 1.3, 2.5  # goals, beside plain SQLite: one append at p99, twenty sealed at the median
VERIFY_S, VERIFY_MB = 20.0, 200.0  # goals
GROUP = 20
TOGETHER = 1000  # entries in one append while the million is written
WALL_MS = 1_764_000_000_000


class Plain:
    """The same rows in the same table of a database with the same settings, and nothing else: no chain, no index."""

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path))
        for setting in ("locking_mode=EXCLUSIVE", "synchronous=FULL", "journal_mode=WAL"):
            self._db.execute(f"PRAGMA {setting}")
        self._db.execute(
            "CREATE TABLE entry (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,"
            " kind TEXT NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL) STRICT"
        )

    def append(self, rows: list[tuple[object, ...]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO entry VALUES (?,?,?,?,?,?)", rows)
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()


def rows_of(events: list[Event], head: Head) -> list[tuple[object, ...]]:
    """What the journal is about to write, made beforehand."""
    rows = []
    for event in events:
        e: Entry = seal(head, event, at_ms=1, wall_ms=WALL_MS)
        rows.append((e.seq, e.at_ms, e.wall_ms, e.kind, e.body.decode(), e.hash))
        head = Head(e.seq, e.hash)
    return rows


def in_turns(
    turns: int, ours: Callable[[int], Callable[[], object]], plain: Callable[[int], Callable[[], object]]
) -> tuple[list[int], list[int]]:
    """Nanoseconds of each; who goes first changes. What is made beforehand is not in them."""
    taken: tuple[list[int], list[int]] = ([], [])
    gc.disable()
    for turn in range(turns):
        pair = [(taken[0], ours(turn)), (taken[1], plain(turn))]
        for samples, work in pair if turn % 2 else reversed(pair):
            begun = time.perf_counter_ns()
            work()
            samples.append(time.perf_counter_ns() - begun)
    gc.enable()
    return taken


def single(folder: Path, turns: int) -> tuple[list[int], list[int]]:
    with closing(Journal(folder / "single.db")) as journal, closing(Plain(folder / "plain.db")) as plain:
        made: list[tuple[object, ...]] = []

        def ours(turn: int) -> Callable[[], object]:
            events = press(turn + 1)
            made[:] = rows_of(events, journal.head)
            return lambda: journal.append(events, at_ms=1, wall_ms=WALL_MS)

        def beside(turn: int) -> Callable[[], object]:
            rows = list(made)
            return lambda: plain.append(rows)

        return in_turns(turns, ours, beside)


def grouped(folder: Path, turns: int) -> tuple[list[int], list[int]]:
    """Ten notes about a caller and five presses, all of one case: everything that names somebody is sealed."""
    with (
        closing(Journal(folder / "grouped.db")) as journal,
        closing(Plain(folder / "plain20.db")) as plain,
        closing(Vault(folder / "vault.db")) as vault,
    ):
        privacy = Privacy(journal, vault, threading.Lock(), lambda: 1, lambda: WALL_MS)
        journal.append(privacy.sealed([opened("bench-1")], "", WALL_MS), at_ms=1, wall_ms=WALL_MS)
        made: list[tuple[object, ...]] = []

        def ours(turn: int) -> Callable[[], object]:
            events: list[Event] = [event for n in range(GROUP // 4) for event in press(turn * GROUP + n + 1)]
            events += [
                GroundDeclared(ground=Ground.OTHER, person="ann", note=f"says {n}: a sentence of usual length")
                for n in range(GROUP - len(events))
            ]
            made[:] = rows_of(privacy.sealed(events, "bench-1", WALL_MS), journal.head)
            return lambda: journal.append(privacy.sealed(events, "bench-1", WALL_MS), at_ms=1, wall_ms=WALL_MS)

        def beside(turn: int) -> Callable[[], object]:
            rows = list(made)
            return lambda: plain.append(rows)

        return in_turns(turns, ours, beside)


def write_many(path: Path, count: int) -> float:
    begun = time.monotonic()
    with closing(Journal(path)) as journal:
        for events in batches(count):
            journal.append(events, at_ms=1, wall_ms=WALL_MS)
    return time.monotonic() - begun


def batches(count: int) -> Iterator[list[Event]]:
    for first in range(1, count // 2 + 1, TOGETHER // 2):
        yield [event for number in range(first, min(first + TOGETHER // 2, count // 2 + 1)) for event in press(number)]


PROVE = """
import resource, sys, time
from pathlib import Path
from rung.journal.reading import reading
from rung.journal.verify import verify
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.monotonic()
with reading(Path(sys.argv[1])) as record:
    report = verify(record.entries(), record.id)
    walked = time.monotonic() - begun
    assert report.ok and record.structure() == ""
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(report.head.seq, walked, time.monotonic() - begun, before / 1024, most / 1024)
"""


def prove(path: Path) -> tuple[int, float, float, float, float]:
    """Entries, seconds for the chain, for everything, megabytes before and at the most."""
    done = subprocess.run([sys.executable, "-c", PROVE, path], capture_output=True, text=True, check=True)
    entries, *figures = done.stdout.split()
    walked, whole, before, most = map(float, figures)
    return int(entries), walked, whole, before, most


def told(name: str, ours: list[int], plain: list[int]) -> None:
    for who, samples in (("record", ours), ("plain SQLite", plain)):
        figures = "".join(f"{quantile(samples, part):9.3f}" for part in (0.5, 0.99, 1))
        print(f"{name + ', ' + who:44}{len(samples):6}{figures}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.journal", description=__doc__)
    parser.add_argument("--turns", type=int, default=3000, metavar="N", help="appends of each kind (3000)")
    parser.add_argument("--entries", type=int, default=1_000_000, metavar="N", help="to be proven (1,000,000)")
    asked = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="rung-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        one, twenty = single(folder, asked.turns), grouped(folder, asked.turns // 3)
        print(f"\n{'ms':44}{'n':>6}{'median':>9}{'p99':>9}{'max':>9}")
        told("one press", *one)
        told("twenty events, sealed", *twenty)
        at_p99, at_median = (quantile(one[0], part) / quantile(one[1], part) for part in (0.99, 0.5))
        print(f"\none press: {at_p99:.2f} times plain SQLite at p99, {at_median:.2f} at the median; ", end="")
        print(f"goal {APPEND_TIMES:g} at p99: {met(at_p99 <= APPEND_TIMES)}")
        at_p99, at_median = (quantile(twenty[0], part) / quantile(twenty[1], part) for part in (0.99, 0.5))
        print(f"twenty sealed: {at_median:.2f} times plain SQLite at the median, {at_p99:.2f} at p99; ", end="")
        print(f"goal {GROUP_TIMES:g} at the median: {met(at_median <= GROUP_TIMES)}", flush=True)
        wrote_s = write_many(folder / "many.db", asked.entries)
        size_mb = (folder / "many.db").stat().st_size / 1e6
        print(f"\n{asked.entries:,} entries written, {TOGETHER} at once: {wrote_s:.1f} s, {size_mb:.0f} MB", flush=True)
        entries, walked, whole, before, most = prove(folder / "many.db")
        print(f"{entries:,} entries proven in {walked:.1f} s; goal {VERIFY_S:g}: {met(walked < VERIFY_S)}; ", end="")
        print(f"with the file around them {whole:.1f} s")
        print(f"memory at the most {most:.0f} MB, {before:.0f} of them before it began; ", end="")
        print(f"goal {VERIFY_MB:g}: {met(most < VERIFY_MB)}")
    print(machine())


if __name__ == "__main__":
    main()
