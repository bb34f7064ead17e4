"""How a call ended, from whose side, what that settles, and what is due after it."""

from rung import words as w
from rung.policy import alerts, asks, chores, effects
from rung.policy.decision import Decision
from rung.policy.language import Duty
from rung.policy.state import Case, Pending
from rung.words import Button, CallState, EndedBy, Ending, LampState, Outcome
from rung.words.calls import ROUND_RUNG

US, RELEASED, TRANSFERRED = EndedBy.US, Ending.RELEASED, Ending.TRANSFERRED
RELEASE, ESCALATE, DONE = Button.RELEASE, Button.ESCALATE, LampState.DONE
LEFT_ON_HOLD = Ending.CALLER_LEFT_ON_HOLD


def line_ended(d: Decision, call: w.Call) -> None:
    """The case's own call is over, and the case with it."""
    case, by = d.case, call.ended_by or EndedBy.UNKNOWN
    how = _ending(d, by)
    if how == RELEASED:
        effects.confirm(d, w.HangUp)
        d.flash(RELEASE, DONE)
    elif how == TRANSFERRED:
        effects.confirm(d, w.Complete)
        effects.confirm(d, w.Leave)
        d.flash(ESCALATE, DONE)
    for pending in d.case.pending:
        _settle(d, pending, by)
    if case.ask is not None:
        _close_ask(d, how, by)
    if (alert := d.desk.alert) is not None:  # what calls somebody to another call, or to no call, goes on
        alerts.close(d, alert, alerts.CALL_OVER, Outcome.CALLER_LEFT)
    if case.released and how != TRANSFERRED:
        d.do(w.Reclaim, 0, case.released, case.id)
    _duties(d, how, by)
    review = case.review or (_needs_a_look(how, asking=case.ask is not None) and _abuse_on(d.case))
    d.emit(w.CaseClosed(case=case.id, how=how, by=by, cause=call.cause, review=review))


def _needs_a_look(how: Ending, asking: bool) -> bool:
    """Did it end round Rung, or so that nobody can say how? A caller left on hold counts, unless it was for an ask."""
    return how in ROUND_RUNG or (how == LEFT_ON_HOLD and not asking)


def _abuse_on(case: Case) -> bool:
    """`unnamed` alone, or a rung that came to nothing, puts nothing before a manager."""
    return bool(case.taken) or any(g.ground != w.Ground.UNNAMED for g in case.grounds)


def _ending(d: Decision, by: EndedBy) -> Ending:
    case = d.case
    if by == US:
        return RELEASED if case.waiting(w.HangUp) else Ending.ROUND_RUNG
    if by == EndedBy.TRANSFER:
        ordered = case.waiting(w.Complete) or case.waiting(w.Leave)
        return TRANSFERRED if ordered else Ending.TRANSFERRED_ROUND_RUNG
    if by == EndedBy.THEM:
        return Ending.CALLER_LEFT_ON_HOLD if case.held else Ending.CALLER_LEFT
    return _FAILURES.get(by, Ending.UNKNOWN)


_FAILURES = {EndedBy.NETWORK: Ending.CONNECTION_LOST, EndedBy.PHONE: Ending.PHONE_FAILED}


def _settle(d: Decision, pending: Pending, by: EndedBy) -> None:
    if by == EndedBy.UNKNOWN:
        if pending.unknown is None:
            d.emit(w.EffectUnknown(pending.effect.id, "the call is gone and the phone does not say how"))
        return
    d.emit(w.EffectFailed(pending.effect.id, f"the call had ended: {by}"))
    if isinstance(pending.effect, w.Offer):
        d.do(w.Reclaim, 0, pending.effect.to, pending.effect.case)


def _close_ask(d: Decision, how: Ending, by: EndedBy) -> None:
    ask = d.case.ask
    assert ask is not None
    consult = d.desk.facts.calls.get(ask.consult or "")
    if consult is not None and consult.state == CallState.DIALLING:
        asks.stop(d, consult.id)  # nobody is left to be transferred
    left = Outcome.CALLER_LEFT if by == EndedBy.THEM else Outcome.FAILED
    outcome = Outcome.ACCEPTED if how == TRANSFERRED else left
    if not ask.taker or asks.listened_to(ask):
        asks.over(d, outcome)
    asks.close(d, outcome)


def _duties(d: Decision, how: Ending, by: EndedBy) -> None:
    for duty in d.policy.duty:
        why = _why_due(duty, d.case, how, by)
        if why:
            d.emit(w.DutyDue(duty=duty.do, why=why, minutes=duty.minutes))
            chores.after_call(d, duty)


def _why_due(duty: Duty, case: Case, how: Ending, by: EndedBy) -> str:
    """Why this is due now; empty if it is not. After a hand-over only the breather of whoever had the call is."""
    if duty.do in ("incident", "block") and case.marked(w.Marker.CRISIS):
        return ""  # somebody is in danger: nothing is blocked or counted as an incident
    grounds = [g for g in case.named if not duty.grounds or g in duty.grounds]
    if how == TRANSFERRED and duty.do != "breather":
        return ""
    if duty.when == "ended" and how == RELEASED:
        return "the call was ended"
    if duty.when == "our-side" and by == US and _abuse_on(case):
        return "the call ended from our side, and a ground or a rung is on it"
    if duty.when == "ground" and grounds:
        return f"the caller's {', '.join(grounds)}"
    return ""
