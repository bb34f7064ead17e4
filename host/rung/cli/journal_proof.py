"""Whether a record is what was written: its own chain, the file around it, and heads that others have kept."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from rung.journal.format import Entry
from rung.journal.heads import SignedHead, heads_in
from rung.journal.reading import reading
from rung.journal.verify import verify
from rung.words import RecordBegunAnew


def prove(path: Path, kept: Sequence[str]) -> bool:
    """Print a line for each thing found; True if nothing is wrong. ``kept`` are texts with signed heads in them.

    Raises JournalError for what is no record at all.
    """
    signed = [head for text in kept for head in heads_in(text)]
    genuine = [head for head in signed if head.genuine]
    with reading(path) as record:
        mine = [head for head in genuine if head.journal == record.id]
        before: dict[str, RecordBegunAnew] = {}
        report = verify(_noting(record.entries(), before), record.id, *(head.head for head in mine))
        structure = record.structure()
    wrong = []
    if report.broken is None:
        print(f"{path}: {report.head.seq} entries, the chain holds")
    else:
        sound = f"sound up to entry {report.head.seq}"
        wrong.append(f"{path}: entry {report.broken.seq} is {report.broken.fault}: {report.broken.what}; {sound}")
    if structure:
        wrong.append(f"{path}: the file around the entries is damaged ({structure}); keep an export of it")
    for event in before.values():
        of = f"entry {event.seq} of {event.journal or 'another'}, {event.file or 'lost'}"
        print(f"it was begun anew after {of}: {event.why}")
    for head in sorted(mine, key=lambda head: head.seq):
        if report.broken is None or head.seq <= report.head.seq:
            print(f"{_named(head)}: holds")
    wrong += [f"{_named(head)}: its key has not signed it" for head in signed if not head.genuine]
    wrong += _of_other_records(genuine, mine, record.id, before)
    if kept and not mine:
        wrong.append(f"none of the {len(signed)} heads is of this record, {record.id}")
    if not kept:
        print("that its end was not cut off only a head kept elsewhere can show: --against FILE")
    for line in wrong:
        print(line)
    return not wrong


def _noting(entries: Iterator[Entry], before: dict[str, RecordBegunAnew]) -> Iterator[Entry]:
    """Which record this one says that it goes on from."""
    for entry in entries:
        yield entry  # what follows runs when it has been found good
        if entry.kind == RecordBegunAnew.__name__:
            event = msgspec.json.decode(entry.body, type=RecordBegunAnew)
            before[event.journal] = event


def _of_other_records(
    genuine: list[SignedHead], mine: list[SignedHead], journal: str, before: dict[str, RecordBegunAnew]
) -> Iterator[str]:
    """The desk's own key has signed a record that this one does not speak of: it stands in another's place."""
    keys = {head.key for head in mine}
    others = {head.journal: head for head in genuine if head.journal != journal and head.key in keys}
    for other, head in others.items():
        if other not in before:
            yield f"{_named(head)}: the same key has signed another record, {other}, which this one does not go on from"


def _named(head: SignedHead) -> str:
    at = datetime.fromtimestamp(head.wall_ms / 1000, UTC)
    return f"head of entry {head.seq}, {at:%Y-%m-%d %H:%M} UTC, key {head.fingerprint}"
