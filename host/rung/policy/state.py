"""What a desk remembers, and how one event changes it.

`evolve` is the only place that changes a Desk's case, so a case is the fold of its events: that is how it is rebuilt
from the record after a crash. Facts (who sits here, what the phone says) are no history and come anew from the edges.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w

ANNOUNCEMENT_MS = 60_000  # an announcement that no hold has followed by then is withdrawn
SAYING_MS = 20_000  # the words of a rung just taken are shown this long, unless something newer is to be said
FAILED_ASKS = frozenset({w.Outcome.DECLINED, w.Outcome.BUSY, w.Outcome.IGNORED, w.Outcome.ABSENT, w.Outcome.FAILED})
NOBODY_CAME = frozenset({w.Outcome.BUSY, w.Outcome.IGNORED, w.Outcome.ABSENT})


class Phase(StrEnum):
    """How far an ask is."""

    TELLING = "telling"  # the agent tells the caller; nothing has happened on the phone yet
    HOLDING = "holding"  # the phone was told to hold
    RINGING = "ringing"  # the supervisor's phone was dialled
    ANSWERED = "answered"  # agent and supervisor talk; the next tap completes
    COMPLETING = "completing"
    RETURNING = "returning"  # it came to nothing: the caller comes off hold before the result is shown


class Ending(StrEnum):
    """How a case closed (`words.CaseClosed.how`), in neutral words."""

    RELEASED = "released"
    TRANSFERRED = "transferred"
    CALLER_LEFT = "caller left"
    CALLER_LEFT_ON_HOLD = "caller left on hold"
    ROUND_RUNG = "ended from the agent's side, not through Rung"
    TRANSFERRED_ROUND_RUNG = "transferred, not through Rung"
    CONNECTION_LOST = "connection lost"
    UNKNOWN = "unknown"


ROUND_RUNG = frozenset({Ending.ROUND_RUNG, Ending.TRANSFERRED_ROUND_RUNG, Ending.UNKNOWN})  # nobody's rung explains it


class Facts(Struct, frozen=True):
    person: str | None = None
    supervisors: str = ""  # the extension to ring
    phone_up: bool = False
    calls_known: bool = False  # since it came up, the phone has told all its calls
    calls: dict[str, w.Call] = {}  # the living ones


class Declaration(Struct, frozen=True):
    ground: w.Ground
    person: str | None
    at_ms: int  # when the abuse was attested; naming an `unnamed` keeps its time


class Mark(Struct, frozen=True):
    marker: w.Marker
    person: str | None
    at_ms: int


class Taken(Struct, frozen=True):
    rung: str
    person: str | None
    at_ms: int


class Announcement(Struct, frozen=True):
    rung: str
    person: str | None
    at_ms: int


class Ask(Struct, frozen=True):
    rung: str
    opened_ms: int
    phase: Phase
    phase_ms: int  # since when
    answered_ms: int | None = None  # when the supervisor answered; a transfer that failed does not change it
    consult: str | None = None
    outcome: w.Outcome | None = None  # while returning


class Pending(Struct, frozen=True):
    effect: w.Effect
    deadline_ms: int
    unknown: str | None = None  # why nobody knows what came of it


class Case(Struct, frozen=True):
    id: str
    epoch: int
    call: str
    version: str
    held: bool = False
    talks: tuple[tuple[int, int], ...] = ()  # past stretches (from, to) in which agent and caller heard each other
    talking_since: int | None = None
    quiet_since: int | None = None  # the other way round: on hold, or the phone is lost
    counted_ms: int | None = None  # the latest warning, calmed or end of a failed ask: `wait` counts from here
    grounds: tuple[Declaration, ...] = ()
    marks: tuple[Mark, ...] = ()
    taken: tuple[Taken, ...] = ()
    announcement: Announcement | None = None
    ask: Ask | None = None
    old_consults: tuple[str, ...] = ()  # of asks that are over: the phone may still name them
    unavailable: bool = False
    calmed_ms: int | None = None
    pending: tuple[Pending, ...] = ()
    review: bool = False  # something on this call goes before a manager, however it ends

    def talk_ms(self, since_ms: int, until_ms: int) -> int:
        """How long agent and caller have heard each other between two instants."""
        present = () if self.talking_since is None else ((self.talking_since, until_ms),)
        return sum(max(0, min(to, until_ms) - max(begun, since_ms)) for begun, to in (*self.talks, *present))

    def has_taken(self, rung: str) -> bool:
        return any(t.rung == rung for t in self.taken)

    def marked(self, marker: w.Marker) -> bool:
        return any(m.marker == marker for m in self.marks)

    def waiting(self, kind: type) -> Pending | None:
        """The first unconfirmed effect of this kind, if there is one."""
        return next((p for p in self.pending if isinstance(p.effect, kind)), None)


class Flash(Struct, frozen=True):
    """A lamp's short answer to a press: `refused`, or `done` once the phone has confirmed."""

    button: w.Button
    state: w.LampState
    until_ms: int


