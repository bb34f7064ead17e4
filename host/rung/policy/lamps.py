"""What the lamps show, from the same tables as the presses, and when that changes by time alone."""

from rung.policy.asks import UNDER_WAY, on_phone
from rung.policy.book import Rules, policy_of
from rung.policy.language import Policy
from rung.policy.reading import (
    COMPLETE_AFTER_MS,
    alone,
    completes,
    look_at,
    next_step,
    other_live,
)
from rung.policy.state import ANNOUNCEMENT_MS, ARRIVAL_MS, CHORE_MS, SAYING_MS, Ask, Case, Desk, Phase, Who
from rung.words import Button, HangUp, Lamp, LampMark, Lamps, LampState, Role

_LIT, _BREATHING, _WAITING = Lamp(LampState.LIT), Lamp(LampState.BREATHING), Lamp(LampState.BLINKING)
Shown = dict[Button, Lamp]


def lamps(rules: Rules, desk: Desk, now_ms: int, who: Who | None = None) -> Lamps:
    """The three lamps at ``now_ms``: a flash if one is due, else what the case waits for, else what is open.

    For whoever sits here, or for ``who`` at another desk: a supervisor in the call.
    """
    now = max(now_ms, desk.at_ms)
    case = desk.case
    shown: Shown = {}
    fill_ms = 0
    if case is not None and not case.released:
        shown, fill_ms = _case_lamps(policy_of(rules, case), desk, case, who or desk.facts.who, now)
    if who is None:
        shown |= {flash.button: Lamp(flash.state) for flash in desk.flashes if now < flash.until_ms}
    epoch = 0 if case is None or other_live(desk) else case.epoch
    return Lamps(epoch=epoch, fill_ms=fill_ms, **{str(b): lamp for b, lamp in shown.items()})


def _case_lamps(policy: Policy, desk: Desk, case: Case, who: Who, now: int) -> tuple[Shown, int]:
    if case.waiting(HangUp):
        return {Button.RELEASE: _WAITING}, 0
    opened = look_at(policy, desk, who, now).opened()
    shown = dict.fromkeys(opened, _LIT)
    # At the bottom of a peaceful call nothing is urged.
    if (step := next_step(policy, opened)) is not None and (case.grounds or case.taken):
        shown[step.button] = _BREATHING
    fill_ms = 0
    if who.role == Role.AGENT and case.added is not None:
        # It hands the call over to the supervisor who is in it, whatever is asked; who is rung is let go first.
        ask, can = case.ask, desk.facts.calls_known and not other_live(desk)
        waits = ask is not None and (ask.phase in UNDER_WAY or on_phone(case, ask))
        shown[Button.ESCALATE] = _WAITING if waits else _LIT if can else Lamp()
    elif case.ask is not None:
        shown[Button.ESCALATE], fill_ms = _asking(policy, desk, case.ask, now)
    elif (asking := opened.get(Button.ESCALATE)) is not None and alone(desk, asking):
        shown[Button.ESCALATE] = Lamp(shown[Button.ESCALATE].state, LampMark.ALONE)
    said = case.announcement
    if said is not None and said.person == who.id and (left_ms := said.at_ms + policy.times.say_ms - now) > 0:
        shown[Button.RELEASE] = Lamp(LampState.OFF, LampMark.FILLING)  # not yet: counted down
        return shown, left_ms
    return shown, fill_ms


def _asking(policy: Policy, desk: Desk, ask: Ask, now: int) -> tuple[Lamp, int]:
    if ask.phase == Phase.TELLING:
        left_ms = max(0, ask.phase_ms + policy.times.say_ms - now)
        return Lamp(LampState.BLINKING, LampMark.FILLING), left_ms
    if completes(desk, now):
        return _BREATHING, 0
    return _WAITING, 0


def next_change(rules: Rules, desk: Desk) -> int | None:
    """The next instant after the last step, on the desk's clock, when time alone changes something; None: never."""
    return min((at for at in _instants(policy_of(rules, desk.case), desk) if at > desk.at_ms), default=None)


def _instants(policy: Policy, desk: Desk) -> list[int]:
    instants = [flash.until_ms for flash in desk.flashes]
    if desk.arriving is not None:
        instants.append(desk.arriving_ms + ARRIVAL_MS)
    if desk.rest is not None:
        instants += [desk.rest.at_ms + CHORE_MS, desk.rest.until_ms]
    case = desk.case
    if case is None:
        return instants
    if case.talking_since is not None:
        waits = [case.counted_ms, *[j.at_ms for j in case.joined]]
        talked = [case.talk_ms(since, desk.at_ms) for since in waits if since is not None]
        instants += [desk.at_ms + policy.times.wait_ms - ms for ms in talked]
    for taken in case.taken:
        lapses_after = policy.find(taken.rung).lapses_after
        if lapses_after is not None:
            instants.append(taken.at_ms + round(lapses_after * 1000))
    instants += [taken.at_ms + SAYING_MS for taken in case.taken[-1:]]
    if case.announcement is not None:
        instants += [case.announcement.at_ms + policy.times.say_ms, case.announcement.at_ms + ANNOUNCEMENT_MS]
    if case.ask is not None:
        instants += _of_ask(policy, case.ask)
    return instants + [p.deadline_ms for p in case.pending if p.unknown is None]


def _of_ask(policy: Policy, ask: Ask) -> list[int]:
    waits = {Phase.TELLING: policy.times.say_ms, Phase.RINGING: policy.times.answer_ms}
    instants = [ask.phase_ms + waits[ask.phase]] if ask.phase in waits else []
    if ask.to:
        instants += [ask.opened_ms + policy.times.answer_ms, ask.asked_ms + policy.times.widen_ms]
    if ask.answered_ms is not None:
        instants.append(ask.answered_ms + COMPLETE_AFTER_MS)
    return instants
