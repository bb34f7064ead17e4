"""What the phone says, and the ask that rings a supervisor: hold, consult, complete or come back.

A confirmation is only ever a call's state. An effect that is not confirmed by its deadline becomes `unknown`: the
phone is asked, and its full answer settles what happened. A hang-up or a transfer is never issued a second time by
the machine.
"""

from rung import words as w
from rung.policy.decision import Decision
from rung.policy.language import Rung, version_of
from rung.policy.state import Ending, Pending, Phase
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
    if ask.phase in (Phase.COMPLETING, Phase.RETURNING):
        return w.Answer(verdict=w.Verdict.NOTHING, why=f"Too late to take back: {ask.phase}.")
    end_ask(d, Outcome.TAKEN_BACK)
    return w.Answer(verdict=w.Verdict.TAKEN, why="Taken back; the caller comes off hold.")


def end_ask(d: Decision, outcome: Outcome) -> None:
    """Let the ask come to nothing: first the caller off hold, then the result is shown."""
    ask = d.case.ask
    assert ask is not None
    if ask.phase == Phase.TELLING:
        d.emit(w.AskClosed(ask.rung, outcome))
        return
    for stale in d.case.pending:  # what was still asked of the phone for this ask no longer matters
        d.emit(w.EffectFailed(stale.effect.id, f"the ask ended: {outcome}"))
    d.emit(w.AskMoved(Phase.RETURNING, outcome=outcome))
    d.do(w.TakeBack, TAKE_BACK_DEADLINE_MS, d.case.call, ask.consult)


def ask_on_time(d: Decision) -> None:
    """What time alone brings about in an open ask."""
    ask = d.case.ask
    if ask is None:
        return
    if ask.phase == Phase.TELLING and d.now >= ask.phase_ms + d.policy.times.say_ms and d.desk.facts.phone_up:
        if d.case.held:
            _consult(d)
        else:
            d.emit(w.AskMoved(Phase.HOLDING))
            d.do(w.Hold, PHONE_DEADLINE_MS, d.case.call)
    elif ask.phase == Phase.RINGING and d.now >= ask.phase_ms + d.policy.times.answer_ms:
        end_ask(d, Outcome.IGNORED)


def _consult(d: Decision) -> None:
    d.emit(w.AskMoved(Phase.RINGING))
    d.do(w.Consult, PHONE_DEADLINE_MS, d.case.call, d.desk.facts.supervisors)


# -- what the phone says -----------------------------------------------------------------------------------------------


def phone_is(d: Decision, said: w.PhoneIs) -> None:
    was_up = d.desk.facts.phone_up
    d.facts(phone_up=said.up, phone_can=said.can)
    if was_up and not said.up and d.desk.case is not None:
        d.emit(w.PhoneLost())


def call_is(d: Decision, said: w.CallIs) -> None:
    _one_call(d, said.call)
    _open_case(d)


def calls_are(d: Decision, said: w.CallsAre) -> None:
    """A full answer: calls it does not name are gone, and what was unknown is settled by what it says."""
    named = {call.id for call in said.calls}
    lost = [c for c in d.desk.facts.calls.values() if c.id not in named]
    ours = {call_id for call_id in (_case_calls(d)) if call_id not in named}
    line = d.desk.case.call if d.desk.case else None
    d.facts(calls={})
    for call in sorted(
        said.calls, key=lambda c: c.id != line
    ):  # an ended line closes the case before its consult is read
        _one_call(d, call)
    for call_id in ours | {c.id for c in lost}:
        of = line if call_id != line else None
        gone = w.Call(id=call_id, state=CallState.ENDED, direction="out", consult_for=of, ended_by=EndedBy.UNKNOWN)
        _one_call(d, gone)
    if d.desk.case is not None:
        _settle_unknown(d)
    _open_case(d)


def _case_calls(d: Decision) -> list[str]:
    """The calls that the case believes to be alive."""
    case = d.desk.case
    if case is None:
        return []
    return [case.call] + ([case.ask.consult] if case.ask and case.ask.consult else [])


