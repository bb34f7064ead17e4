"""The keys by which NATS knows its users: Ed25519, in NATS' own letters."""

import base64
import secrets

import nkeys

USER = "U"  # the first letter of a user's public key
KEY_LETTERS = 56


def new_seed() -> str:
    """A new user's secret."""
    return nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER).decode()


def public(seed: str) -> str:
    """The key that goes with this secret; everybody may know it."""
    return nkeys.from_seed(bytearray(seed.encode())).public_key.decode().rstrip("=")


def is_key(text: str) -> bool:
    """A user's public key, and nothing that a server would stumble over."""
    if len(text) != KEY_LETTERS or not text.startswith(USER):
        return False
    try:
        raw = base64.b32decode(text)
    except ValueError:
        return False
    return nkeys.crc16(bytearray(raw[:-2])).to_bytes(2, "little") == raw[-2:]
