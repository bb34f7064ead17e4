"""What the lamps show, from the same tables as the presses, and when that changes by time alone."""

from rung.policy.language import Policy
from rung.policy.reading import COMPLETE_AFTER_MS, completes, first_open, next_step, other_live, wait_left_ms
from rung.policy.state import ANNOUNCEMENT_MS, SAYING_MS, Ask, Case, Desk, Phase
from rung.words import Button, HangUp, Lamp, LampMark, Lamps, LampState

_WAITING = Lamp(LampState.BLINKING)


def lamps(policy: Policy, desk: Desk, now_ms: int) -> Lamps:
    """The three lamps at ``now_ms``: a flash if one is due, else what the case waits for, else what is open."""
    now = max(now_ms, desk.at_ms)
    case = desk.case
    shown: dict[Button, Lamp] = {}
    fill_ms = 0
    if case is not None:
        shown, fill_ms = _case_lamps(policy, desk, case, now)
    shown |= {flash.button: Lamp(flash.state) for flash in desk.flashes if now < flash.until_ms}
    epoch = 0 if case is None or other_live(desk) else case.epoch
    return Lamps(epoch=epoch, fill_ms=fill_ms, **{str(b): lamp for b, lamp in shown.items()})


def _case_lamps(policy: Policy, desk: Desk, case: Case, now: int) -> tuple[dict[Button, Lamp], int]:
    if case.ask is not None:
        return _ask_lamps(policy, desk, case.ask, now)
    if case.waiting(HangUp):
        return {Button.RELEASE: _WAITING}, 0
    shown = {b: Lamp(LampState.LIT) for b in Button if first_open(policy, desk, b, now) is not None}
    # At the bottom of a peaceful call nothing is urged.
    if (step := next_step(policy, desk, now)) is not None and (case.grounds or case.taken):
        shown[step.button] = Lamp(LampState.BREATHING)
    said = case.announcement
    if said is not None and (left_ms := said.at_ms + policy.times.say_ms - now) > 0:
        shown[Button.RELEASE] = Lamp(LampState.OFF, LampMark.FILLING)  # not yet: counted down
        return shown, left_ms
    return shown, 0


def _ask_lamps(policy: Policy, desk: Desk, ask: Ask, now: int) -> tuple[dict[Button, Lamp], int]:
    if ask.phase == Phase.TELLING:
        left_ms = max(0, ask.phase_ms + policy.times.say_ms - now)
        return {Button.ESCALATE: Lamp(LampState.BLINKING, LampMark.FILLING)}, left_ms
    if completes(desk, now):
        return {Button.ESCALATE: Lamp(LampState.BREATHING)}, 0
    return {Button.ESCALATE: _WAITING}, 0


def next_change(policy: Policy, desk: Desk) -> int | None:
    """The next instant after the last step, on the desk's clock, when time alone changes something; None: never."""
    return min((at for at in _instants(policy, desk) if at > desk.at_ms), default=None)


def _instants(policy: Policy, desk: Desk) -> list[int]:
    instants = [flash.until_ms for flash in desk.flashes]
    case = desk.case
    if case is None:
        return instants
    if case.talking_since is not None and case.counted_ms is not None:
        instants.append(desk.at_ms + wait_left_ms(policy, case, desk.at_ms))
    instants += [taken.at_ms + SAYING_MS for taken in case.taken[-1:]]
    if case.announcement is not None:
        instants += [case.announcement.at_ms + policy.times.say_ms, case.announcement.at_ms + ANNOUNCEMENT_MS]
    if case.ask is not None:
        waits = {Phase.TELLING: policy.times.say_ms, Phase.RINGING: policy.times.answer_ms}
        instants.append(case.ask.phase_ms + waits.get(case.ask.phase, 0))
        if case.ask.answered_ms is not None:
            instants.append(case.ask.answered_ms + COMPLETE_AFTER_MS)
    return instants + [p.deadline_ms for p in case.pending if p.unknown is None]
