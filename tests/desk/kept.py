"""A desk's record and keys without a bridge: calls as a bridge writes them, and days that pass when told to."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

import msgspec
from tests.journal.samples import press

from rung import words as w
from rung.desk.privacy import DAY_MS, Privacy
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.journal.verify import verify
from rung.sim.disk import Disk, FileLayer

CALLER = "+4915112345678"
NOTE = "shouts about a refund of 12,34"
START_MS = 1_750_000_000_000
MAX = "manager-max"


class Office:
    """A desk's record and keys, with cases as a bridge writes them; days pass when they are told to."""

    def __init__(self, disk: Disk | None = None) -> None:
        self.disk = disk or Disk()
        self.wall_ms = START_MS
        self._layer = FileLayer(self.disk)
        self._ticks = count(1)
        self._presses = count(1)
        self.journal = Journal("/desk.journal", vfs=self._layer.name)
        self.vault = Vault("/desk.vault", vfs=self._layer.name)
        lock = threading.Lock()
        self.privacy = Privacy(self.journal, self.vault, lock, lambda: next(self._ticks), lambda: self.wall_ms)
        self.privacy.start()

    def close(self) -> None:
        self.vault.close()
        self.journal.close()

    def write(self, events: Sequence[w.Event], case: str = "") -> None:
        sealed = self.privacy.sealed(events, case, self.wall_ms)
        self.journal.append(sealed, at_ms=next(self._ticks), wall_ms=self.wall_ms)

    def call(self, case: str, caller: str = CALLER, *, closed: bool = True) -> None:
        self.write(
            [
                w.CaseOpened(
                    case=case, epoch=1, call=f"sip-{caller}", direction="in", policy="p", version="1", caller=caller
                ),
                w.NotesKept(matter=f"{NOTE}, {caller}"),
            ]
        )
        taken, refused = press(next(self._presses)), press(next(self._presses))
        assert isinstance(refused[1], w.PressAnswered)
        refused[1] = msgspec.structs.replace(refused[1], answer=w.Answer(w.Verdict.REFUSED, "no ground"))
        self.write(taken, case)
        self.write(refused, case)
        if closed:
            self.write([w.CaseClosed(case=case, how="released", by=w.EndedBy.US, cause=f"BYE {caller}")], case)

    def clear(self, kind: type[w.Event]) -> list[w.Event]:
        return [self.vault.opened(entry.event) for entry in self.journal.of_kind(kind)]

    def days_pass(self, days: float) -> None:
        self.wall_ms += round(days * DAY_MS)


@contextmanager
def office(disk: Disk | None = None) -> Iterator[Office]:
    made = Office(disk)
    try:
        yield made
    finally:
        made.close()


def sound(journal: Journal) -> bool:
    return verify(journal.entries(), journal.id, journal.head).ok
