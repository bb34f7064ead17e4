"""What the phone says, and the ask that rings a supervisor: hold, consult, complete or come back.

A confirmation is only ever a call's state. An effect that is not confirmed by its deadline becomes `unknown`: the
phone is asked, and its full answer settles what happened. A hang-up or a transfer is never issued a second time by
the machine.
"""

from msgspec.structs import replace

from rung import words as w
from rung.policy.decision import Decision
from rung.policy.language import Rung, version_of
from rung.policy.state import ROUND_RUNG, Case, Ending, Pending, Phase
from rung.words import Button, CallState, EndedBy, LampState, Outcome

PHONE_DEADLINE_MS = 5000  # hold, consult: a phone on this computer answers within milliseconds
TAKE_BACK_DEADLINE_MS = 2000  # and the caller waits on hold: ask again soon
TRANSFER_DEADLINE_MS = 15_000  # REFER and its NOTIFY cross the network twice

RESTARTED = "the bridge was restarted"
OVERDUE = "the phone did not confirm in time"


# -- the ask -----------------------------------------------------------------------------------------------------------


def start_ask(d: Decision, rung: Rung) -> None:
    """The tap shows what to tell the caller; hold and consult begin `say_time` later."""
    d.emit(w.AskOpened(rung.id, d.desk.facts.person))
    if not d.desk.facts.supervisors:  # nobody to ring: the caller is never put on hold for that
        end_ask(d, Outcome.ABSENT)


def complete(d: Decision) -> None:
    """Join caller and supervisor; the agent's leg ends when the phone has done it."""
    ask = d.case.ask
    assert ask is not None and ask.consult is not None
    d.emit(w.AskMoved(Phase.COMPLETING))
    d.do(w.Complete, TRANSFER_DEADLINE_MS, d.case.call, ask.consult)


def take_back(d: Decision) -> w.Answer:
    """The agent takes the open ask back."""
    ask = d.case.ask
    assert ask is not None
    if ask.phase == Phase.COMPLETING:
        return w.Answer(verdict=w.Verdict.REFUSED, why="Too late to take back: the transfer is under way.")
    if ask.phase == Phase.RETURNING:
        return w.Answer(verdict=w.Verdict.NOTHING, why="The caller is already coming off hold.")
    end_ask(d, Outcome.TAKEN_BACK)
    off = "Taken back." if d.case.ask is None else "Taken back; the caller comes off hold."
    return w.Answer(verdict=w.Verdict.TAKEN, why=off)


def end_ask(d: Decision, outcome: Outcome) -> None:
    """Let the ask come to nothing: first the caller off hold, then the result is shown."""
    case, ask = d.case, d.case.ask
    assert ask is not None
    on_phone = case.held or ask.consult is not None or case.waiting(w.Hold) or case.waiting(w.Consult)
    if ask.phase == Phase.TELLING or not on_phone:
        d.emit(w.AskClosed(ask.rung, outcome))
        return
    for stale in d.case.pending:  # what was still asked of the phone for this ask no longer matters
        d.emit(w.EffectFailed(stale.effect.id, f"the ask ended: {outcome}"))
    d.emit(w.AskMoved(Phase.RETURNING, outcome=outcome))
    d.do(w.TakeBack, TAKE_BACK_DEADLINE_MS, d.case.call, ask.consult)


def ask_on_time(d: Decision) -> None:
    """What time alone brings about in an open ask. While the phone is lost nothing can be told of it, so it waits."""
    ask = d.case.ask
    if ask is None or not d.desk.facts.calls_known:
        return
    if ask.phase == Phase.TELLING and d.now >= ask.phase_ms + d.policy.times.say_ms:
        if d.case.held:
            _consult(d)
        else:
            d.emit(w.AskMoved(Phase.HOLDING))
            d.do(w.Hold, PHONE_DEADLINE_MS, d.case.call)
    elif ask.phase == Phase.RINGING and d.now >= ask.phase_ms + d.policy.times.answer_ms:
        # Nobody ignored a telephone that is not known to have been dialled.
        end_ask(d, Outcome.IGNORED if ask.consult is not None else Outcome.FAILED)


