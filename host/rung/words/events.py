"""What the record keeps of a desk's decisions.

Where an event has a field `sealed`, everything `Private` in it stands there in the record, under the key of its case;
`policy` neither sees nor sets it. In the record, the person and the buttons of a refused press stand there too.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from rung.words.asking import (
    AlertAnswered,
    AlertClosed,
    AlertRaised,
    AskClosed,
    AskMoved,
    AskOpened,
    AskReplied,
    AskSeen,
    AskWidened,
    LeaveGranted,
    LeaveWithdrawn,
    ListeningAsked,
    SupervisorFree,
    SupervisorJoined,
    SupervisorLeft,
)
from rung.words.basics import Button, Ground, Marker, Private, Role
from rung.words.calls import EndedBy
from rung.words.duties import Attended
from rung.words.effects import Effect
from rung.words.floor import Earlier
from rung.words.inputs import Pressed
from rung.words.keeping import Keeping
from rung.words.people import PeopleEvent


class Verdict(StrEnum):
    """What became of a press, in one word."""

    TAKEN = "taken"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    NOTHING = "nothing"  # understood, and nothing had to be done


class Answer(Struct, frozen=True, gc=False):
    """What became of a press, for the person who pressed: why, and which button comes next (None: no button helps)."""

    verdict: Verdict
    why: Private
    next: Button | None = None


class PressRecorded(Struct, frozen=True, gc=False, tag=True):
    """A press arrived; `person` was known at the desk then. Written before anything else of it."""

    press: Pressed
    person: str | None
    trained: bool | None = None  # whether that person held a valid training then; None: an older record does not say
    sealed: str = ""


class PressAnswered(Struct, frozen=True, gc=False, tag=True):
    """How the press with this number was answered."""

    number: int
    answer: Answer
    sealed: str = ""


class CaseOpened(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A call came up: its case begins, with the next epoch, under this policy to its end."""

    case: str
    epoch: int
    call: Private
    direction: Literal["in", "out"]
    policy: str
    version: str  # number and digest of the policy that governs this case to its end
    language: str = "en"  # of the scripts
    caller: Private = ""
    person: str | None = None  # who answered it
    role: Role = Role.AGENT
    sealed: str = ""


class CaseTurnedTo(Struct, frozen=True, gc=False, tag=True):
    """Several lines: what follows is about this case."""

    case: str


