"""How one event changes a desk. A case is the fold of its events: so it is rebuilt from the record after a crash.

Nothing else changes a case. An event of no consequence for the state (a press, an answer) leaves it as it is.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from rung import words as w
from rung.policy import called, cases
from rung.policy.state import (
    TASKS_MOST,
    Announcement,
    Ask,
    Case,
    Declaration,
    Desk,
    Joined,
    LeaveGiven,
    Mark,
    Pending,
    Phase,
    Rest,
    Taken,
)
from rung.words import Ground, Outcome, Reply, Want
from rung.words.calls import CAME_TO_SOMETHING

FAILED_ASKS = frozenset(
    {
        Outcome.DENIED,
        Outcome.DECLINED,
        Outcome.UNWANTED,
        Outcome.BUSY,
        Outcome.IGNORED,
        Outcome.ABSENT,
        Outcome.VOICEMAIL,
        Outcome.FAILED,
    }
)
NOBODY_CAME = frozenset({Outcome.BUSY, Outcome.IGNORED, Outcome.ABSENT, Outcome.VOICEMAIL})
UNNAMED, TRANSFER, INVOLVE = Ground.UNNAMED, Want.TRANSFER, Want.INVOLVE
TELLING, ASKING, ANSWERED = Phase.TELLING, Phase.ASKING, Phase.ANSWERED
REFUSALS = frozenset({Outcome.DECLINED, Outcome.DENIED})
_PHASES = {str(phase): phase for phase in Phase}  # an event holds the word alone


def evolve(desk: Desk, event: w.Event, at_ms: int) -> Desk:
    """The desk after ``event``, which happened at ``at_ms`` on the desk's clock."""
    kind, case = type(event), desk.case
    of_case = _OF_CASE.get(kind)
    if of_case is not None:
        return desk if case is None else replace(desk, case=of_case(case, event, at_ms))
    of_desk = _OF_DESK.get(kind)
    return desk if of_desk is None else of_desk(desk, event, at_ms)


def _free(desk: Desk, event: w.SupervisorFree, at: int) -> Desk:
    if desk.case is not None and event.case in ("", desk.case.id):
        return replace(desk, case=replace(desk.case, unavailable=False))
    parked = tuple(replace(c, unavailable=False) if c.id == event.case else c for c in desk.parked)
    return replace(desk, parked=parked)


# -- numbers, which need no case ---------------------------------------------------------------------------------------


def _decided(desk: Desk, event: w.EffectDecided, at: int) -> Desk:
    effect, case = event.effect, desk.case
    if desk.rest is not None and isinstance(effect, w.Pause) and effect.paused:
        desk = replace(desk, rest=replace(desk.rest, effect=effect.id))
    if case is not None and (over := _over(case, effect)):
        case = replace(case, old_consults=(*case.old_consults, over))
    if case is not None and event.deadline_ms:
        case = replace(case, pending=(*case.pending, Pending(effect, event.deadline_ms)))
    return replace(desk, effect=effect.id, case=case)


def _over(case: Case, effect: w.Effect) -> str | None:
    """The consult that this effect ends."""
    if isinstance(effect, w.TakeBack):
        return effect.consult
    return effect.call if isinstance(effect, w.HangUp) and effect.call != case.call else None


def _asked(desk: Desk, event: w.AskOpened, at: int) -> Desk:
    return replace(desk, ask=event.ask, case=desk.case and _ask_opened(desk.case, event, at))


def _due(desk: Desk, event: w.DutyDue, at: int) -> Desk:
    return replace(desk, rest=Rest(at, at + round(event.minutes * 60_000))) if event.minutes else desk


def _breather_ended(desk: Desk, event: w.BreatherEnded, at: int) -> Desk:
    return replace(desk, rest=None, tasks=tuple(task for task in desk.tasks if task[0] != "pause"))


def _task(desk: Desk, event: w.TaskDue, at: int) -> Desk:
    return replace(desk, tasks=(*desk.tasks, (event.task, event.why))[-TASKS_MOST:])


def _task_settled(desk: Desk, event: w.TaskSettled, at: int) -> Desk:
    desk = replace(desk, tasks=tuple(task for task in desk.tasks if task[0] != event.task))
    if event.task == "listen" and desk.case is not None and desk.case.consent == "asked":
        desk = replace(desk, case=replace(desk.case, consent="given"))
    return desk


# -- one case ----------------------------------------------------------------------------------------------------------


def _held(case: Case, event: w.CallHeld, at: int) -> Case:
    return replace(case, talks=_talks(case, at), talking_since=None, held=True, quiet_since=at)


