"""The keys by which NATS knows its users: Ed25519, in NATS' own letters."""

import base64
import secrets

import nkeys  # type: ignore[import-untyped]

USER = "U"  # the first letter of a user's public key
KEY_LETTERS = 56


def new_seed() -> str:
    """A new user's secret."""
    return str(nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER), "ascii")


def public(seed: str) -> str:
    """The key that goes with this secret; everybody may know it."""
    return str(nkeys.from_seed(bytearray(seed.encode())).public_key, "ascii").rstrip("=")


def is_key(text: str) -> bool:
    """A user's public key, and nothing that a server would stumble over."""
    if len(text) != KEY_LETTERS or not text.startswith(USER):
        return False
    try:
        raw = base64.b32decode(text)
    except ValueError:
        return False
    check: int = nkeys.crc16(bytearray(raw[:-2]))
    return check.to_bytes(2, "little") == raw[-2:]
