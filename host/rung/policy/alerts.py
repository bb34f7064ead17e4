"""Telling supervisors beside any ask: panic, crisis, a threat, a quiet ask. It never needs a rung, nor opens one.

Each call has an alert of its own, and so has what was raised without a call; it ends by an answer, by being called off,
or with its own call, and never with another one. The first who comes is brought into the call without hold, where the
phone can and the agent is on that call; else they come to the desk.
"""

from rung import words as w
from rung.policy import asks, chores
from rung.policy.book import policy_of
from rung.policy.brief import brief
from rung.policy.decision import Decision
from rung.policy.state import Alert, Case, Desk, Joined, Phase
from rung.words import Ground, Marker, Outcome, Reply, Want

URGENCY = (Want.COMPANY, Want.THREAT, Want.CRISIS, Want.PANIC)  # the later replaces the earlier
UNREACHED = "the floor is out of reach"
CALLED_OFF, CALL_OVER = "called off", "the call is over"
INTO_THE_CALL = frozenset({Want.PANIC, Want.CRISIS})  # even where only a telephone can be rung
EVERYBODY = frozenset({Want.THREAT, Want.CRISIS, Want.PANIC})  # to all present; a quiet ask to the first group
THREATS = frozenset({Ground.THREAT, Ground.THREAT_OTHER})  # they alert a supervisor at once, under every policy


def raise_alert(d: Decision, want: Want) -> str:
    """Tell the supervisors; what came of it, as half a sentence. Empty, or UNREACHED: nobody could be told."""
    alert = d.desk.alert
    if want in INTO_THE_CALL:
        chores.at_emergency(d, want)
    if alert is not None and URGENCY.index(alert.want) >= URGENCY.index(want):
        return _once_more(d, alert, want)
    to = _whom(d.desk, want, d.desk.case)
    if not to:
        if want in EVERYBODY:  # whoever comes to the floor is told then
            _tell(d, alert, want, () if alert is None else alert.to)
        return _by_extension(d, want)
    if alert is not None and alert.taker:  # they may not get in: whoever else comes now is heard as well
        close(d, alert, f"{alert.supervisor} is coming", Outcome.JOINED)
    _tell(d, d.desk.alert, want, to)
    return _told(to)


def heard(desk: Desk) -> bool:
    """Would anybody hear a quiet ask?"""
    coming = desk.alert is not None and desk.alert.supervisor is not None
    return coming or bool(_whom(desk, Want.COMPANY, desk.case))


def nobody(desk: Desk) -> str:
    """Why nobody was told, where the floor is in reach."""
    return (
        "no other supervisor is present" if desk.case is not None and desk.case.joined else "no supervisor is present"
    )


def alarm_of(desk: Desk, person: str | None) -> tuple[int, str] | None:
    """When this person has called the newest emergency of theirs that stands, and on which case: empty, without one."""
    called = [(a.at_ms, "") for a in desk.alerts if (a.want, a.person, a.case) == (Want.PANIC, person, "")]
    for case in desk.cases:
        mine = [m.at_ms for m in case.marks if (m.marker, m.person) == (Marker.EMERGENCY, person)]
        called += [(at, case.id) for at in mine[:1]]  # calling again does not buy more time
    return max(called, default=None)


def _whom(desk: Desk, want: Want, case: Case | None) -> tuple[str, ...]:
    """Whom it is put before: nobody who is in the call that it is about already."""
    if not desk.facts.floor_up:
        return ()
    inside = {j.desk for j in case.joined} if case is not None else set()
    there = [p for p in desk.facts.present if p.desk not in inside]
    first = min((p.group for p in there), default=0)
    return tuple(p.desk for p in there if want in EVERYBODY or p.group == first)


def _told(to: tuple[str, ...]) -> str:
    return f"{len(to)} supervisors have been told" if len(to) > 1 else "a supervisor has been told"


