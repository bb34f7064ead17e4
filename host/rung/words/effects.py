"""What the phone and the floor are to do. Each has its number, which its answers name."""

from msgspec import Struct

from rung.words.basics import Private
from rung.words.calls import Listening, Outcome
from rung.words.floor import Brief, Reply, Want


class Hold(Struct, frozen=True, gc=False, tag=True):
    """Put the caller on hold; done when the call is HELD."""

    id: int
    call: Private


class Consult(Struct, frozen=True, gc=False, tag=True):
    """Dial the supervisor on behalf of the call; done when that call appears. The case's name travels with it."""

    id: int
    call: Private
    target: str
    case: str = ""


class Complete(Struct, frozen=True, gc=False, tag=True):
    """Join the caller with the consulted supervisor; the agent leaves."""

    id: int
    call: Private
    consult: str


class TakeBack(Struct, frozen=True, gc=False, tag=True):
    """End the consult, if there is one, and take the caller off hold."""

    id: int
    call: Private
    consult: str | None


class HangUp(Struct, frozen=True, gc=False, tag=True):
    """End this call and no other; done when it has ENDED by us."""

    id: int
    call: Private


class Join(Struct, frozen=True, gc=False, tag=True):
    """Bring the supervisor into the call without hold; done when they are among its parties."""

    id: int
    call: Private
    target: str
    case: str = ""


class Leave(Struct, frozen=True, gc=False, tag=True):
    """Leave the call to the caller and the supervisor who has joined it; done when it has ENDED by TRANSFER."""

    id: int
    call: Private


class Play(Struct, frozen=True, gc=False, tag=True):
    """Play what was announced to the caller; nothing waits for it."""

    id: int
    call: Private
    text: str
    language: str


class Record(Struct, frozen=True, gc=False, tag=True):
    """Record the call under this name; done when the call says so."""

    id: int
    call: Private
    name: str


class StopRecording(Struct, frozen=True, gc=False, tag=True):
    """Done when the call is recorded no more."""

    id: int
    call: Private


class Listen(Struct, frozen=True, gc=False, tag=True):
    """Ring the supervisor, who then hears the call; the call itself tells who does. Nothing waits for it."""

    id: int
    call: Private
    target: str
    how: Listening
    case: str = ""


class StopListening(Struct, frozen=True, gc=False, tag=True):
    """They hear it no more."""

    id: int
    call: Private
    target: str


class Pause(Struct, frozen=True, gc=False, tag=True):
    """Give the agent no calls from queues, or again; done when the phone says so."""

    id: int
    paused: bool
    why: str = ""


class AskPhone(Struct, frozen=True, gc=False, tag=True):
    """Ask for all calls anew: something is not known."""

    id: int


class AskFloor(Struct, frozen=True, gc=False, tag=True):
    """Put an ask before these desks. Sent again when it widens, or grows more urgent."""

    id: int
    ask: int
    want: Want
    to: tuple[str, ...]
    brief: Brief
    may: tuple[Reply, ...]  # what can be answered: only what is possible


class CloseAsk(Struct, frozen=True, gc=False, tag=True):
    """The ask is over, for everybody who was asked. ``by``: the desk whose answer it was; empty: no answer's."""

    id: int
    ask: int
    outcome: Outcome
    by: str = ""


class LookUp(Struct, frozen=True, gc=False, tag=True):
    """Has this caller earlier incidents?"""

    id: int
    call: Private
    caller: Private


class Offer(Struct, frozen=True, gc=False, tag=True):
    """Offer the case to another desk, with its policy, both as JSON. Until that desk accepts, it is still ours."""

    id: int
    to: str
    case: str
    state: Private
    policy: str


class Reclaim(Struct, frozen=True, gc=False, tag=True):
    """The transfer came to nothing and the call is still here: the desk that accepted the case is to forget it."""

    id: int
    to: str
    case: str


class AnswerOffer(Struct, frozen=True, gc=False, tag=True):
    """Tell the desk that offered a case whether this desk has it now."""

    id: int
    to: str
    case: str
    accepted: bool
    why: str = ""
    offer: int = 0  # the other desk's number of it


PhoneEffect = (
    Hold
    | Consult
    | Complete
    | TakeBack
    | HangUp
    | Join
    | Leave
    | Play
    | Record
    | StopRecording
    | Listen
    | StopListening
    | Pause
    | AskPhone
)
FloorEffect = AskFloor | CloseAsk | LookUp | Offer | Reclaim | AnswerOffer
Effect = PhoneEffect | FloorEffect