def _resumed(case: Case, event: w.CallResumed, at: int) -> Case:
    return replace(case, talks=_talks(case, at), talking_since=at, held=False, quiet_since=None)


def _silent(case: Case, event: w.Event, at: int) -> Case:
    if case.talking_since is None:
        return case
    return replace(case, talks=_talks(case, at), talking_since=None, quiet_since=at)


def _talks(case: Case, at: int) -> tuple[tuple[int, int], ...]:
    """All stretches of talk, if the present one ends now."""
    return case.talks if case.talking_since is None else (*case.talks, (case.talking_since, at))


def _declared(case: Case, event: w.GroundDeclared, at: int) -> Case:
    gone = (event.ground, UNNAMED) if event.names else (event.ground,)
    if event.names:
        at = next(d.at_ms for d in case.grounds if d.person == event.person and d.ground == UNNAMED)
    kept = [d for d in case.grounds if d.person != event.person or d.ground not in gone]
    named = case.named
    if event.ground != UNNAMED and event.ground not in named:
        named = (*named, event.ground)
    return replace(case, grounds=(*kept, Declaration(event.ground, event.person, at)), named=named)


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
        taken=(*case.taken, Taken(event.rung, event.person, at, case.leave if event.uses_leave else None)),
        counted_ms=at if event.warns else case.counted_ms,
        announcement=None if announced and announced.rung == event.rung else announced,
        leave=None if event.uses_leave else case.leave,
        leave_used=case.leave_used or event.uses_leave,
    )


def _untake(case: Case, rung: str) -> Case:
    """The rung came to nothing: it is not taken any more, and leave that it had used up is unused again."""
    last = max([i for i, t in enumerate(case.taken) if t.rung == rung], default=None)
    if last is None:
        return case
    case, leave = replace(case, taken=case.taken[:last] + case.taken[last + 1 :]), case.taken[last].leave
    return case if leave is None else replace(case, leave=leave, leave_used=False)


def _undone(case: Case, event: w.RungUndone, at: int) -> Case:
    return _untake(case, event.rung)


def _announced(case: Case, event: w.Announced, at: int) -> Case:
    return replace(case, announcement=Announcement(event.rung, event.person, at))


def _withdrawn(case: Case, event: w.AnnouncementWithdrawn, at: int) -> Case:
    return replace(case, announcement=None)


def _listening_asked(case: Case, event: w.ListeningAsked, at: int) -> Case:
    return case if event.granted else replace(case, consent="asked")


def _language(case: Case, event: w.LanguageSet, at: int) -> Case:
    return replace(case, language=event.language)


def _not_necessary(case: Case, event: w.NotNecessary, at: int) -> Case:
    return replace(case, not_necessary=True)


def _tried(case: Case, event: w.Tried, at: int) -> Case:
    return replace(case, tried=(*case.tried, event.item))


def _notes(case: Case, event: w.NotesKept, at: int) -> Case:
    matter, offered, demeanour = case.notes
    return replace(case, notes=(event.matter or matter, event.offered or offered, event.demeanour or demeanour))


def _earlier(case: Case, event: w.EarlierKnown, at: int) -> Case:
    return replace(case, earlier=event.incidents)


def _released(case: Case, event: w.CaseReleased, at: int) -> Case:
    return replace(case, released=event.desk)


# -- asks, leave, supervisors in the call ------------------------------------------------------------------------------


def _ask_opened(case: Case, event: w.AskOpened, at: int) -> Case:
    ask = Ask(
        number=event.ask,
        rung=event.rung,
        person=event.person,
        want=event.want,
        opened_ms=at,
        phase=TELLING if event.want == TRANSFER else ASKING,
        phase_ms=at,
        to=event.to,
        asked_ms=at,
        target=event.target,
    )
    return replace(case, ask=ask)


def _ask_changed(change: Callable[[Ask, Any, int], Ask]) -> Callable[[Case, Any, int], Case]:
    def changed(case: Case, event: w.Event, at: int) -> Case:
        return case if case.ask is None else replace(case, ask=change(case.ask, event, at))

    return changed


def _widened(ask: Ask, event: w.AskWidened, at: int) -> Ask:
    return replace(ask, to=(*ask.to, *event.to), asked_ms=at)


def _seen(ask: Ask, event: w.AskSeen, at: int) -> Ask:
    return replace(ask, seen=(*ask.seen, event.desk))


