"""Frames both ways, the decoder on whatever arrives, and the lengths."""

from __future__ import annotations

import binascii
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.sim.link.line import GARBAGE
from rung_wire import codes, names
from rung_wire.frame import Decoder, encode, pack, text_of

BOX_ID, BOOT, NONCE = "aabbccddeeff", "00c0ffee", "00000000a5"

# kind, sequence, session, fields, bytes: used in both directions.
VECTORS: list[tuple[str, int, int, tuple[Any, ...], bytes]] = [
    (
        *("H", 0, 0, (BOX_ID, BOOT, 2, "0.1.0", "p", 0, 0, 0, 0, NONCE)),
        b"H000000aabbccddeeff,00c0ffee,2,0.1.0,p,0,0,0,0,00000000a5~",
    ),
    ("P", 0, 1, (1, "E", "t", 3, 25), b"P0000011,E,t,3,19~"),
    ("P", 0, 0xFFFF, (0x10, "EW", "c", 0xDEADBEEF, codes.AGE_MAX_MS), b"P00ffff10,EW,c,deadbeef,3fffffff~"),
    ("T", 0, 0, (BOX_ID, "s", "ValueError-app.py-27"), b"T000000aabbccddeeff,s,ValueError-app.py-27~"),
    ("P", 0, 1, (1, "WR", "h", 3, 25), b"P0000011,WR,h,3,19~"),
    ("G", 0xA5, 1, (7,), b"Ga500017~"),
    ("A", 0, 1, (2, 0xFFFF), b"A0000012,ffff~"),
    ("B", 0, 1, (), b"B000001~"),
    ("q", 0, 0, (), b"q000000~"),
    ("w", 0, 1, ("0123456789ab", 0), b"w0000010123456789ab,0~"),
    ("k", 0, 1, (1,), b"k0000011~"),
    ("l", 1, 1, (3, "b-", "la", "of", 0x14), b"l0100013,b-,la,of,14~"),
    ("r", 2, 1, (1, "r", "W"), b"r0200011,r,W~"),
    ("a", 0, 1, (), b"a000001~"),
    ("m", 0, 1, (), b"m000001~"),
    ("b", 0, 1, (), b"b000001~"),
]


def line(body: bytes) -> bytes:
    """A frame from its middle, by a second reading of the rule."""
    return b"!" + body + f"{binascii.crc32(body):08x}".encode() + b"\n"


class Reader(Decoder):
    """Gives of a frame what it says: kind, sequence, session, fields."""

    def feed(self, data: bytes) -> list[Any]:
        return [frame[:4] for frame in super().feed(data)]


def decoder(kind: str) -> Decoder:
    if kind in codes.HOST_FRAMES:
        return Reader(codes.HOST_FRAMES, codes.HOST_FRAME_MAX_BYTES)
    return Reader(codes.BOX_FRAMES, codes.BOX_FRAME_MAX_BYTES)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[4].decode())
class TestVector:
    def test_encodes(self, vector: tuple[Any, ...]) -> None:
        kind, sequence, session, fields, body = vector
        assert encode(text_of(kind, sequence, session, pack(kind, fields))) == line(body)

    @pytest.mark.parametrize("before", [b"", *GARBAGE, b"\x00\xff" * 700, b"!" * 500])
    @pytest.mark.parametrize("after", [b"", *GARBAGE])
    def test_decodes_whole_and_byte_by_byte(self, vector: tuple[Any, ...], before: bytes, after: bytes) -> None:
        data = before + line(vector[4]) + after
        whole, parted = decoder(vector[0]), decoder(vector[0])
        assert whole.feed(data) == [vector[:4]]
        assert [frame for byte in data for frame in parted.feed(bytes((byte,)))] == [vector[:4]]
        assert (whole.bad_frames, whole.noise_bytes) == (parted.bad_frames, parted.noise_bytes)

    def test_carriage_return_is_tolerated(self, vector: tuple[Any, ...]) -> None:
        assert decoder(vector[0]).feed(line(vector[4])[:-1] + b"\r\n") == [vector[:4]]

    def test_the_tag_is_handed_on_with_what_it_proves(self, vector: tuple[Any, ...]) -> None:
        frames = codes.HOST_FRAMES if vector[0] in codes.HOST_FRAMES else codes.BOX_FRAMES
        [frame] = Decoder(frames, codes.BOX_FRAME_MAX_BYTES).feed(line(vector[4] + b"Aa0+/Zz9"))
        assert frame == (*vector[:4], vector[4][:-1].decode(), "Aa0+/Zz9")

    def test_echo_of_our_own_frame_is_nothing(self, vector: tuple[Any, ...]) -> None:
        other = "H" if vector[0] in codes.HOST_FRAMES else "w"
        assert decoder(other).feed(line(vector[4])) == []

    def test_every_flipped_bit_is_noticed(self, vector: tuple[Any, ...]) -> None:
        good = line(vector[4])
        for place in range(len(good)):
            for bit in range(8):
                bad = good[:place] + bytes((good[place] ^ 1 << bit,)) + good[place + 1 :]
                assert decoder(vector[0]).feed(bad) == []

    def test_every_truncation_is_noticed_and_the_next_frame_found(self, vector: tuple[Any, ...]) -> None:
        good = line(vector[4])
        for end in range(len(good)):
            assert decoder(vector[0]).feed(good[:end] + good) == [vector[:4]]


