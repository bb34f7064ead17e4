"""The desk as the record left it."""

import contextlib

import msgspec
from msgspec.structs import replace

from rung import words as w
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.policy.evolve import evolve
from rung.policy.language import Policy, from_canonical, version_of
from rung.policy.state import Desk


def recover(journal: Journal) -> Desk:
    """Fold the open case, if there is one, out of the record; epochs and effect numbers go on where they stood.

    The desk's clock goes on from the last entry: it stands still while the bridge is down, so that no wait ever counts
    talk that nobody heard. Raises JournalError if the record cannot be read.
    """
    desk = Desk(at_ms=journal.last_at_ms())
    for kind in (w.CaseOpened, w.EffectDecided):
        entry = journal.last(kind)
        event = entry.event if entry is not None else None
        if isinstance(event, w.CaseOpened):
            desk = replace(desk, epoch=event.epoch)
        elif isinstance(event, w.EffectDecided):
            desk = replace(desk, effect=event.effect.id)
    for entry in journal.open_case():
        desk = evolve(desk, entry.event, entry.at_ms)
    return desk


def policy_of(journal: Journal, version: str, present: Policy) -> Policy:
    """The policy with which an open case began: ``present``, or the one that the record kept.

    Raises JournalError if it can no longer be read: no case may be finished by another policy than its own.
    """
    if version == version_of(present):
        return present
    for entry in journal.entries():
        event = entry.event if entry.kind == w.PolicyKept.__name__ else None
        if isinstance(event, w.PolicyKept) and event.version == version:
            with contextlib.suppress(msgspec.MsgspecError):
                return from_canonical(event.policy)
    mend = "start the former version of Rung until that call has ended"
    raise JournalError(f"the call that is open in the record began under policy {version}, not readable here; {mend}")
