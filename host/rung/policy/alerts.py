"""Telling supervisors beside any ask: panic, crisis, a threat, a quiet ask. It never needs a rung, nor opens one.

The first who comes is brought into the call without hold, where the phone can; else they are told who comes.
"""

from rung import words as w
from rung.policy import asks, chores
from rung.policy.brief import brief
from rung.policy.decision import Decision
from rung.policy.state import Alert, Desk
from rung.words import Outcome, Reply, Want

URGENCY = (Want.COMPANY, Want.THREAT, Want.CRISIS, Want.PANIC)  # the later replaces the earlier
UNREACHED = "the floor is out of reach"
INTO_THE_CALL = frozenset({Want.PANIC, Want.CRISIS})  # even where only a telephone can be rung
EVERYBODY = frozenset({Want.THREAT, Want.CRISIS, Want.PANIC})  # to all present; a quiet ask to the first group


def raise_alert(d: Decision, want: Want) -> str:
    """Tell the supervisors; what came of it, as half a sentence. Empty, or UNREACHED: nobody could be told."""
    alert = d.desk.alert
    if want in (Want.PANIC, Want.CRISIS):
        chores.at_emergency(d, want)
    if alert is not None and URGENCY.index(alert.want) >= URGENCY.index(want):
        return _how_far(alert)
    to = _whom(d, want)
    if not to:
        return _by_extension(d, want)
    number = d.desk.ask + 1 if alert is None else alert.number
    _tell(d, number, want, to)
    many = f"{len(to)} supervisors have" if len(to) > 1 else "a supervisor has"
    return f"{many} been told"


def heard(desk: Desk) -> bool:
    """Would anybody hear a quiet ask?"""
    return desk.alert is not None or (desk.facts.floor_up and bool(desk.facts.present))


def _whom(d: Decision, want: Want) -> tuple[str, ...]:
    facts = d.desk.facts
    if not facts.floor_up:
        return ()
    if want in EVERYBODY:
        return tuple(p.desk for p in facts.present)
    first = min((p.group for p in facts.present), default=0)
    return tuple(p.desk for p in facts.present if p.group == first)


def _tell(d: Decision, number: int, want: Want, to: tuple[str, ...]) -> None:
    case = d.desk.case
    person = d.who.id if d.desk.alert is None else d.desk.alert.person
    d.emit(w.AlertRaised(ask=number, want=want, person=person, to=to))
    text = w.Brief(case="", caller="", person=person) if case is None else brief(d.policy, case, person, d.now)
    d.do(w.AskFloor, 0, number, want, to, text, asks.replies(d.desk, want))


def _by_extension(d: Decision, want: Want) -> str:
    """Nobody can be told; but panic and crisis may still ring the supervisors' telephone into the call."""
    facts = d.desk.facts
    case = d.desk.case
    rings = want in INTO_THE_CALL and case is not None and "join" in facts.can and facts.extension
    if rings and not facts.floor_up and d.case.waiting(w.Join) is None:
        asks.bring_in(d, facts.extension)
        return "the supervisors' extension is being rung into the call"
    return "" if facts.floor_up else UNREACHED


def _how_far(alert: Alert) -> str:
    if alert.supervisor is not None:
        return f"{alert.supervisor} is coming"
    return f"{len(alert.to)} supervisors have been told already"


def put_again(d: Decision) -> None:
    """The floor is back, and with it went whatever was asked: who is still in danger is so before everybody again."""
    alert = d.desk.alert
    if alert is not None and not alert.taker:
        _tell(d, alert.number, alert.want, _whom(d, alert.want) or alert.to)


def more_present(d: Decision) -> None:
    """Whoever comes to the floor while somebody is in danger is told as well."""
    alert = d.desk.alert
    if alert is None or alert.taker or alert.want not in (Want.CRISIS, Want.PANIC):
        return
    fresh = tuple(p.desk for p in d.desk.facts.present if p.desk not in alert.to)
    if d.desk.facts.floor_up and fresh:
        _tell(d, alert.number, alert.want, (*alert.to, *fresh))


def replied(d: Decision, said: w.Replied) -> None:
    alert = d.desk.alert
    assert alert is not None
    target = asks.where(d.desk, said.desk)
    stale = alert.taker or said.desk not in alert.to or said.desk in alert.busy
    if stale or said.reply not in asks.replies(d.desk, alert.want) or (said.reply == Reply.JOIN and not target):
        return
    answered = w.AlertAnswered(ask=said.ask, desk=said.desk, person=said.person, reply=said.reply, target=target)
    d.emit(answered)
    if said.reply == Reply.JOIN and d.case.ask is not None and d.case.ask.taker == said.desk:
        close(d, f"{said.person} is coming already", Outcome.ACCEPTED)  # once is enough: no second call to them
    elif said.reply == Reply.JOIN:
        d.do(w.CloseAsk, 0, said.ask, Outcome.JOINED)
        asks.bring_in(d, target)
    elif said.reply == Reply.ACCEPT:
        close(d, f"{said.person} is coming", Outcome.ACCEPTED)
    elif {*alert.busy, said.desk} >= set(alert.to):
        close(d, "nobody can come", Outcome.BUSY)


def close(d: Decision, why: str, outcome: Outcome) -> None:
    """Nobody is called any more."""
    alert = d.desk.alert
    assert alert is not None
    d.emit(w.AlertClosed(alert.number, why))
    if not alert.taker or outcome != Outcome.JOINED:
        d.do(w.CloseAsk, 0, alert.number, outcome)


def came_in(d: Decision) -> None:
    if d.desk.alert is not None and d.desk.alert.taker:
        close(d, f"{d.desk.alert.supervisor} is in the call", Outcome.JOINED)


def not_brought_in(d: Decision) -> None:
    """The phone could not bring in whoever comes; they know of it and may come in person."""
    alert = d.desk.alert
    if alert is not None and alert.taker:
        close(d, f"{alert.supervisor} is coming, but the phone could not bring them in", Outcome.FAILED)
