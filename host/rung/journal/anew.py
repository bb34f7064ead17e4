"""How a desk gets its journal: the one that it had, or a fresh one where that cannot go on.

A damaged record is put aside under another name, whole, and the fresh one begins with an entry that says why, where the
old one lies and up to which entry it was sound. Nothing is mended, deleted or passed over in silence. What the disk
refuses (full, read-only, in use, no rights) is no damage: there the desk waits for a person.
"""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from rung import words as w
from rung.clock import wall_ms
from rung.journal.format import Entry, Head, JournalDamaged, JournalError, JournalForeign
from rung.journal.heads import SignedHead
from rung.journal.reading import reading
from rung.journal.signing import last_signed
from rung.journal.store import Journal
from rung.journal.verify import verify
from rung.private import sync_folder

# Calls of a fresh record are numbered from the minutes since then: no desk has had a call for every minute of its life,
# so no number that the box or the floor may still know comes a second time.
NUMBERS_SINCE_MS = 1_577_836_800_000  # 2020-01-01
MINUTE_MS = 60_000


class Sound(Struct):
    """What is known of the record before: up to where it is good, and the highest number of a call in that."""

    journal: str = ""
    head: Head = Head(0, b"")
    epoch: int = 0


def open_journal(path: Path, damage: str = "") -> tuple[Journal, str]:
    """The open journal, and one line if it had to be begun anew. ``damage`` is what a bridge has met in it.

    Raises JournalError as `Journal` for what a person must mend.
    """
    known = last_signed(path)
    was_there = path.exists() and path.stat().st_size > 0
    if not damage and not was_there:
        if known is not None and known.seq:
            damage = f"journal {path}: is missing or empty, but this desk has signed entry {known.seq}"
        elif _log(path).exists():
            damage = f"journal {path}: is missing or empty, but its log is left"
    if not damage:
        try:
            journal = Journal(path)
        except JournalDamaged as error:
            damage = str(error)
        except JournalForeign as error:
            if known is None:  # it may be somebody else's
                raise
            damage = str(error)
        else:
            if not (damage := _differs(journal, known)):
                return journal, ""
            journal.close()
    return _begun_anew(path, known, damage)


def _differs(journal: Journal, known: SignedHead | None) -> str:
    """How it is not the record that this desk last signed; empty: it is, and may have gone on."""
    if known is None or not known.seq:
        return ""
    if journal.id != known.journal:
        first = journal.entry(1)
        event = first.event if first is not None and first.kind == w.RecordBegunAnew.__name__ else None
        if isinstance(event, w.RecordBegunAnew) and event.journal == known.journal:
            return ""  # begun anew, and stopped before its first head was signed
        return f"this desk signed entry {known.seq} of another record, which is not here any more"
    if journal.head.seq < known.seq:
        return f"it ends at entry {journal.head.seq}, but this desk has signed entry {known.seq}: it was rolled back"
    there = journal.entry(known.seq)
    if there is None or there.hash != known.hash:
        return f"its entry {known.seq} is not the one that this desk has signed"
    return ""


def _begun_anew(path: Path, known: SignedHead | None, why: str) -> tuple[Journal, str]:
    aside = _put_aside(path)
    sound = _sound_part(aside, known) if aside is not None else Sound()
    if known is not None and (sound.journal != known.journal or sound.head.seq < known.seq):
        sound = Sound(known.journal, known.head, sound.epoch)
    now_ms = wall_ms()
    event = w.RecordBegunAnew(
        why=why,
        file="" if aside is None else aside.name,
        journal=sound.journal,
        seq=sound.head.seq,
        hash=sound.head.hash.hex(),
        epoch=max(sound.epoch + 1, (now_ms - NUMBERS_SINCE_MS) // MINUTE_MS),
    )
    journal = Journal(path)
    try:
        journal.append([event], at_ms=0, wall_ms=now_ms)
    except BaseException:
        journal.close()
        raise
    kept = f"it is kept as {aside.name}, sound up to entry {sound.head.seq}" if aside is not None else "nothing is left"
    return journal, f"the record was begun anew: {why}; {kept}"


def _put_aside(path: Path) -> Path | None:
    """File and log under another name, in the same folder; None: there was no file."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    for again in range(1, 100):
        if not aside.exists() and not _log(aside).exists():
            break
        aside = path.with_name(f"{path.stem}.damaged-{stamp}-{again}{path.suffix}")
    found = path.exists()
    try:
        for file, name in ((path, aside), (_log(path), _log(aside))):
            with contextlib.suppress(FileNotFoundError):
                os.rename(file, name)  # noqa: PTH104 (never over another file by intent; see above)
    except OSError as error:
        raise JournalError(f"journal {path}: is damaged, and cannot be put aside: {error.strerror}") from None
    sync_folder(path.parent)
    return aside if found else None


def _sound_part(aside: Path, known: SignedHead | None) -> Sound:
    sound = Sound()

    def watched(entries: Iterator[Entry]) -> Iterator[Entry]:
        for entry in entries:
            yield entry  # what follows runs when it has been found good
            if entry.kind in ("CaseOpened", "CaseArrived", "RecordBegunAnew"):
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    sound.epoch = max(sound.epoch, msgspec.json.decode(entry.body, type=_Epoch).epoch)

    with contextlib.suppress(JournalError), reading(aside) as record:
        trusted = [known.head] if known is not None and known.journal == record.id else []
        sound.head = verify(watched(record.entries()), record.id, *trusted).head
        sound.journal = record.id
    return sound


class _Epoch(Struct):
    epoch: int


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
