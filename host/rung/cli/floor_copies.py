"""What the floor cannot know of a desk's record by itself: whether a part continues, and what a signed end says."""

from rung.floor.base import Copied, Line, Signed
from rung.journal.format import Entry, follows, genesis
from rung.journal.heads import heads_in


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


def read_head(line: str) -> Signed | None:
    """What a signed end of a record says; None: the key that it names has not signed it."""
    head = next(iter(heads_in(line)), None)
    if head is None or not head.genuine:
        return None
    return Signed(Copied(journal=head.journal, seq=head.seq, hash=head.hash), head.fingerprint)
