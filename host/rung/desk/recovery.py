"""The desk as the record left it, and the policies that the record keeps."""

import msgspec
from msgspec.structs import replace

from rung import words as w
from rung.clock import wall_ms
from rung.journal.format import Entry, JournalError
from rung.journal.sealing import REFUSED, key_of
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.policy import Book, Desk, Policy
from rung.policy.evolve import evolve
from rung.policy.language import canonical, from_canonical, version_of

STILL_CALLED_MS = 3_600_000  # a panic without a call that is older than this hour calls nobody after a restart


def recover(journal: Journal, vault: Vault | None = None) -> Desk:
    """Fold the open cases and what calls supervisors without a call; epochs and numbers go on where they stood.

    The desk's clock goes on from the last entry: it stands still while the bridge is down, so that no wait ever counts
    talk that nobody heard. Raises JournalError if the record cannot be read.
    """
    desk = Desk(at_ms=journal.last_at_ms())
    for kind in (w.RecordBegunAnew, w.CaseOpened, w.CaseArrived, w.EffectDecided, w.AskOpened, w.AlertRaised):
        entry = journal.last(kind)
        match entry.event if entry is not None else None:
            case w.RecordBegunAnew(epoch=epoch):
                desk = replace(desk, epoch=epoch, effect=epoch, ask=epoch)
            case w.CaseOpened(epoch=epoch) | w.CaseArrived(epoch=epoch):
                desk = replace(desk, epoch=max(epoch, desk.epoch))
            case w.EffectDecided(effect=effect):
                desk = replace(desk, effect=max(effect.id, desk.effect))
            case w.AskOpened(ask=ask) | w.AlertRaised(ask=ask):
                desk = replace(desk, ask=max(ask, desk.ask))
    entries = journal.open_cases()
    for entry in (*_called_without_a_call(journal, entries[0].seq if entries else None), *entries):
        desk = evolve(desk, _clear(entry, vault), entry.at_ms)
    return desk


def _called_without_a_call(journal: Journal, before: int | None) -> list[Entry]:
    """Of the alerts that stand, those that no open case tells of: until somebody answers, a panic calls for help."""
    closed = {entry.event.ask for entry in journal.of_kind(w.AlertClosed) if isinstance(entry.event, w.AlertClosed)}
    found, since = [], wall_ms() - STILL_CALLED_MS
    for entry in (*journal.of_kind(w.AlertRaised), *journal.of_kind(w.AlertAnswered)):
        event, earlier = entry.event, before is None or entry.seq < before
        assert isinstance(event, w.AlertRaised | w.AlertAnswered)
        if earlier and entry.wall_ms >= since and not event.case and event.ask not in closed:
            found.append(entry)
    return sorted(found, key=lambda entry: entry.seq)


def _clear(entry: Entry, vault: Vault | None) -> w.Event:
    event = entry.event
    clear = event if vault is None else vault.unseal(event)
    if clear is None and not key_of(event).startswith(f"{REFUSED}/"):  # what was refused changes no case
        raise JournalError(
            f"the key of the call that is open in the record ({key_of(event)}) is gone, so it cannot be gone on with; "
            "put the file of keys back, or keep the record for the review and name a new one"
        )
    return clear or event


class Kept:
    """The policies that the record holds, each whole and once: no case is without its own."""

    def __init__(self, journal: Journal) -> None:
        """Raises JournalError if the record cannot be read."""
        self._journal = journal
        self._texts: dict[str, str] = {}
        for entry in journal.of_kind(w.PolicyKept):
            if isinstance(event := entry.event, w.PolicyKept):
                self._texts[event.version] = event.policy

    def keep(self, policy: Policy, at_ms: int) -> None:
        """Before any case that it governs. Raises JournalError."""
        version, text = version_of(policy), canonical(policy)
        if version not in self._texts:
            event = w.PolicyKept(version, text)
            self._journal.append([event], at_ms=at_ms, wall_ms=wall_ms())
            self._texts[version] = text

    def with_those_of(self, desk: Desk, book: Book) -> Book:
        """``book`` with the versions that govern the desk's cases.

        Raises JournalError if one can no longer be read: no case may be finished by another policy than its own.
        """
        for case in (desk.case, *desk.parked, desk.arriving):
            if case is not None and case.version not in book.policies:
                book = book.keeping(self._read(case.version))
        return book

    def _read(self, version: str) -> Policy:
        try:
            return from_canonical(self._texts[version])
        except (KeyError, msgspec.MsgspecError):
            mend = "start the former version of Rung until that call has ended"
            raise JournalError(
                f"the call that is open in the record began under policy {version}, not readable here; {mend}"
            ) from None
