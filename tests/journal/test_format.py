"""The entry format: fixed for ever by an example, and built a second time here from its description."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.journal.samples import closed, opened, press

from rung.journal.format import Entry, Head, JournalError, entry_hash, genesis, seal, version_of
from rung.words import CallerCalmed, Event, Ground, GroundDeclared

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def described(domain: bytes, *fields: bytes) -> bytes:
    """As the description in ``format`` has it."""
    return hashlib.sha256(domain + b"\0" + b"".join(len(f).to_bytes(8, "big") + f for f in fields)).digest()


def test_the_format_does_not_drift() -> None:
    """If this fails, every record ever written fails its check."""
    entry = seal(genesis("a-desk"), CallerCalmed("ann"), at_ms=1500, wall_ms=1_700_000_000_000)
    assert genesis("a-desk").hash.hex() == "d62b762fc0aac1507235afc5a045d417d3f4e36bd88e21711ed343bae07fb802"
    assert entry.body == b'{"type":"CallerCalmed","person":"ann"}'
    assert entry.hash.hex() == "98c3970db76c3d1f9f75a0467a43d51037d8bd71e8454145525663e315ef33d5"
    first = replace(entry, hash=bytes.fromhex("36d4f609254976b916f302bdb39bad4699a241b61ff189cad934daee03cc23f2"))
    assert [version_of(each, genesis("a-desk").hash) for each in (entry, first, replace(first, at_ms=1))] == [2, 1, 0]
    assert version_of(first, genesis("a-desk").hash, 2) == 0, "versions never go down"


@given(TEXT, st.binary(), st.integers(), st.integers(), st.integers(), TEXT, st.binary())
def test_the_hash_is_what_the_description_says(
    desk: str, previous: bytes, seq: int, at_ms: int, wall_ms: int, kind: str, body: bytes
) -> None:
    assert genesis(desk) == Head(0, described(b"rung-journal-genesis-v1", desk.encode()))
    numbers = (str(number).encode() for number in (seq, at_ms, wall_ms))
    fields = (previous, *numbers, kind.encode(), body)
    for version in (1, 2):
        wanted = described(b"rung-journal-entry-v%d" % version, *fields)
        assert entry_hash(previous, seq, at_ms, wall_ms, kind, body, version) == wanted


@pytest.mark.parametrize(
    "event",
    [*press(7), opened("c"), closed("c"), GroundDeclared(ground=Ground.OTHER, person=None, note='ä"\0\n')],
    ids=lambda event: type(event).__name__,
)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    entry = seal(genesis("a-desk"), event, at_ms=1, wall_ms=2)
    assert (entry.event, entry.seq, entry.at_ms, entry.wall_ms) == (event, 1, 1, 2)
    assert entry.kind == type(event).__name__


@pytest.mark.parametrize(
    "body",
    [b'{"type":"Later"}', b'{"type":"CallHeld"}', b'{"type":"BridgeRestarted"}', b"{", b'{"type":"\xff"}', b"\xff"],
)
def test_an_unknown_event_is_readable_as_an_entry_and_clear_when_asked_for(body: bytes) -> None:
    entry = Entry(seq=9, at_ms=0, wall_ms=0, kind="Later", body=body, hash=b"")
    assert msgspec.structs.replace(entry, seq=10).body == body
    with pytest.raises(JournalError, match=r"^entry 9: this version of Rung cannot read a 'Later' .*newer one$"):
        _ = entry.event
