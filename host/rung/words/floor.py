"""Supervisors as the floor tells of them, and what is asked of them."""

from enum import StrEnum

from msgspec import Struct

from rung.words.basics import Ground, Private


class Want(StrEnum):
    """What a desk wants of the supervisors."""

    TRANSFER = "transfer"  # take the caller over, after a consult
    LEAVE = "leave"  # grant or deny the next step
    JOIN = "join"  # come into the call, or take it
    INVOLVE = "involve"  # take the call, or advise
    COMPANY = "company"  # a quiet ask: please look at this call
    THREAT = "threat"  # a threat was declared: please look at this call
    CRISIS = "crisis"  # somebody is in danger: come into the call
    PANIC = "panic"  # the agent is in danger: come into the call


class Reply(StrEnum):
    """What a supervisor says to it. One that does not fit what was asked does nothing."""

    ACCEPT = "accept"  # "coming": to a transfer
    TAKE = "take"  # "I take the call"
    JOIN = "join"  # "I come into the call"
    ADVISE = "advise"
    GRANT = "grant"
    DENY = "deny"
    DECLINE = "decline"
    BUSY = "busy"


class Presence(Struct, frozen=True, gc=False, kw_only=True):
    """A supervisor who is signed on at a desk of the floor."""

    desk: str
    person: str
    extension: str  # what to dial
    group: int = 0  # 0 is asked first; each wider group has the next number
    free: bool = True


class Earlier(Struct, frozen=True, gc=False):
    """An earlier incident of this caller, upheld and unexpired."""

    case: str
    day: str  # ISO 8601
    grounds: tuple[Ground, ...]
    how: str  # how that call ended


class Brief(Struct, frozen=True, gc=False, kw_only=True):
    """What a supervisor reads before taking a call. Times are ages in milliseconds."""

    case: str
    caller: Private
    person: str | None  # the agent
    matter: Private = ""  # what the caller called about
    offered: Private = ""  # what was offered
    demeanour: Private = ""  # in the agent's words
    grounds: tuple[tuple[Ground, int], ...] = ()
    rungs: tuple[tuple[str, int], ...] = ()
    earlier: tuple[Earlier, ...] = ()
    epoch: int = 0  # of the call; with the case and the ask's number it names one ask for ever
