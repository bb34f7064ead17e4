"""What the phone says: calls that begin, change and end, on one line or several.

A confirmation is only ever a call's state. An effect that is not confirmed by its deadline becomes `unknown`: the
phone is asked, and its full answer settles what happened (`effects`).
"""

from msgspec.structs import replace

from rung import words as w
from rung.policy import asks, book, chores, effects, ending, transfer
from rung.policy.decision import Decision
from rung.policy.language import version_of
from rung.policy.reading import other_live
from rung.policy.state import Case, Phase
from rung.words import CallState, EndedBy, Outcome, Role

UP, HELD, ENDED, DIALLING = CallState.UP, CallState.HELD, CallState.ENDED, CallState.DIALLING
TRANSFER, US = EndedBy.TRANSFER, EndedBy.US
HOLDING, RINGING, RETURNING = Phase.HOLDING, Phase.RINGING, Phase.RETURNING
CONSULTING = frozenset({Phase.RINGING, Phase.ANSWERED, Phase.OFFERING})
BESIDE = ("join failed", "listen failed")  # so a cause begins that is of no transfer: see `rung.phone.base`
PASSED_MOST = 32  # the latest; the one that takes their place comes within the second


def phone_is(d: Decision, said: w.PhoneIs) -> None:
    was = d.desk.facts
    can, paused = (said.can, said.paused) if said.up else (was.can, was.paused)
    d.facts(phone_up=said.up, calls_known=was.calls_known and said.up, can=can, paused=paused)
    chores.paused_is(d, was.paused, was.phone_up)
    if was.phone_up and not said.up and d.desk.case is not None:
        d.emit(w.PhoneLost())


def call_is(d: Decision, said: w.CallIs) -> None:
    before = d.desk.facts.calls.get(said.call.id)
    _one_call(d, said.call, before)
    if before is not None and before.doing and not said.call.doing:
        effects.ask_about_unknown(d)
    _begin_or_turn(d)


def calls_are(d: Decision, said: w.CallsAre) -> None:
    """A full answer: calls it does not name are gone, and what was unknown is settled by what it says."""
    named = {call.id for call in said.calls}
    gone = tuple(call for call in _believed(d) if call.id not in named)
    line = d.desk.case.call if d.desk.case else None
    before = d.desk.facts.calls
    living = {call.id: call for call in said.calls if call.state != ENDED}
    d.facts(calls=living, calls_known=d.desk.facts.phone_up)
    if (arriving := d.desk.arriving) is not None and arriving.call not in named:  # how it ended was forgotten
        _passed(d, arriving.call, arriving.id)
    # The line first: if it has ended, the case closes before its consult is read.
    for call in sorted(said.calls + gone, key=lambda c: c.id != line):
        _one_call(d, call, before.get(call.id))
    if d.desk.case is not None:
        effects.settle_unknown(d)
    _begin_or_turn(d)


def _passed(d: Decision, call: str, case: str) -> None:
    """The caller of another desk's case was put through to us: the call about it has ended.

    Once their call is here it says no more (an empty ``case``), though the phone may tell again how it ended.
    """
    passed = {call: case} | d.desk.facts.passed
    d.facts(passed=dict(list(passed.items())[:PASSED_MOST]))


def _has_come(d: Decision, case: str) -> None:
    """The caller's own call is here. Whoever rings about this case another time has them back."""
    passed = d.desk.facts.passed
    if case and case in passed.values():
        d.facts(passed={call: "" if of == case else of for call, of in passed.items()})


def _believed(d: Decision) -> list[w.Call]:
    """The calls that the cases believe to be alive, as they would be if the phone no longer knew them."""
    cases = [*d.desk.parked, *([d.desk.case] if d.desk.case is not None else [])]
    gone = [w.Call(id=c.call, state=ENDED, direction="out", ended_by=EndedBy.UNKNOWN) for c in cases]
    for case in cases:
        if case.ask is not None and case.ask.consult is not None:
            gone.append(replace(gone[0], id=case.ask.consult, consult_for=case.call))
    return gone


