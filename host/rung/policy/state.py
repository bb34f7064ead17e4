"""What a desk remembers. How events change it stands in `evolve`.

Facts (who sits here, what the phone and the floor say) are no history and come anew from the edges. What never changes
can hold no circle, so Python's collector of circles need not look at it (``gc=False``).
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from rung import words as w

ANNOUNCEMENT_MS = 60_000  # an announcement that no hold has followed by then is withdrawn
ARRIVAL_MS = 60_000  # a received case whose call has not come by then is forgotten
SAYING_MS = 20_000  # the words of a rung just taken are shown this long, unless something newer is to be said


class Phase(StrEnum):
    """How far an ask is."""

    TELLING = "telling"  # the agent tells the caller; nothing has happened on the phone yet
    ASKING = "asking"  # supervisors' desks were asked, and nobody has taken it yet
    HOLDING = "holding"  # the phone was told to hold
    RINGING = "ringing"  # the supervisor's phone was dialled
    ANSWERED = "answered"  # agent and supervisor talk; the next tap completes
    JOINING = "joining"  # the phone was told to bring the supervisor in
    OFFERING = "offering"  # the case was offered to the supervisor's desk
    COMPLETING = "completing"  # the phone was told to transfer the caller, or to let the agent leave
    RETURNING = "returning"  # it came to nothing: the caller comes off hold before the result is shown


class Who(Struct, frozen=True, gc=False):
    """Whoever acts, or would. ``id`` None: nobody is known at this desk."""

    id: str | None = None
    role: w.Role = w.Role.AGENT
    trained: bool = False
    here: bool = True  # at this desk; else at another one, in the call as a supervisor


CHORE_MS = 5000  # for the phone to do what is beside the ladder: a phone answers within milliseconds
TASKS_MOST = 8  # the latest


class Rest(Struct, frozen=True, gc=False):
    """A breather."""

    at_ms: int
    until_ms: int
    effect: int = 0  # the number of the Pause


class Facts(Struct, frozen=True, gc=False):
    who: Who = Who()
    floor_up: bool = False
    present: tuple[w.Presence, ...] = ()  # supervisors, as the floor last told
    desks: dict[str, str] = {}  # every desk in reach, with what to dial for it
    extension: str = ""  # to ring for a supervisor while the floor is out of reach
    phone_up: bool = False
    calls_known: bool = False  # since it came up, the phone has told all its calls
    can: frozenset[str] = frozenset()  # of what only some phones can: "join", "play", ...
    paused: bool = False  # the phone gives the agent no calls from queues
    calls: dict[str, w.Call] = {}  # the living ones
    passed: dict[str, str] = {}  # the latest calls that ended because the caller was put through, each with its case
    offers: dict[str, int] = {}  # the highest number under which each desk has offered a case, or taken one back


class Declaration(Struct, frozen=True, gc=False):
    ground: w.Ground
    person: str | None
    at_ms: int  # when the abuse was attested; naming an `unnamed` keeps its time


class Mark(Struct, frozen=True, gc=False):
    marker: w.Marker
    person: str | None
    at_ms: int


class LeaveGiven(Struct, frozen=True, gc=False):
    person: str
    at_ms: int


class Taken(Struct, frozen=True, gc=False, omit_defaults=True):
    rung: str
    person: str | None
    at_ms: int
    leave: LeaveGiven | None = None  # that it has used up; given back if it comes to nothing


class Announcement(Struct, frozen=True, gc=False):
    rung: str
    person: str | None
    at_ms: int


class Joined(Struct, frozen=True, gc=False):
    """A supervisor in the call."""

    person: str | None
    desk: str
    address: str  # among the parties of the call; empty: at this very desk
    at_ms: int


class Ask(Struct, frozen=True, gc=False, kw_only=True):
    number: int
    rung: str
    person: str | None
    want: w.Want
    opened_ms: int
    phase: Phase
    phase_ms: int  # since when
    to: tuple[str, ...] = ()  # desks that were asked; empty: nobody but a telephone
    asked_ms: int = 0  # when the last of them were asked
    busy: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    taker: str = ""  # the desk that took it
    supervisor: str | None = None  # who
    target: str = ""  # where to ring them
    at_once: bool = False  # "I take the call": no tap is needed to complete
    answered_ms: int | None = None  # when the supervisor answered; a transfer that failed does not change it
    consult: str | None = None
    outcome: w.Outcome | None = None  # while returning

    @property
    def whom(self) -> str:
        """Who is rung: a supervisor, but for a handing back."""
        return "supervisor" if self.rung or self.want != w.Want.TRANSFER else "agent"


class Alert(Struct, frozen=True, gc=False, kw_only=True):
    number: int
    want: w.Want
    person: str | None
    at_ms: int
    to: tuple[str, ...]
    busy: tuple[str, ...] = ()
    taker: str = ""
    supervisor: str | None = None
    target: str = ""  # where to ring whoever comes into the call
    case: str = ""  # on which it was raised, and with which alone it ends; empty: without a call


class Pending(Struct, frozen=True, gc=False):
    effect: w.Effect
    deadline_ms: int
    unknown: str | None = None  # why nobody knows what came of it


class Case(Struct, frozen=True, gc=False, omit_defaults=True):
    id: str
    epoch: int
    call: str
    version: str  # of its policy
    language: str = "en"
    caller: str = ""
    origin: str = ""  # the desk from which it came; empty: it began here
    offer: int = 0  # the number under which that desk offered it
    released: str = ""  # the desk whose it is by now; only the transfer of its call is still to be done here
    held: bool = False
    talks: tuple[tuple[int, int], ...] = ()  # past stretches (from, to) in which caller and our end heard each other
    talking_since: int | None = None
    quiet_since: int | None = None  # the other way round: on hold, or the phone is lost
    counted_ms: int | None = None  # the latest warning, calmed or end of a failed ask: `wait` counts from here
    grounds: tuple[Declaration, ...] = ()
    marks: tuple[Mark, ...] = ()
    taken: tuple[Taken, ...] = ()
    announcement: Announcement | None = None
    ask: Ask | None = None
    old_consults: tuple[str, ...] = ()  # of asks that are over: the phone may still name them
    leave: LeaveGiven | None = None  # granted and not used yet
    leave_used: bool = False
    unavailable: bool = False
    involved: bool = False  # a supervisor has advised, or taken the call when asked to be involved
    not_necessary: bool = False
    declined: bool = False  # a supervisor has declined: "not necessary" can no longer be attested
    joined: tuple[Joined, ...] = ()
    calmed_ms: int | None = None
    pending: tuple[Pending, ...] = ()
    named: tuple[w.Ground, ...] = ()  # every ground but `unnamed` that was ever declared, taken back or not
    notes: tuple[str, str, str] = ("", "", "")  # matter, offered, demeanour
    tried: tuple[str, ...] = ()
    earlier: tuple[w.Earlier, ...] = ()
    consent: Literal["", "asked", "given"] = ""  # of the caller, to a supervisor who listens
    review: bool = False  # something on this call goes before a manager, however it ends

    def talk_ms(self, since_ms: int, until_ms: int) -> int:
        """How long caller and our end have heard each other between two instants."""
        heard, begun = 0, self.talking_since
        if begun is not None:
            first = begun if begun > since_ms else since_ms  # min and max take twice as long, and every press asks
            heard = until_ms - first if until_ms > first else 0
        if self.talks and self.talks[-1][1] > since_ms:
            for begun, to in reversed(self.talks):
                if to <= since_ms:
                    break
                heard += max(0, min(to, until_ms) - max(begun, since_ms))
        return heard

    def has_taken(self, rung: str, person: str | None = None) -> bool:
        """Does the rung stand? With ``person``: by that person."""
        return any(t.rung == rung and (person is None or t.person == person) for t in self.taken)

    def marked(self, marker: w.Marker) -> bool:
        return bool(self.marks) and any(m.marker == marker for m in self.marks)

    def waiting(self, kind: type) -> Pending | None:
        """The first unconfirmed effect of this kind, if there is one."""
        return next((p for p in self.pending if isinstance(p.effect, kind)), None) if self.pending else None

    @property
    def added(self) -> Joined | None:
        """The supervisor who came into the call by telephone, beside whoever sits here."""
        return next((j for j in self.joined if j.address), None) if self.joined else None

    def joined_ms(self, person: str | None) -> int | None:
        """Since when this supervisor is in the call."""
        return next((j.at_ms for j in self.joined if j.person == person), None) if self.joined else None


class Flash(Struct, frozen=True, gc=False):
    """A lamp's short answer to a press: `refused`, or `done` once the phone has confirmed."""

    button: w.Button
    state: w.LampState
    until_ms: int


