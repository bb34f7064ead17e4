"""What the lamps show, from the same tables as the presses, and when that changes by time alone."""

from rung.policy.language import Policy
from rung.policy.reading import COMPLETE_AFTER_MS, first_open, other_live
from rung.policy.state import Case, Desk, Phase
from rung.policy.step import ANNOUNCEMENT_MS
from rung.words import Button, HangUp, Lamp, LampMark, Lamps, LampState

_WAITING = Lamp(LampState.BLINKING)


def lamps(policy: Policy, desk: Desk, now_ms: int) -> Lamps:
    """The three lamps at ``now_ms``: a flash if one is due, else what the case waits for, else what is open."""
    case = desk.case
    shown: dict[Button, Lamp] = {}
    fill_ms = 0
    if case is not None:
        shown, fill_ms = _case_lamps(policy, desk, case, now_ms)
    flash = desk.flash
    if flash is not None and now_ms < flash.until_ms:
        shown[flash.button] = Lamp(flash.state)
    epoch = 0 if case is None or other_live(desk) else case.epoch
    return Lamps(epoch=epoch, fill_ms=fill_ms, **{str(b): lamp for b, lamp in shown.items()})


def _case_lamps(policy: Policy, desk: Desk, case: Case, now: int) -> tuple[dict[Button, Lamp], int]:
    if case.ask is not None:
        return _ask_lamps(policy, case, now)
    if case.waiting(HangUp):
        return {Button.RELEASE: _WAITING}, 0
    opened = {b: first_open(policy, desk, b, now) for b in Button}
    shown = {b: Lamp(LampState.LIT) for b, rung in opened.items() if rung is not None}
    # The next step is the open rung that stands highest. At the bottom of a peaceful call nothing is urged.
    if case.grounds or case.taken:
        ladder = [r.id for r in policy.rung]
        best = max((b for b in shown), key=lambda b: ladder.index(_id(opened[b])), default=None)
        if best is not None:
            shown[best] = Lamp(LampState.BREATHING)
    said = case.announcement
    if said is not None and (left_ms := said.at_ms + policy.times.say_ms - now) > 0:
        shown[Button.RELEASE] = Lamp(LampState.OFF, LampMark.FILLING)  # not yet: counted down
        return shown, left_ms
    return shown, 0


def _id(rung: object) -> str:
    assert hasattr(rung, "id")
    return str(rung.id)


def _ask_lamps(policy: Policy, case: Case, now: int) -> tuple[dict[Button, Lamp], int]:
    ask = case.ask
    assert ask is not None
    if ask.phase == Phase.TELLING:
        left_ms = max(0, ask.phase_ms + policy.times.say_ms - now)
        return {Button.ESCALATE: Lamp(LampState.BLINKING, LampMark.FILLING)}, left_ms
    if ask.phase == Phase.ANSWERED and now >= ask.phase_ms + COMPLETE_AFTER_MS:
        return {Button.ESCALATE: Lamp(LampState.BREATHING)}, 0
    return {Button.ESCALATE: _WAITING}, 0


def next_change(policy: Policy, desk: Desk) -> int | None:
    """The next instant, on the desk's clock and after its last step, at which time alone changes something; None:
    never.
    """
    return min((at for at in _instants(policy, desk) if at > desk.at_ms), default=None)


def _instants(policy: Policy, desk: Desk) -> list[int]:
    instants = [] if desk.flash is None else [desk.flash.until_ms]
    case = desk.case
    if case is None:
        return instants
    if case.talking_since is not None and case.counted_talk_ms is not None:
        instants.append(case.talking_since + case.counted_talk_ms + policy.times.wait_ms - case.talk_ms)
    if case.announcement is not None:
        instants += [case.announcement.at_ms + policy.times.say_ms, case.announcement.at_ms + ANNOUNCEMENT_MS]
    if case.ask is not None:
        waits = {
            Phase.TELLING: policy.times.say_ms,
            Phase.RINGING: policy.times.answer_ms,
            Phase.ANSWERED: COMPLETE_AFTER_MS,
        }
        instants.append(case.ask.phase_ms + waits.get(case.ask.phase, 0))
    return instants + [p.deadline_ms for p in case.pending if p.unknown is None]
