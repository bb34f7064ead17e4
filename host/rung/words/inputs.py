"""What happens at the edges."""

from msgspec import Struct

from rung.words.basics import Button, Gesture, Ground, Marker, Person, Role
from rung.words.calls import Call, Listening
from rung.words.floor import Earlier, Presence, Reply


class Pressed(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """One press, as the box sent it. (``box``, ``boot``, ``number``) names it for ever."""

    box: str
    boot: str
    number: int
    buttons: tuple[Button, ...]
    gesture: Gesture
    epoch: int
    age_ms: int  # by the box's clock, since the edge that completed the gesture


class Declared(Struct, frozen=True, gc=False, tag=True):
    """A person declares a ground; `other` needs its note."""

    ground: Ground
    note: str = ""


class TakenBack(Struct, frozen=True, gc=False, tag=True):
    """A person takes a ground back."""

    ground: Ground


class Marked(Struct, frozen=True, gc=False, tag=True):
    """A person marks `emergency` or `crisis`."""

    marker: Marker


class Unmarked(Struct, frozen=True, gc=False, tag=True):
    """A person takes a marker back; late, the reason is needed."""

    marker: Marker
    reason: str = ""


class Calmed(Struct, frozen=True, gc=False, tag=True):
    """The caller has calmed down."""


class AskTakenBack(Struct, frozen=True, gc=False, tag=True):
    """The agent takes the open ask back from the page or by a key."""


class Unwanted(Struct, frozen=True, gc=False, tag=True):
    """The caller does not want the supervisor who was offered."""


class Attested(Struct, frozen=True, gc=False, tag=True):
    """A person attests, with the reason, that no supervisor is necessary."""

    reason: str


class Ticked(Struct, frozen=True, gc=False, tag=True):
    """The agent ticks what was tried to de-escalate."""

    item: str


class Noted(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The agent notes something for the brief; empty texts change nothing."""

    matter: str = ""
    offered: str = ""
    demeanour: str = ""


class LanguageChosen(Struct, frozen=True, gc=False, tag=True):
    """Scripts in this language from now on, on this call."""

    language: str


class LeaveTakenBack(Struct, frozen=True, gc=False, tag=True):
    """A supervisor withdraws leave that has not been used."""


class TakeOver(Struct, frozen=True, gc=False, tag=True):
    """A supervisor in the call takes it: the agent leaves."""


class HandBack(Struct, frozen=True, gc=False, tag=True):
    """A supervisor gives the caller back to the agent from whom the case came."""


class ListenIn(Struct, frozen=True, gc=False, tag=True):
    """A supervisor at another desk wants to hear the call; again with another ``how``: that."""

    how: Listening = "listen"


class ListenOut(Struct, frozen=True, gc=False, tag=True):
    """They hear it no more."""


class BreatherOver(Struct, frozen=True, gc=False, tag=True):
    """The agent ends the breather, and gets calls again."""


class TaskDone(Struct, frozen=True, gc=False, tag=True):
    """A person has done what the phone could not, or has seen to it."""

    task: str


class SignedOn(Struct, frozen=True, gc=False, tag=True):
    """Who is at the desk now; None: nobody is known."""

    person: str | None
    role: Role = Role.AGENT
    trained: bool = False


class FloorIs(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """What is known of the floor: whether it is in reach, who is there, and what to ring while it is not."""

    up: bool = False
    present: tuple[Presence, ...] = ()  # supervisors, this desk's own person never among them
    desks: dict[str, str] = {}  # every desk in reach, with what to dial for it
    extension: str = ""


class Seen(Struct, frozen=True, gc=False, tag=True):
    """A supervisor's desk shows the ask."""

    ask: int
    desk: str


class Replied(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A supervisor answers an ask."""

    ask: int
    desk: str
    person: str
    reply: Reply
    word: str = ""  # of advice, or why not


class EarlierAre(Struct, frozen=True, gc=False, tag=True):
    """The floor's answer to a LookUp."""

    call: str
    incidents: tuple[Earlier, ...]


class OfferAnswered(Struct, frozen=True, gc=False, tag=True):
    """The other desk has made the case its own, durably, or has not."""

    case: str
    accepted: bool
    why: str = ""
    offer: int = 0  # the number of the Offer that this answers
    desk: str = ""  # who answers


class CaseOffered(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """Another desk offers its case, as JSON, to whoever sits here; its policy is with it."""

    case: str
    desk: str
    state: str
    policy: str
    offer: int = 0  # its number at that desk, where numbers only rise


class CaseReclaimed(Struct, frozen=True, gc=False, tag=True):
    """The desk that offered this case has kept the call: its transfer came to nothing."""

    case: str
    desk: str
    number: int = 0  # at that desk; it takes back what was offered under a lower one


class CaseShown(Struct, frozen=True, tag=True):
    """Another desk shows its case, in words as JSON, to a supervisor in its call; empty: no longer. For eyes alone."""

    desk: str
    state: str = ""


class PhoneIs(Struct, frozen=True, gc=False, tag=True):
    """Whether the phone answers. While it does not, calls go on but nothing is known of them."""

    up: bool
    can: frozenset[str] = frozenset()  # of what only some phones can: see `rung.phone.base.ALL`
    why: str = ""  # of a phone that is not up: what keeps it down, as far as is known
    paused: bool = False  # the agent gets no calls from queues; False where the phone knows of no queues


class CallIs(Struct, frozen=True, gc=False, tag=True):
    """One call has changed, or is told again."""

    call: Call


class CallsAre(Struct, frozen=True, gc=False, tag=True):
    """A full answer of the phone: every living call and the recently ended ones."""

    calls: tuple[Call, ...]


class EffectRefused(Struct, frozen=True, gc=False, tag=True):
    """The phone did not accept a command."""

    id: int
    why: str


class Restarted(Struct, frozen=True, gc=False, tag=True):
    """The bridge came back with a case from the record: every unconfirmed effect is stale."""


class Tick(Struct, frozen=True, gc=False, tag=True):
    """Nothing but time has passed."""


Act = (
    Pressed
    | Declared
    | TakenBack
    | Marked
    | Unmarked
    | Calmed
    | AskTakenBack
    | Unwanted
    | Attested
    | Ticked
    | Noted
    | LanguageChosen
    | LeaveTakenBack
    | TakeOver
    | HandBack
    | ListenIn
    | ListenOut
    | BreatherOver
    | TaskDone
)


class FromDesk(Struct, frozen=True, gc=False, tag=True):
    """A person at another desk acts on this desk's case: the supervisor on the call, or one who gave leave.

    ``case`` and ``epoch`` are of the call that they saw here; None: their desk is of a release that does not say it.
    """

    desk: str
    person: Person
    act: Act
    case: str | None = None
    epoch: int = 0


Input = (
    Act
    | FromDesk
    | SignedOn
    | FloorIs
    | Seen
    | Replied
    | EarlierAre
    | OfferAnswered
    | CaseOffered
    | CaseReclaimed
    | PhoneIs
    | CallIs
    | CallsAre
    | EffectRefused
    | Restarted
    | Tick
)
