"""What a desk asks of every floor, and what a floor tells a desk."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from rung.words import (
    Act,
    ActRefused,
    Answer,
    AskFloor,
    Brief,
    CaseOffered,
    CaseReclaimed,
    CaseShown,
    CloseAsk,
    Earlier,
    EarlierAre,
    FloorEffect,
    FloorIs,
    FromDesk,
    GrantRefused,
    Listening,
    OfferAnswered,
    Outcome,
    Person,
    Replied,
    Reply,
    Role,
    Seen,
    Want,
)


class FloorError(Exception):
    """The floor, or that desk, is out of reach. One clear line; nothing was done."""


class FloorUnsureError(FloorError):
    """It may or may not have got through (no reply, connection lost)."""


class Status(StrEnum):
    """Whether somebody may be asked now."""

    FREE = "free"
    ON_A_CALL = "on_a_call"  # present, and not free: panic and crisis still reach them
    AWAY = "away"  # signed on, and not present


class Doing(StrEnum):
    """What goes on at a desk; of the caller and of what was said it tells nothing."""

    IDLE = "idle"
    RINGING = "ringing"
    TALKS = "talks"
    HOLDS = "holds"  # the caller is on hold
    ASKS = "asks"  # somebody is being asked
    SUPERVISED = "supervised"  # a supervisor is in the call
    CRISIS = "crisis"  # somebody is in danger
    EMERGENCY = "emergency"  # the agent has called for help
    RESTS = "rests"  # a breather


class Place(Struct, frozen=True, kw_only=True):
    """One desk as the others see it; always the whole of it, never a difference."""

    extension: str  # what to dial for this desk
    person: Person | None = None  # who sits here; None: nobody is signed on
    group: int = 0  # of a supervisor: 0 is asked first, each wider group has the next number
    status: Status = Status.FREE
    doing: Doing = Doing.IDLE
    since_ms: int = 0  # when that began, since 1970, by this desk's own wall clock; 0: it has not said
    ways: tuple[Listening, ...] = ()  # how a supervisor may listen to the call here
    listeners: dict[str, Listening] = {}  # the desks that do, and how
    runs: tuple[str, ...] = ()  # the policies by which new calls are judged here, each as NAME VERSION
    case: str = ""  # the open one here, by its id; a supervisor's act is for it alone
    epoch: int = 0


def supervises(place: Place) -> bool:
    """Does a supervisor sit there?"""
    return place.person is not None and place.person.role == Role.SUPERVISOR


class Asked(Struct, frozen=True, kw_only=True):
    """What another desk asks of whoever sits here. ``desk`` and ``ask`` name it."""

    desk: str
    ask: int
    want: Want
    brief: Brief
    may: tuple[Reply, ...]  # what can be answered now
    to: tuple[str, ...] = ()  # every desk that is asked, those that were asked first before the others
    over: Outcome | None = None  # nobody need answer any more, and why
    by: str = ""  # the desk whose answer it was; empty: nobody's, or a desk of another release does not say


def asked_by(desk: str, effect: AskFloor, closed: CloseAsk | None = None) -> Asked:
    """What ``effect`` puts before the desks that it names; with ``closed``: how it came to its end."""
    asked = Asked(desk=desk, ask=effect.ask, want=effect.want, brief=effect.brief, may=effect.may, to=effect.to)
    return asked if closed is None else replace(asked, over=closed.outcome, by=closed.by)


class Line(Struct, frozen=True):
    """One entry of a desk's record, as it is written there; the floor need not understand it."""

    seq: int  # 1, 2, 3 without a gap
    at_ms: int
    wall_ms: int
    kind: str
    body: bytes
    hash: bytes


class Copied(Struct, frozen=True, kw_only=True):
    """How far the floor has copied a desk's record; the default: it has nothing."""

    journal: str = ""  # which record: it has a name of its own
    seq: int = 0  # of the last entry
    hash: bytes = b""  # its hash: with it anybody can tell later whether something up to there was changed


