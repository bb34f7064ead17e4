"""Whether a part of a desk's record continues what the floor has of it: the record's own chain decides."""

from rung.floor.base import Copied, Line
from rung.journal.format import Entry, follows, genesis


def continues(copied: Copied, journal: str, lines: tuple[Line, ...]) -> str:
    """Why it does not; empty: it does. A record that begins is one of its own."""
    if journal == copied.journal:
        seq, hash = copied.seq, copied.hash
    else:
        seq, hash = 0, genesis(journal).hash
    for line in lines:
        if line.seq != seq + 1:
            return f"entry {line.seq} stands where entry {seq + 1} belongs"
        entry = Entry(
            seq=line.seq, at_ms=line.at_ms, wall_ms=line.wall_ms, kind=line.kind, body=line.body, hash=line.hash
        )
        if not follows(entry, hash):
            return f"entry {line.seq} does not continue what was copied: it was changed, or what comes before it"
        seq, hash = line.seq, line.hash
    return ""