def _one_call(d: Decision, call: w.Call, before: w.Call | None) -> None:
    living = dict(d.desk.facts.calls)
    living.pop(call.id, None)  # a call that has changed is the newest
    if call.state is not ENDED:
        living[call.id] = call
    d.desk = replace(d.desk, facts=replace(d.desk.facts, calls=living))
    case = d.case
    if call.case and call.ended_by is TRANSFER:
        _passed(d, call.id, "" if _is_ours(d, call) else call.case)  # ours has gone to another desk
    if d.desk.parked and (parked := _parked(d, call)) is not None:
        _parked_line(d, parked, call)
    elif case is not None and call.id == case.call:
        _line(d, call)
        if call.cause and d.desk.case is not None and d.case.pending:
            _came_to_nothing(d, call, told_before=before is not None and before.cause == call.cause)
    elif call.consult_for is None:
        return
    elif case is not None and call.consult_for == case.call:
        if call.id not in case.old_consults:
            _consult_call(d, call)
    elif before is None and call.state is DIALLING and call.consult_for not in living:
        asks.stop(d, call.id)  # it rings only now, and the caller has gone


def _parked(d: Decision, call: w.Call) -> Case | None:
    """The parked case that this call is the line of."""
    return next((c for c in d.desk.parked if c.call == call.id), None)


# -- which call has the live audio -------------------------------------------------------------------------------------


def _begin_or_turn(d: Decision) -> None:
    """The call with live audio is the one that presses are for: its case begins, or is turned to.

    Not while the present case asks, waits for the phone, or is heard as well: then nothing may be mistaken.
    """
    case = d.desk.case
    if case is not None and (case.ask is not None or case.pending or not _silent(d, case)):
        return
    live = [call for call in other_live(d.desk) if _is_for_presses(d, call)]
    if not live:
        if case is None and d.desk.parked:
            _turn(d, d.desk.parked[-1])
        return
    other = live[0]
    if case is not None and (said := case.announcement) is not None:
        d.emit(w.AnnouncementWithdrawn(said.rung, "another call has the live audio"))
    d.desk = replace(d.desk, flashes=())  # what was done or refused on another call says nothing of this one
    parked = _parked(d, other)
    if parked is not None:
        _turn(d, parked)
    elif d.desk.arriving is not None and other.case == d.desk.arriving.id:
        who = d.desk.facts.who
        epoch = d.desk.epoch + 1
        d.emit(w.CaseArrived(case=d.desk.arriving.id, epoch=epoch, call=other.id, person=who.id, role=who.role))
        _has_come(d, other.case)
    else:
        _open(d, other)
        _has_come(d, other.case)
    if other.parties:
        transfer.parties_are(d, other)


def _is_for_presses(d: Decision, call: w.Call) -> bool:
    """A call in which we are with another desk's case is not: until that is handed over it is theirs."""
    if not call.case or _is_ours(d, call):
        return True
    passed, arriving = d.desk.facts.passed, d.desk.arriving
    if arriving is not None and arriving.id == call.case:
        return arriving.call in passed
    # Where the call alone was put through, no case will come, and it has one of our own.
    return call.case in passed.values() or not d.desk.facts.floor_up


def _is_ours(d: Decision, call: w.Call) -> bool:
    """Is it the line of a case here?"""
    return any(case.call == call.id for case in d.desk.cases)


def _silent(d: Decision, case: Case) -> bool:
    """Is the case's own caller out of hearing?"""
    call = d.desk.facts.calls.get(case.call)
    return call is None or call.state is not UP


def sits_in(d: Decision) -> None:
    """A supervisor who sits down in mid-call is in it from then on; whoever is relieved no longer is."""
    case, who = d.desk.case, d.desk.facts.who
    if case is None or who.id is None:
        return
    for gone in [j for j in case.joined if not j.address and j.person != who.id]:
        d.emit(w.SupervisorLeft(gone.person or ""))
    if who.role == Role.SUPERVISOR and d.case.joined_ms(who.id) is None:
        d.emit(w.SupervisorJoined(person=who.id, desk="", address=""))


def _turn(d: Decision, case: Case) -> None:
    d.emit(w.CaseTurnedTo(case.id))
    sits_in(d)
    call = d.desk.facts.calls.get(case.call)
    if call is not None:  # it may have come off hold, and that is told to the case it is about
        _line(d, call)


def _open(d: Decision, call: w.Call) -> None:
    epoch, who = d.desk.epoch + 1, d.desk.facts.who
    policy, language = book.for_call(d.rules, call)
    d.emit(
        w.CaseOpened(
            case=f"{book.prefix(d.rules)}-{epoch}",
            epoch=epoch,
            call=call.id,
            direction=call.direction,
            policy=policy.name,
            version=version_of(policy),
            language=language,
            caller=call.peer,
            person=who.id,
            role=who.role,
        )
    )
    if d.desk.facts.floor_up and call.peer:
        d.do(w.LookUp, 0, call.id, call.peer)


