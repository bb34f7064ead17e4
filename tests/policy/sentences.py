"""What must hold for every step of every call, each as a sentence."""

from typing import Protocol

from msgspec.structs import replace

from rung import words as w
from rung.policy import Desk, Policy, Step, lamps, next_change, step
from rung.policy.evolve import evolve
from rung.policy.state import Phase
from rung.words import Button, CallState, Gesture, LampState, Verdict

OPEN = (LampState.LIT, LampState.BREATHING)
LINE = "line"  # what a caller's line is called begins so
NO_ACT = (w.Tick, w.PhoneIs, w.CallsAre, w.FloorIs, w.SignedOn, w.Seen, w.EffectRefused, w.Restarted, w.CaseOffered)


class Going(Protocol):
    """A call under way."""

    policy: Policy
    desk: Desk
    now: int


def the_record_rebuilds_the_desk(before: Desk, made: Step) -> None:
    folded = before
    for event in made.events:
        folded = evolve(folded, event, made.desk.at_ms)
    assert folded.case == made.desk.case, "the record cannot rebuild the case"
    assert (folded.parked, folded.arriving, folded.alerts) == (made.desk.parked, made.desk.arriving, made.desk.alerts)
    assert (folded.epoch, folded.effect, folded.ask) == (made.desk.epoch, made.desk.effect, made.desk.ask)


def nothing_is_ended_or_transferred_but_by_somebody(input: w.Input, made: Step) -> None:
    by = input.act if isinstance(input, w.FromDesk) else input
    for effect in made.effects:
        if isinstance(effect, w.HangUp) and effect.call.startswith(LINE):
            assert isinstance(by, w.Pressed) and by.gesture == Gesture.HOLD, f"{effect} by {by}"
        assert not isinstance(effect, w.Complete | w.Leave) or not isinstance(by, NO_ACT), f"{effect} by {by}"


def the_result_of_an_ask_is_shown_off_hold(before: Desk, made: Step) -> None:
    ask = before.case.ask if before.case is not None else None
    on_phone = ask is not None and ask.phase in (Phase.HOLDING, Phase.RINGING, Phase.ANSWERED, Phase.RETURNING)
    same = before.case is not None and made.desk.case is not None and before.case.id == made.desk.case.id
    if on_phone and same and made.desk.case is not None and made.desk.case.ask is None:
        assert not made.desk.case.held


def the_case_is_as_the_phone_last_said(input: w.Input, made: Step) -> None:
    told = input.calls if isinstance(input, w.CallsAre) else (input.call,) if isinstance(input, w.CallIs) else ()
    case = made.desk.case
    for call in told:
        if case is not None and call.id == case.call:
            known = made.desk.facts.calls_known  # else it is late news: whether they are heard now nobody knows
            assert case.held == (call.state == CallState.HELD) or not known
            assert (case.talking_since is not None) == (call.state == CallState.UP and known)


def done_only_when_the_phone_has_confirmed(before: Desk, made: Step) -> None:
    if any(flash.state == LampState.DONE for flash in made.desk.flashes) and made.desk.flashes != before.flashes:
        ends = [e.how for e in made.events if isinstance(e, w.CaseClosed)]
        old = [f for f in before.flashes if f.state == LampState.DONE]
        assert old or set(ends) & {"released", "transferred"}


def every_press_is_recorded_and_answered_once(made: Step) -> None:
    assert sum(isinstance(e, w.PressRecorded) for e in made.events) == 1
    assert sum(isinstance(e, w.PressAnswered) for e in made.events) == 1


ACTS = (
    "name the ground",
    "name it again",
    "name what you heard",
    "more of talk",
    "sign on",
    "off hold",
    "on hold first",
    "taken back",
)
ACTS += (
    "take it back",
    "Take it back",
    "must leave first",
    "tell whoever takes it",
    "aloud",
    "press again",
    "Press again",
    "take the call",
)
TOLD = ("no call", "not made on this call", "phone", "nothing is being asked", "nobody was alerted", "under way")
TOLD += ("not in this call", "handed over", "is being ended", "has announced", "wait for the outcome", "will not wait")


def the_button_that_a_refusal_names_is_not_refused_as_well(s: Going, input: w.Input, made: Step) -> None:
    act = input.act if isinstance(input, w.FromDesk) else input
    said = made.answer
    if isinstance(act, w.Pressed) and said is not None and said.verdict == Verdict.REFUSED and said.next is not None:
        press = replace(act, buttons=(said.next,), gesture=Gesture.TAP, age_ms=0)
        then = replace(input, act=press) if isinstance(input, w.FromDesk) else press
        answer = step(s.policy, made.desk, then, s.now).answer
        assert answer is not None and answer.verdict != Verdict.REFUSED, f"{said}, and then {answer}"


def every_refusal_says_why(answer: w.Answer) -> None:
    assert answer.why
    if answer.verdict == Verdict.REFUSED and answer.next is None:
        assert any(words in answer.why for words in ACTS + TOLD), answer.why


def lamps_agree_with_presses(s: Going) -> None:
    """A lamp is lit or breathing if, and only if, the press that it invites to would be taken now."""
    quiet = replace(s.desk, flashes=())
    shown = lamps(s.policy, quiet, s.now)
    for button in Button:
        said = quiet.case.announcement if quiet.case is not None else None
        announced = button == Button.RELEASE and said is not None
        gesture = Gesture.HOLD if announced else Gesture.TAP
        press = w.Pressed(box="b", boot="b", number=0, buttons=(button,), gesture=gesture, epoch=shown.epoch, age_ms=0)
        answer = step(s.policy, quiet, press, s.now).answer
        assert answer is not None
        assert (getattr(shown, button).state in OPEN) == (answer.verdict == Verdict.TAKEN), (button, shown, answer)


def lamps_change_only_at_next_change(s: Going, at: int) -> None:
    due = next_change(s.policy, s.desk)
    if due is None or at < due:
        now, then = lamps(s.policy, s.desk, s.now), lamps(s.policy, s.desk, at)
        assert replace(now, fill_ms=0) == replace(then, fill_ms=0), f"changed by {at}, next change at {due}"


def a_hang_up_was_announced_in_time_and_held_for(history: list[tuple[int, object]], say_ms: int) -> None:
    """Each hang-up of a caller has an announcement of its own before it, and a hold of its own."""
    announced: int | None = None
    holds = 0
    for at, thing in history:
        match thing:
            case w.PressRecorded(press=w.Pressed(gesture=Gesture.HOLD, buttons=(Button.RELEASE,))):
                holds = 1
            case w.Announced():
                announced = at
            case w.EffectDecided(effect=w.HangUp(call=call)) if call.startswith(LINE):
                assert announced is not None and at - announced >= say_ms
                assert holds == 1
                announced, holds = None, 0
