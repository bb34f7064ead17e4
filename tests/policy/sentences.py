"""What must hold for every shift, each as a sentence."""

from msgspec.structs import replace
from tests.policy.shift import LINE, Shift

from rung import words as w
from rung.policy import Step, lamps, next_change, step
from rung.policy.state import Phase
from rung.words import Button, CallState, Gesture, LampState, Verdict

OPEN = (LampState.LIT, LampState.BREATHING)


def nothing_is_ended_or_transferred_but_by_a_press(input: w.Input, made: Step) -> None:
    for effect in made.effects:
        ends = isinstance(effect, w.Complete) or (isinstance(effect, w.HangUp) and effect.call == LINE)
        assert not ends or isinstance(input, w.Pressed), f"{effect} by {input}"


def the_result_of_an_ask_is_shown_off_hold(ask: object, made: Step) -> None:
    told_only = getattr(ask, "phase", Phase.TELLING) == Phase.TELLING  # nothing had happened on the phone
    if any(isinstance(event, w.AskClosed) for event in made.events) and made.desk.case is not None and not told_only:
        assert not made.desk.case.held


def the_case_is_as_the_phone_last_said(input: w.Input, made: Step) -> None:
    told = input.calls if isinstance(input, w.CallsAre) else (input.call,) if isinstance(input, w.CallIs) else ()
    case = made.desk.case
    for call in told:
        if case is not None and call.id == case.call:
            assert case.held == (call.state == CallState.HELD)
            assert (case.talking_since is not None) == (call.state == CallState.UP)


def done_only_when_the_phone_has_confirmed(before: object, made: Step) -> None:
    if any(flash.state == LampState.DONE for flash in made.desk.flashes) and made.desk.flashes != before:
        ends = [e.how for e in made.events if isinstance(e, w.CaseClosed)]
        old = [f for f in before if f.state == LampState.DONE]  # type: ignore[attr-defined]
        assert old or set(ends) & {"released", "transferred"}


def every_press_is_recorded_and_answered_once(made: Step) -> None:
    assert sum(isinstance(e, w.PressRecorded) for e in made.events) == 1
    assert sum(isinstance(e, w.PressAnswered) for e in made.events) == 1


def every_refusal_says_why(answer: w.Answer) -> None:
    assert answer.why
    acts = ("name the ground", "more of talk", "sign on", "off hold", "on hold first", "taken back", "take it back")
    told = ("no call", "not made on this call", "phone", "nothing is being asked", "nobody was alerted", "under way")
    if answer.verdict == Verdict.REFUSED and answer.next is None:
        assert any(words in answer.why for words in acts + told), answer.why


def lamps_agree_with_presses(s: Shift) -> None:
    """A lamp is lit or breathing if, and only if, the press that it invites to would be taken now."""
    quiet = replace(s.desk, flashes=())
    shown = lamps(s.policy, quiet, s.now)
    for button in Button:
        announced = button == Button.RELEASE and quiet.case is not None and quiet.case.announcement is not None
        gesture = Gesture.HOLD if announced else Gesture.TAP
        press = w.Pressed(box="b", boot="b", number=0, buttons=(button,), gesture=gesture, epoch=shown.epoch, age_ms=0)
        answer = step(s.policy, quiet, press, s.now).answer
        assert answer is not None
        assert (getattr(shown, button).state in OPEN) == (answer.verdict == Verdict.TAKEN), (button, shown, answer)


def lamps_change_only_at_next_change(s: Shift, at: int) -> None:
    due = next_change(s.policy, s.desk)
    if due is None or at < due:
        now, then = lamps(s.policy, s.desk, s.now), lamps(s.policy, s.desk, at)
        assert replace(now, fill_ms=0) == replace(then, fill_ms=0), f"changed by {at}, next change at {due}"


def no_hang_up_without_announcement_and_final_notice(s: Shift) -> None:
    warned: dict[str, list[str]] = {}
    announced: int | None = None
    case = ""
    for r in s.record:
        match r.event:
            case w.CaseOpened(case=case) | w.CaseTurnedTo(case=case):
                announced = None
            case w.RungTaken(rung=rung):
                warned.setdefault(case, []).append(rung)
            case w.Announced():
                announced = r.at_ms
            case w.EffectDecided(effect=w.HangUp(call=call)) if call == LINE:
                assert "warn" in warned[case]
                assert "final-notice" in warned[case]
                assert announced is not None
                assert r.at_ms - announced >= s.policy.times.say_ms
                announced = None


def at_most_one_hang_up_for_each_hold(s: Shift) -> None:
    holds = 0
    for r in s.record:
        match r.event:
            case w.PressRecorded(press=w.Pressed(gesture=Gesture.HOLD, buttons=(Button.RELEASE,))):
                holds = 1
            case w.EffectDecided(effect=w.HangUp(call=call)) if call == LINE:
                assert holds == 1
                holds = 0