def _replied(ask: Ask, event: w.AskReplied, at: int) -> Ask:
    if event.reply in (Reply.BUSY, Reply.DECLINE, Reply.DENY):
        return replace(ask, busy=(*ask.busy, event.desk))
    at_once = ask.at_once or event.reply == Reply.TAKE
    return replace(ask, taker=event.desk, supervisor=event.person, target=event.target, at_once=at_once)


def _ask_moved(ask: Ask, event: w.AskMoved, at: int) -> Ask:
    phase, answered = _PHASES[event.phase], ask.answered_ms
    if phase is ANSWERED and answered is None:
        answered = at
    consult = event.consult or ask.consult
    return replace(ask, phase=phase, phase_ms=at, answered_ms=answered, consult=consult, outcome=event.outcome)


def _ask_closed(case: Case, event: w.AskClosed, at: int) -> Case:
    asked, case = case.ask, replace(case, ask=None)
    if not event.rung:  # a hand-over or a hand-back: it was nobody's rung
        return case
    if event.outcome in CAME_TO_SOMETHING:
        wanted = asked is not None and asked.want == INVOLVE
        return replace(case, involved=case.involved or wanted, unavailable=False)
    case = _untake(case, event.rung)
    if event.outcome not in FAILED_ASKS:  # taken back or interrupted: neither `wait` nor unavailability changes
        return case
    declined = case.declined or event.outcome in REFUSALS
    return replace(
        case,
        unavailable=event.outcome in NOBODY_CAME and case.added is None,  # else one is there
        counted_ms=None if case.counted_ms is None else at,
        declined=declined,
        not_necessary=case.not_necessary and not declined,
    )


def _leave_granted(case: Case, event: w.LeaveGranted, at: int) -> Case:
    return replace(case, leave=LeaveGiven(event.person, at))


def _leave_withdrawn(case: Case, event: w.LeaveWithdrawn, at: int) -> Case:
    return replace(case, leave=None)


def _joined(case: Case, event: w.SupervisorJoined, at: int) -> Case:
    there = Joined(event.person, event.desk, event.address, at)
    return replace(case, joined=(*case.joined, there), unavailable=False)  # who has come can be had


def _left(case: Case, event: w.SupervisorLeft, at: int) -> Case:
    return replace(case, joined=tuple(j for j in case.joined if (j.person or "") != event.person))


# -- effects -----------------------------------------------------------------------------------------------------------


def _settled(case: Case, event: w.EffectConfirmed | w.EffectFailed, at: int) -> Case:
    kept: tuple[Pending, ...] = ()
    for pending in case.pending:
        if pending.effect.id != event.id:
            kept += (pending,)
    return replace(case, pending=kept)


def _unknown(case: Case, event: w.EffectUnknown, at: int) -> Case:
    pending = tuple(replace(p, unknown=event.why) if p.effect.id == event.id else p for p in case.pending)
    return replace(case, pending=pending)


_OF_DESK: dict[type, Callable[[Desk, Any, int], Desk]] = {
    w.CaseOpened: cases.opened,
    w.CaseTurnedTo: cases.turned,
    w.CaseClosed: cases.closed,
    w.CaseReceived: cases.received,
    w.CaseArrived: cases.arrived,
    w.CaseReturned: cases.returned,
    w.EffectDecided: _decided,
    w.AskOpened: _asked,
    w.AlertRaised: called.raised,
    w.AlertAnswered: called.answered,
    w.AlertClosed: called.closed,
    w.SupervisorFree: _free,
    w.DutyDue: _due,
    w.BreatherEnded: _breather_ended,
    w.TaskDue: _task,
    w.TaskSettled: _task_settled,
}

_OF_CASE: dict[type, Callable[[Case, Any, int], Case]] = {
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
    w.LanguageSet: _language,
    w.ListeningAsked: _listening_asked,
    w.NotNecessary: _not_necessary,
    w.Tried: _tried,
    w.NotesKept: _notes,
    w.EarlierKnown: _earlier,
    w.CaseReleased: _released,
    w.AskWidened: _ask_changed(_widened),
    w.AskSeen: _ask_changed(_seen),
    w.AskReplied: _ask_changed(_replied),
    w.AskMoved: _ask_changed(_ask_moved),
    w.AskClosed: _ask_closed,
    w.LeaveGranted: _leave_granted,
    w.LeaveWithdrawn: _leave_withdrawn,
    w.SupervisorJoined: _joined,
    w.SupervisorLeft: _left,
    w.EffectConfirmed: _settled,
    w.EffectFailed: _settled,
    w.EffectUnknown: _unknown,
}