def _parked_line(d: Decision, parked: Case, call: w.Call) -> None:
    """Another line changed. Only its end concerns its case now; the rest is seen when it is turned to."""
    if call.state != ENDED:
        return
    present = d.desk.case
    d.emit(w.CaseTurnedTo(parked.id))
    ending.line_ended(d, call)
    if present is not None:
        d.emit(w.CaseTurnedTo(present.id))


# -- the case's own call, and the one to the supervisor ----------------------------------------------------------------


def _line(d: Decision, call: w.Call) -> None:
    """The case's own call with the caller."""
    case, state = d.case, call.state
    if state is ENDED:
        ending.line_ended(d, call)
        return  # perhaps there is no case any more
    if state is HELD:
        if not case.held:
            d.emit(w.CallHeld(call.id))
        stale = (hold := case.waiting(w.Hold)) is not None and hold.unknown == effects.RESTARTED
        effects.confirm(d, w.Hold)
        if case.ask is not None and case.ask.phase is HOLDING:
            asks.end(d, Outcome.INTERRUPTED) if stale else asks.reach(d)
    elif state is UP and d.desk.facts.calls_known:  # else it is told late: nobody knows whether they are heard now
        if case.held or case.talking_since is None:
            d.emit(w.CallResumed(call.id))
        if case.ask is not None and case.ask.phase is RETURNING:
            effects.confirm(d, w.TakeBack)
            consult = d.desk.facts.calls.get(case.ask.consult or "")
            if consult is not None and not consult.doing:  # off hold by a click, or the phone could not end it
                asks.stop(d, consult.id)
            assert case.ask.outcome is not None
            asks.close(d, case.ask.outcome)
    if call.parties or d.case.joined:
        transfer.parties_are(d, call)
        sits_in(d)  # also whoever was in the call by telephone, has sat down here, and hung that up
    if call.recording or d.case.pending:
        chores.recording_is(d, call)


def _came_to_nothing(d: Decision, call: w.Call, told_before: bool) -> None:
    """What the phone was told has failed, and the line lives. It may tell why again and again."""
    kinds: tuple[type, ...] = () if call.doing else (w.Complete, w.Leave)
    if call.cause.startswith(BESIDE):
        joins = [p for p in d.case.pending if isinstance(p.effect, w.Join)]
        one = len(joins) == 1  # of two nobody can tell whose telephone it was, until both have rung long enough
        kinds = (w.Join,) if one and call.cause.startswith("join") and not told_before else ()
    for kind in kinds:
        if (pending := d.case.waiting(kind)) is not None:
            effects.came_to_nothing(d, pending, call.cause, Outcome.FAILED)


def _consult_call(d: Decision, call: w.Call) -> None:
    """The call to the supervisor."""
    ask, ended = d.case.ask, call.state is ENDED
    if ask is not None and ask.phase is RETURNING:
        if not ended:  # taken back before its number was known: it must not ring on
            asks.let_go(d, call.id)
        return
    order = d.case.waiting(w.Consult)  # a phone dials in the order in which it was told to
    if ask is None or (ask.consult != call.id and (order is None or order != asks.ordered(d.case))):
        if order is not None:  # of an ask that is over; what the agent has dialled by hand is theirs
            d.emit(w.EffectConfirmed(order.effect.id))
            if not ended:
                asks.stop(d, call.id)
        return
    if ask.phase not in CONSULTING:
        return  # completing: the line's own state tells
    if ended:
        _consult_ended(d, call)
        return
    effects.confirm(d, w.Consult)
    if call.state is UP and ask.phase is RINGING:
        d.emit(w.AskMoved(Phase.ANSWERED, consult=call.id))
        if ask.at_once:
            transfer.complete(d)
    elif ask.consult is None:
        d.emit(w.AskMoved(RINGING, consult=call.id))


def _consult_ended(d: Decision, call: w.Call) -> None:
    ask = d.case.ask
    assert ask is not None
    transfer.they_hung_up(d)
    ours = call.ended_by == US  # the agent ended it with a click: that is taking it back
    asks.end(d, call.outcome or (Outcome.TAKEN_BACK if ours else Outcome.FAILED))
