"""The power goes at any moment; what had been acknowledged is on record, whole, when it comes back."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing

import apsw
import pytest
from tests.journal.samples import press

from rung.journal import store
from rung.journal.format import Head
from rung.journal.store import Journal
from rung.journal.verify import verify
from rung.sim.disk import Disk, FileLayer, Files, Platter, Step, Sync
from rung.words import Ground, GroundDeclared, PressAnswered, PressRecorded

FILE = "/desk.journal"
TEARS = 3  # torn disks at every cut, beside the one that lost everything


class LostError(AssertionError):
    """An acknowledged press is not on record."""


class Writer:
    """A desk's journal on a disk, and what it has acknowledged: (steps the disk had done by then, press)."""

    def __init__(self, synchronous: str = "FULL", ack_first: bool = False) -> None:
        self.disk = Disk()
        self.acks: list[tuple[int, int]] = []
        self._layer = FileLayer(self.disk)
        self._synchronous = synchronous
        self._ack_first = ack_first
        self._presses = 0
        self.open()

    def open(self) -> None:
        self.journal = Journal(FILE, vfs=self._layer.name)
        if self._synchronous != "FULL":  # a journal cannot be opened so: only a canary does this
            self.journal._db.pragma("synchronous", self._synchronous)

    def presses(self, count: int) -> None:
        for _ in range(count):
            number = self._presses = self._presses + 1
            if self._ack_first:
                self.acks.append((len(self.disk.log), number))
            self.journal.append(press(number), at_ms=number, wall_ms=number)
            if not self._ack_first:
                self.acks.append((len(self.disk.log), number))

    def fill(self, pages: int) -> None:
        notes = [GroundDeclared(ground=Ground.OTHER, person="ann", note="x" * 4000)] * pages
        self.journal.append(notes, at_ms=0, wall_ms=0)


def check(files: Files, acked: set[int]) -> None:
    """Open what the disk still holds and demand every acknowledged press; then go on working with it."""
    layer = FileLayer(Disk(files))
    with closing(Journal(FILE, vfs=layer.name)) as journal:
        head = check_record(journal, acked)
    with closing(apsw.Connection(FILE, vfs=layer.name)) as database:
        database.pragma("locking_mode", "EXCLUSIVE")  # WAL without shared memory
        assert database.pragma("integrity_check") == "ok"
    with closing(Journal(FILE, vfs=layer.name)) as journal:
        assert verify(journal.entries(), journal.id, head).ok


def check_record(journal: Journal, acked: set[int]) -> Head:
    events = [entry.event for entry in journal.entries()]
    assert verify(journal.entries(), journal.id).ok
    recorded = [event.press.number for event in events if isinstance(event, PressRecorded)]
    answered = [event.number for event in events if isinstance(event, PressAnswered)]
    if missing := acked - set(recorded):
        raise LostError(f"acknowledged but not on record: {sorted(missing)}")
    assert recorded == answered == list(range(1, len(recorded) + 1)), "half an append is on record"
    return journal.append(press(len(recorded) + 1), at_ms=0, wall_ms=0)


def cut_everywhere(writer: Writer, seed: int, wanted: Callable[[int, Step], bool]) -> int:
    """Cut the power around every wanted step of what the writer did, and check; return the number of cuts."""
    rng = random.Random(seed)
    cuts = 0
    for files, done in cuts_of(writer.disk.log, rng, wanted):
        acked = {number for steps, number in writer.acks if steps <= done}
        cuts += 1
        try:
            check(files, acked)
        except Exception as error:
            error.add_note(f"RUNG_SEED={seed}: power cut after step {done} of {len(writer.disk.log)}")
            raise
    return cuts


def cuts_of(log: list[Step], rng: random.Random, wanted: Callable[[int, Step], bool]) -> Iterator[tuple[Files, int]]:
    platter = Platter()
    for done, step in enumerate(log):
        for cut in ("before", "after"):
            if cut == "after":
                platter.do(step)
            if wanted(done, step):
                images = [platter.lost(), *(platter.torn(rng) for _ in range(TEARS))]
                yield from ((files, done + (cut == "after")) for files in images)


def at_every_step(done: int, step: Step) -> bool:
    return True


def at_every_sync(done: int, step: Step) -> bool:
    return isinstance(step, Sync)


def life(writer: Writer) -> None:
    """A beginning, some appends over several checkpoints, an orderly end, and a second beginning."""
    writer.presses(14)
    writer.journal.close()
    writer.open()
    writer.presses(3)
    writer.journal.close()


@pytest.fixture
def often_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CHECKPOINT_PAGES", 12)


@pytest.mark.usefixtures("often_checkpoint")
def test_nothing_acknowledged_is_lost_at_any_step(seed: int) -> None:
    writer = Writer()
    life(writer)
    cuts = cut_everywhere(writer, seed, at_every_step)
    print(f"{cuts} power cuts, {len(writer.disk.log)} steps")
    assert cuts > 1000


def test_nothing_acknowledged_is_lost_with_the_settings_that_ship(seed: int) -> None:
    """At every sync point, over a checkpoint of the full size."""
    writer = Writer()
    writer.presses(3)
    writer.fill(store.CHECKPOINT_PAGES - 20)
    writer.presses(12)
    writer.journal.close()
    written = [step.name for step in writer.disk.log if isinstance(step, Sync)]
    assert written.index(FILE, written.index(FILE + "-wal")), "no checkpoint was in the test"
    assert cut_everywhere(writer, seed, at_every_sync) > 40


@pytest.mark.usefixtures("often_checkpoint")
def test_canary_without_syncs_the_loss_is_seen(seed: int) -> None:
    writer = Writer(synchronous="OFF")
    life(writer)
    with pytest.raises(LostError):
        cut_everywhere(writer, seed, at_every_step)


@pytest.mark.usefixtures("often_checkpoint")
def test_canary_acknowledged_before_the_commit_the_loss_is_seen(seed: int) -> None:
    writer = Writer(ack_first=True)
    life(writer)
    with pytest.raises(LostError):
        cut_everywhere(writer, seed, at_every_step)
