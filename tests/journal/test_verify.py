"""Each attack on a record, by its name, and what the verifier says of it."""

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from tests.journal.samples import closed, opened, press

from rung.journal.format import Entry, Head, genesis, seal
from rung.journal.verify import Fault, Report, verify
from rung.words import CallerCalmed, Event

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


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_is_seen_at_its_place(attack: str) -> None:
    record, trusted, place, fault = ATTACKS[attack]
    report = verify(record, DESK, *trusted)
    assert report.broken is not None
    assert (report.broken.seq, report.broken.fault) == (place, fault)
    assert f"entry {place}" in report.broken.what or fault is Fault.TRUNCATED


@pytest.mark.parametrize(
    "trusted",
    [(), (genesis(DESK),), (at(4),), (LAST,), (LAST, at(2), at(2), genesis(DESK))],
    ids=["none", "start", "middle", "end", "many"],
)
def test_a_sound_record_passes(trusted: tuple[Head, ...]) -> None:
    assert verify(SOUND, DESK, *trusted) == Report(LAST)
    assert verify(iter(SOUND), DESK, *trusted).ok


@pytest.mark.parametrize("attack", ["truncated-tail", "forked-head"])
def test_without_a_head_kept_elsewhere_these_pass_unseen(attack: str) -> None:
    """Why heads are kept outside: should this ever fail, the description of ``verify`` is wrong."""
    assert verify(ATTACKS[attack][0], DESK).ok


def test_the_sound_part_is_told() -> None:
    assert verify(changed(4, at_ms=0), DESK).head == at(3)


def test_every_single_flipped_bit_is_seen() -> None:
    flips = 0
    for entry in SOUND:
        for field in ("seq", "at_ms", "wall_ms", "kind", "body", "hash"):
            for value in flipped(getattr(entry, field)):
                broken = verify(changed(entry.seq, **{field: value}), DESK).broken
                assert broken is not None and broken.seq == entry.seq, (entry.seq, field, value)
                flips += 1
    assert flips > 8 * sum(len(entry.body) + len(entry.hash) for entry in SOUND)


def flipped(value: int | str | bytes) -> Iterator[int | str | bytes]:
    if isinstance(value, int):
        yield from (value ^ (1 << bit) for bit in range(64))
        return
    restore: Callable[[bytes], str | bytes] = bytes
    if isinstance(value, str):
        value, restore = value.encode(), lambda raw: raw.decode("utf-8", "surrogateescape")
    for bit in range(8 * len(value)):
        raw = bytearray(value)
        raw[bit // 8] ^= 1 << bit % 8
        yield restore(bytes(raw))
