"""Each attack on a record's entries, by its name, and what the verifier says of it; the attacks are in ``vectors``."""

import json
from collections.abc import Callable, Iterator

import pytest
from tests.journal.vectors import ATTACKS, DESK, FILE, LAST, SOUND, at, changed

from rung.journal.format import Entry, Head, genesis
from rung.journal.verify import Fault, Report, verify


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


def test_the_vectors_for_verifiers_in_other_languages_are_these() -> None:
    """They stay as they were written, whatever events hold by now."""
    vectors = [json.loads(line) for line in FILE.read_text().splitlines()]
    assert {vector["name"] for vector in vectors} == {"sound", "sound-with-heads", *ATTACKS}
    for vector in vectors:
        entries = [
            Entry(**{**e, "body": e["body"].encode(), "hash": bytes.fromhex(e["hash"])}) for e in vector["entries"]
        ]
        heads = [Head(head["seq"], bytes.fromhex(head["hash"])) for head in vector["heads"]]
        broken = verify(entries, vector["journal"], *heads).broken
        assert (broken and {"seq": broken.seq, "fault": broken.fault}) == vector["broken"], vector["name"]


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