def _once_more(d: Decision, alert: Alert, want: Want) -> str:
    """It was raised already. Who has come since is told; and of those who were, somebody must still be able to come."""
    if alert.supervisor is not None:
        return f"{alert.supervisor} is coming"
    there = _whom(d.desk, alert.want, d.desk.case)
    if fresh := tuple(desk for desk in there if desk not in alert.to):
        _tell(d, alert, alert.want, (*alert.to, *fresh))
        return _told(fresh)
    waits = tuple(desk for desk in there if desk not in alert.busy)
    return f"{_told(waits)} already" if waits else _by_extension(d, want)


def _tell(d: Decision, alert: Alert | None, want: Want, to: tuple[str, ...]) -> None:
    """A new one for the present call, or the same one anew."""
    if alert is None:
        case = d.desk.case.id if d.desk.case is not None else ""
        d.emit(w.AlertRaised(ask=d.desk.ask + 1, want=want, person=d.who.id, to=to, case=case))
    else:
        d.emit(w.AlertRaised(ask=alert.number, want=want, person=alert.person, to=to, case=alert.case))
    _put(d, d.desk.alerts[-1])


def _put(d: Decision, alert: Alert) -> None:
    """Before everybody who is called, with what can be answered now."""
    desk, person = d.desk, alert.person
    case = desk.case_of(alert.case)
    text = w.Brief(case="", caller="", person=person)
    if case is not None:
        text = brief(policy_of(d.rules, case), case, person, d.now)
    if desk.facts.floor_up and alert.to and not alert.taker:  # else once the floor is back, or somebody is there
        d.do(w.AskFloor, 0, alert.number, alert.want, alert.to, text, may(desk, alert))


def may(desk: Desk, alert: Alert) -> tuple[Reply, ...]:
    """What can be answered: they come into its own call, and into no other caller's; to the desk they always can."""
    return asks.replies(desk, alert.want, alert.case)


def offer_anew(d: Decision, before: Desk) -> None:
    """The agent has turned to another call, or the phone can do more or less: so is what can be answered."""
    for alert in d.desk.alerts:
        told = [e.may for e in d.effects if isinstance(e, w.AskFloor) and e.ask == alert.number]  # in this very step
        if not alert.taker and may(d.desk, alert) != (told[-1] if told else may(before, alert)):
            _put(d, alert)


def _by_extension(d: Decision, want: Want) -> str:
    """Nobody can be told; but panic and crisis may still ring the supervisors' telephone into the call."""
    if d.desk.facts.floor_up:
        return ""
    if not _rings(d.desk, want):
        return UNREACHED
    asks.bring_in(d, d.desk.facts.extension)
    return "the supervisors' extension is being rung into the call"


def _rings(desk: Desk, want: Want) -> bool:
    """Can the supervisors' telephone be rung into the present call, since nobody can be told?"""
    facts, case = desk.facts, desk.case
    able = facts.calls_known and "join" in facts.can and facts.extension and not facts.floor_up
    if not able or want not in INTO_THE_CALL or case is None or case.held:  # nobody comes into a call that is on hold
        return False
    return not asks.is_in(case, facts.extension)


def put_again(d: Decision) -> None:
    """The floor is back, and with it went whatever was asked: who is still in danger is so before everybody again."""
    for alert in d.desk.alerts:
        if not alert.taker and (to := _whom(d.desk, alert.want, d.desk.case_of(alert.case)) or alert.to):
            _tell(d, alert, alert.want, to)


def unheard(d: Decision, before: Desk) -> None:
    """No answer can come while the floor is out of reach: the extension is rung as soon as it can be."""
    now, was = _in_vain(d.desk), _in_vain(before)
    if now is not None and (was is None or was.case != now.case):
        _by_extension(d, now.want)


def _in_vain(desk: Desk) -> Alert | None:
    """What calls from the present call, which the extension can be rung into, and nobody comes or is there."""
    alert = desk.alert
    if alert is None or alert.taker or not _rings(desk, alert.want):
        return None
    return alert if desk.case is not None and desk.case.added is None else None


def more_present(d: Decision) -> None:
    """Whoever comes to the floor while somebody is in danger is told; of a threat, where nobody was told yet."""
    for alert in d.desk.alerts:
        there = _whom(d.desk, alert.want, d.desk.case_of(alert.case))
        fresh = tuple(desk for desk in there if desk not in alert.to)
        late = alert.want in INTO_THE_CALL or not alert.to
        if fresh and not alert.taker and late:
            _tell(d, alert, alert.want, (*alert.to, *fresh))