class Desk(Struct, frozen=True, gc=False):
    facts: Facts = Facts()
    case: Case | None = None  # of the call with the live audio, or of the last one that had it
    parked: tuple[Case, ...] = ()  # of the other lines, on hold
    arriving: Case | None = None  # accepted from another desk; its call is still to come
    arriving_ms: int = 0
    alerts: tuple[Alert, ...] = ()  # at most one for each case, and one without a call
    epoch: int = 0  # the last one given out; epochs never repeat on a desk
    effect: int = 0  # the last effect's number
    ask: int = 0  # the last ask's or alert's number
    rest: Rest | None = None  # after a hard call
    tasks: tuple[tuple[str, str], ...] = ()  # for a person: what the phone could not do, and what is to be done
    flashes: tuple[Flash, ...] = ()  # at most one for each button
    at_ms: int = 0  # the time of the last step

    @property
    def alert(self) -> Alert | None:
        """The one for the present case; without a case, the one that was raised without a call."""
        return self.alert_of(self.case.id if self.case is not None else "") if self.alerts else None

    @property
    def cases(self) -> tuple[Case, ...]:
        """The present one first, then those on hold; not one that is still to come."""
        return self.parked if self.case is None else (self.case, *self.parked)

    def case_of(self, id: str) -> Case | None:
        return next((case for case in self.cases if case.id == id), None)

    def alert_of(self, case: str) -> Alert | None:
        """The one for this case; empty: the one that was raised without a call."""
        return next((alert for alert in self.alerts if alert.case == case), None)

    def speaker(self, person: str | None) -> Who:
        """The person as somebody who acts: who sits here, or a supervisor in the call."""
        who = self.facts.who
        # Whether that one is trained only their own desk knows, which says it with each press.
        return who if person == who.id else Who(person, w.Role.SUPERVISOR, trained=True, here=False)
