"""What the floor says: who is there, and what supervisors answer. Late, doubled or stale answers do nothing."""

from rung import words as w
from rung.policy import alerts, asks, transfer
from rung.policy.book import policy_of
from rung.policy.decision import Decision
from rung.policy.language import Policy
from rung.policy.state import Ask, Case, Phase
from rung.words import Outcome, Reply, Want


def floor_is(d: Decision, said: w.FloorIs) -> None:
    was = d.desk.facts
    d.facts(floor_up=said.up, present=said.present, desks=said.desks, extension=said.extension)
    _came_free(d, {p.person for p in was.present if p.free} if was.floor_up else set())
    line = d.desk.facts.calls.get(d.case.call) if d.desk.case is not None else None
    if line is not None and line.parties:  # only now is it known that one of them is a supervisor
        transfer.parties_are(d, line)
    ask = d.desk.case.ask if d.desk.case is not None else None
    if ask is not None and was.floor_up and not said.up:
        _lost(d, ask)
    elif ask is not None and said.up and asks.waits_for_desks(ask):
        _nobody_left(d)
    if said.up and not was.floor_up:
        alerts.put_again(d)
        _look_up(d)
        if ask is not None and asks.listened_to(ask):
            asks.tell_floor(d)
        transfer.still_coming(d)
    elif said.up:
        alerts.more_present(d)


def _look_up(d: Decision) -> None:
    """The call may have come while nobody could say whether its caller has earlier incidents."""
    case = d.desk.case
    if case is not None and case.caller and not case.earlier:
        d.do(w.LookUp, 0, case.call, case.caller)


def _came_free(d: Decision, before: set[str]) -> None:
    """It clears `unavailable` on every line, until a rung that rests on it (the final notice) has been taken."""
    came = next((p.person for p in d.desk.facts.present if p.free and p.person not in before), None)
    if came is None:
        return
    for case in d.desk.cases:
        if case.unavailable and not _rests_on_it(policy_of(d.rules, case), case):
            d.emit(w.SupervisorFree(came, "" if case is d.desk.case else case.id))


def _rests_on_it(policy: Policy, case: Case) -> bool:
    rests = (rung.id for rung in policy.rung if rung.does != "end" and any(need.unavailable for need in rung.requires))
    return any(case.has_taken(rung) for rung in rests)


def _nobody_left(d: Decision) -> None:
    """All who were asked are busy, or no longer there: the next group is asked, or the ask has come to nothing."""
    ask = d.case.ask
    assert ask is not None
    there = {p.desk for p in d.desk.facts.present} - set(ask.busy)
    if there.isdisjoint(ask.to) and not asks.widen(d, "busy"):
        asks.end(d, Outcome.BUSY if ask.busy else Outcome.ABSENT)


def _lost(d: Decision, ask: Ask) -> None:
    """The floor is out of reach, so nobody's answer can come: ring the extension, or the ask has failed."""
    if not asks.waits_for_desks(ask):
        return
    extension = d.desk.facts.extension
    if ask.want != Want.TRANSFER or not extension:
        asks.end(d, Outcome.ABSENT)
        return
    d.emit(w.AskReplied(desk="", person="", reply=Reply.ACCEPT, target=extension))
    if ask.phase == Phase.ASKING:
        asks.reach(d)


def seen(d: Decision, said: w.Seen) -> None:
    ask = d.desk.case.ask if d.desk.case is not None else None
    if ask is not None and ask.number == said.ask and said.desk in ask.to and said.desk not in ask.seen:
        d.emit(w.AskSeen(said.desk))


def replied(d: Decision, said: w.Replied) -> None:
    if (alert := next((alert for alert in d.desk.alerts if alert.number == said.ask), None)) is not None:
        alerts.replied(d, alert, said)
        return
    ask = d.desk.case.ask if d.desk.case is not None else None
    if ask is None or ask.number != said.ask or said.desk not in ask.to or ask.phase == Phase.RETURNING:
        return
    if said.reply not in asks.replies(d.desk, ask.want):
        return
    if said.desk in ask.busy or (ask.target and not _may_go_on(ask, said)):  # theirs, or the extension's
        return
    target = asks.where(d.desk, said.desk)
    comes = said.reply in (Reply.ACCEPT, Reply.TAKE, Reply.JOIN)
    if comes and (not target or (d.desk.alert is not None and d.desk.alert.taker == said.desk)):
        return  # they are gone again and cannot be rung; or they are being rung into the call, and once is enough
    d.emit(w.AskReplied(desk=said.desk, person=said.person, reply=said.reply, word=said.word, target=target))
    _REPLIES[said.reply](d, said)


def _may_go_on(ask: Ask, said: w.Replied) -> bool:
    """Whoever took it may take the call while they talk with the agent, or answer after having listened."""
    if said.desk != ask.taker:
        return False
    if ask.want == Want.LEAVE:
        return ask.phase == Phase.ASKING and said.reply in asks.AFTER_LISTENING
    return ask.phase == Phase.ANSWERED and said.reply == Reply.TAKE


def _accepted(d: Decision, said: w.Replied) -> None:
    """Somebody comes: it closes for everybody else. Who waits on hold is put through, once the caller was told."""
    ask = d.case.ask
    assert ask is not None
    if ask.phase == Phase.ANSWERED:
        transfer.complete(d)
        return
    asks.over(d, Outcome.ACCEPTED)
    if asks.is_in(d.case, ask.target):
        transfer.complete(d)
    elif ask.want == Want.TRANSFER:
        if ask.phase == Phase.ASKING:
            asks.reach(d)
    elif "join" in d.desk.facts.can:
        d.emit(w.AskMoved(Phase.JOINING))
        asks.bring_in(d, ask.target)
    else:  # the caller stays with the agent until the supervisor has answered, and is then put through at once
        asks.reach(d)


def _joins(d: Decision, said: w.Replied) -> None:
    """Into the call, beside the agent. Leave may still be granted or denied after listening."""
    ask = d.case.ask
    assert ask is not None
    asks.over(d, Outcome.JOINED)
    inside = asks.is_in(d.case, ask.target)
    if ask.want == Want.LEAVE:  # they listen first
        asks.tell_floor(d)
    elif inside:
        asks.close(d, Outcome.JOINED)
    else:
        d.emit(w.AskMoved(Phase.JOINING))
    if not inside:
        asks.bring_in(d, ask.target)


def _granted(d: Decision, said: w.Replied) -> None:
    d.emit(w.LeaveGranted(said.person))
    asks.over(d, Outcome.GRANTED)
    asks.close(d, Outcome.GRANTED)


def _denied(d: Decision, said: w.Replied) -> None:
    asks.end(d, Outcome.DENIED if said.reply == Reply.DENY else Outcome.DECLINED)


def _advised(d: Decision, said: w.Replied) -> None:
    asks.over(d, Outcome.ADVISED)
    asks.close(d, Outcome.ADVISED)


def _busy(d: Decision, said: w.Replied) -> None:
    _nobody_left(d)


_REPLIES = {
    Reply.ACCEPT: _accepted,
    Reply.TAKE: _accepted,
    Reply.JOIN: _joins,
    Reply.GRANT: _granted,
    Reply.DENY: _denied,
    Reply.DECLINE: _denied,
    Reply.ADVISE: _advised,
    Reply.BUSY: _busy,
}


def earlier_are(d: Decision, said: w.EarlierAre) -> None:
    if d.desk.case is not None and d.case.call == said.call and said.incidents:
        d.emit(w.EarlierKnown(said.incidents))
