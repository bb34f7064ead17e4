"""An ask from its beginning to its end: who is asked, what the phone does for it, and how it comes to nothing.

The desks of supervisors are asked by the floor, group after group; while the floor is out of reach a transfer rings the
configured extension instead. Whatever fails, the caller is off hold before the result is shown.
"""

from rung import words as w
from rung.policy.answers import nothing, refuse, taken
from rung.policy.brief import brief
from rung.policy.decision import Decision
from rung.policy.language import Rung
from rung.policy.state import Ask, Case, Desk, Pending, Phase
from rung.words import Outcome, Reply, Want
from rung.words.calls import CAME_TO_SOMETHING

PHONE_DEADLINE_MS = 5000  # hold, consult, join: a phone on this computer answers within milliseconds
TAKE_BACK_DEADLINE_MS = 2000  # and the caller waits on hold: ask again soon

TELLING, HOLDING, RINGING, RETURNING = Phase.TELLING, Phase.HOLDING, Phase.RINGING, Phase.RETURNING
TRANSFER = Want.TRANSFER
AFTER_LISTENING = frozenset({Reply.GRANT, Reply.DENY, Reply.TAKE})
ANSWERS = CAME_TO_SOMETHING | {Outcome.DENIED, Outcome.DECLINED}  # to which an ask comes by somebody's answer
UNANSWERED = frozenset({Phase.TELLING, Phase.ASKING, Phase.HOLDING})  # before the phone rings anybody
UNDER_WAY = frozenset({Phase.OFFERING, Phase.COMPLETING, Phase.RETURNING})  # no longer to be stopped


def replies(desk: Desk, want: Want, of: str | None = None) -> tuple[Reply, ...]:
    """What a supervisor may answer: only what is possible. ``of``: on which case, where it may be another one."""
    there = desk.case is not None and of in (None, desk.case.id)
    joins = (Reply.JOIN,) if there and "join" in desk.facts.can else ()
    match want:
        case Want.TRANSFER:
            return (Reply.ACCEPT, Reply.TAKE, Reply.DECLINE, Reply.BUSY)
        case Want.LEAVE:
            return (Reply.GRANT, Reply.DENY, *joins, Reply.TAKE, Reply.BUSY)
        case Want.JOIN:
            return (*joins, Reply.TAKE, Reply.DECLINE, Reply.BUSY)
        case Want.INVOLVE:
            return (Reply.TAKE, Reply.ADVISE, Reply.DECLINE, Reply.BUSY)
        case _:
            return (*joins, Reply.ACCEPT, Reply.DECLINE, Reply.BUSY)


def start(d: Decision, rung: Rung) -> None:
    """Ask the first group that has somebody free; where nobody can answer, the ask ends at once, off hold."""
    want = Want(rung.does)
    facts = d.desk.facts
    number = d.desk.ask + 1
    if facts.floor_up:
        d.emit(w.AskOpened(ask=number, rung=rung.id, person=d.who.id, want=want, to=_next_group(d.desk, ())))
        if d.case.ask is not None and d.case.ask.to:
            tell_floor(d)
        else:
            end(d, Outcome.BUSY if facts.present else Outcome.ABSENT)
        return
    target = facts.extension if want is TRANSFER else ""
    d.emit(w.AskOpened(ask=number, rung=rung.id, person=d.who.id, want=want, target=target))
    if not target:
        end(d, Outcome.ABSENT)


def _next_group(desk: Desk, asked: tuple[str, ...]) -> tuple[str, ...]:
    """The free desks of the next group that has any, not asked yet."""
    fresh = [p for p in desk.facts.present if p.free and p.desk not in asked]
    group = min((p.group for p in fresh), default=0)
    return tuple(p.desk for p in fresh if p.group == group)


