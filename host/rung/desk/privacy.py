"""What the record keeps of callers: sealed before it is written, opened after it is read, erased when its time is over.

The record decides what was ordered; the file of keys what can still be read. Erasing goes in this order: the order into
the record, the keys out of their file, and only then "erased" into the record. After a crash in between, the order is
carried out when the desk starts again: so a case is either whole, or erased, and no claim stands before the deed.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

from msgspec import Struct

from rung import words as w
from rung.desk.own_data import Own, own
from rung.journal.by_case import caller_of, case_of
from rung.journal.format import Entry
from rung.journal.sealing import BLOCK, CASE, DAY, REFUSED, keys_for
from rung.journal.store import Journal
from rung.journal.vault import Vault

AT_ONCE = 500  # entries read under the desk's lock
DAY_MS = 24 * 3600 * 1000
_NUMBER = re.compile(r"\d(?:[\s./()\-]*\d){4,}")  # five digits or more: perhaps somebody's number


def nameless(person: str, why: str) -> str:
    """Why nobody stands behind such an order; empty: somebody does."""
    return "" if person.strip() and why.strip() else "say who orders it and why: both stay in the record"


def unfit(person: str, why: str) -> str:
    """Why no erasure can be ordered like this; empty: it can."""
    if wrong := nameless(person, why):
        return wrong
    return "the reason stays in the record: leave the number out of it" if _NUMBER.search(why) else ""


class PrivacyError(Exception):
    """It is not done, for this reason; one line with the mend."""


class Retention(Struct, frozen=True):
    """How long what names a caller, or a person who was refused, can be read."""

    refused_days: int = 14  # the person and the buttons of a refused press
    cases_days: int = 180  # everything else, from the end of the call


class Seen(NamedTuple):
    entry: Entry
    event: w.Event | None  # None: erased


class Privacy:
    """One desk's. `sealed` and `opened` are called under the desk's lock; everything else takes it."""

    def __init__(
        self, journal: Journal, vault: Vault, lock: threading.Lock, now: Callable[[], int], wall_ms: Callable[[], int]
    ) -> None:
        """``now`` is the desk's clock. Finishes what a crash has interrupted; raises JournalError if that cannot be."""
        self._journal = journal
        self._vault = vault
        self._lock = lock
        self._now = now
        self._wall_ms = wall_ms
        self.written: Callable[[], object] = lambda: None  # the record has grown
        self.erased: Callable[[], None] = lambda: None  # never under the desk's lock: what is in memory is to go too

    def start(self) -> None:
        """Finish what a crash has interrupted; find callers again under a floor's new secret."""
        with self._lock:
            if self._vault.unindexed:
                self._index_again()
            self._finish()

    # -- the record ----------------------------------------------------------------------------------------------------

    def sealed(self, events: Sequence[w.Event], case: str, wall_ms: int) -> list[w.Event]:
        """The events as they are to be written; ``case`` is the one the desk is about before them. Keys come first."""
        for event in events:
            if isinstance(event, w.CaseOpened | w.CaseReceived):
                self._vault.begin(event.case, caller_of(event), wall_ms)
        day = date.fromtimestamp(wall_ms / 1000).isoformat()
        names = keys_for(events, case, day)
        return [self._vault.seal(key, event, wall_ms) for key, event in zip(names, events, strict=True)]

    def opened(self, event: w.Event) -> w.Event:
        """As it was, or with gaps where something was erased."""
        return self._vault.opened(event)

    # -- people --------------------------------------------------------------------------------------------------------

    def see(self, case: str, person: str, what: str) -> list[Seen]:
        """Everything of this case in clear text, once it is on record that this person sees it."""
        if not person.strip():
            raise PrivacyError("say who looks: every viewing is recorded")
        with self._lock:
            if not self._known(case):
                raise PrivacyError(f"no case of this desk is called {case!r}")
            self._append(w.ClearTextSeen(case=case, person=person, what=what))
        return list(self._entries_of(case))

    def hold(self, case: str, person: str, reason: str) -> None:
        """Keep the case from being erased. PrivacyError if it is erased already, or nobody answers for it."""
        with self._lock:
            self._named(person, reason)
            if f"{CASE}/{case}" not in self._vault.there():
                raise PrivacyError(f"case {case!r} is erased already, or not of this desk")
            self._append_sealed(w.HoldPlaced(case=case, person=person, reason=reason))

    def lift(self, case: str, person: str, reason: str = "") -> None:
        with self._lock:
            if case not in self._holds():
                raise PrivacyError(f"nobody holds case {case!r}")
            self._named(person, "lifted")
            self._append_sealed(w.HoldLifted(case=case, person=person, reason=reason))

    def holds(self) -> dict[str, str]:
        """Who holds which case."""
        with self._lock:
            return self._holds()

    def cases_of(self, caller: str) -> list[str]:
        """This caller's cases on this desk that are not erased."""
        with self._lock:
            return self._vault.cases_of(caller)

    def erase(self, cases: Iterable[str], person: str, why: str) -> tuple[str, ...]:
        """Erase these cases; returns the keys that are gone. All or none: PrivacyError names what stops it."""
        with self._lock:
            if wrong := unfit(person, why):
                raise PrivacyError(wrong)
            self._finish()
            there, still, holds = self._vault.there(), self._open(), self._holds()
            keys: list[str] = []
            for case in cases:
                if f"{CASE}/{case}" not in there:
                    raise PrivacyError(f"case {case!r} is erased already, or not of this desk")
                if case in still:
                    raise PrivacyError(f"the call of case {case!r} is still up; erase it afterwards")
                if (holder := holds.get(case)) is not None:
                    raise PrivacyError(f"case {case!r} is held by {holder}; lift that first")
                keys += [key for key in (f"{CASE}/{case}", f"{REFUSED}/{case}") if key in there]
            self._order(tuple(keys), person, why)
        self.erased()
        return tuple(keys)

    def erase_known(self, index: str, person: str, why: str) -> list[str]:
        """Every case of whom `Vault.index` calls that, each by itself; returns why some are not erased yet."""
        with self._lock:
            cases = self._vault.cases_known(index)
        left = []
        for case in cases:
            try:
                self.erase((case,), person, why)
            except PrivacyError as error:
                left.append(str(error))
        return left

    def retain(self, retention: Retention) -> tuple[str, ...]:
        """Erase what has been kept long enough, but for what is held; returns the keys that are gone."""
        with self._lock:
            self._finish()
            now_ms, holds, still = self._wall_ms(), self._holds(), self._open()
            ended = {e.case: entry.wall_ms for entry, e in self._of_kind(w.CaseClosed)}
            due = []
            for name, made_ms in self._vault.there().items():
                what, _, its = name.partition("/")
                days = retention.cases_days if what == CASE else retention.refused_days
                since = max(made_ms, ended.get(its, 0)) if what == CASE else made_ms
                if what in (DAY, REFUSED) and _is_day(its):
                    since = made_ms + DAY_MS  # its last press may be as young as the day's end
                known = what in (CASE, DAY, REFUSED)  # a block's ends with the block
                if known and its not in holds and its not in still and now_ms - since >= days * DAY_MS:
                    due.append(name)
            why = f"kept for {retention.refused_days} days (refused presses), {retention.cases_days} days (cases)"
            if due:
                self._order(tuple(due), None, why)
        if due:
            self.erased()
        return tuple(due)

    def own(self, person: str) -> Own:
        """Everything that the record has of this person, for that person; that it was handed out is on record."""
        if not person.strip():
            raise PrivacyError("say whose data it is")
        with self._lock:
            self._append(w.ClearTextSeen(case="", person=person, what="their own data"))
        return Own(person, tuple(own(self._entries(), person, self._open_one)))

    def _open_one(self, event: w.Event) -> w.Event:
        with self._lock:
            return self._vault.opened(event)

    def owed(self) -> list[str]:
        """Cases that were erased here, and that the floor has not forgotten yet; but for those whose block lives on."""
        with self._lock:
            cases = [key.partition("/")[2] for key in self._vault.owed()]
            return [case for case in cases if not self._vault.has(f"{BLOCK}/{case}")]

    def settled(self, case: str) -> None:
        with self._lock:
            self._vault.settled(f"{CASE}/{case}")

    # -- inside --------------------------------------------------------------------------------------------------------

    def _order(self, keys: tuple[str, ...], person: str | None, why: str) -> None:
        self._append(w.ErasureOrdered(keys, person, why))
        self._carry_out(keys)

    def _carry_out(self, keys: tuple[str, ...]) -> None:
        self._vault.erase(keys)
        self._vault.owe(key for key in keys if key.startswith(f"{CASE}/"))
        self._append(w.Erased(keys))

    def _finish(self) -> None:
        """What was ordered, and a crash or a disk has kept from being done."""
        if unfinished := self._unfinished():
            self._carry_out(unfinished)

    def _unfinished(self) -> tuple[str, ...]:
        ordered = [(entry.seq, e.keys) for entry, e in self._of_kind(w.ErasureOrdered)]
        erased = [(entry.seq, e.keys) for entry, e in self._of_kind(w.Erased)]
        last = erased[-1][0] if erased else 0
        return tuple(dict.fromkeys(key for seq, keys in ordered if seq > last for key in keys))

    def _holds(self) -> dict[str, str]:
        told = sorted(
            [*self._of_kind(w.HoldPlaced), *self._of_kind(w.HoldLifted)],
            key=lambda found: found[0].seq,
        )
        holds: dict[str, str] = {}
        for _, event in told:
            if isinstance(event, w.HoldPlaced):
                holds[event.case] = event.person
            else:
                holds.pop(event.case, None)
        return holds

    def _open(self) -> set[str]:
        """Cases whose call is not over."""
        still: set[str] = set()
        for entry in self._journal.open_cases():
            match entry.event:
                case w.CaseOpened(case=case) | w.CaseReceived(case=case):
                    still.add(case)
                case w.CaseClosed(case=case) | w.CaseReturned(case=case):
                    still.discard(case)
        return still

    def _index_again(self) -> None:
        there = self._vault.there()
        for kind in (w.CaseOpened, w.CaseReceived):
            for entry, event in self._of_kind(kind):
                clear: Any = self._vault.unseal(event)
                if clear is not None and f"{CASE}/{event.case}" in there:
                    self._vault.begin(event.case, caller_of(clear), entry.wall_ms)

    def _of_kind(self, kind: type[w.Event]) -> list[tuple[Entry, Any]]:
        return [(entry, entry.event) for entry in self._journal.of_kind(kind)]

    def _known(self, case: str) -> bool:
        kinds = (w.CaseOpened, w.CaseReceived)
        return any(e.case == case for kind in kinds for _, e in self._of_kind(kind))

    def _entries_of(self, case: str) -> Iterator[Seen]:
        about = ""
        for entry in self._entries():
            its, about = case_of(entry.event, about)
            if its == case:
                with self._lock:
                    clear = self._vault.unseal(entry.event)
                yield Seen(entry, clear)

    def _entries(self) -> Iterator[Entry]:
        """In parts, so that a press never waits for a long record."""
        after = 0
        while True:
            with self._lock:
                entries = list(islice(self._journal.entries(after), AT_ONCE))
            if not entries:
                return
            yield from entries
            after = entries[-1].seq

    def _named(self, person: str, why: str) -> None:
        if wrong := nameless(person, why):
            raise PrivacyError(wrong)

    def _append_sealed(self, event: w.HoldPlaced | w.HoldLifted) -> None:
        self._append(*self.sealed((event,), "", self._wall_ms()))

    def _append(self, *events: w.Event) -> None:
        self._journal.append(events, at_ms=self._now(), wall_ms=self._wall_ms())
        self.written()


def _is_day(its: str) -> bool:
    try:
        return bool(date.fromisoformat(its))
    except ValueError:
        return False
