"""Theory of operation: one pure function decides.

``step(policy, desk, input, now)`` takes what a desk remembers and one thing that happened, and gives back the desk
after it, the events for the record, the effects for the phone, and an answer for the person who acted. It knows no
clock, no I/O and no asyncio: time is an argument, the phone's confirmations come back as inputs. So the same seed
always gives the same shift.

Each step runs in three parts, whatever the input:

1. *What is due* since the last step: an ask that rang too long, an effect past its deadline, an announcement that fell.
2. *The input*: one handler each, in ``_HANDLERS``.
3. *What is due* again, if the input has changed the case or the facts: what it has just made due must not wait.

The rungs, what they need and what they do are the policy's tables. ``reading.Look`` alone decides whether a rung
is open; ``press`` takes rungs, ``asks`` and ``alerts`` bring supervisors, ``calls`` follows the phone, ``transfer``
hands the case over; ``evolve`` changes the desk, event by event. A rung is taken in one place only, ``press._take``,
and the caller's call is ended in one place only, ``press._held_release``.
"""

from collections.abc import Callable
from typing import Any

from rung import words as w
from rung.policy import alerts, asks, calls, chores, effects, floor_news, transfer
from rung.policy.acts import ACTS
from rung.policy.answers import refuse
from rung.policy.book import Rules
from rung.policy.decision import Decision, Step
from rung.policy.press import pressed
from rung.policy.reading import look_at
from rung.policy.state import ANNOUNCEMENT_MS, ARRIVAL_MS, Announcement, Desk, Who
from rung.words import Restarted, Role


def step(rules: Rules, desk: Desk, input: w.Input, now_ms: int) -> Step:
    """Decide one input. Never raises, whatever the input. If ``now_ms`` runs backwards, the last step's counts."""
    d = Decision(rules, desk, now_ms if now_ms > desk.at_ms else desk.at_ms)
    kind = type(input)
    if kind is not Restarted:  # a desk out of the record knows nothing yet by which something could be due
        _due(d)
    handler = _HANDLERS.get(kind)
    answer = None if handler is None else handler(d, input)
    if d.case is not desk.case or d.desk.facts is not desk.facts or kind is Restarted:
        _due(d)
    if d.desk.alerts:
        alerts.nobody_comes(d)
        alerts.unheard(d, desk)
        alerts.offer_anew(d, desk)
    return Step(d.desk, tuple(d.events), d.effects, answer)


def _from_desk(d: Decision, input: w.FromDesk) -> w.Answer | None:
    """A person at another desk acts."""
    person, act = input.person, input.act
    there = Who(person.id, person.role, person.trained, here=False)
    if why := _why_not(d, there, input):
        d.emit(w.ActRefused(desk=input.desk, person=person.id, act=type(act).__name__, why=why))
        return refuse(why)
    d.who = there
    handler = _ACTS.get(type(act))
    answer = handler(d, act) if handler is not None else None
    d.who = d.desk.facts.who
    return answer


def _why_not(d: Decision, who: Who, input: w.FromDesk) -> str:
    """Empty: they may do that here, on the call that they saw."""
    if not _may_act(d, who, input.act):
        return "You are not in this call."
    if input.case is not None and (input.case, input.epoch) != (d.case.id, d.case.epoch):
        return "That was another call; look again."
    return ""


def _may_act(d: Decision, who: Who, act: w.Act) -> bool:
    """From another desk: a supervisor who is in this call by telephone, or one on the phone about it who takes it.

    Anybody else of them may only lift a crisis, withdraw leave, or listen as the site allows; whoever sits at this desk
    acts here.
    """
    if who.role != Role.SUPERVISOR or d.desk.case is None or isinstance(act, w.FromDesk):
        return False
    if isinstance(act, w.TakeOver) and transfer.is_on_the_phone(d.desk.case, who.id):
        return True
    is_in = any(joined.person == who.id and joined.address for joined in d.case.joined)
    return is_in or isinstance(act, w.LeaveTakenBack | w.Unmarked | w.ListenIn | w.ListenOut)


def _due(d: Decision) -> None:
    desk = d.desk
    # While the phone is lost nobody knows whether its call has come.
    if desk.arriving is not None and d.now >= desk.arriving_ms + ARRIVAL_MS and desk.facts.calls_known:
        d.emit(w.CaseReturned(desk.arriving.id))
    if desk.rest is not None:
        chores.breather_on_time(d)
    case = d.case
    if case is None:
        return
    if case.ask is not None:
        asks.on_time(d, case.ask)
    if case.pending:
        effects.on_time(d)
    if case.announcement is not None:
        _announcement(d, case.announcement)


def _announcement(d: Decision, said: Announcement) -> None:
    """It falls when what its rung needs no longer holds."""
    case, who = d.case, d.desk.speaker(said.person)
    if d.now >= said.at_ms + ANNOUNCEMENT_MS:
        d.emit(w.AnnouncementWithdrawn(said.rung, "60 s have passed"))
    elif not who.here and case.joined_ms(said.person) is None:
        d.emit(w.AnnouncementWithdrawn(said.rung, "somebody else sits here now"))
    else:
        if case.ask is None:
            look = d.look(who, d.now)
        else:  # a hand-over leaves the supervisor's
            look = look_at(d.policy, transfer.handed_over(d.desk, said.person), who, d.now)
        rung = look.policy.find(said.rung)
        if rung.role is not who.role:
            d.emit(w.AnnouncementWithdrawn(said.rung, "they sit here in another role now"))
        elif lacks := look.missing(rung):
            d.emit(w.AnnouncementWithdrawn(said.rung, "; ".join(gap.text for gap in lacks)))


def _signed_on(d: Decision, said: w.SignedOn) -> None:
    d.who = Who(said.person, said.role, said.trained)
    d.facts(who=d.who)
    calls.sits_in(d)


_ACTS: dict[type, Callable[[Decision, Any], w.Answer]] = {w.Pressed: pressed, **ACTS}

_HANDLERS: dict[type, Callable[[Decision, Any], w.Answer | None]] = {
    **_ACTS,
    w.FromDesk: _from_desk,
    w.SignedOn: _signed_on,
    w.FloorIs: floor_news.floor_is,
    w.Seen: floor_news.seen,
    w.Replied: floor_news.replied,
    w.EarlierAre: floor_news.earlier_are,
    w.OfferAnswered: transfer.offer_answered,
    w.CaseOffered: transfer.case_offered,
    w.CaseReclaimed: transfer.case_reclaimed,
    w.PhoneIs: calls.phone_is,
    w.CallIs: calls.call_is,
    w.CallsAre: calls.calls_are,
    w.EffectRefused: effects.refused,
    Restarted: effects.restarted,
}