def tell_floor(d: Decision) -> None:
    ask = d.case.ask
    assert ask is not None
    told, may = brief(d.policy, d.case, ask.person, d.now), replies(d.desk, ask.want)
    to = ask.to
    if ask.taker:  # who listens before giving leave is the only one who is still asked
        to, may = (ask.taker,), tuple(reply for reply in may if reply in AFTER_LISTENING)
    d.do(w.AskFloor, 0, ask.number, ask.want, to, told, may)


def widen(d: Decision, why: str) -> bool:
    """Ask the next group too. False: there is none."""
    ask = d.case.ask
    assert ask is not None
    more = _next_group(d.desk, ask.to)
    if more:
        d.emit(w.AskWidened(more, why))
        tell_floor(d)
    return bool(more)


def on_phone(case: Case, ask: Ask) -> bool:
    """Has the phone done something for this ask that is to be undone before it is over?"""
    waits = any(isinstance(p.effect, w.Hold | w.Consult | w.Join) for p in _of_the_ask(case, ask))
    held = case.held and ask.want == TRANSFER  # for anything else the agent has put them on hold, and takes them off
    return ask.phase is not TELLING and (held or ask.consult is not None or waits)


def end(d: Decision, outcome: Outcome) -> None:
    """Let the ask come to nothing: first the caller off hold, then the result is shown."""
    case, ask = d.case, d.case.ask
    assert ask is not None
    over(d, outcome)
    if not on_phone(case, ask):
        close(d, outcome)
        return
    for stale in _of_the_ask(case, ask):  # what was still asked of the phone for this ask no longer matters
        d.emit(w.EffectFailed(stale.effect.id, f"the ask ended: {outcome}"))
    d.emit(w.AskMoved(RETURNING, outcome=outcome))
    let_go(d, ask.consult)


def let_go(d: Decision, consult: str | None) -> None:
    """Take the call back. With it the phone stops every ring into the call: who is rung for a panic is rung anew."""
    others = [p.effect for p in d.case.pending if isinstance(p.effect, w.Join)]
    d.do(w.TakeBack, TAKE_BACK_DEADLINE_MS, d.case.call, consult)
    for join in others:
        d.emit(w.EffectFailed(join.id, "the ring was stopped with that of the ask"))
        bring_in(d, join.target)


def _of_the_ask(case: Case, ask: Ask) -> list[Pending]:
    """What the phone was told and has not done; but not what panic or crisis wants: a recording, somebody else."""
    theirs = (w.Record, w.StopRecording)
    told = [p for p in case.pending if not isinstance(p.effect, theirs)]
    return [p for p in told if not isinstance(p.effect, w.Join) or p.effect.target == ask.target]


def withdraw(d: Decision) -> None:
    """The call is ended instead: nobody need answer any more, and the telephone that rings for this ask stops.

    Where the phone has not told that telephone's number yet, its order stays open: it is stopped when it is known.
    """
    case, ask = d.case, d.case.ask
    assert ask is not None
    over(d, Outcome.WITHDRAWN)
    for stale in _of_the_ask(case, ask):
        if not isinstance(stale.effect, w.Consult):
            d.emit(w.EffectFailed(stale.effect.id, f"the ask ended: {Outcome.WITHDRAWN}"))
    if ask.consult is not None:
        stop(d, ask.consult)
    close(d, Outcome.WITHDRAWN)


def ordered(case: Case) -> Pending | None:
    """The order to ring somebody for the open ask, while the phone has not told that telephone's number yet."""
    ask = case.ask
    if ask is None or ask.phase is not RINGING or ask.consult is not None:
        return None
    return next((p for p in reversed(case.pending) if isinstance(p.effect, w.Consult)), None)


def stop(d: Decision, consult: str) -> None:
    """Let a telephone that rings for nobody stop; whoever has answered it is let go."""
    d.do(w.HangUp, 0, consult)


def close(d: Decision, outcome: Outcome) -> None:
    ask = d.case.ask
    assert ask is not None
    d.emit(w.AskClosed(ask.rung, outcome))


