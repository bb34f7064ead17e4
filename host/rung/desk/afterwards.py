"""What people do after a call, at this desk: checked against all that is on record, then recorded here.

What is on record here is read when somebody asks, and from then on only what is new. Records of other desks, as the
floor keeps them, can be told as well: a manager at one desk then sees, and deals with, the cases of all.
"""

import threading
from collections.abc import Callable, Iterable
from itertools import islice

from msgspec import Struct

from rung import words as w
from rung.journal.after.decide import NO_RULES, Rules, decide
from rung.journal.after.files import Files
from rung.journal.by_case import Told
from rung.journal.store import READ_BATCH, Journal
from rung.journal.vault import Vault


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
        self.rules = rules
        self.wall_ms = wall_ms
        self._journal = journal
        self._journal_lock = lock
        self._record = record
        self._vault = vault
        self._files = Files()
        self._lock = threading.RLock()  # over the files; never waited for under the desk's lock
        self._read = 0  # up to which entry of the desk's own record

    def files(self) -> Files:
        """All cases, as the record has them now. Raises JournalError."""
        with self._lock:
            while True:
                with self._journal_lock:
                    entries = list(islice(self._journal.entries(self._read), READ_BATCH))
                    events = [self._opened(entry.event) for entry in entries]
                for entry, event in zip(entries, events, strict=True):
                    self._files.take(self._journal.id, event, entry.wall_ms)
                    self._read = entry.seq
                if not entries:
                    return self._files

    def lines(self) -> list[Opened]:
        """This desk's whole record, in clear text where it is not erased. Raises JournalError."""
        found: list[Opened] = []
        after = 0
        while True:
            with self._journal_lock:
                entries = list(islice(self._journal.entries(after), READ_BATCH))
                found += [Opened(entry.at_ms, entry.wall_ms, self._opened(entry.event)) for entry in entries]
            if not entries:
                return found
            after = entries[-1].seq

    def seen(self, case: str, person: str, what: str) -> None:
        """Somebody is shown what names a caller: on record before they see it. Raises JournalError."""
        self._record(w.ClearTextSeen(case=case, person=person, what=what))

    def forget(self) -> None:
        """Something was erased: nothing of it stays in memory. Other desks' records are to be learnt again."""
        with self._lock:
            self._files, self._read = Files(), 0

    def _opened(self, event: w.Event) -> w.Event:
        return event if self._vault is None else self._vault.opened(event)

    def learn(self, record: str, entries: Iterable[Told]) -> None:
        """More of another desk's record, in order and each entry once. This desk's own is left as it is."""
        with self._lock:
            for entry in entries:
                if record != self._journal.id:
                    self._files.take(record, entry.event, entry.wall_ms)

    def attend(self, act: w.AfterAct, actor: w.Actor) -> w.Answer:
        """Record the act if this person may do it; else say why not. Raises JournalError: nothing was done."""
        with self._lock:
            event, answer = decide(self.files(), act, actor, self.wall_ms(), self.rules)
            if event is not None:
                self._record(event)
            return answer

    def trained(self, person: str) -> bool | None:
        """Whether a training on this very record holds; None: it knows of none. Reads little, however long it is."""
        with self._journal_lock:
            entries = self._journal.of_kind(w.Attended)
        files = Files()
        for entry in entries:
            files.take(self._journal.id, entry.event, entry.wall_ms)
        return files.trained(person, self.wall_ms())