class Signed(Struct, frozen=True):
    """What a signed end of a record says, and by whose key."""

    copied: Copied
    key: str  # the public one


class AsksAre(Struct, frozen=True, tag=True):
    """Everything put before this desk that is open, oldest first, and what has come to its end since the last time.

    It is told anew whenever it has changed: an ask came, grew more urgent, or was closed because another desk took it,
    it was taken back, or the desk that asked is gone.
    """

    asks: tuple[Asked, ...] = ()


class DesksAre(Struct, frozen=True, tag=True):
    """Every desk in reach, this one too, and what goes on there. Told only where a supervisor sits, on each change."""

    desks: dict[str, Place] = {}


class HandedOut(Struct, frozen=True, kw_only=True):
    """A policy that desks are to use for new calls, where their own settings name ``instead_of``."""

    instead_of: str
    version: str
    policy: str  # the whole of it, canonical JSON


class PoliciesAre(Struct, frozen=True, tag=True):
    """All policies that the floor hands out now; where it hands out none, desks use their own."""

    policies: tuple[HandedOut, ...] = ()


class Blocked(Struct, frozen=True, kw_only=True):
    """A caller who is kept away, in the name of the case on which it was proposed."""

    caller: str  # never a number: what the site's secret makes of it
    case: str
    until_ms: int  # Unix time; it ends by itself then
    decided: bool  # by a second person; else it is only proposed, and ends within a day


class BlocksAre(Struct, frozen=True, tag=True):
    """The whole list of callers who are kept away, as the floor folds it from all desks' records."""

    blocks: tuple[Blocked, ...] = ()


class Erasure(Struct, frozen=True, kw_only=True):
    """An order of the site's to all desks: what they keep of this caller is to be erased, at each for itself."""

    id: str
    caller: str  # never a number: what the site's secret makes of it
    person: str  # who has ordered it, and why: both stay in every record that has erased something
    why: str
    waits: tuple[str, ...]  # the desks that have not done it yet; once there is none, the order is forgotten


class ErasuresAre(Struct, frozen=True, tag=True):
    """All that is to be erased and is not yet, everywhere."""

    erasures: tuple[Erasure, ...] = ()


HandedDown = PoliciesAre | BlocksAre | ErasuresAre  # told to every desk, always the whole of it
FloorNews = (
    ActRefused
    | GrantRefused
    | FloorIs
    | Seen
    | Replied
    | EarlierAre
    | OfferAnswered
    | CaseOffered
    | CaseReclaimed
    | CaseShown
    | FromDesk
    | AsksAre
    | DesksAre
    | HandedDown
)
Feed = Callable[[FloorNews], Answer | None]


