"""The disk fails at any call: append says so, nothing acknowledged is lost, and once it is mended work goes on."""

from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import TypeVar

import apsw
import pytest
from tests.journal.samples import press

from rung.journal import store
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.journal.verify import verify
from rung.sim.disk import Disk, FileLayer, Platter, Step
from rung.words import PressRecorded

FILE = "/desk.journal"
T = TypeVar("T")
PRESSES = 10

FAULTS = {
    "disk failed": apsw.IOError,
    "disk full": apsw.FullError,
    "read-only": apsw.ReadOnlyError,
}


class Breaker:
    """Fails the disk's n-th step, or every step from the n-th on."""

    def __init__(self, number: int, error: type[apsw.Error], *, for_good: bool) -> None:
        self.number, self.error, self.for_good = number, error, for_good
        self.seen = 0

    def __call__(self, step: Step) -> None:
        self.seen += 1
        if self.seen == self.number or (self.for_good and self.seen > self.number):
            raise self.error("injected")


class Shift:
    """Presses on a disk with a fault; every failure is tried again after ``mend``."""

    def __init__(self, fault: Breaker | None, mend: Callable[[Disk], None]) -> None:
        self.disk = Disk()
        self.disk.fault = fault
        self.acked: list[int] = []
        self.failures: list[str] = []
        self._mend = mend
        self._layer = FileLayer(self.disk)
        journal = self._despite(self._open)
        for number in range(1, PRESSES + 1):
            self._despite(partial(self._press, journal, number))
        with suppress(JournalError):  # closing tidies up; a fault in it loses nothing
            journal.close()
        self.disk.fault = None

    def _open(self) -> Journal:
        return Journal(FILE, vfs=self._layer.name)

    def _press(self, journal: Journal, number: int) -> None:
        before = journal.head
        try:
            journal.append(press(number), at_ms=number, wall_ms=number)
        except JournalError:
            assert journal.head == before, "the chain moved although the append failed"
            raise
        self.acked.append(number)

    def _despite(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except JournalError as error:
            self.failures.append(str(error))
            self._mend(self.disk)
            return work()

    def check(self, disk: Disk) -> None:
        layer = FileLayer(disk)
        with closing(Journal(FILE, vfs=layer.name)) as journal:
            assert verify(journal.entries(), journal.id, journal.head).ok
            events = [entry.event for entry in journal.entries()]
            recorded = [event.press.number for event in events if isinstance(event, PressRecorded)]
            assert recorded == self.acked == list(range(1, PRESSES + 1))


@pytest.fixture(autouse=True)
def often_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CHECKPOINT_PAGES", 12)


def nothing(disk: Disk) -> None:
    """The fault was for once."""


def repair(disk: Disk) -> None:
    disk.fault = None


def steps_of_a_shift() -> int:
    counter = Breaker(0, apsw.IOError, for_good=False)
    Shift(counter, nothing)
    return counter.seen


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "until mended"])
@pytest.mark.parametrize("error", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_at_the_nth_call_loses_nothing(error: type[apsw.Error], for_good: bool) -> None:
    steps = steps_of_a_shift()
    assert steps > 60
    heard = 0
    for number in range(1, steps + 1):
        shift = Shift(Breaker(number, error, for_good=for_good), repair if for_good else nothing)
        try:
            assert all("\n" not in line and FILE in line for line in shift.failures)
            platter = Platter()
            for step in shift.disk.log:
                platter.do(step)
            shift.check(Disk(platter.lost()))
            shift.check(shift.disk)
        except Exception as failure:
            failure.add_note(f"fault at call {number} of {steps}; said: {shift.failures}")
            raise
        heard += bool(shift.failures)
    # Silent are only faults in a checkpoint or in closing, when the entries are safe already.
    assert heard > steps / 2
