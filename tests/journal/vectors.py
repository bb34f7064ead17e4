"""Each attack on a record's entries, by its name, as a vector that a verifier in any language can run.

`python -m tests.journal.vectors` has written them to ``files/attacks.jsonl``, one a line: the record's name, heads kept
elsewhere, the entries, and the first place that is not as it must be (``null``: the record is sound).
"""

import json
from pathlib import Path

from msgspec.structs import replace
from tests.journal.samples import closed, opened, press

from rung.journal.format import Entry, Head, genesis, seal
from rung.journal.verify import Fault
from rung.words import CallerCalmed, Event

FILE = Path(__file__).parent / "files/attacks.jsonl"

DESK = "a-desk"
Record = list[Entry]


def written(events: list[Event], head: Head) -> Record:
    record = []
    for number, event in enumerate(events):
        record.append(seal(head, event, at_ms=number * 10, wall_ms=1_700_000_000_000 + number))
        head = Head(record[-1].seq, record[-1].hash)
    return record


SOUND = written([opened("c"), *press(1), *press(2), CallerCalmed("ann"), closed("c")], genesis(DESK))
LAST = Head(SOUND[-1].seq, SOUND[-1].hash)


def at(seq: int) -> Head:
    return Head(SOUND[seq - 1].seq, SOUND[seq - 1].hash)


def changed(place: int, **fields: object) -> Record:
    return [replace(entry, **fields) if entry.seq == place else entry for entry in SOUND]


def resealed(seq: int, event: Event) -> Record:
    """The forger also makes the entry's own hash right."""
    return [*SOUND[: seq - 1], *written([event], at(seq - 1)), *SOUND[seq:]]


def rewritten_from(seq: int) -> Record:
    """Everything from there on written anew: sound in itself."""
    return [*SOUND[: seq - 1], *written([CallerCalmed("eve")] * (len(SOUND) - seq + 1), at(seq - 1))]


# name: (record, heads kept elsewhere, first break: place and fault)
ATTACKS: dict[str, tuple[Record, tuple[Head, ...], int, Fault]] = {
    "removed-first": (SOUND[1:], (), 1, Fault.MISSING),
    "removed-middle": (SOUND[:2] + SOUND[3:], (), 3, Fault.MISSING),
    "removed-middle-renumbered": (
        SOUND[:2] + [replace(entry, seq=entry.seq - 1) for entry in SOUND[3:]],
        (),
        3,
        Fault.CHANGED,
    ),
    "swapped-entries": ([*SOUND[:2], SOUND[3], SOUND[2], *SOUND[4:]], (), 3, Fault.MISSING),
    "swapped-entries-renumbered": (
        [*SOUND[:2], replace(SOUND[3], seq=3), replace(SOUND[2], seq=4), *SOUND[4:]],
        (),
        3,
        Fault.CHANGED,
    ),
    "repeated-entry": (SOUND[:3] + SOUND[2:], (), 4, Fault.MISPLACED),
    "inserted-entry": (
        SOUND[:3] + written([CallerCalmed("eve")], at(3)) + SOUND[3:],
        (),
        5,
        Fault.MISPLACED,
    ),
    "inserted-entry-renumbered": (
        SOUND[:3] + written([CallerCalmed("eve")], at(3)) + [replace(entry, seq=entry.seq + 1) for entry in SOUND[3:]],
        (),
        5,
        Fault.CHANGED,
    ),
    "changed-body": (changed(3, body=SOUND[2].body.replace(b"1", b"2")), (), 3, Fault.CHANGED),
    "changed-kind": (changed(3, kind="CaseClosed"), (), 3, Fault.CHANGED),
    "changed-time": (changed(3, at_ms=21), (), 3, Fault.CHANGED),
    "changed-wall-time": (changed(3, wall_ms=0), (), 3, Fault.CHANGED),
    "changed-hash": (changed(3, hash=bytes(32)), (), 3, Fault.CHANGED),
    "no-hash": (changed(3, hash=b""), (), 3, Fault.CHANGED),
    "not-unicode": (changed(3, kind="\udc80"), (), 3, Fault.CHANGED),
    "changed-and-resealed": (resealed(3, CallerCalmed("eve")), (), 4, Fault.CHANGED),
    "changed-last-and-resealed": (resealed(7, CallerCalmed("eve")), (LAST,), 7, Fault.FORKED),
    "truncated-tail": (SOUND[:-1], (LAST,), 7, Fault.TRUNCATED),
    "emptied": ([], (LAST,), 1, Fault.TRUNCATED),
    "forked-head": (rewritten_from(5), (LAST,), 7, Fault.FORKED),
    "forked-before-the-head": (rewritten_from(2), (at(4),), 4, Fault.FORKED),
    "forked-and-longer": (
        [*SOUND[:5], *written([CallerCalmed("eve")] * 9, at(5))],
        (LAST,),
        7,
        Fault.FORKED,
    ),
    "body-moved-into-kind": (
        changed(3, kind=SOUND[2].kind + SOUND[2].body.decode(), body=b""),
        (),
        3,
        Fault.CHANGED,
    ),
    "another-desk": (written([opened("c")], genesis("another")), (), 1, Fault.CHANGED),
    "another-desk's-beginning": (SOUND, (genesis("another"),), 0, Fault.FORKED),
}


def lines() -> list[str]:
    sound = {"sound": (SOUND, (), None), "sound-with-heads": (SOUND, (genesis(DESK), at(4), LAST), None)}
    found = {name: (record, heads, (seq, fault)) for name, (record, heads, seq, fault) in ATTACKS.items()}
    return [_line(name, *vector) for name, vector in (sound | found).items()]


def _line(name: str, record: Record, heads: tuple[Head, ...], broken: tuple[int, Fault] | None) -> str:
    vector = {
        "name": name,
        "journal": DESK,
        "heads": [{"seq": head.seq, "hash": head.hash.hex()} for head in heads],
        "entries": [
            {
                "seq": e.seq,
                "at_ms": e.at_ms,
                "wall_ms": e.wall_ms,
                "kind": e.kind,
                "body": e.body.decode(),
                "hash": e.hash.hex(),
            }
            for e in record
        ],
        "broken": None if broken is None else {"seq": broken[0], "fault": str(broken[1])},
    }
    return json.dumps(vector) + "\n"


if __name__ == "__main__":
    FILE.write_text("".join(lines()))
