"""What the phone is to do. Each has its number, which its answers name."""

from msgspec import Struct


class Hold(Struct, frozen=True, tag=True):
    """Put the caller on hold; done when the call is HELD."""

    id: int
    call: str


class Consult(Struct, frozen=True, tag=True):
    """Dial the supervisor on behalf of the held call; done when that call appears."""

    id: int
    call: str
    target: str


class Complete(Struct, frozen=True, tag=True):
    """Join the caller with the consulted supervisor; the agent leaves."""

    id: int
    call: str
    consult: str


class TakeBack(Struct, frozen=True, tag=True):
    """End the consult, if there is one, and take the caller off hold."""

    id: int
    call: str
    consult: str | None


class HangUp(Struct, frozen=True, tag=True):
    """End this call and no other; done when it has ENDED by us."""

    id: int
    call: str


class AskPhone(Struct, frozen=True, tag=True):
    """Ask for all calls anew: something is not known."""

    id: int


Effect = Hold | Consult | Complete | TakeBack | HangUp | AskPhone
