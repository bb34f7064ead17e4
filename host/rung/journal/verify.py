"""Checks a record without trusting who wrote it: only the format is shared with the writer.

A chain shows by itself that nothing *inside* it was changed, taken out or put in. It cannot show
that its tail was cut off or written anew: for that, somebody else must have kept an earlier head.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from rung.journal.format import Entry, Head, JournalDamaged, genesis, version_of


class Fault(StrEnum):
    MISSING = "missing"  # one or more entries are not there
    MISPLACED = "misplaced"  # an entry stands where another belongs
    CHANGED = "changed"  # an entry is not what was written, or not after this predecessor
    FORKED = "forked"  # sound in itself, but not the record that the trusted head was taken from
    UNREADABLE = "unreadable"  # the file is damaged here
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


def verify(entries: Iterable[Entry], journal_id: str, *trusted_heads: Head) -> Report:
    """Walk the whole record from its first entry and tell the first thing that is wrong.

    ``trusted_heads`` are heads of this record that were kept elsewhere, in any order. Entries are taken one by one, so
    a record may be far longer than what the memory holds.
    """
    trusted: dict[int, set[bytes]] = {}
    for each in trusted_heads:
        trusted.setdefault(each.seq, set()).add(each.hash)
    head, version = genesis(journal_id), 1
    if broken := _against(trusted, head):
        return Report(head, broken)
    try:
        for entry in entries:
            if broken := _misplaced(entry, head.seq + 1):
                return Report(head, broken)
            version = version_of(entry, head.hash, version)
            if not version:
                what = f"entry {entry.seq} does not match its hash: it was changed, or what comes before it"
                return Report(head, Break(entry.seq, Fault.CHANGED, what))
            reached = Head(entry.seq, entry.hash)
            if entry.seq in trusted and (broken := _against(trusted, reached)):
                return Report(head, broken)
            head = reached
    except JournalDamaged as error:
        return Report(head, Break(head.seq + 1, Fault.UNREADABLE, str(error)))
    most = max(trusted, default=0)
    if head.seq < most:
        what = f"the record ends at entry {head.seq}, but has had entry {most}"
        return Report(head, Break(head.seq + 1, Fault.TRUNCATED, what))
    return Report(head)


def _misplaced(entry: Entry, due: int) -> Break | None:
    if entry.seq > due:
        return Break(due, Fault.MISSING, f"entry {due} is missing: entry {entry.seq} comes next")
    if entry.seq < due:
        return Break(due, Fault.MISPLACED, f"entry {entry.seq} stands where entry {due} belongs")
    return None


def _against(trusted: dict[int, set[bytes]], reached: Head) -> Break | None:
    if trusted.get(reached.seq, {reached.hash}) == {reached.hash}:
        return None
    what = f"entry {reached.seq} is not the one that was there when the trusted head was taken"
    return Break(reached.seq, Fault.FORKED, what)