class Desk(Struct, frozen=True):
    facts: Facts = Facts()
    case: Case | None = None
    epoch: int = 0  # the last one given out; epochs never repeat on a desk
    effect: int = 0  # the last effect's number
    flashes: tuple[Flash, ...] = ()  # at most one for each button
    at_ms: int = 0  # the time of the last step


def evolve(desk: Desk, event: w.Event, at_ms: int) -> Desk:
    """The desk after ``event``. An event of no consequence for the state (a press, an answer) leaves it as it is."""
    if isinstance(event, w.CaseOpened):
        case = Case(id=event.case, epoch=event.epoch, call=event.call, version=event.version, talking_since=at_ms)
        return replace(desk, case=case, epoch=event.epoch)
    if isinstance(event, w.EffectDecided):
        desk = replace(desk, effect=event.effect.id)
    if desk.case is None:
        return desk
    if isinstance(event, w.CaseClosed):
        return replace(desk, case=None)
    change = _CHANGES.get(type(event))
    return desk if change is None else replace(desk, case=change(desk.case, event, at_ms))


def _held(case: Case, event: w.CallHeld, at: int) -> Case:
    return replace(_silent(case, event, at), held=True, quiet_since=at)


def _resumed(case: Case, event: w.CallResumed, at: int) -> Case:
    return replace(_silent(case, event, at), held=False, talking_since=at, quiet_since=None)


def _silent(case: Case, event: w.Event, at: int) -> Case:
    if case.talking_since is None:
        return case
    return replace(case, talks=(*case.talks, (case.talking_since, at)), talking_since=None, quiet_since=at)


def _declared(case: Case, event: w.GroundDeclared, at: int) -> Case:
    mine = [d for d in case.grounds if d.person == event.person]
    if event.names:
        at = next(d.at_ms for d in mine if d.ground == w.Ground.UNNAMED)
    gone = {event.ground} | ({w.Ground.UNNAMED} if event.names else set())
    kept = tuple(d for d in case.grounds if d.person != event.person or d.ground not in gone)
    return replace(case, grounds=(*kept, Declaration(event.ground, event.person, at)))


def _ground_taken_back(case: Case, event: w.GroundTakenBack, at: int) -> Case:
    kept = tuple(d for d in case.grounds if (d.ground, d.person) != (event.ground, event.person))
    return replace(case, grounds=kept)


def _marked(case: Case, event: w.MarkerSet, at: int) -> Case:
    return replace(case, marks=(*case.marks, Mark(event.marker, event.person, at)))


def _unmarked(case: Case, event: w.MarkerLifted, at: int) -> Case:
    kept = tuple(m for m in case.marks if (m.marker, m.person) != (event.marker, event.person))
    return replace(case, marks=kept, review=case.review or bool(event.reason))