class CaseReceived(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """Another desk's case is this desk's own from now on; its call is still to come. ``state``: JSON, times as ages."""

    case: str
    desk: str
    state: Private
    call: Private = ""  # on which the other desk talks with us; the caller comes on another one
    offer: int = 0  # its number at that desk
    sealed: str = ""


class CaseArrived(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The call of a received case is here, with the next epoch of this desk, and so is who took it."""

    case: str
    epoch: int
    call: Private
    person: str | None
    role: Role
    sealed: str = ""


class CaseReleased(Struct, frozen=True, gc=False, tag=True):
    """The case is the other desk's; here only the transfer of its call is still to be done."""

    case: str
    desk: str


class CaseReturned(Struct, frozen=True, gc=False, tag=True):
    """Its transfer came to nothing: where it was released it is ours again, where it was received it is forgotten."""

    case: str


class CallHeld(Struct, frozen=True, gc=False, tag=True):
    """The phone says that the caller is on hold."""

    call: Private
    sealed: str = ""


class CallResumed(Struct, frozen=True, gc=False, tag=True):
    """Agent and caller hear each other again: off hold, or the phone that was lost is back."""

    call: Private
    sealed: str = ""


class PhoneLost(Struct, frozen=True, gc=False, tag=True):
    """The phone stopped answering in mid-call. The call may well go on; nobody counts what is said meanwhile."""


class GroundDeclared(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A person declared what the caller does."""

    ground: Ground
    person: str | None
    note: Private = ""
    names: bool = False  # it names this person's ``unnamed``
    sealed: str = ""


class GroundTakenBack(Struct, frozen=True, gc=False, tag=True):
    """The person who declared it took it back; both stay in the record."""

    ground: Ground
    person: str | None


class MarkerSet(Struct, frozen=True, gc=False, tag=True):
    """`emergency` or `crisis` was marked."""

    marker: Marker
    person: str | None


class MarkerLifted(Struct, frozen=True, gc=False, tag=True):
    """What this person marked no longer stands: taken back (late, with a reason), or lifted by a supervisor."""

    marker: Marker
    person: str | None
    reason: Private = ""
    by: str = ""  # the supervisor who lifted it
    sealed: str = ""


class CallerCalmed(Struct, frozen=True, gc=False, tag=True):
    """The caller has calmed down: endings are closed until a ground is declared anew."""

    person: str | None


class LanguageSet(Struct, frozen=True, gc=False, tag=True):
    """Scripts of this call in this language."""

    language: str


class NotNecessary(Struct, frozen=True, gc=False, tag=True):
    """Attested: no supervisor is necessary, for this reason."""

    reason: Private
    person: str | None
    sealed: str = ""


class Tried(Struct, frozen=True, gc=False, tag=True):
    """What was tried to de-escalate."""

    item: str
    person: str | None


class NotesKept(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """For the brief; empty texts change nothing."""

    matter: Private = ""
    offered: Private = ""
    demeanour: Private = ""
    sealed: str = ""


class EarlierKnown(Struct, frozen=True, gc=False, tag=True):
    """What the floor knows of this caller: upheld and unexpired."""

    incidents: tuple[Earlier, ...]


class RungTaken(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A press took this rung of the ladder."""

    rung: str
    person: str | None
    grounds: tuple[Ground, ...] = ()  # of an ending: the reason, specifically
    uses_leave: bool = False
    warns: bool = False  # a warning, notice or redirection: what "persisted" counts from
    attests: tuple[str, ...] = ()  # what the press itself attests, e.g. "persisted"


class RungUndone(Struct, frozen=True, gc=False, tag=True):
    """The rung came to nothing and is open again."""

    rung: str
    why: Private
    sealed: str = ""


class Announced(Struct, frozen=True, gc=False, tag=True):
    """The agent was shown what to say before ending the call; the hold may follow after `say_time`."""

    rung: str
    person: str | None


class AnnouncementWithdrawn(Struct, frozen=True, gc=False, tag=True):
    """What was announced no longer stands."""

    rung: str
    why: Private
    sealed: str = ""


class EffectDecided(Struct, frozen=True, gc=False, tag=True):
    """Written before the effect is handed to the phone."""

    effect: Effect
    deadline_ms: int  # on the desk's clock; 0: nothing is awaited
    sealed: str = ""


class EffectConfirmed(Struct, frozen=True, gc=False, tag=True):
    """A state of the call has shown that the effect with this id happened."""

    id: int


class EffectFailed(Struct, frozen=True, gc=False, tag=True):
    """The effect with this id did not happen."""

    id: int
    why: Private
    sealed: str = ""


class EffectUnknown(Struct, frozen=True, gc=False, tag=True):
    """Nobody can say whether the effect with this id happened; the phone is asked."""

    id: int
    why: Private
    sealed: str = ""


class CaseClosed(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The call of this case is over: how, from whose side, and whether a manager is to look."""

    case: str
    how: str  # an `Ending`
    by: EndedBy
    cause: Private = ""
    review: bool = False  # it goes before a manager
    sealed: str = ""


class DutyDue(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """What the policy asks for after this call. Written before the case closes."""

    duty: str  # see ``policy.language.Duty``
    why: str
    minutes: float = 0  # of a breather


class TaskDue(Struct, frozen=True, gc=False, tag=True):
    """What the phone cannot do, or has not done: a person is to do it."""

    task: str  # what of, as `PhoneIs.can` names it
    why: Private  # and what is to be done
    sealed: str = ""


class TaskSettled(Struct, frozen=True, gc=False, tag=True):
    """A person has done it."""

    task: str
    person: str | None


class BreatherEnded(Struct, frozen=True, gc=False, tag=True):
    """The agent gets calls again, or is to."""

    why: str


class BridgeRestarted(Struct, frozen=True, gc=False, tag=True):
    """The bridge started with a case still open in the record."""


Event = (
    PressRecorded
    | PressAnswered
    | CaseOpened
    | CaseTurnedTo
    | CaseReceived
    | CaseArrived
    | CaseReleased
    | CaseReturned
    | CallHeld
    | CallResumed
    | PhoneLost
    | GroundDeclared
    | GroundTakenBack
    | MarkerSet
    | MarkerLifted
    | CallerCalmed
    | LanguageSet
    | NotNecessary
    | Tried
    | NotesKept
    | EarlierKnown
    | RungTaken
    | RungUndone
    | Announced
    | AnnouncementWithdrawn
    | AskOpened
    | AskWidened
    | AskSeen
    | AskReplied
    | AskMoved
    | AskClosed
    | LeaveGranted
    | LeaveWithdrawn
    | AlertRaised
    | AlertAnswered
    | AlertClosed
    | SupervisorFree
    | SupervisorJoined
    | SupervisorLeft
    | ListeningAsked
    | EffectDecided
    | EffectConfirmed
    | EffectFailed
    | EffectUnknown
    | CaseClosed
    | DutyDue
    | TaskDue
    | TaskSettled
    | BreatherEnded
    | BridgeRestarted
    | Keeping
    | Attended
    | PeopleEvent
)
