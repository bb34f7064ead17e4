"""The plain types that every room speaks: inputs, events, effects, grounds, lamps.

An *Input* is something that happened at the edge (a press, a call's new state, a ground declared). An *Event* is what
the desk made of it, as the record keeps it. An *Effect* is what the phone is to do. All are frozen and hold no
behaviour. Times ending in ``_ms`` are milliseconds; ``at_ms`` is the owner desk's own clock. This module imports
nothing of ours.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct


class Button(StrEnum):
    ESCALATE = "escalate"
    WARN = "warn"
    RELEASE = "release"


class Gesture(StrEnum):
    TAP = "tap"
    HOLD = "hold"
    CHORD = "chord"  # escalate and warn together


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"


class Ground(StrEnum):
    """What the caller does. ``unnamed`` is abuse that will be named later."""

    UNNAMED = "unnamed"
    RUDENESS = "rudeness"
    PROFANITY = "profanity"
    DEROGATORY = "derogatory"
    SHOUTING = "shouting"
    INTERRUPTING = "interrupting"
    DEMANDS = "demands"
    UNCOOPERATIVE = "uncooperative"
    HARASSMENT = "harassment"
    SLUR = "slur"
    HATE_SPEECH = "hate_speech"
    SEXUAL = "sexual"
    SEXIST = "sexist"
    HOMOPHOBIC = "homophobic"
    THREAT = "threat"
    THREAT_OTHER = "threat_other"
    BOUNDARIES = "boundaries"
    OTHER = "other"  # only with a note


class Marker(StrEnum):
    """Not grounds: they never open an ending."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"


class LampState(StrEnum):
    OFF = "off"
    LIT = "lit"  # may be pressed
    BREATHING = "breathing"  # the next step
    BLINKING = "blinking"  # waiting for somebody
    REFUSED = "refused"
    DONE = "done"  # confirmed by the phone


class LampMark(StrEnum):
    """A second signal over the state. ``unconfirmed`` is not here: only the box itself can know it."""

    NONE = "none"
    FILLING = "filling"  # the box's own hold, or a wait counted down from the host
    ALONE = "alone"  # nobody could answer


class Lamp(Struct, frozen=True):
    state: LampState = LampState.OFF
    mark: LampMark = LampMark.NONE


class Lamps(Struct, frozen=True):
    """What the box shows: one lamp a button, and the epoch that a press made now would belong to (0: no call)."""

    epoch: int = 0
    escalate: Lamp = Lamp()
    warn: Lamp = Lamp()
    release: Lamp = Lamp()
    fill_ms: int = 0  # how long the ``filling`` lamp still takes


# -- calls -------------------------------------------------------------------------------------------------------------


class CallState(StrEnum):
    RINGING = "ringing"  # incoming, not answered
    DIALLING = "dialling"  # outgoing, not answered
    UP = "up"
    HELD = "held"  # by our side
    ENDED = "ended"


class EndedBy(StrEnum):
    US = "us"  # our phone hung up: by Rung's command or by a click, which only the desk can tell
    THEM = "them"
    TRANSFER = "transfer"  # our leg ended because the far ends were joined
    NETWORK = "network"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How an ask came to its end."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    BUSY = "busy"
    IGNORED = "ignored"
    ABSENT = "absent"
    TAKEN_BACK = "taken_back"
    FAILED = "failed"  # a technical failure: the phone could not do it
    CALLER_LEFT = "caller_left"
    INTERRUPTED = "interrupted"  # the bridge was restarted meanwhile; counts like taken back


class Call(Struct, frozen=True, kw_only=True):
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


# -- inputs ------------------------------------------------------------------------------------------------------------


class Pressed(Struct, frozen=True, kw_only=True, tag=True):
    """One press, as the box sent it. (``box``, ``boot``, ``number``) names it for ever."""

    box: str
    boot: str
    number: int
    buttons: tuple[Button, ...]
    gesture: Gesture
    epoch: int
    age_ms: int  # by the box's clock, since the edge that completed the gesture


class Declared(Struct, frozen=True, tag=True):
    ground: Ground
    note: str = ""


class TakenBack(Struct, frozen=True, tag=True):
    ground: Ground


class Marked(Struct, frozen=True, tag=True):
    marker: Marker


class Unmarked(Struct, frozen=True, tag=True):
    marker: Marker
    reason: str = ""


class Calmed(Struct, frozen=True, tag=True):
    """The caller has calmed down."""


class AskTakenBack(Struct, frozen=True, tag=True):
    """The agent takes the open ask back from the page or by a key."""


class SignedOn(Struct, frozen=True, tag=True):
    person: str | None


class FloorIs(Struct, frozen=True, tag=True):
    """What is known of the floor: the extension to ring for a supervisor while the floor itself is out of reach."""

    supervisors: str


class PhoneIs(Struct, frozen=True, tag=True):
    """Whether the phone answers. While it does not, calls go on but nothing is known of them."""

    up: bool
    can: frozenset[str] = frozenset()


class CallIs(Struct, frozen=True, tag=True):
    call: Call


class CallsAre(Struct, frozen=True, tag=True):
    """A full answer of the phone: every living call and the recently ended ones."""

    calls: tuple[Call, ...]


class EffectRefused(Struct, frozen=True, tag=True):
    """The phone did not accept a command."""

    id: int
    why: str


