"""The fold of what was declared: the fewest declarations that answer every question of the tables in the same way.

A policy asks few questions about grounds: does one of this set stand; was it declared after the caller had calmed,
after that rung, after I joined? So of all that a call may gather, only the answers count, and the order of a few
instants.
"""

from msgspec import Struct

from rung.policy.proof.reads import Need, Reads
from rung.words import Ground

CALMED = "calmed"
Person = str | None


class Declared(Struct, frozen=True):
    """One standing declaration. ``at`` is a place in an order, no time."""

    ground: Ground
    person: Person
    at: int


_PLACES = {ground: place for place, ground in enumerate(Ground)}


class Said(Struct, frozen=True):
    """What was declared, and the instants that it is held against: calmed, a rung, a supervisor who joined."""

    declared: tuple[Declared, ...] = ()
    marks: tuple[tuple[str, int], ...] = ()  # by name: CALMED, a rung's id, or `joined` and the person

    def mark(self, name: str) -> int | None:
        return next((at for named, at in self.marks if named == name), None)


def joined(person: Person) -> str:
    return f"joined:{person}"


Answers = tuple[bool, ...]


def answers(reads: Reads, said: Said) -> tuple[Answers, Answers, tuple[Declared, ...]]:
    """The answer to every question that the tables ask about grounds: now, and once what is `unnamed` was named."""
    unnamed = tuple(d for d in said.declared if d.ground == Ground.UNNAMED)
    named = Said(tuple(d for d in said.declared if d.ground != Ground.UNNAMED), said.marks)
    return (_answers(reads, said), _answers(reads, named), unnamed)


def _answers(reads: Reads, said: Said) -> Answers:
    people = [name for name, _ in said.marks if name.startswith("joined:")]
    found = [bool(said.declared)]
    for need in reads.needs:
        found += [_attested(need, said, name) for name in people] if need.attested else [_stands(need, said)]
    return tuple(found)


def _attested(need: Need, said: Said, name: str) -> bool:
    since = said.mark(name)
    assert since is not None
    return any(joined(d.person) == name and d.ground in need.grounds and d.at > since for d in said.declared)


def _stands(need: Need, said: Said) -> bool:
    since = said.mark(CALMED) if need.ends else None
    if need.after is not None:
        taken = said.mark(need.after)
        if taken is None:
            return False
        since = taken if since is None else max(since, taken)
    return any(d.ground in need.grounds and (since is None or d.at > since) for d in said.declared)


class Grounds:
    """The fold, for what one policy reads. It remembers what it has folded: few things are declared on a call."""

    def __init__(self, reads: Reads) -> None:
        self.reads = reads
        self._folded: dict[Said, Said] = {}
        self._members: dict[object, Said] = {}

    def fold(self, said: Said) -> Said:
        """Of all that answers like ``said``, now and later, always the same."""
        folded = self._folded.get(said)
        if folded is None:
            fewest = self._fewest(said)
            folded = self._folded[said] = self._members.setdefault(_meaning(self.reads, fewest), fewest)
        return folded

    def _fewest(self, said: Said) -> Said:
        """As few declarations as give the same answers, each ground by the first of its class.

        A mark of the other role's rungs may have come along; what these tables do not ask for tells nothing apart.
        """
        marks = tuple(m for m in said.marks if m[0] == CALMED or m[0].startswith("joined:") or m[0] in self.reads.timed)
        said = Said(said.declared, marks)
        newest: dict[tuple[Ground, Person], int] = {}
        for d in said.declared:
            key = (self.reads.first[d.ground], d.person)
            newest[key] = max(d.at, newest.get(key, d.at))
        kept = sorted((Declared(g, person, at) for (g, person), at in newest.items()), key=_in_time)
        wanted = answers(self.reads, said)
        for d in tuple(kept):
            if answers(self.reads, Said(tuple(k for k in kept if k != d), said.marks)) == wanted:
                kept.remove(d)
        calmed, lapsing = said.mark(CALMED), self.reads.lapsing
        if calmed is not None and all(d.at > calmed for d in kept):  # as if the caller had never been calmer
            return _in_order(kept, [m for m in said.marks if m[0] != CALMED], lapsing)
        return _in_order(kept, list(said.marks), lapsing)


def _meaning(reads: Reads, said: Said) -> object:
    """All that counts of it: the answers, and what came after each `unnamed`, for its naming inherits its time."""
    now, named, unnamed = answers(reads, said)
    stale = tuple((d.person, tuple(name for name, at in said.marks if at >= d.at)) for d in unnamed)
    return now, named, stale, tuple(name for name, _ in said.marks if name != CALMED)


def _in_time(d: Declared) -> tuple[int, int, str]:
    return d.at, _PLACES[d.ground], str(d.person)


def _in_order(declared: list[Declared], marks: list[tuple[str, int]], lapsing: frozenset[str]) -> Said:
    """Places 1, 2, 3…: declarations with no mark between them share one, and so do marks.

    But a mark that has a wait of its own (a supervisor's joining, a rung that lapses) has its own place.
    """

    def kind_of(name: str) -> str:
        return name if name.startswith("joined:") or name in lapsing else "mark"

    instants = sorted({(d.at, 0, "") for d in declared} | {(at, 1, kind_of(name)) for name, at in marks})
    places: dict[tuple[int, str], int] = {}
    place, before = 0, None
    for at, _, kind in instants:
        place += kind != before
        places[at, kind], before = place, kind
    moved = [Declared(d.ground, d.person, places[d.at, ""]) for d in declared]
    return Said(
        tuple(sorted(moved, key=_in_time)), tuple(sorted((name, places[at, kind_of(name)]) for name, at in marks))
    )
