"""A busy desk is killed, loses its power, and has a disk that fails: no acknowledged press is missing, and it goes on.

At length (RUNG_LONG): 500 kills, a long shift with 2,400 disks after a cut, and a fault at every call of the disk.
"""

import asyncio
import os
import random
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest
from tests.desk.busy import BusyDesk, check

from rung.journal import store
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.sim.disk import Disk, FileLayer, Platter, Step, Sync

LONG = "RUNG_LONG" in os.environ
KILLS = 500 if LONG else 10
SHIFT_ACTS = 1500 if LONG else 250
CUTS = 600 if LONG else 60  # syncs, each before and after it
FAULTS = 10**9 if LONG else 8  # of each kind
FAULT_ACTS = 30
JOURNAL, VAULT = "/journal.db", "/vault.db"


@pytest.fixture(autouse=True)
def often_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CHECKPOINT_PAGES", 40)


def test_it_is_killed_at_random_moments(seed: int) -> None:
    command = [sys.executable, "-m", "tests.desk.busy", str(KILLS), str(seed)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, f"RUNG_SEED={seed}: {done.stderr}"
    entries, presses = map(int, done.stdout.split())
    print(f"{KILLS} kills, {presses} acknowledged presses, {entries} entries")
    assert presses > 2 * KILLS


class Shift:
    """A busy desk on one disk, over as many bridges as it takes; ``acked`` says after how many steps of the disk."""

    def __init__(self, seed: int, synchronous: str = "FULL") -> None:
        self._synchronous = synchronous
        self.disk = Disk()
        self.rng = random.Random(seed)
        self.acked: list[tuple[int, int]] = []
        self.refused = 0
        self._layer = FileLayer(self.disk)

    def open(self) -> tuple[Journal, Vault]:
        journal = Journal(JOURNAL, vfs=self._layer.name)
        if self._synchronous != "FULL":  # a journal cannot be opened so: only a canary does this
            journal._db.pragma("synchronous", self._synchronous)
        try:
            return journal, Vault(VAULT, vfs=self._layer.name)
        except JournalError:
            with suppress(JournalError):
                journal.close()
            raise

    def work(self, acts: int) -> None:
        """One bridge's life. Raises JournalError where it cannot start."""

        async def run(journal: Journal, vault: Vault) -> None:
            desk = BusyDesk(self.rng, journal, vault)
            try:
                await desk.work(lambda number: self.acked.append((len(self.disk.log), number)), acts)
            finally:
                self.refused += desk.refused

        journal, vault = self.open()
        try:
            asyncio.run(run(journal, vault))
        finally:
            for each in (journal, vault):
                with suppress(JournalError):  # closing tidies up; a fault in it loses nothing
                    each.close()

    def checked(self) -> int:
        journal, vault = self.open()
        with closing(journal), closing(vault):
            return check(journal, vault, {number for _, number in self.acked})


def test_its_power_is_cut_over_a_whole_shift(seed: int) -> None:
    """Around syncs, where it matters what had been promised by then: all is lost that was not synced, or torn."""
    cut_the_power(Shift(seed), seed)


def test_canary_without_syncs_the_loss_is_seen(seed: int) -> None:
    with pytest.raises(AssertionError, match="acknowledged but not on record"):
        cut_the_power(Shift(seed, synchronous="OFF"), seed)


def cut_the_power(shift: Shift, seed: int) -> None:
    for _ in range(3):
        shift.work(SHIFT_ACTS // 3)
    entries, log = shift.checked(), shift.disk.log
    syncs = [at for at, step in enumerate(log) if isinstance(step, Sync)]
    rng = random.Random(seed)
    chosen = set(rng.sample(syncs, min(CUTS, len(syncs))))
    print(
        f"{len(shift.acked)} presses, {entries} entries, {len(log)} steps, {2 * len(chosen)} cuts at {len(syncs)} syncs"
    )
    platter, done = Platter(), 0
    for at, step in enumerate(log):
        if at in chosen:
            after_a_cut(platter, rng, shift, at, seed)
        platter.do(step)
        if at in chosen:
            after_a_cut(platter, rng, shift, at + 1, seed)
            done += 1
    assert done == len(chosen) > 20 and len(shift.acked) > SHIFT_ACTS / 5


def after_a_cut(platter: Platter, rng: random.Random, shift: Shift, steps: int, seed: int) -> None:
    acked = {number for then, number in shift.acked if then <= steps}
    for files in (platter.lost(), platter.torn(rng)):
        layer = FileLayer(Disk(files))
        try:
            with closing(Journal(JOURNAL, vfs=layer.name)) as journal, closing(Vault(VAULT, vfs=layer.name)) as vault:
                check(journal, vault, acked)
        except Exception as error:
            error.add_note(f"RUNG_SEED={seed}: power cut after step {steps} of {len(shift.disk.log)}")
            raise


class Breaker:
    """Fails the disk's n-th step of the kind, once or until mended."""

    def __init__(self, number: int, error: type[apsw.Error], kind: type, for_good: bool) -> None:
        self._number, self._error, self._kind, self._for_good = number, error, kind, for_good
        self.seen = 0
        self.is_mended = False

    def __call__(self, step: Step) -> None:
        if isinstance(step, self._kind) and not self.is_mended:
            self.seen += 1
            if self.seen == self._number or (self._for_good and self.seen > self._number):
                raise self._error("injected")


NEVER = 10**9
ANY: type = object
KINDS: dict[str, tuple[type[apsw.Error], type, bool]] = {
    "EIO once": (apsw.IOError, ANY, False),
    "EIO until mended": (apsw.IOError, ANY, True),
    "fsync fails once": (apsw.IOError, Sync, False),
    "fsync fails until mended": (apsw.IOError, Sync, True),
    "ENOSPC once": (apsw.FullError, ANY, False),
    "ENOSPC until mended": (apsw.FullError, ANY, True),
    "read-only until mended": (apsw.ReadOnlyError, ANY, True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_its_disk_fails_at_the_nth_call(kind: str, seed: int) -> None:
    error, steps, for_good = KINDS[kind]
    calls = with_a_fault(seed, Breaker(NEVER, error, steps, for_good)).seen
    numbers = random.Random(seed).sample(range(1, calls + 1), min(FAULTS, calls))
    for number in sorted(numbers):
        try:
            with_a_fault(seed, Breaker(number, error, steps, for_good))
        except Exception as failure:
            failure.add_note(f"RUNG_SEED={seed}: {kind}, at call {number} of {calls}")
            raise
    print(f"{kind}: {len(numbers)} of {calls} calls")


def with_a_fault(seed: int, breaker: Breaker) -> Breaker:
    """A life with the fault, one more in which it is mended, and the record checked after each."""
    shift = Shift(seed)
    shift.disk.fault = breaker
    with suppress(JournalError, ExceptionGroup):  # it may not be able to start: one line, and exit code 2
        shift.work(FAULT_ACTS)
    breaker.is_mended = True
    shift.checked()
    before = len(shift.acked)
    shift.work(FAULT_ACTS)  # as a bridge that is started again
    shift.checked()
    assert len(shift.acked) > before, "it does not go on"
    return breaker