class Floor(Protocol):
    """The floor as one desk uses it, be it an agent's or a supervisor's.

    Desks have names, each its own. What is sent names the desk that it is for; a desk that is not in reach is a
    `FloorError`. A command returns when the floor has *taken* it; that it arrived, and what it came to, is only ever
    told as news. News may come late, twice, or in another order than they were sent, and where a connection was lost
    meanwhile some never come: `rung.policy.step` lets only those do anything that fit what it waits for. No news can
    end a call.

    **Presence.** Every desk sees who else is there. Only supervisors who are signed on and not away are among
    `FloorIs.present`, never this desk's own; `FloorIs.desks` has every desk in reach, this one too. What goes on at
    the desks only supervisors are told: `DesksAre`, empty once whoever sits here is none.

    **Asks.** An ask (leave, a call for a supervisor, an alert such as panic) is put before the desks that it names, and
    nobody else sees it. It is one for all of them: once it is closed it is over before every desk. It lives no longer
    than its desk is in reach; a desk that comes back sends what it still asks again, under the same number, which
    changes what is put there and makes no second one. One that was closed may so be put again before fewer, where
    somebody has taken it and may say more. What a supervisor may answer is in `Asked.may`.

    **One owner at a time.** A case moves by `Offer`; the other desk writes into its record that it has it, and only
    then answers with `AnswerOffer`; the first desk releases it into its own record, and only then lets the phone
    transfer the call. Until that answer has come, the case is still the first desk's; if it takes the offer back
    meanwhile (`Reclaim`), the other desk forgets the case. Offers carry their number (`Offer.id`) all the way, so an
    answer or a reclaim for one offer is never taken for another's. The floor itself never owns a case, and decides
    nothing: it carries.
    """

    desk: str  # this desk's name

    async def run(self, feed: Feed) -> None:
        """Keep the connection for ever; `feed` is called on this event loop.

        On each connect: `FloorIs(up=True, …)`, then `AsksAre`, then every change of either, and the rest as it comes.
        A supervisor is told after that what goes on at the desks: `DesksAre`. What the floor hands down to all desks,
        `PoliciesAre`, `BlocksAre` and `ErasuresAre`, is told once it is known, and whenever it changes; it is not
        taken back when the floor is lost.
        `FloorIs(up=False)` when the floor is lost, and asks put before this desk are then gone: `AsksAre(())`; and
        where a supervisor sits, `DesksAre({})`.

        What `feed` returns for a `FromDesk` goes back to whoever acted. While another desk of the same name is on the
        floor, this raises `FloorError` with one line: it can never work.
        """

    async def sign_on(self, place: Place) -> None:
        """Be seen like this from now on, on each later connection as well. Never waits for the floor, never fails."""

    async def do(self, effect: FloorEffect) -> None:
        """Carry out one effect.

        `AskFloor` puts an ask before the desks in ``to``, and may be sent again with more desks or more urgent;
        `CloseAsk` ends it for all of them. `LookUp` is answered by `EarlierAre`, always. `Offer` arrives as
        `CaseOffered`, `AnswerOffer` as `OfferAnswered`, `Reclaim` as `CaseReclaimed`, at the desk named in ``to``.
        """

    async def see(self, desk: str, ask: int) -> None:
        """Tell ``desk`` that its ask is shown here: it gets `Seen`."""

    async def reply(self, desk: str, ask: int, reply: Reply, word: str = "") -> None:
        """Answer an ask that is open before this desk, in the name of who sits here: ``desk`` gets `Replied`.

        `FloorError` when the ask is over, the reply is not among `Asked.may`, or nobody is signed on here. Of several
        desks that answer at once it is the asking desk that decides who was first; all learn it by `Asked.by`.
        """

    async def act(self, desk: str, act: Act) -> Answer:
        """Act on another desk's case in the name of who sits here; it gets `FromDesk`, and decides.

        Its answer says what came of it. `FloorUnsureError` when none comes.
        """

    async def show(self, desk: str, state: str) -> None:
        """Show this desk's case, as ``state``, to a supervisor in its call, who gets `CaseShown`; empty: no longer."""

    async def copied(self, head: Copied) -> Copied:
        """How far this desk's record has been copied; ``head`` is how far it goes, so that the floor knows that too."""

    async def copy(self, journal: str, lines: tuple[Line, ...]) -> None:
        """Take the next lines of this desk's record, at once or not at all; durable when it returns.

        `FloorError` when they are not the next ones: ask `copied` again. The desk's record is the truth; what does not
        continue what was copied before is kept as well, and the floor says so.
        """

    async def keep_head(self, head: str) -> None:
        """Keep the signed end of this desk's record, one line of text, as it is; durable when it returns.

        The floor need not understand it. Whoever holds one can tell later whether anything up to there was changed,
        also when the copies are gone.
        """

    async def report(self, caller: str, incident: Earlier) -> None:
        """Tell how a call that was an incident ended. It is found by later look-ups only once it has been upheld.

        ``caller`` is what look-ups of this caller will say: from a desk never the number, but `Vault.index` of it.
        """

    async def forget(self, case: str) -> None:
        """The incident that this desk has reported of that case is erased, at once and for good; if there is one."""

    async def erased(self, order: str) -> None:
        """This desk has carried out the `Erasure` of that id: nothing of that caller can be read here any more."""
