"""Calls as the phone tells them."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct


class CallState(StrEnum):
    """How a call stands, seen from our phone."""

    RINGING = "ringing"  # incoming, not answered
    DIALLING = "dialling"  # outgoing, not answered
    UP = "up"
    HELD = "held"  # by our side
    ENDED = "ended"


class EndedBy(StrEnum):
    """From whose side a call ended."""

    US = "us"  # our phone hung up: by Rung's command or by a click, which only the desk can tell
    THEM = "them"
    TRANSFER = "transfer"  # our leg ended because the far ends were joined
    NETWORK = "network"
    PHONE = "phone"  # our phone stopped in mid-call: a crash, its power. Nobody clicked
    UNKNOWN = "unknown"


class Ending(StrEnum):
    """How a case closed, in neutral words."""

    RELEASED = "released"
    TRANSFERRED = "transferred"
    CALLER_LEFT = "caller left"
    CALLER_LEFT_ON_HOLD = "caller left on hold"
    ROUND_RUNG = "ended from the agent's side, not through Rung"
    TRANSFERRED_ROUND_RUNG = "transferred, not through Rung"
    CONNECTION_LOST = "connection lost"
    PHONE_FAILED = "the agent's phone failed"  # it crashed or lost its power: no click, and nobody's doing
    UNKNOWN = "unknown"


# Nobody's rung explains it.
ROUND_RUNG = frozenset({Ending.ROUND_RUNG, Ending.TRANSFERRED_ROUND_RUNG, Ending.PHONE_FAILED, Ending.UNKNOWN})


class Outcome(StrEnum):
    """How an ask came to its end."""

    ACCEPTED = "accepted"  # the supervisor has the caller
    GRANTED = "granted"  # leave
    ADVISED = "advised"  # the supervisor gave advice, and the agent keeps the call
    JOINED = "joined"  # the supervisor came into the call
    DENIED = "denied"
    DECLINED = "declined"
    UNWANTED = "unwanted"  # the caller does not want the supervisor
    BUSY = "busy"
    IGNORED = "ignored"
    ABSENT = "absent"
    VOICEMAIL = "voicemail"  # the telephone system's own answered: nobody came
    TAKEN_BACK = "taken_back"
    FAILED = "failed"  # a technical failure: the phone could not do it
    CALLER_LEFT = "caller_left"
    WITHDRAWN = "withdrawn"  # the agent ended the call at once, or a supervisor took it over meanwhile
    INTERRUPTED = "interrupted"  # the bridge was restarted meanwhile; counts like taken back


CAME_TO_SOMETHING = frozenset({Outcome.ACCEPTED, Outcome.GRANTED, Outcome.ADVISED, Outcome.JOINED})

Listening = Literal["listen", "coach", "barge"]  # hears both; and is heard by our end alone; and by both


class Call(Struct, frozen=True, gc=False, kw_only=True):
    """One call as the phone sees it; always the whole state, never a difference."""

    id: str
    state: CallState
    direction: Literal["in", "out"]
    peer: str = ""
    consult_for: str | None = None  # the call on whose behalf this one consults a supervisor
    ended_by: EndedBy | None = None
    cause: str = ""  # as the phone system words it, e.g. "486 Busy Here"
    outcome: Outcome | None = None  # only of an ended consult: how the supervisor's phone answered
    doing: Literal["", "ending", "transferring"] = ""  # a command that the phone has accepted and not finished
    queue: str = ""  # the queue or the number that was called: it chooses policy and language
    case: str = ""  # the case that another desk sent along with the call
    parties: tuple[str, ...] = ()  # who else is in this call, beside the caller and the agent, by address
    recording: str = ""  # under which name the phone records this call now; empty: it does not
    listeners: dict[str, Listening] = {}  # who listens, by address, as it was asked for, and how