BAD_BODIES = [
    b"k0000011",  # no tilde
    b"k00001~",  # no payload and a short head
    b"k0000011,2~",  # too many fields
    b"k000001~",  # too few
    b"k000001,~",
    b"k000001-1~",
    b"k0000010x1~",
    b"k000001 1~",
    b"k0000011_1~",
    b"k000001A~",  # capitals
    b"k000001123456789~",  # too long a number
    b"k00 0011~",
    b"K0000011~",  # no such kind
    b"k0000011~short",
    b"k0000011~bad tag!",
    b"l0100013,b-,la,o,0~",  # a lamp without a mark
    b"l0100013,b-,la,zz,0~",
    b"r0200011,r,EW~",  # no such next button
    b"k000001\xff~",
    b"k000001\xc3\xa9~",
    b"",
    b"~",
]


@pytest.mark.parametrize("body", BAD_BODIES)
def test_bad_grammar_with_a_good_crc_is_only_counted(body: bytes) -> None:
    taking = decoder("w")
    assert taking.feed(line(body)) == []
    assert taking.bad_frames >= 1
    assert taking.feed(line(b"k0000011~")) == [("k", 0, 1, (1,))]


LONGEST = {names.NUMBER: "f", names.HEX: "f", names.TEXT: "m"}


def longest(kind: str) -> tuple[Any, ...]:
    values: list[Any] = []
    for _, form, rule in {**names.BOX_FRAMES, **names.HOST_FRAMES}[kind][1]:
        if form == names.ONE_OF:
            values.append(max(rule, key=len))
        elif form == names.LAMP:
            values.append("b-")
        else:
            values.append(int("f" * rule, 16) if form == names.NUMBER else LONGEST[form] * rule)
    return tuple(values)


@pytest.mark.parametrize("kind", [*codes.BOX_FRAMES, *codes.HOST_FRAMES])
def test_longest_frame_fits_with_a_tag_and_comes_through(kind: str) -> None:
    most = codes.HOST_FRAME_MAX_BYTES if kind in codes.HOST_FRAMES else codes.BOX_FRAME_MAX_BYTES
    data = encode(text_of(kind, 0xFF, 0xFFFF, pack(kind, longest(kind))), "T" * codes.TAG_CHARS)
    assert len(data) <= most
    assert decoder(kind).feed(data[:-1] + b"\r\n") == [(kind, 0xFF, 0xFFFF, longest(kind))]


@pytest.mark.parametrize("kind", [*codes.BOX_FRAMES, *codes.HOST_FRAMES])
def test_every_field_refuses_what_is_too_long_or_strange(kind: str) -> None:
    good = longest(kind)
    with pytest.raises(ValueError):
        pack(kind, (*good, 0))
    for place, (_, form, _) in enumerate({**names.BOX_FRAMES, **names.HOST_FRAMES}[kind][1]):
        for bad in (
            (-1, good[place] + 1) if form == names.NUMBER else ("", good[place] + "x", "!", "~", ",", "\n", "\x03")
        ):
            with pytest.raises(ValueError):
                pack(kind, (*good[:place], bad, *good[place + 1 :]))


def test_too_long_a_frame_is_not_sent() -> None:
    room = codes.HOST_FRAME_MAX_BYTES - codes.TAG_CHARS - len(line(b"l010001~"))
    assert encode(text_of("l", 1, 1, "f" * room))
    with pytest.raises(ValueError):
        encode(text_of("l", 1, 1, "f" * (room + 1)))


def test_no_frame_carries_a_control_byte() -> None:
    """So Ctrl-C stays mpremote's alone."""
    for kind, sequence, session, fields, _ in VECTORS:
        assert all(0x20 <= byte < 0x7F for byte in encode(text_of(kind, sequence, session, pack(kind, fields)))[:-1])


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.sampled_from([line(vector[4]) for vector in VECTORS]),
        st.sampled_from([line(body) for body in BAD_BODIES]),
        st.sampled_from(GARBAGE),
    ),
    max_size=12,
)


@given(PIECES, st.lists(st.integers(1, 100), min_size=1, max_size=20))
def test_portions_never_matter(pieces: list[bytes], steps: list[int]) -> None:
    """Whatever arrives, in whatever portions: the same frames, the same counters, and bounded memory."""
    data = b"".join(pieces)
    whole, parted = decoder("H"), decoder("H")
    expected = whole.feed(data)
    found, at, turn = [], 0, 0
    while at < len(data):
        step = steps[turn % len(steps)]
        found += parted.feed(data[at : at + step])
        assert len(parted._begun or b"") < codes.BOX_FRAME_MAX_BYTES
        at, turn = at + step, turn + 1
    assert found == expected
    assert (whole.bad_frames, whole.noise_bytes) == (parted.bad_frames, parted.noise_bytes)


@pytest.mark.parametrize("pattern", [b"!", b"!!a", b"!A\n", b"\n", b"~", b"!" + b"x" * 46, b"\xff", b"!" + b"x" * 95])
def test_hostile_patterns_are_linear(pattern: bytes) -> None:
    """The bytes that are searched, counted, stay in proportion to the bytes that arrive."""

    class Counting(bytes):
        searched = 0

        def find(self, what: Any, start: Any = 0, end: Any = None) -> int:
            found = super().find(what, start, len(self) if end is None else end)
            Counting.searched += (found if found >= 0 else (len(self) if end is None else end)) - start + 1
            return found

        def rfind(self, what: Any, start: Any = 0, end: Any = None) -> int:
            found = super().rfind(what, start, end)
            Counting.searched += end - (found if found >= 0 else start) + 1
            return found

    data = Counting(pattern * (100_000 // len(pattern)))
    assert decoder("w").feed(data) == []
    assert Counting.searched < 8 * len(data)
