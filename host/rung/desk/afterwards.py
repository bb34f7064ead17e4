"""What people do after a call, at this desk: checked against all that is on record, then recorded here.

What is on record here is read when somebody asks, and from then on only what is new. Records of other desks, as the
floor keeps them, can be told as well: a manager at one desk then sees, and deals with, the cases of all.
"""

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.journal.after.decide import NO_RULES, Rules, decide
from rung.journal.after.files import CaseFile, Files, known_as
from rung.journal.by_case import Told
from rung.journal.format import JournalError
from rung.journal.sealing import BLOCK
from rung.journal.store import Journal
from rung.journal.vault import Vault

AT_ONCE = 100  # entries read under the desk's lock: a press waits no longer than for these
# Most of a record: no file of a case needs them, nor what was sealed in any event but these.
PASSED_OVER = frozenset({"PressRecorded", "PressAnswered", "EffectDecided", "EffectConfirmed"})
OPENED = frozenset({"CaseOpened", "CaseReceived", "Attended"})


class Opened(Struct, frozen=True):
    """An entry of the record, in clear text."""

    at_ms: int
    wall_ms: int
    event: w.Event


class Afterwards:
    """Any thread may call it. ``record`` makes events durable (JournalError if it cannot), under the desk's lock."""

    def __init__(
        self,
        journal: Journal,
        lock: threading.Lock,
        record: Callable[[w.Event], None],
        wall_ms: Callable[[], int],
        rules: Rules = NO_RULES,
        vault: Vault | None = None,
    ) -> None:
        self.attended: list[Callable[[w.AfterAct], object]] = []  # told when something was done
        self.rules = rules
        self.wall_ms = wall_ms
        self._journal = journal
        self._journal_lock = lock
        self._record = record
        self._vault = vault
        self.known_as = known_as if vault is None else vault.index
        self._files = Files(self.known_as)
        self._lock = threading.RLock()  # over the files; never waited for under the desk's lock
        self._learnt: dict[str, int] = {}  # how many entries of other desks' records
        self._spans: dict[str, tuple[int, int]] = {}  # by case: its first and its last entry in this desk's record
        self._floors: dict[str, CaseFile] = {}  # as the floor folds them
        self._joined: Files | None = None  # both; None: to be made anew
        # Of a case: what other desks' records say of it, by desk; for any thread.
        self.elsewhere: Callable[[str], Mapping[str, Sequence[Opened]]] = lambda case: {}
        self._read = 0  # up to which entry of the desk's own record

    @property
    def record(self) -> str:
        """The name of this desk's record."""
        return self._journal.id

    def anything(self) -> bool:
        """Whether anybody has ever done anything after a call here. Raises JournalError."""
        with self._journal_lock:
            return self._journal.last(w.Attended) is not None

    def files(self) -> Files:
        """All cases, as the record has them now. Raises JournalError."""
        with self._lock:
            while True:
                with self._journal_lock:
                    entries = list(islice(self._journal.entries(self._read), AT_ONCE))
                    events = [self._opened(entry.event) if entry.kind in OPENED else None for entry in entries]
                for entry, opened in zip(entries, events, strict=True):
                    self._read = entry.seq
                    if entry.kind not in PASSED_OVER:
                        event = opened or entry.event
                        case = self._files.take(self._journal.id, event, entry.wall_ms)
                        if not isinstance(event, w.Attended):  # which may come weeks after the call
                            begun, _ = self._spans.get(case, (entry.seq, 0))
                            self._spans[case] = (begun, entry.seq)
                        self._unlock(event)
                if entries:
                    self._joined = None
                elif not self._floors:
                    return self._files
                else:
                    self._joined = self._joined or self._files.with_those(self._floors)
                    return self._joined

    def learn_cases(self, files: Iterable[CaseFile]) -> None:
        """Cases as the floor folds them from the records of all desks: dealt with here like the desk's own."""
        with self._lock:
            self._floors |= {file.case: file for file in files}
            self._joined = None

    def lines(self, case: str = "") -> list[Opened]:
        """This desk's record, in clear text where it is not erased: whole, or what a report of this case needs of it.

        Raises JournalError.
        """
        if not case:
            return self._between(1, None)
        self.files()
        with self._lock:
            begun, over = self._spans.get(case, (1, 0))
        with self._journal_lock:
            kept = [Opened(e.at_ms, e.wall_ms, e.event) for e in self._journal.of_kind(w.PolicyKept)]
        return [*kept, *self._between(begun, over)]

    def _between(self, first: int, last: int | None) -> list[Opened]:
        found: list[Opened] = []
        after = first - 1
        while last is None or after < last:
            with self._journal_lock:
                entries = [e for e in islice(self._journal.entries(after), AT_ONCE) if last is None or e.seq <= last]
                found += [Opened(entry.at_ms, entry.wall_ms, self._opened(entry.event)) for entry in entries]
            if not entries:
                break
            after = entries[-1].seq
        return found

    def seen(self, case: str, person: str, what: str) -> None:
        """Somebody is shown what names a caller: on record before they see it. Raises JournalError."""
        self._record(w.ClearTextSeen(case=case, person=person, what=what))

    def forget(self) -> None:
        """Something was erased: nothing of it stays in memory. Other desks' records are to be learnt again."""
        with self._lock:
            self._files, self._read, self._learnt, self._spans = Files(self.known_as), 0, {}, {}
            self._joined = None

    def _opened(self, event: w.Event) -> w.Event:
        return event if self._vault is None else self._vault.opened(event)

    def learn(self, record: str, entries: Sequence[Told]) -> None:
        """Another desk's record as far as it is known, from its beginning; what was learnt of it before is passed over.

        This desk's own is left as it is.
        """
        with self._lock:
            if record != self._journal.id:
                for entry in entries[self._learnt.get(record, 0) :]:
                    self._files.take(record, entry.event, entry.wall_ms)
                self._joined = None
                self._learnt[record] = len(entries)

    def attend(self, act: w.AfterAct, actor: w.Actor) -> w.Answer:
        """Record the act if this person may do it; else say why not. Nothing is done when the record fails."""
        try:
            with self._lock:
                files = self.files()
                event, answer = decide(files, act, actor, self.wall_ms(), self.rules)
                if event is not None:
                    if isinstance(event.act, w.BlockProposed):
                        event = replace(event, act=self._with_number(event.act, files.cases[event.act.case].caller))
                    self._record(event)
        except JournalError as error:
            return w.Answer(verdict=w.Verdict.REFUSED, why=f"Not recorded, so not done: {error}")
        if event is not None:
            for told in tuple(self.attended):
                told(act)
        return answer

    def forget_numbers(self, cases: Iterable[str]) -> None:
        """These blocks are over: their own copies of the number go. Raises JournalError."""
        if self._vault is None:
            return
        with self._journal_lock:
            if gone := [key for case in cases if self._vault.has(key := f"{BLOCK}/{case}")]:
                self._vault.erase(gone)

    def _with_number(self, act: w.BlockProposed, number: str) -> w.BlockProposed:
        """A block outlives its case, so it has the number under a key of its own."""
        if self._vault is None:
            return act
        with self._journal_lock:
            locked = self._vault.lock_up(f"{BLOCK}/{act.case}", number, self.wall_ms())
        return replace(act, locked=locked)

    def _unlock(self, event: w.Event) -> None:
        """Of a block, the number; on the files alone."""
        if self._vault is not None and isinstance(event, w.Attended) and isinstance(event.act, w.BlockProposed):
            act = event.act
            with self._journal_lock:
                number = self._vault.unlock(f"{BLOCK}/{act.case}", act.locked) if act.locked else ""
            self._files.cases[act.case].number = number or ""

    def training(self, person: str) -> w.Training:
        """Their newest, as this very record tells of it. Reads little, however long it is.

        A record that cannot be read shows none: nobody ends a call on the strength of it.
        """
        files = Files()
        with contextlib.suppress(JournalError):
            with self._journal_lock:
                entries = self._journal.of_kind(w.Attended)
            for entry in entries:
                files.take(self._journal.id, entry.event, entry.wall_ms)
        return files.training(person)
