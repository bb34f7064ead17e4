"""Checks a record without trusting who wrote it: only the format is shared with the writer.

A chain shows by itself that nothing *inside* it was changed, taken out or put in. It cannot show
that its tail was cut off or written anew: for that, somebody else must have kept an earlier head.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from rung.journal.format import Entry, Head, follows, genesis


class Fault(StrEnum):
    MISSING = "missing"  # one or more entries are not there
    MISPLACED = "misplaced"  # an entry stands where another belongs
    CHANGED = "changed"  # an entry is not what was written, or not after this predecessor
    FORKED = "forked"  # sound in itself, but not the record that the trusted head was taken from
    TRUNCATED = "truncated"  # shorter than it was when the trusted head was taken


class Break(Struct, frozen=True):
    seq: int  # the first place that is not as it must be
    fault: Fault
    what: str


class Report(Struct, frozen=True):
    """``head`` is the end of what is sound; with ``broken`` None that is the whole record."""

    head: Head
    broken: Break | None = None

    @property
    def ok(self) -> bool:
        return self.broken is None


def verify(entries: Iterable[Entry], journal_id: str, trusted_head: Head | None = None) -> Report:
    """Walk the whole record from its first entry and tell the first thing that is wrong.

    ``trusted_head`` is a head of this record that was kept elsewhere.
    """
    head = genesis(journal_id)
    if broken := _against(trusted_head, head):
        return Report(head, broken)
    for entry in entries:
        if broken := _next(entry, head):
            return Report(head, broken)
        reached = Head(entry.seq, entry.hash)
        if broken := _against(trusted_head, reached):
            return Report(head, broken)
        head = reached
    if trusted_head is not None and head.seq < trusted_head.seq:
        what = f"the record ends at entry {head.seq}, but has had entry {trusted_head.seq}"
        return Report(head, Break(head.seq + 1, Fault.TRUNCATED, what))
    return Report(head)


def _next(entry: Entry, head: Head) -> Break | None:
    due = head.seq + 1
    if entry.seq > due:
        return Break(due, Fault.MISSING, f"entry {due} is missing: entry {entry.seq} comes next")
    if entry.seq < due:
        return Break(due, Fault.MISPLACED, f"entry {entry.seq} stands where entry {due} belongs")
    if not follows(entry, head.hash):
        what = f"entry {due} does not match its hash: it was changed, or what comes before it"
        return Break(due, Fault.CHANGED, what)
    return None


def _against(trusted: Head | None, reached: Head) -> Break | None:
    if trusted is None or trusted.seq != reached.seq or trusted.hash == reached.hash:
        return None
    what = f"entry {reached.seq} is not the one that was there when the trusted head was taken"
    return Break(reached.seq, Fault.FORKED, what)