def _one_call(d: Decision, call: w.Call) -> None:
    living = {k: c for k, c in d.desk.facts.calls.items() if k != call.id}
    d.facts(calls=living if call.state == CallState.ENDED else living | {call.id: call})
    case = d.desk.case
    if case is None:
        return
    if call.id == case.call:
        _line(d, call)
    elif case.ask is not None and call.consult_for == case.call and call.id not in case.old_consults:
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
    elif call.state == CallState.HELD:
        if not case.held:
            d.emit(w.CallHeld(call.id))
        stale = (hold := case.waiting(w.Hold)) is not None and hold.unknown == RESTARTED
        _confirm(d, w.Hold)
        if case.ask is not None and case.ask.phase == Phase.HOLDING:
            end_ask(d, Outcome.INTERRUPTED) if stale else _consult(d)
        elif call.cause and (pending := d.case.waiting(w.Complete)) is not None:
            d.emit(w.EffectFailed(pending.effect.id, call.cause))
            end_ask(d, Outcome.FAILED)
    elif call.state == CallState.UP:
        if case.held or case.talking_since is None:
            d.emit(w.CallResumed(call.id))
        if case.ask is not None and case.ask.phase == Phase.RETURNING:
            _confirm(d, w.TakeBack)
            assert case.ask.outcome is not None
            d.emit(w.AskClosed(case.ask.rung, case.ask.outcome))


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
        _close_ask_at_end(d, how)
    seen = bool(case.grounds or case.taken)
    round_rung = how in (Ending.ROUND_RUNG, Ending.TRANSFERRED_ROUND_RUNG)
    d.emit(w.CaseClosed(case=case.id, how=how, by=by, cause=call.cause, review=round_rung and seen))


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


def _close_ask_at_end(d: Decision, how: Ending) -> None:
    ask = d.case.ask
    assert ask is not None
    consult = d.desk.facts.calls.get(ask.consult or "")
    if consult is not None and consult.state == CallState.DIALLING:
        d.do(w.HangUp, PHONE_DEADLINE_MS, consult.id)  # nobody is left to be transferred: stop the ringing
    d.emit(w.AskClosed(ask.rung, Outcome.ACCEPTED if how == Ending.TRANSFERRED else Outcome.CALLER_LEFT))


def _consult_call(d: Decision, call: w.Call) -> None:
    """The call to the supervisor."""
    ask = d.case.ask
    assert ask is not None
    if ask.phase not in (Phase.RINGING, Phase.ANSWERED):
        return  # completing: the line's own state tells; returning: it is over already
    if call.state == CallState.ENDED:
        end_ask(d, call.outcome or Outcome.FAILED)
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
    """After a crash intent is stale: nothing is issued again; the phone's full answer will settle what had been sent.
    """
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
        if pending.unknown is not None:
            outcome = Outcome.INTERRUPTED if pending.unknown == RESTARTED else Outcome.FAILED
            _came_to_nothing(d, pending, f"{pending.unknown}; the phone says it did not happen", outcome)
            return  # it may have ended the ask, and with it the rest


def _came_to_nothing(d: Decision, pending: Pending, why: str, outcome: Outcome) -> None:
    effect, ask = pending.effect, d.case.ask
    d.emit(w.EffectFailed(effect.id, why))
    if isinstance(effect, w.HangUp):
        rung = next((t.rung for t in reversed(d.case.taken) if d.policy.find(t.rung).does == "end"), None)
        if rung is not None:
            d.emit(w.RungUndone(rung, why))
            d.flash(Button.RELEASE, LampState.REFUSED)
    elif isinstance(effect, w.TakeBack) and d.case.held:
        d.do(w.TakeBack, TAKE_BACK_DEADLINE_MS, d.case.call, None)  # coming off hold may be asked for again
    elif isinstance(effect, w.TakeBack) and ask is not None and ask.outcome is not None:
        d.emit(w.AskClosed(ask.rung, ask.outcome))  # it was never on hold
    elif isinstance(effect, w.Complete) and ask is not None and ask.consult in d.desk.facts.calls:
        d.emit(w.AskMoved(Phase.ANSWERED))  # both still wait: "press again"
        d.flash(Button.ESCALATE, LampState.REFUSED)
    elif ask is not None:
        end_ask(d, outcome)


def _confirm(d: Decision, kind: type) -> None:
    pending = d.case.waiting(kind)
    if pending is not None:
        d.emit(w.EffectConfirmed(pending.effect.id))