def _consult(d: Decision) -> None:
    d.emit(w.AskMoved(Phase.RINGING))
    d.do(w.Consult, PHONE_DEADLINE_MS, d.case.call, d.desk.facts.supervisors)


# -- what the phone says -----------------------------------------------------------------------------------------------


def phone_is(d: Decision, said: w.PhoneIs) -> None:
    was = d.desk.facts
    d.facts(phone_up=said.up, calls_known=was.calls_known and said.up)
    if was.phone_up and not said.up and d.desk.case is not None:
        d.emit(w.PhoneLost())


def call_is(d: Decision, said: w.CallIs) -> None:
    before = d.desk.facts.calls.get(said.call.id)
    _one_call(d, said.call)
    if before is not None and before.doing and not said.call.doing:
        _ask_about_unknown(d)
    _open_case(d)


def _ask_about_unknown(d: Decision) -> None:
    """What was under way has ended without its call: only a full answer settles what is still unknown."""
    unknown = [p for p in d.desk.case.pending if p.unknown is not None] if d.desk.case is not None else []
    if unknown:
        d.effects.append(w.AskPhone(unknown[0].effect.id))


def calls_are(d: Decision, said: w.CallsAre) -> None:
    """A full answer: calls it does not name are gone, and what was unknown is settled by what it says."""
    named = {call.id for call in said.calls}
    gone = tuple(call for call in _case_calls(d) if call.id not in named)
    line = d.desk.case.call if d.desk.case else None
    living = {call.id: call for call in said.calls if call.state != CallState.ENDED}
    d.facts(calls=living, calls_known=d.desk.facts.phone_up)
    # The line first: if it has ended, the case closes before its consult is read.
    for call in sorted(said.calls + gone, key=lambda c: c.id != line):
        _one_call(d, call)
    if d.desk.case is not None:
        _settle_unknown(d)
    _open_case(d)


def _case_calls(d: Decision) -> list[w.Call]:
    """The calls that the case believes to be alive, as they would be if the phone no longer knew them."""
    case = d.desk.case
    if case is None:
        return []
    gone = w.Call(id=case.call, state=CallState.ENDED, direction="out", ended_by=EndedBy.UNKNOWN)
    if case.ask is None or case.ask.consult is None:
        return [gone]
    return [gone, replace(gone, id=case.ask.consult, consult_for=case.call)]


def _one_call(d: Decision, call: w.Call) -> None:
    living = {k: c for k, c in d.desk.facts.calls.items() if k != call.id}
    d.facts(calls=living if call.state == CallState.ENDED else living | {call.id: call})
    case = d.desk.case
    if case is None:
        return
    if call.id == case.call:
        _line(d, call)
    elif call.consult_for == case.call and call.id not in case.old_consults and case.ask is not None:
        _consult_call(d, call)


def _open_case(d: Decision) -> None:
    """A call with live audio and no case yet begins one, with the next epoch."""
    if d.desk.case is not None:
        return
    lines = [c for c in d.desk.facts.calls.values() if c.consult_for is None]
    live = next((c for c in lines if c.state == CallState.UP), None)
    if live is None:
        return
    epoch = d.desk.epoch + 1
    d.desk = replace(d.desk, flashes=())  # what was done or refused on another call says nothing of this one
    d.emit(
        w.CaseOpened(
            case=f"case-{epoch}",
            epoch=epoch,
            call=live.id,
            direction=live.direction,
            policy=d.policy.name,
            version=version_of(d.policy),
        )
    )


