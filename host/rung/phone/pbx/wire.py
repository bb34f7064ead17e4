"""What a desk and the broker beside the PBX say to each other: JSON, one object a line, over TLS.

The broker shows the certificate whose digest stands in the desk's configuration, and begins with a number of its own.
The desk signs that with its key, and shows the pass that the floor gave it when somebody signed on. After that it
names commands of `rung.phone.base.Phone`, and is told what it would be told by a phone.

Twice a second the broker says a number (`Beat`), which the desk repeats. So each knows within BEAT_LOST_S that the
other is gone; and a command that ends something, but was under way too long, is known by its old number.
"""

import asyncio

from msgspec import Struct

from rung.words import Call

LINE_BYTES = 256 * 1024
BROKEN = (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError)  # what a connection ends with
BEAT_S = 0.5
BEAT_LOST_S = 2.5  # as with Asterisk itself: whoever sits there is told within 3 s
END_WITHIN_S = 2.0  # what ends a call for the agent and is older than this is not begun any more
DOMAIN = b"rung-pbx-v1\0"

Value = str | int | bool | None
ENDS = frozenset({"hang_up", "complete", "transfer", "leave"})
SITE_WIDE = frozenset({"block", "unblock"})  # of no call, and felt by everybody
# What each command of a phone is given, in order; those that begin with a call's name name one of the desk's own.
COMMANDS: dict[str, tuple[str, ...]] = {
    "recount": (),
    "hold": ("call",),
    "resume": ("call",),
    "consult": ("call", "target", "case"),
    "complete": ("call", "consult"),
    "take_back": ("call", "consult?"),
    "transfer": ("call", "target"),
    "hang_up": ("call",),
    "join": ("call", "target", "case"),
    "leave": ("call",),
    "play": ("call", "text", "language"),
    "record": ("call", "name"),
    "stop_recording": ("call",),
    "listen": ("call", "target", "how", "case"),
    "stop_listening": ("call", "target"),
    "block": ("number", "until_s"),
    "unblock": ("number",),
    "pause": ("paused", "why"),
}


class Challenge(Struct, frozen=True, tag=True):
    """The broker's first line."""

    nonce: str


class Enter(Struct, frozen=True, tag=True):
    """The desk's first line. ``signature`` over `signed`, by the desk's key."""

    desk: str
    ticket: str  # from the floor: who sits there; empty: nobody
    signature: str


class Renew(Struct, frozen=True, tag=True):
    """Another pass: it was renewed, somebody else sits there now, or nobody does."""

    ticket: str


class Do(Struct, frozen=True, tag=True):
    """One command of ``COMMANDS``, under a number that its answer repeats."""

    id: int
    what: str
    args: tuple[Value, ...]
    beat: int


class Here(Struct, frozen=True, tag=True):
    """The desk is there still."""

    beat: int


class Beat(Struct, frozen=True, tag=True):
    number: int


class Done(Struct, frozen=True, tag=True):
    """Accepted by the phone."""

    id: int


class Refused(Struct, frozen=True, tag=True):
    """Not accepted. Without ``unsure`` nothing was done; ``id`` 0: the desk is not let in, or no more."""

    id: int
    why: str
    unsure: bool = False


class PhoneTold(Struct, frozen=True, tag=True):
    up: bool
    can: frozenset[str] = frozenset()
    why: str = ""
    paused: bool = False


class CallTold(Struct, frozen=True, tag=True):
    call: Call


class CallsTold(Struct, frozen=True, tag=True):
    calls: tuple[Call, ...]


FromDesk = Enter | Renew | Do | Here
FromBroker = Challenge | Beat | Done | Refused | PhoneTold | CallTold | CallsTold


def signed(nonce: str, desk: str) -> bytes:
    """What a desk signs to come in; good for one connection."""
    return DOMAIN + f"{nonce} {desk}".encode()
