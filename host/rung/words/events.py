"""What the record keeps of a desk's decisions."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from rung.words.basics import Button, Ground, Marker
from rung.words.calls import EndedBy, Outcome
from rung.words.effects import Effect
from rung.words.inputs import Pressed


class Verdict(StrEnum):
    """What became of a press, in one word."""

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
    """A press arrived; `person` was known at the desk then. Written before anything else of it."""

    press: Pressed
    person: str | None


class PressAnswered(Struct, frozen=True, tag=True):
    """How the press with this number was answered."""

    number: int
    answer: Answer


class CaseOpened(Struct, frozen=True, kw_only=True, tag=True):
    """A call came up: its case begins, with the next epoch, under this policy to its end."""

    case: str
    epoch: int
    call: str
    direction: Literal["in", "out"]
    policy: str
    version: str  # number and digest of the policy that governs this case to its end


class CallHeld(Struct, frozen=True, tag=True):
    """The phone says that the caller is on hold."""

    call: str


class CallResumed(Struct, frozen=True, tag=True):
    """Agent and caller hear each other again: off hold, or the phone that was lost is back."""

    call: str


class PhoneLost(Struct, frozen=True, tag=True):
    """The phone stopped answering in mid-call. The call may well go on; nobody counts what is said meanwhile."""


class GroundDeclared(Struct, frozen=True, kw_only=True, tag=True):
    """A person declared what the caller does."""

    ground: Ground
    person: str | None
    note: str = ""
    names: bool = False  # it names this person's ``unnamed``


class GroundTakenBack(Struct, frozen=True, tag=True):
    """The person who declared it took it back; both stay in the record."""

    ground: Ground
    person: str | None


class MarkerSet(Struct, frozen=True, tag=True):
    """`emergency` or `crisis` was marked."""

    marker: Marker
    person: str | None


class MarkerLifted(Struct, frozen=True, tag=True):
    """The person who marked it took it back; late, with a reason."""

    marker: Marker
    person: str | None
    reason: str = ""


class CallerCalmed(Struct, frozen=True, tag=True):
    """The caller has calmed down: endings are closed until a ground is declared anew."""

    person: str | None


class RungTaken(Struct, frozen=True, kw_only=True, tag=True):
    """A press took this rung of the ladder."""

    rung: str
    person: str | None
    warns: bool = False  # a warning, notice or redirection: what "persisted" counts from
    attests: tuple[str, ...] = ()  # what the press itself attests, e.g. "persisted"


class RungUndone(Struct, frozen=True, tag=True):
    """The rung came to nothing and is open again."""

    rung: str
    why: str


class Announced(Struct, frozen=True, tag=True):
    """The agent was shown what to say before ending the call; the hold may follow after `say_time`."""

    rung: str
    person: str | None


class AnnouncementWithdrawn(Struct, frozen=True, tag=True):
    """What was announced no longer stands."""

    rung: str
    why: str


class AskOpened(Struct, frozen=True, tag=True):
    """A supervisor is being asked."""

    rung: str
    person: str | None


class AskMoved(Struct, frozen=True, tag=True):
    """The ask reached its next phase: see ``policy.state.Phase``."""

    phase: str
    consult: str | None = None
    outcome: Outcome | None = None  # with phase "returning": what it will close as


class AskClosed(Struct, frozen=True, tag=True):
    """The ask came to its end; the caller is off hold, transferred or gone."""

    rung: str
    outcome: Outcome


class EffectDecided(Struct, frozen=True, tag=True):
    """Written before the effect is handed to the phone."""

    effect: Effect
    deadline_ms: int  # on the desk's clock


class EffectConfirmed(Struct, frozen=True, tag=True):
    """A state of the call has shown that the effect with this id happened."""

    id: int


class EffectFailed(Struct, frozen=True, tag=True):
    """The effect with this id did not happen."""

    id: int
    why: str


class EffectUnknown(Struct, frozen=True, tag=True):
    """Nobody can say whether the effect with this id happened; the phone is asked."""

    id: int
    why: str


class CaseClosed(Struct, frozen=True, kw_only=True, tag=True):
    """The call of this case is over: how, from whose side, and whether a manager is to look."""

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