def _calmed(case: Case, event: w.CallerCalmed, at: int) -> Case:
    counted = None if case.counted_ms is None else at
    return replace(case, calmed_ms=at, counted_ms=counted)


def _taken(case: Case, event: w.RungTaken, at: int) -> Case:
    announced = case.announcement
    return replace(
        case,
        taken=(*case.taken, Taken(event.rung, event.person, at)),
        counted_ms=at if event.warns else case.counted_ms,
        announcement=None if announced and announced.rung == event.rung else announced,
    )


def _untake(case: Case, rung: str) -> tuple[Taken, ...]:
    last = max((i for i, t in enumerate(case.taken) if t.rung == rung), default=None)
    return tuple(t for i, t in enumerate(case.taken) if i != last)


def _undone(case: Case, event: w.RungUndone, at: int) -> Case:
    return replace(case, taken=_untake(case, event.rung))


def _announced(case: Case, event: w.Announced, at: int) -> Case:
    return replace(case, announcement=Announcement(event.rung, event.person, at))


def _withdrawn(case: Case, event: w.AnnouncementWithdrawn, at: int) -> Case:
    return replace(case, announcement=None)


def _ask_opened(case: Case, event: w.AskOpened, at: int) -> Case:
    return replace(case, ask=Ask(event.rung, at, Phase.TELLING, at))


def _ask_moved(case: Case, event: w.AskMoved, at: int) -> Case:
    ask = case.ask
    assert ask is not None
    moved = replace(
        ask,
        phase=Phase(event.phase),
        phase_ms=at,
        answered_ms=at if event.phase == Phase.ANSWERED and ask.answered_ms is None else ask.answered_ms,
        consult=event.consult or ask.consult,
        outcome=event.outcome,
    )
    return replace(case, ask=moved)


def _ask_closed(case: Case, event: w.AskClosed, at: int) -> Case:
    case = replace(case, ask=None)
    if event.outcome == w.Outcome.ACCEPTED:
        return case
    case = replace(case, taken=_untake(case, event.rung))
    if event.outcome not in FAILED_ASKS:  # taken back or interrupted: neither `wait` nor unavailability changes
        return case
    return replace(case, unavailable=event.outcome in NOBODY_CAME, counted_ms=at)


def _decided(case: Case, event: w.EffectDecided, at: int) -> Case:
    effect = event.effect
    over = (effect.consult,) if isinstance(effect, w.TakeBack) and effect.consult else ()
    pending = (*case.pending, Pending(effect, event.deadline_ms))
    return replace(case, pending=pending, old_consults=case.old_consults + over)


def _settled(case: Case, event: w.EffectConfirmed | w.EffectFailed, at: int) -> Case:
    return replace(case, pending=tuple(p for p in case.pending if p.effect.id != event.id))


def _unknown(case: Case, event: w.EffectUnknown, at: int) -> Case:
    pending = tuple(replace(p, unknown=event.why) if p.effect.id == event.id else p for p in case.pending)
    return replace(case, pending=pending)


_CHANGES: dict[type, Callable[[Case, Any, int], Case]] = {
    w.CallHeld: _held,
    w.CallResumed: _resumed,
    w.PhoneLost: _silent,
    w.BridgeRestarted: _silent,
    w.GroundDeclared: _declared,
    w.GroundTakenBack: _ground_taken_back,
    w.MarkerSet: _marked,
    w.MarkerLifted: _unmarked,
    w.CallerCalmed: _calmed,
    w.RungTaken: _taken,
    w.RungUndone: _undone,
    w.Announced: _announced,
    w.AnnouncementWithdrawn: _withdrawn,
    w.AskOpened: _ask_opened,
    w.AskMoved: _ask_moved,
    w.AskClosed: _ask_closed,
    w.EffectDecided: _decided,
    w.EffectConfirmed: _settled,
    w.EffectFailed: _settled,
    w.EffectUnknown: _unknown,
}