def over(d: Decision, outcome: Outcome) -> None:
    """Nobody who was asked need answer any more."""
    ask = d.case.ask
    if ask is not None and ask.to:
        by = (ask.taker or "".join(ask.busy[-1:])) if outcome in ANSWERS else ""
        d.do(w.CloseAsk, 0, ask.number, outcome, by)


def take_back(d: Decision) -> w.Answer:
    """The agent takes the open ask back."""
    ask = d.case.ask
    assert ask is not None
    if ask.phase in (Phase.COMPLETING, Phase.OFFERING):
        return refuse("Too late to take back: the transfer is under way; wait for it.")
    if ask.phase == Phase.RETURNING:
        return nothing("The caller is already coming off hold.")
    end(d, Outcome.TAKEN_BACK)
    return taken("Taken back." if d.case.ask is None else "Taken back; the caller comes off hold.")


def on_time(d: Decision, ask: Ask) -> None:
    """What time alone brings about in an open ask. While the phone is lost nothing can be told of it, so it waits."""
    if not d.desk.facts.calls_known:
        return
    if ask.phase is TELLING and d.now >= ask.phase_ms + d.policy.times.say_ms:
        if d.case.held:
            reach(d)
        else:
            d.emit(w.AskMoved(HOLDING))
            d.do(w.Hold, PHONE_DEADLINE_MS, d.case.call)
    elif ask.phase is RINGING and d.now >= ask.phase_ms + d.policy.times.answer_ms:
        # Nobody ignored a telephone that is not known to have been dialled.
        end(d, Outcome.IGNORED if ask.consult is not None else Outcome.FAILED)
    elif ask.to and waits_for_desks(ask):
        if d.now >= ask.opened_ms + d.policy.times.answer_ms:
            end(d, Outcome.IGNORED)
        elif d.now >= ask.asked_ms + d.policy.times.widen_ms:
            widen(d, "no answer")


def waits_for_desks(ask: Ask) -> bool:
    """Is somebody's answer still awaited, before the phone rings anybody?"""
    return bool(ask.to) and not ask.target and ask.phase in UNANSWERED


def reach(d: Decision) -> None:
    """Ring whoever has taken the ask, or the extension; until somebody has, wait."""
    ask = d.case.ask
    assert ask is not None
    if not ask.target:
        d.emit(w.AskMoved(Phase.ASKING))
        return
    d.emit(w.AskMoved(RINGING))
    d.do(w.Consult, PHONE_DEADLINE_MS, d.case.call, ask.target, d.case.id)


def where(desk: Desk, name: str) -> str:
    """What to dial for that desk; empty: it is out of reach by now."""
    known = (p.extension for p in desk.facts.present if p.desk == name)
    return next(known, desk.facts.desks.get(name, ""))


def is_in(case: Case, target: str) -> bool:
    """Is the supervisor at that telephone in the call?"""
    return any(joined.address == target for joined in case.joined)


def brings_in(case: Case, target: str) -> Pending | None:
    """The order to bring that telephone into the call, while it has not come about."""
    return next((p for p in case.pending if isinstance(p.effect, w.Join) and p.effect.target == target), None)


def bring_in(d: Decision, target: str) -> None:
    """Into the call without hold; whoever is being rung for that is not rung a second time."""
    if brings_in(d.case, target) is None:
        d.do(w.Join, d.policy.times.answer_ms, d.case.call, target, d.case.id)  # their telephone rings


def left(d: Decision, desk: str) -> None:
    """A supervisor who listened has left without an answer."""
    ask = d.case.ask
    if ask is not None and ask.taker == desk and listened_to(ask):
        end(d, Outcome.DECLINED)


def listened_to(ask: Ask) -> bool:
    """Does whoever was asked for leave listen first, or is rung for that? Then they alone still have it before them."""
    return ask.want == Want.LEAVE and ask.phase == Phase.ASKING and bool(ask.taker)
