"""Effects that were confirmed, refused, overdue or unknown.

After a crash, and after a deadline, intent is stale: the phone is asked, and its full answer settles what happened. A
hang-up or a transfer is never issued a second time by the machine.
"""

from rung import words as w
from rung.policy import asks, chores, transfer
from rung.policy.decision import Decision
from rung.policy.state import Pending, Phase
from rung.words import Button, LampState, Outcome

RESTARTED = "the bridge was restarted"
OVERDUE = "the phone did not confirm in time"


def confirm(d: Decision, kind: type) -> None:
    for pending in d.case.pending:
        if isinstance(pending.effect, kind):
            d.emit(w.EffectConfirmed(pending.effect.id))


def refused(d: Decision, said: w.EffectRefused) -> None:
    waiting = d.desk.case.pending if d.desk.case is not None else ()
    pending = next((p for p in waiting if p.effect.id == said.id), None)
    if pending is None:
        chores.refused(d, said)
    # A refused TakeBack is left to its deadline, so that asking again is paced.
    if pending is not None and not isinstance(pending.effect, w.TakeBack):
        came_to_nothing(d, pending, said.why, Outcome.FAILED)


def on_time(d: Decision) -> None:
    """An effect past its deadline is `unknown`, and the phone is asked. An offer not answered is none."""
    for pending in d.case.pending:
        if pending.unknown is not None or d.now < pending.deadline_ms:
            continue
        if isinstance(pending.effect, w.Offer):
            d.do(w.Reclaim, 0, pending.effect.to, pending.effect.case)
            came_to_nothing(d, pending, "that desk did not answer", Outcome.FAILED)
        else:
            d.emit(w.EffectUnknown(pending.effect.id, OVERDUE))
            d.effects += (w.AskPhone(pending.effect.id),)


def ask_about_unknown(d: Decision) -> None:
    """What was under way has ended without its call: only a full answer settles what is still unknown."""
    unknown = [p for p in d.desk.case.pending if p.unknown is not None] if d.desk.case is not None else []
    if unknown:
        d.effects += (w.AskPhone(unknown[0].effect.id),)


def restarted(d: Decision, said: w.Restarted) -> None:
    """After a crash intent is stale: nothing is issued again; the phone's full answer settles what had been sent."""
    if d.desk.case is None:
        return
    d.emit(w.BridgeRestarted())
    if d.case.announcement is not None:
        d.emit(w.AnnouncementWithdrawn(d.case.announcement.rung, RESTARTED))
    for pending in d.case.pending:
        if isinstance(pending.effect, w.Offer):
            d.do(w.Reclaim, 0, pending.effect.to, pending.effect.case)
            came_to_nothing(d, pending, RESTARTED, Outcome.INTERRUPTED)
        else:
            d.emit(w.EffectUnknown(pending.effect.id, RESTARTED))
    ask = d.case.ask
    if ask is not None and ask.phase in (Phase.TELLING, Phase.ASKING):
        asks.end(d, Outcome.INTERRUPTED)


def settle_unknown(d: Decision) -> None:
    """The phone has told all its calls and the line lives: what is still unknown, and not under way, did not happen."""
    if d.desk.facts.calls[d.case.call].doing:
        return
    for pending in d.case.pending:
        if pending.unknown is not None and pending in d.case.pending:  # settling one may have settled the next
            outcome = Outcome.INTERRUPTED if pending.unknown == RESTARTED else Outcome.FAILED
            came_to_nothing(d, pending, f"{pending.unknown}; the phone says it did not happen", outcome)


def came_to_nothing(d: Decision, pending: Pending, why: str, outcome: Outcome) -> None:
    effect, ask = pending.effect, d.case.ask
    stale = isinstance(effect, w.Consult) and pending != asks.ordered(d.case)
    if ask is not None and isinstance(effect, w.Hold) and pending.unknown is not None:
        asks.end(d, outcome)  # the phone may do it yet: the caller is taken off hold in any case
        return
    d.emit(w.EffectFailed(effect.id, why))
    if isinstance(effect, w.HangUp):
        rung = next((t.rung for t in reversed(d.case.taken) if d.policy.find(t.rung).does == "end"), None)
        if rung is not None:
            d.emit(w.RungUndone(rung, why))
            d.flash(Button.RELEASE, LampState.REFUSED)
    elif isinstance(effect, w.TakeBack):
        asks.let_go(d, effect.consult)  # this may be asked for again
    elif isinstance(effect, w.Join):
        if ask is not None and ask.target == effect.target and ask.phase in (Phase.JOINING, Phase.ASKING):
            asks.end(d, outcome)
    elif isinstance(effect, w.Record | w.StopRecording):
        chores.not_done(d, effect)
    elif ask is not None and isinstance(effect, w.Complete | w.Leave | w.Offer):
        transfer.came_to_nothing(d, ask, outcome)
    elif ask is not None and not stale:
        asks.end(d, outcome)