class Restarted(Struct, frozen=True, tag=True):
    """The bridge came back with a case from the record: every unconfirmed effect is stale."""


class Tick(Struct, frozen=True, tag=True):
    """Nothing but time has passed."""


Input = (
    Pressed
    | Declared
    | TakenBack
    | Marked
    | Unmarked
    | Calmed
    | AskTakenBack
    | SignedOn
    | FloorIs
    | PhoneIs
    | CallIs
    | CallsAre
    | EffectRefused
    | Restarted
    | Tick
)


# -- effects -----------------------------------------------------------------------------------------------------------


class Hold(Struct, frozen=True, tag=True):
    id: int
    call: str


class Consult(Struct, frozen=True, tag=True):
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
    id: int
    call: str


class AskPhone(Struct, frozen=True, tag=True):
    """Ask for all calls anew: something is not known."""

    id: int


Effect = Hold | Consult | Complete | TakeBack | HangUp | AskPhone


# -- events: what the record keeps -------------------------------------------------------------------------------------


class Verdict(StrEnum):
    TAKEN = "taken"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    NOTHING = "nothing"  # understood, and nothing had to be done


class Answer(Struct, frozen=True, kw_only=True):
    """What became of a press, for the person who pressed: why, and which button comes next (None: no button helps)."""

    verdict: Verdict
    why: str
    next: Button | None = None


class PressRecorded(Struct, frozen=True, tag=True):
    press: Pressed
    person: str | None


class PressAnswered(Struct, frozen=True, tag=True):
    number: int
    answer: Answer


class CaseOpened(Struct, frozen=True, kw_only=True, tag=True):
    case: str
    epoch: int
    call: str
    direction: Literal["in", "out"]
    policy: str
    version: str  # number and digest of the policy that governs this case to its end


class CallHeld(Struct, frozen=True, tag=True):
    call: str


class CallResumed(Struct, frozen=True, tag=True):
    """Agent and caller hear each other again: off hold, or the phone that was lost is back."""

    call: str


class PhoneLost(Struct, frozen=True, tag=True):
    """The phone stopped answering in mid-call. The call may well go on; nobody counts what is said meanwhile."""


class GroundDeclared(Struct, frozen=True, kw_only=True, tag=True):
    ground: Ground
    person: str | None
    note: str = ""
    names: bool = False  # it names this person's ``unnamed``


class GroundTakenBack(Struct, frozen=True, tag=True):
    ground: Ground
    person: str | None


class MarkerSet(Struct, frozen=True, tag=True):
    marker: Marker
    person: str | None


class MarkerLifted(Struct, frozen=True, tag=True):
    marker: Marker
    person: str | None
    reason: str = ""


class CallerCalmed(Struct, frozen=True, tag=True):
    person: str | None


class RungTaken(Struct, frozen=True, kw_only=True, tag=True):
    rung: str
    person: str | None
    warns: bool = False  # a warning, notice or redirection: what "persisted" counts from
    attests: tuple[str, ...] = ()  # what the press itself attests, e.g. "persisted"


class RungUndone(Struct, frozen=True, tag=True):
    """The rung came to nothing and is open again."""

    rung: str
    why: str


class Announced(Struct, frozen=True, tag=True):
    rung: str
    person: str | None


class AnnouncementWithdrawn(Struct, frozen=True, tag=True):
    rung: str
    why: str


class AskOpened(Struct, frozen=True, tag=True):
    rung: str
    person: str | None


class AskMoved(Struct, frozen=True, tag=True):
    """The ask reached its next phase: see ``policy.state.Phase``."""

    phase: str
    consult: str | None = None
    outcome: Outcome | None = None  # with phase "returning": what it will close as


class AskClosed(Struct, frozen=True, tag=True):
    rung: str
    outcome: Outcome


class EffectDecided(Struct, frozen=True, tag=True):
    """Written before the effect is handed to the phone."""

    effect: Effect
    deadline_ms: int  # on the desk's clock


class EffectConfirmed(Struct, frozen=True, tag=True):
    id: int


class EffectFailed(Struct, frozen=True, tag=True):
    id: int
    why: str


class EffectUnknown(Struct, frozen=True, tag=True):
    id: int
    why: str


class CaseClosed(Struct, frozen=True, kw_only=True, tag=True):
    case: str
    how: str  # see ``policy.state.Ending``
    by: EndedBy
    cause: str = ""
    review: bool = False  # it goes before a manager


class BridgeRestarted(Struct, frozen=True, tag=True):
    """The bridge started with a case still open in the record."""


class PolicyKept(Struct, frozen=True, tag=True):
    """The whole policy as it was loaded, so that a case is finished, and judged, by the version it began with."""

    version: str
    policy: str  # canonical JSON


Event = (
    PressRecorded
    | PressAnswered
    | CaseOpened
    | CallHeld
    | CallResumed
    | PhoneLost
    | GroundDeclared
    | GroundTakenBack
    | MarkerSet
    | MarkerLifted
    | CallerCalmed
    | RungTaken
    | RungUndone
    | Announced
    | AnnouncementWithdrawn
    | AskOpened
    | AskMoved
    | AskClosed
    | EffectDecided
    | EffectConfirmed
    | EffectFailed
    | EffectUnknown
    | CaseClosed
    | BridgeRestarted
    | PolicyKept
)
