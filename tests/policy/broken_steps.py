"""Steps broken on purpose: each takes the real one and does one thing otherwise."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from rung import words as w
from rung.policy import Desk, Policy, Step
from rung.policy.proof import moves as m
from rung.policy.state import Announcement, Case, Declaration, Flash, LeaveGiven
from rung.words import Button, Gesture, Ground, LampState, Marker

Real = Callable[[Policy, Desk, w.Input, int], Step]
Broken = Callable[[Real, Policy, Desk, w.Input, int], Step]


def reading(tables: Policy) -> Broken:
    """A step that reads other tables than those that are proved."""
    return lambda real, policy, desk, input, now: real(tables, desk, input, now)


def seeing(change: Callable[[Case, w.Input, int], Case]) -> Broken:
    """A step that sees another case than there is."""

    def broken(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
        seen = desk if desk.case is None else replace(desk, case=change(desk.case, input, now))
        return real(policy, seen, input, now)

    return broken


def adding(when: Callable[[Desk, w.Input], bool], effect: w.Effect) -> Broken:
    """A step that also does this, whenever that happens on a call."""

    def broken(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
        made = real(policy, desk, input, now)
        return replace(made, effects=(*made.effects, effect)) if desk.case is not None and when(desk, input) else made

    return broken


def becoming(change: Callable[[w.Input], w.Input]) -> Broken:
    """A step that takes one input for another."""
    return lambda real, policy, desk, input, now: real(policy, desk, change(input), now)


def is_press(input: w.Input, gesture: Gesture, *buttons: Button) -> bool:
    return isinstance(input, w.Pressed) and (input.gesture, input.buttons) == (gesture, buttons)


def is_hold(input: w.Input) -> bool:
    return is_press(input, Gesture.HOLD, Button.RELEASE)


def any_ground(case: Case, input: w.Input, now: int) -> Case:
    return replace(case, grounds=(*case.grounds, Declaration(Ground.PROFANITY, "agent", now)))


def said_long_ago(case: Case, input: w.Input, now: int) -> Case:
    said = case.announcement
    return replace(case, announcement=said and replace(said, at_ms=now - 4000))


def announces_itself(case: Case, input: w.Input, now: int) -> Case:
    if case.announcement is not None or not is_hold(input):
        return case
    return replace(case, announcement=Announcement("end-at-once", "agent", now - 5000))


def still_announced(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    """What was announced outlives another caller, and whoever had announced it."""
    made = real(policy, desk, input, now)
    another = isinstance(input, w.SignedOn) or (isinstance(input, w.CallIs) and input.call.id == m.OTHER)
    if not another or desk.case is None or made.desk.case is None:
        return made
    case = replace(made.desk.case, announcement=desk.case.announcement)
    return replace(made, desk=replace(made.desk, case=case))


def no_stranger(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    calls = {id: replace(call, parties=()) for id, call in desk.facts.calls.items()}
    return real(policy, replace(desk, facts=replace(desk.facts, calls=calls)), input, now)


def always_known(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    who = replace(desk.facts.who, id=desk.facts.who.id or "agent")
    made = real(policy, replace(desk, facts=replace(desk.facts, who=who)), input, now)
    return made if isinstance(input, w.SignedOn) else replace(made, desk=replace(made.desk, facts=desk.facts))


def panic_names_a_threat(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    if not is_press(input, Gesture.HOLD, Button.ESCALATE):
        return real(policy, desk, input, now)
    return real(policy, real(policy, desk, input, now).desk, w.Declared(Ground.THREAT), now)


def crisis_is_a_threat(input: w.Input) -> w.Input:
    return w.Declared(Ground.THREAT) if input == w.Marked(Marker.CRISIS) else input


def leave_is_kept(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    made = real(policy, desk, input, now)
    case = made.desk.case
    if case is None or not any(isinstance(e, w.RungTaken) and e.uses_leave for e in made.events):
        return made
    kept = replace(case, leave=LeaveGiven("supervisor", now), leave_used=False)
    return replace(made, desk=replace(made.desk, case=kept))


def leave_is_lost(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    made = real(policy, desk, input, now)
    case = made.desk.case
    if case is None or not any(isinstance(e, w.RungUndone) for e in made.events):
        return made
    return replace(made, desk=replace(made.desk, case=replace(case, leave=None, leave_used=True)))


def calmed_presses_warn(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    press = m.TAPS[Button.WARN][0].make
    assert press is not None
    return real(policy, desk, press(desk) if isinstance(input, w.Calmed) else input, now)


def a_tap_holds(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    said = desk.case is not None and desk.case.announcement is not None
    if said and isinstance(input, w.Pressed) and is_press(input, Gesture.TAP, Button.RELEASE):
        input = replace(input, gesture=Gesture.HOLD)
    return real(policy, desk, input, now)


def never_offers(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    made = real(policy, desk, input, now)
    return replace(made, effects=tuple(e for e in made.effects if not isinstance(e, w.Offer)))


def asks_never_end(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    case = desk.case
    if case is None or case.ask is None or not isinstance(input, w.Tick | w.Replied | w.Pressed):
        return real(policy, desk, input, now)
    ask = replace(case.ask, opened_ms=now, asked_ms=now, phase_ms=now)
    return real(policy, replace(desk, case=replace(case, ask=ask)), w.Tick(), now)


def answering(why: str, next: Button | None) -> Broken:
    def broken(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
        made = real(policy, desk, input, now)
        refused = made.answer is not None and made.answer.verdict == w.Verdict.REFUSED
        return replace(made, answer=w.Answer(verdict=w.Verdict.REFUSED, why=why, next=next)) if refused else made

    return broken


def done_when_sent(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
    made = real(policy, desk, input, now)
    done = Flash(Button.RELEASE, LampState.DONE, now + 3000)
    sent = any(isinstance(effect, w.HangUp) for effect in made.effects)
    return replace(made, desk=replace(made.desk, flashes=(done,))) if sent else made


def losing(**lost: Any) -> Broken:
    """The desk to which the case is offered reads it without these."""

    def broken(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
        if isinstance(input, w.CaseOffered):
            case = replace(msgspec.json.decode(input.state, type=Case), **lost)
            input = replace(input, state=msgspec.json.encode(case).decode())
        return real(policy, desk, input, now)

    return broken
