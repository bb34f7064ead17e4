"""The words on the embedded phone's control line: one JSON object a line, over loopback TCP.

The control file, which only the owner can read, holds a secret that never travels. A client sends
`Hello` and a number of its own, the phone proves with it that it knows the secret (`Challenge`), and
the client proves the same (`Prove`, `Welcome`). After that each request carries an ``id`` that its
reply repeats; `Told` comes unasked to every client that sent `Watch`.
"""

import hmac
import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from rung.words import Call

MAX_LINE = 64 * 1024  # bytes; the longest honest line, all calls with the longest texts, is some two thirds of it
MAX_TEXT = 120  # characters of a text that a stranger on the network has worded
# A hang-up or a transfer that the phone has not begun by then is refused, for ever: the agent may by now
# be talking again, or press anew. A living phone begins within milliseconds; one waiting change of hold
# takes 2 s. The limit is an instant of CLOCK_MONOTONIC, which the processes of one computer share.
HANG_UP_WITHIN_S = 2.0
MAX_CALLS = 16  # at once; what `MAX_LINE` allows for


def plain(text: str) -> str:
    """``text`` fit for a line, a record and a terminal: printable characters only, and not too many."""
    return "".join(character for character in text if character.isprintable())[:MAX_TEXT]


class SipSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one embedded phone is set up. Times in ``_ms``, ``rtp_timeout_s`` in seconds."""

    user: str
    listen: str = "127.0.0.1:0"  # address:port; port 0 takes a free one
    domain: str = ""  # of the registrar; empty: no registrar, calls go straight to an address
    password: str = ""
    registrar: str = ""  # only where it is not the domain itself
    transport: Literal["udp", "tcp", "tls"] = "udp"  # to the registrar's domain
    ca: str = ""  # of TLS: file of certificates that vouch for the domain's; empty: nobody's is asked for
    encryption: Literal["", "srtp", "srtp-mand", "dtls_srtp"] = ""  # of what is said; "srtp-mand": or there is no call
    audio_driver: str = "aumem"  # "aumem" touches no sound card; "alsa", or "alsa,plughw:1" for one device
    audio_source: str = ""  # another one for the microphone
    audio_player: str = ""  # and for the headset
    auto_answer_ms: int | None = None  # None: an incoming call rings until it is answered
    follow_transfers: bool = False  # whether a peer may send us to another address (REFER)
    rtp_timeout_s: Annotated[int, Meta(ge=0)] = 20  # a silent peer, not on hold, counts as lost after this; 0: never
    no_reply_ms: int = 10_000  # a consult without any sign of ringing is given up after this
    transfer_ms: int = 40_000  # a transfer without a verdict counts as failed after this
    max_calls: Annotated[int, Meta(ge=1, le=MAX_CALLS)] = 4
    tone_hz: int = 0  # instead of silence, send this tone on every call (stories and tests)


class ControlFile(Struct, frozen=True):
    """Where a running phone process is reached."""

    host: str
    port: Annotated[int, Meta(ge=1, le=65535)]
    secret: str
    pid: int


def read_control(path: Path) -> ControlFile:
    """The control file at ``path``. OSError or ValueError if there is none that can be trusted."""
    with path.open("rb") as file:
        kept = os.fstat(file.fileno())
        if kept.st_uid != os.getuid() or kept.st_mode & 0o022:
            raise PermissionError(f"{path} may have been written by somebody else")
        return msgspec.json.decode(file.read(), type=ControlFile)


def proof(secret: str, who: Literal["client", "phone"], of_client: str, of_phone: str) -> str:
    """That ``who`` knows the secret; good for one connection, since each side brings a new number."""
    return hmac.new(secret.encode(), f"{who} {of_client} {of_phone}".encode(), "sha256").hexdigest()


# -- from the client -----------------------------------------------------------------------------


class Request(Struct, frozen=True, tag_field="do", forbid_unknown_fields=True):
    id: int


class Hello(Request, frozen=True, tag="hello"):
    nonce: str


class Prove(Request, frozen=True, tag="prove"):
    proof: str


class Watch(Request, frozen=True, tag="watch"):
    """From now on tell me of every change; the reply holds the calls as they are."""


class Calls(Request, frozen=True, tag="calls"):
    pass


class Pulse(Request, frozen=True, tag="pulse"):
    """Do you still answer? It waits for nothing; only to a phone whose `Welcome.pulse` says that it knows this."""


class Hold(Request, frozen=True, tag="hold"):
    call: str


class Resume(Request, frozen=True, tag="resume"):
    call: str


class Consult(Request, frozen=True, tag="consult"):
    call: str
    target: str
    case: str = ""  # its name travels with the INVITE


class Complete(Request, frozen=True, tag="complete"):
    call: str
    consult: str
    not_after_ns: int  # see `HANG_UP_WITHIN_S`


class TakeBack(Request, frozen=True, tag="take_back"):
    call: str
    consult: str | None


class Join(Request, frozen=True, tag="join"):
    call: str
    target: str
    case: str = ""


class Leave(Request, frozen=True, tag="leave"):
    call: str
    not_after_ns: int


class Play(Request, frozen=True, tag="play"):
    call: str
    text: str
    language: str


class Transfer(Request, frozen=True, tag="transfer"):
    call: str
    target: str
    not_after_ns: int


class HangUp(Request, frozen=True, tag="hang_up"):
    call: str
    not_after_ns: int


class Dial(Request, frozen=True, tag="dial"):
    """The reply's ``result`` is the new call's id."""

    target: str


class Answer(Request, frozen=True, tag="answer"):
    call: str


class Reject(Request, frozen=True, tag="reject"):
    """Decline with 486; the stack has no other word."""

    call: str


class AutoAnswer(Request, frozen=True, tag="auto_answer"):
    """From the next incoming call on; None: let it ring."""

    after_ms: int | None


class Tone(Request, frozen=True, tag="tone"):
    """Send this tone on every call; 0: silence."""

    hz: int


class Heard(Request, frozen=True, tag="heard"):
    """The reply's ``result``: the tone last heard on the call, in Hz; 0 for silence or no tone."""

    call: str


