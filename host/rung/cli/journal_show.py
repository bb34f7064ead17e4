"""The entries of a record in words, one a line."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from rung.cli.timeline import Describer
from rung.desk.happening import Happening
from rung.journal.format import Entry, JournalError
from rung.journal.reading import ExportedEntry, reading
from rung.journal.sealing import key_of
from rung.words import PressRecorded


def shown(path: Path, case: str, kind: str, last: int, json: bool) -> Iterator[str]:
    """Raises JournalError."""
    with reading(path) as record:
        first, until = _span(record.entries(), case, path) if case else (1, None)
        entries = (
            entry
            for entry in record.entries()
            if (not kind or entry.kind == kind) and first <= entry.seq and (until is None or entry.seq <= until)
        )
        yield from map(_as_json if json else _in_words, deque(entries, last) if last else entries)


def _span(entries: Iterator[Entry], case: str, path: Path) -> tuple[int, int]:
    name = b'"case":' + msgspec.json.encode(case)
    found = [entry.seq for entry in entries if name in entry.body]
    if not found:
        raise JournalError(f"journal {path}: has no case {case!r}; `rung journal show --kind CaseOpened` lists them")
    return found[0], found[-1]


def _in_words(entry: Entry) -> str:
    at = datetime.fromtimestamp(entry.wall_ms / 1000).isoformat(" ", "milliseconds")
    try:
        event = entry.event
        told = Happening(kind="press", at_ns=0, press=event.press) if isinstance(event, PressRecorded) else None
        words = Describer().describe(told or Happening(kind="recorded", at_ns=0, event=event, seq=entry.seq))
        if key_of(event):
            words += " [sealed in part]"
    except JournalError as error:
        words = str(error)
    return f"{entry.seq:>7}  {at}  {entry.kind:<18} {words}"


def _as_json(entry: Entry) -> str:
    body, hash_ = entry.body.decode(errors="replace"), entry.hash.hex()
    line = ExportedEntry(entry.seq, entry.at_ms, entry.wall_ms, entry.kind, body, hash_)
    return msgspec.json.encode(line).decode()
