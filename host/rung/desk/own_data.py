"""What a desk's record has of one person of the staff, for that person.

Their own presses, refused ones too as long as they can be read, rungs, asks, sign-ons and viewings. What they wrote
about a caller is left out: it is the caller's.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from rung import words as w
from rung.journal.by_case import case_of
from rung.journal.format import Entry

PERSON_FIELDS = ("person", "by", "relieves")


class Mine(Struct, frozen=True):
    """One entry: when, of which case, what kind, and what it says."""

    seq: int
    wall_ms: int
    case: str
    kind: str
    says: Any


class Own(Struct, frozen=True):
    person: str
    entries: tuple[Mine, ...]


def own(entries: Iterable[Entry], person: str, opened: Callable[[w.Event], w.Event]) -> Iterator[Mine]:
    """In order. ``opened`` gives back who pressed, where that is still readable; every text stays sealed."""
    about, pressed = "", None
    for entry in entries:
        bare = entry.event
        event = opened(bare) if isinstance(bare, w.PressRecorded | w.PressAnswered) else bare
        its, about = case_of(event, about)
        if isinstance(event, w.PressRecorded):
            pressed = event.press.number if event.person == person else None
        answered = isinstance(event, w.PressAnswered) and event.number == pressed
        if answered or person in (getattr(event, field, None) for field in PERSON_FIELDS):
            says = msgspec.to_builtins(event)
            says.pop("sealed", None)
            says.pop("type", None)
            yield Mine(entry.seq, entry.wall_ms, its, entry.kind, says)