def _line(d: Decision, call: w.Call) -> None:
    """The case's own call with the caller."""
    case = d.case
    if call.state == CallState.ENDED:
        _line_ended(d, call)
        return  # perhaps there is no case any more
    if call.state == CallState.HELD:
        if not case.held:
            d.emit(w.CallHeld(call.id))
        stale = (hold := case.waiting(w.Hold)) is not None and hold.unknown == RESTARTED
        _confirm(d, w.Hold)
        if case.ask is not None and case.ask.phase == Phase.HOLDING:
            end_ask(d, Outcome.INTERRUPTED) if stale else _consult(d)
    elif call.state == CallState.UP:
        if case.held or case.talking_since is None:
            d.emit(w.CallResumed(call.id))
        if case.ask is not None and case.ask.phase == Phase.RETURNING:
            _confirm(d, w.TakeBack)
            assert case.ask.outcome is not None
            d.emit(w.AskClosed(case.ask.rung, case.ask.outcome))
    if call.cause and not call.doing and (pending := case.waiting(w.Complete)) is not None:
        _came_to_nothing(d, pending, call.cause, Outcome.FAILED)  # a transfer that failed leaves the line alive


def _line_ended(d: Decision, call: w.Call) -> None:
    case, by = d.case, call.ended_by or EndedBy.UNKNOWN
    how = _ending(d, by)
    if how == Ending.RELEASED:
        _confirm(d, w.HangUp)
        d.flash(Button.RELEASE, LampState.DONE)
    elif how == Ending.TRANSFERRED:
        _confirm(d, w.Complete)
        d.flash(Button.ESCALATE, LampState.DONE)
    for pending in d.case.pending:
        _settle_at_end(d, pending, by)
    if case.ask is not None:
        _close_ask_at_end(d, how, by)
    review = case.review or (_needs_a_look(how, asking=case.ask is not None) and _abuse_on(d.case))
    d.emit(w.CaseClosed(case=case.id, how=how, by=by, cause=call.cause, review=review))


def _needs_a_look(how: Ending, asking: bool) -> bool:
    """Did it end round Rung, or so that nobody can say how? A caller left on hold counts, unless it was for an ask."""
    return how in ROUND_RUNG or (how == Ending.CALLER_LEFT_ON_HOLD and not asking)


def _abuse_on(case: Case) -> bool:
    """`unnamed` alone, or a rung that came to nothing, puts nothing before a manager."""
    return bool(case.taken) or any(g.ground != w.Ground.UNNAMED for g in case.grounds)


def _ending(d: Decision, by: EndedBy) -> Ending:
    case = d.case
    if by == EndedBy.US:
        return Ending.RELEASED if case.waiting(w.HangUp) else Ending.ROUND_RUNG
    if by == EndedBy.TRANSFER:
        return Ending.TRANSFERRED if case.waiting(w.Complete) else Ending.TRANSFERRED_ROUND_RUNG
    if by == EndedBy.THEM:
        return Ending.CALLER_LEFT_ON_HOLD if case.held else Ending.CALLER_LEFT
    return Ending.CONNECTION_LOST if by == EndedBy.NETWORK else Ending.UNKNOWN


def _settle_at_end(d: Decision, pending: Pending, by: EndedBy) -> None:
    if by == EndedBy.UNKNOWN:
        if pending.unknown is None:
            d.emit(w.EffectUnknown(pending.effect.id, "the call is gone and the phone does not say how"))
    else:
        d.emit(w.EffectFailed(pending.effect.id, f"the call had ended: {by}"))


def _close_ask_at_end(d: Decision, how: Ending, by: EndedBy) -> None:
    ask = d.case.ask
    assert ask is not None
    consult = d.desk.facts.calls.get(ask.consult or "")
    if consult is not None and consult.state == CallState.DIALLING:
        d.do(w.HangUp, PHONE_DEADLINE_MS, consult.id)  # nobody is left to be transferred: stop the ringing
    left = Outcome.CALLER_LEFT if by == EndedBy.THEM else Outcome.FAILED
    d.emit(w.AskClosed(ask.rung, Outcome.ACCEPTED if how == Ending.TRANSFERRED else left))