class Quit(Request, frozen=True, tag="quit"):
    """End the process. Refused while a call lives, unless ``force``, which hangs up."""

    force: bool = False


Asked = (
    Hello | Prove | Watch | Calls | Pulse | Hold | Resume | Consult | Complete | TakeBack | Join | Leave | Play
    | Transfer | HangUp | Dial | Answer | Reject | AutoAnswer | Tone | Heard | Quit
)  # fmt: skip

# -- from the phone ------------------------------------------------------------------------------


class Done(Struct, frozen=True, tag_field="is", tag="done"):
    """Accepted. ``result`` is a call id or a frequency, ``calls`` the calls if they were asked."""

    id: int
    result: str | int | None = None
    calls: tuple[Call, ...] = ()


class Refused(Struct, frozen=True, tag_field="is", tag="refused"):
    """Not accepted. ``id`` is None when the line could not be read."""

    id: int | None
    why: str
    unsure: bool = False  # False: nothing was done; True: it may have been accepted after all


class Told(Struct, frozen=True, tag_field="is", tag="call"):
    """A call changed; always its whole state."""

    call: Call


class Challenge(Struct, frozen=True, tag_field="is", tag="challenge"):
    """The phone's answer to `Hello`: its own proof, and the number for the client's."""

    id: int
    nonce: str
    proof: str


class Welcome(Struct, frozen=True, tag_field="is", tag="welcome"):
    """The client's proof was right. ``address`` is where this phone is called: user@address:port."""

    id: int
    pid: int
    address: str
    can: frozenset[str] = frozenset()  # of what only some phones can
    hears: Literal[1] = 1  # version of these words
    pulse: bool = False  # whether it answers `Pulse`


Said = Done | Refused | Told | Challenge | Welcome
