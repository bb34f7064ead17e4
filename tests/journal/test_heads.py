"""Signed heads: one line that anybody can keep, and that only the desk can have made."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rung.journal.format import Head
from rung.journal.heads import SignedHead, heads_in, sign

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD = sign(KEY, "a877b330", Head(13, bytes(range(32))), 1_750_000_000_000)


def test_the_line_does_not_drift() -> None:
    """If this fails, no head that was ever printed can be read."""
    assert str(HEAD) == (
        "rung-head-v1 a877b330 13 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 1750000000000 2 "
        "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg "
        "st8TrX_PSIi3d1cwaIlVL5efTnzMvFC6Nq1I0yu_7s30ngN3zhtuzeZgAWsynhUnzS2jWEAU04hM7dT1h6yCDg"
    )


@given(st.integers(0, 10**12), st.binary(min_size=32, max_size=32), st.integers(0, 10**13))
def test_what_is_signed_comes_back_from_its_line(seq: int, hash_: bytes, wall_ms: int) -> None:
    made = sign(KEY, "0a", Head(seq, hash_), wall_ms)
    (read,) = heads_in(f"Dear admin,\n{made}\nregards")
    assert read == made and read.genuine and read.head == Head(seq, hash_)


def test_a_mail_may_break_and_quote_it() -> None:
    text = "> kept yesterday:\n> " + "\n> ".join(str(HEAD).split(" "))
    assert heads_in(text) == [HEAD]
    assert heads_in(f"{HEAD}\r\n{HEAD}\r\n") == [HEAD, HEAD]
    assert heads_in(str(HEAD)[:-1]) == heads_in(f"{HEAD}x") == heads_in("") == []


FORGED: dict[str, SignedHead] = {
    "another-journal": replace(HEAD, journal="a877b331"),
    "another-entry": replace(HEAD, seq=12),
    "another-hash": replace(HEAD, hash=bytes(32)),
    "another-time": replace(HEAD, wall_ms=HEAD.wall_ms - 1),
    "another-format": replace(HEAD, format=1),
    "another-key": replace(HEAD, key=Ed25519PrivateKey.generate().public_key().public_bytes_raw()),
    "no-key": replace(HEAD, key=bytes([255]) * 32),
    "no-signature": replace(HEAD, signature=bytes(64)),
    "borrowed-signature": replace(HEAD, signature=sign(KEY, "a877b330", Head(12, bytes(32)), 1).signature),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_head_is_not_genuine(forged: str) -> None:
    (read,) = heads_in(str(FORGED[forged]))
    assert HEAD.genuine and not read.genuine


def test_every_flipped_bit_of_a_signed_head_is_seen() -> None:
    for name in ("hash", "key", "signature"):
        raw = getattr(HEAD, name)
        for bit in range(8 * len(raw)):
            flipped = bytearray(raw)
            flipped[bit // 8] ^= 1 << bit % 8
            assert not replace(HEAD, **{name: bytes(flipped)}).genuine, (name, bit)