def replied(d: Decision, alert: Alert, said: w.Replied) -> None:
    target = asks.where(d.desk, said.desk)
    joins, possible = said.reply == Reply.JOIN, may(d.desk, alert)
    comes_in = joins and Reply.JOIN in possible
    stale = alert.taker or said.desk not in alert.to or said.desk in alert.busy
    if stale or (comes_in and not target) or not (joins or said.reply in possible):
        return
    answered = w.AlertAnswered(
        ask=said.ask, desk=said.desk, person=said.person, reply=said.reply, target=target, case=alert.case
    )
    d.emit(answered)
    alert = next(found for found in d.desk.alerts if found.number == said.ask)
    if comes_in:
        _comes_in(d, alert, target)
    elif joins or said.reply == Reply.ACCEPT:  # whoever would come into a call that the agent has left comes as well
        close(d, alert, f"{said.person} is coming", Outcome.ACCEPTED)
    elif set(alert.busy) >= set(alert.to):
        close(d, alert, "nobody can come", Outcome.BUSY)


def _comes_in(d: Decision, alert: Alert, target: str) -> None:
    d.do(w.CloseAsk, 0, alert.number, Outcome.JOINED, alert.taker)
    if not _is_coming(d.case, alert):  # once is enough: no second call to who is being rung already
        asks.bring_in(d, target)


def _is_coming(case: Case, alert: Alert) -> bool:
    """Is whoever answered being rung, to come into the call, or for the ask that they have taken?"""
    ask = case.ask
    asked = ask is not None and ask.taker == alert.taker and ask.phase is not Phase.RETURNING
    return asked or asks.brings_in(case, alert.target) is not None


def close(d: Decision, alert: Alert, why: str, outcome: Outcome) -> None:
    """Nobody is called any more."""
    d.emit(w.AlertClosed(alert.number, why, alert.case))
    if alert.to and (not alert.taker or outcome != Outcome.JOINED):
        d.do(w.CloseAsk, 0, alert.number, outcome, alert.taker if outcome in asks.ANSWERS else "")


def called_off(d: Decision, alert: Alert | None, want: Want) -> None:
    """What it was raised for no longer stands. A crisis on that call still calls, or the panic of somebody else."""
    if alert is None or alert.want != want:
        return
    case = d.desk.case if alert.case else None
    alone = case is not None and case.added is None
    if case is not None and alone and want == Want.PANIC and case.marked(Marker.EMERGENCY):
        return
    if case is not None and alone and case.marked(Marker.CRISIS):
        if want != Want.CRISIS:
            _tell(d, alert, Want.CRISIS, alert.to)
        return
    close(d, alert, CALLED_OFF, Outcome.TAKEN_BACK)


def came_in(d: Decision, there: Joined) -> None:
    """Who was to come or was told has, or somebody else whom the agent need not wait for any more."""
    alert = d.desk.alert
    if alert is not None and (alert.taker or there.desk in alert.to or there.address == d.desk.facts.extension):
        close(d, alert, f"{there.person or 'a supervisor'} is in the call", Outcome.JOINED)


def nobody_comes(d: Decision) -> None:
    """Whoever was to come into a call is not being rung for it any more. Who is in danger there calls anew."""
    for alert in d.desk.alerts:
        case = d.desk.case_of(alert.case)
        if alert.taker and case is not None and not _is_coming(case, alert):
            _call_anew(d, alert)


def _call_anew(d: Decision, alert: Alert) -> None:
    """Them to the desk, or somebody else."""
    present = d.desk.case
    elsewhere = present is not None and present.id != alert.case  # the desk has turned to another call in this step
    if elsewhere:
        d.emit(w.CaseTurnedTo(alert.case))
    close(d, alert, f"{alert.supervisor} has not come into the call", Outcome.FAILED)
    if alert.want in INTO_THE_CALL:
        _tell(d, None, alert.want, _whom(d.desk, alert.want, d.desk.case))
    if elsewhere and present is not None:
        d.emit(w.CaseTurnedTo(present.id))