def _consult_call(d: Decision, call: w.Call) -> None:
    """The call to the supervisor."""
    ask, ended = d.case.ask, call.state == CallState.ENDED
    assert ask is not None
    if ask.phase == Phase.RETURNING and not ended:  # taken back before its number was known: it must not ring on
        d.do(w.TakeBack, TAKE_BACK_DEADLINE_MS, d.case.call, call.id)
    if ask.phase not in (Phase.RINGING, Phase.ANSWERED) or ask.consult not in (None, call.id):
        return  # completing: the line's own state tells; returning: it is over already
    if ended:
        ours = call.ended_by == EndedBy.US  # the agent ended it with a click: that is taking it back
        end_ask(d, call.outcome or (Outcome.TAKEN_BACK if ours else Outcome.FAILED))
        return
    _confirm(d, w.Consult)
    if call.state == CallState.UP and ask.phase == Phase.RINGING:
        d.emit(w.AskMoved(Phase.ANSWERED, consult=call.id))
    elif ask.consult is None:
        d.emit(w.AskMoved(Phase.RINGING, consult=call.id))


# -- effects that were refused, overdue or unknown ---------------------------------------------------------------------


def effect_refused(d: Decision, said: w.EffectRefused) -> None:
    if d.desk.case is None:
        return
    pending = next((p for p in d.case.pending if p.effect.id == said.id), None)
    # A refused TakeBack is left to its deadline, so that asking again is paced.
    if pending is not None and not isinstance(pending.effect, w.TakeBack):
        _came_to_nothing(d, pending, said.why, Outcome.FAILED)


def effects_on_time(d: Decision) -> None:
    """An effect past its deadline is `unknown`, and the phone is asked."""
    for pending in d.case.pending:
        if pending.unknown is None and d.now >= pending.deadline_ms:
            d.emit(w.EffectUnknown(pending.effect.id, OVERDUE))
            d.effects.append(w.AskPhone(pending.effect.id))


def restarted(d: Decision, said: w.Restarted) -> None:
    """After a crash intent is stale: nothing is issued again; the phone's full answer settles what had been sent."""
    if d.desk.case is None:
        return
    d.emit(w.BridgeRestarted())
    if d.case.announcement is not None:
        d.emit(w.AnnouncementWithdrawn(d.case.announcement.rung, RESTARTED))
    for pending in d.case.pending:
        d.emit(w.EffectUnknown(pending.effect.id, RESTARTED))
    if d.case.ask is not None and d.case.ask.phase == Phase.TELLING:
        end_ask(d, Outcome.INTERRUPTED)


def _settle_unknown(d: Decision) -> None:
    """The phone has told all its calls and the line lives: what is still unknown, and not under way, did not happen."""
    if d.desk.facts.calls[d.case.call].doing:
        return
    for pending in d.case.pending:
        if pending.unknown is not None and pending in d.case.pending:  # settling one may have settled the next
            outcome = Outcome.INTERRUPTED if pending.unknown == RESTARTED else Outcome.FAILED
            _came_to_nothing(d, pending, f"{pending.unknown}; the phone says it did not happen", outcome)


def _came_to_nothing(d: Decision, pending: Pending, why: str, outcome: Outcome) -> None:
    effect, ask = pending.effect, d.case.ask
    d.emit(w.EffectFailed(effect.id, why))
    if isinstance(effect, w.HangUp):
        rung = next((t.rung for t in reversed(d.case.taken) if d.policy.find(t.rung).does == "end"), None)
        if rung is not None:
            d.emit(w.RungUndone(rung, why))
            d.flash(Button.RELEASE, LampState.REFUSED)
    elif isinstance(effect, w.TakeBack):
        d.do(w.TakeBack, TAKE_BACK_DEADLINE_MS, effect.call, effect.consult)  # this may be asked for again
    elif isinstance(effect, w.Complete) and ask is not None and ask.consult in d.desk.facts.calls:
        d.emit(w.AskMoved(Phase.ANSWERED))  # both still wait: "press again"
        d.flash(Button.ESCALATE, LampState.REFUSED)
    elif ask is not None:
        end_ask(d, outcome)


def _confirm(d: Decision, kind: type) -> None:
    while (pending := d.case.waiting(kind)) is not None:
        d.emit(w.EffectConfirmed(pending.effect.id))
