"""Passes: what the floor vouches for of whoever has signed on, and what a desk signs with its own key.

A pass is signed with the key of the floor's certificate authority, whose certificate every desk has. It names the
desk, the desk's key and the person, and holds TICKET_S; the floor renews it as long as the person still may, until
the sign-on ends. A desk proves with its key that a pass is its own. Nothing here has a clock or does I/O.
"""

import base64
import binascii

import msgspec
import nkeys  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from msgspec import Struct

from rung.floor.nkey import is_key
from rung.words import Job

TICKET_S = 900.0  # it is renewed long before; who was retired cannot use an old one for longer
CLOCKS_S = 300.0  # by which two computers of a site may differ
DOMAIN = b"rung-ticket-v1\0"


class Ticket(Struct, frozen=True, kw_only=True):
    """Who sits at a desk. Times are seconds since 1970."""

    desk: str
    key: str  # the desk's public nkey
    person: str
    jobs: tuple[Job, ...]
    until: float  # of this pass
    ends: float  # of the sign-on


class TicketError(Exception):
    """It does not hold: one line says why."""


def write_ticket(ticket: Ticket, key: bytes) -> str:
    """``key``: the authority's private one, PEM."""
    body = msgspec.json.encode(ticket)
    private = serialization.load_pem_private_key(key, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return f"{_text(body)}.{_text(private.sign(DOMAIN + body, ec.ECDSA(hashes.SHA256())))}"


def read_ticket(text: str, ca: str) -> Ticket:
    """``ca``: the authority's certificate, PEM. Raises TicketError; whether it still holds is for `holds` to say."""
    body, _, signature = text.partition(".")
    public = x509.load_pem_x509_certificate(ca.encode()).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    try:
        raw = _bytes(body)
        public.verify(_bytes(signature), DOMAIN + raw, ec.ECDSA(hashes.SHA256()))
        return msgspec.json.decode(raw, type=Ticket)
    except (InvalidSignature, binascii.Error, ValueError, msgspec.MsgspecError):
        raise TicketError("the pass is not one that this floor has given") from None


def holds(ticket: Ticket, desk: str, now_s: float) -> str:
    """Whether it is this desk's and of now; why not, or empty."""
    if ticket.desk != desk:
        return f"the pass is the desk {ticket.desk!r}'s"
    if now_s > ticket.until + CLOCKS_S:
        return "the pass is too old"
    return ""


def sign(seed: str, data: bytes) -> str:
    """With a desk's own key (Ed25519)."""
    return _text(nkeys.from_seed(bytearray(seed.encode())).sign(data))


def is_signed(key: str, data: bytes, signature: str) -> bool:
    """By the desk whose public nkey this is."""
    if not is_key(key):
        return False
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(base64.b32decode(key)[1:33]).verify(_bytes(signature), data)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii", "replace"), altchars=b"-_", validate=True)
