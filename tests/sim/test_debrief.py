"""What is said after a drill: a table of what the agent did and what is told of it."""

import pytest

from rung import words as w
from rung.policy import load
from rung.sim.debrief import Recorded, Said, Sign, debrief
from rung.sim.drills import DRILLS, Mood, Turn
from rung.words import Button, EndedBy, Gesture, Ground, Verdict

POLICY = load("warm-transfer")
SWEARS = Turn("You [swearing].", Mood.ABUSIVE, (Ground.PROFANITY, Ground.DEROGATORY))
SORRY = Turn("I am sorry.", Mood.CALMED)
SAID = [Said(1, Turn("Where is my refund?")), Said(10, SWEARS)]


def press(
    at_s: float, button: Button, verdict: Verdict, why: str, *between: w.Event, next: Button | None = None
) -> list[Recorded]:
    """As it stands in the record: the press, what it did, its answer."""
    made = w.Pressed(box="b", boot="c", number=1, buttons=(button,), gesture=Gesture.TAP, epoch=1, age_ms=0)
    answered = w.PressAnswered(1, w.Answer(verdict=verdict, why=why, next=next))
    return [Recorded(at_s, event) for event in (w.PressRecorded(made, "ada"), *between, answered)]


def declared(at_s: float, ground: Ground) -> Recorded:
    return Recorded(at_s, w.GroundDeclared(ground=ground, person="ada"))


def warned(at_s: float) -> list[Recorded]:
    return press(at_s, Button.WARN, Verdict.TAKEN, "Warn the caller", w.RungTaken(rung="warn", person="ada"))


def told(said: list[Said], *record: Recorded) -> list[tuple[Sign, str]]:
    return [(remark.sign, remark.text) for remark in debrief(POLICY, said, list(record))]


def test_a_rung_that_was_taken_is_right_with_the_time_to_it() -> None:
    assert told(SAID, *warned(12.5))[0] == (Sign.RIGHT, "Warn the caller, 2.5 s after the abuse began")


def test_a_refused_press_came_too_early_with_the_reason_and_what_comes_first() -> None:
    refused = press(11, Button.RELEASE, Verdict.REFUSED, "No warning has been given.", next=Button.WARN)
    expected = "release, 1.0 s after the abuse began: No warning has been given. First: warn."
    assert told(SAID, *refused)[0] == (Sign.EARLY, expected)


def test_what_is_no_step_of_an_agents_never_came_too_early() -> None:
    """Else who practises learns that a release comes after the escalate."""
    why = "This policy has no step for release here; escalate calls a supervisor."
    refused = press(11, Button.RELEASE, Verdict.REFUSED, why, next=Button.ESCALATE)
    remark = debrief(load("no-hang-up"), SAID, refused)[0]
    assert (remark.sign, remark.text) == (Sign.NEVER, f"release, 1.0 s after the abuse began: {why}")


def test_what_is_done_already_is_not_needed_and_after_the_call_it_is_too_late() -> None:
    rules, slur = load("advise-and-warn"), w.RungTaken(rung="advise-and-warn", person="ada")
    once = press(11, Button.WARN, Verdict.TAKEN, "Advise and warn", slur)
    again = press(12, Button.WARN, Verdict.REFUSED, "Advise and warn: already done on this call.", next=Button.ESCALATE)
    closed = Recorded(13, w.CaseClosed(case="k", how="released", by=EndedBy.US))
    after = press(14, Button.RELEASE, Verdict.REFUSED, "There is no call.")
    remarks = debrief(rules, SAID, [*once, *again, closed, *after])
    assert [remark.sign for remark in remarks[:3]] == [Sign.RIGHT, Sign.NEEDLESS, Sign.LATE]
    assert "First" not in remarks[1].text


def test_a_press_once_the_caller_has_calmed_down_is_not_needed_though_it_is_refused() -> None:
    refused = press(16, Button.RELEASE, Verdict.REFUSED, "Release the call: name the ground.", next=Button.WARN)
    remark = told([*SAID, Said(15, SORRY)], *refused)[0]
    assert remark == (Sign.NEEDLESS, "release, 6.0 s after the abuse began: the caller had calmed down")


def test_an_ask_that_came_to_nothing_was_not_climbed() -> None:
    asked = press(13, Button.ESCALATE, Verdict.TAKEN, "told", w.RungTaken(rung="escalate", person="ada"))
    back = Recorded(14, w.AskClosed("escalate", w.Outcome.TAKEN_BACK))
    assert told(SAID, *warned(12), *asked)[-2] == (Sign.NOTE, "climbed: Warn the caller, Transfer to a supervisor")
    assert told(SAID, *warned(12), *asked, back)[-2] == (Sign.NOTE, "climbed: Warn the caller")


def test_a_press_that_took_too_long_and_one_that_did_nothing_are_told_as_such() -> None:
    late = press(11, Button.WARN, Verdict.TOO_LATE, "Too late, press again.", next=Button.WARN)
    assert told(SAID, *late)[0] == (Sign.LATE, "warn, 1.0 s after the abuse began: Too late, press again.")
    nothing = press(11, Button.ESCALATE, Verdict.NOTHING, "asked 1 s ago.")
    assert told(SAID, *nothing)[0][0] == Sign.NOTHING
    panic = press(11, Button.ESCALATE, Verdict.TAKEN, "Emergency: a supervisor has been told.")
    assert told(SAID, *panic)[0] == (
        Sign.NOTE,
        "escalate, 1.0 s after the abuse began: Emergency: a supervisor has been told.",
    )


def test_an_announcement_and_its_ending_are_two_steps() -> None:
    announced = press(20, Button.RELEASE, Verdict.TAKEN, "say it", w.Announced("release", "ada"))
    ended = press(25, Button.RELEASE, Verdict.TAKEN, "done", w.RungTaken(rung="release", person="ada"))
    texts = [text for _, text in told(SAID, *announced, *ended)]
    assert texts[0].startswith("Release the call: announced, 10.0 s") and texts[1].startswith(
        "Release the call, 15.0 s"
    )


@pytest.mark.parametrize(
    ("said", "at_s", "why"),
    [
        (SAID, 5, "nothing abusive had been said; annoyed is no abuse"),
        ([*SAID, Said(15, SORRY)], 16, "the caller had calmed down"),
    ],
)
def test_what_nobody_needed_is_told(said: list[Said], at_s: float, why: str) -> None:
    sign, text = told(said, *warned(at_s))[0]
    assert sign == Sign.NEEDLESS and text.endswith(why)


@pytest.mark.parametrize(("policy", "rung"), [("end-with-care", "de-escalate"), ("hang-up-protocol", "redirect")])
def test_a_step_that_needs_no_ground_is_there_for_an_annoyed_caller(policy: str, rung: str) -> None:
    rules = load(policy)
    title = rules.find(rung).title
    taken = press(5, Button.WARN, Verdict.TAKEN, title, w.RungTaken(rung=rung, person="ada"))
    remark = debrief(rules, SAID, taken)[0]
    assert (remark.sign, remark.text) == (Sign.RIGHT, f"{title}, before any abuse")
    remark = debrief(rules, [*SAID, Said(11, SORRY)], [Recorded(12, at.event) for at in taken])[0]
    assert remark.sign == Sign.NEEDLESS and remark.text.endswith("the caller had calmed down")


def test_a_transfer_that_needs_no_ground_is_not_for_an_annoyed_caller() -> None:
    rules = load("advise-and-warn")
    taken = press(5, Button.ESCALATE, Verdict.TAKEN, "tell", w.RungTaken(rung="supervisor", person="ada"))
    assert debrief(rules, SAID, taken)[0].sign == Sign.NEEDLESS


@pytest.mark.parametrize(
    ("record", "remark"),
    [
        ([declared(12, Ground.DEROGATORY)], (Sign.RIGHT, "named: derogatory, 2.0 s after it was said")),
        ([], (Sign.MISSING, "not named: profanity or derogatory (“You [swearing].”)")),
        ([declared(12, Ground.UNNAMED)], (Sign.MISSING, "not named: profanity or derogatory (“You [swearing].”)")),
        ([declared(5, Ground.PROFANITY)], (Sign.MISSING, "not named: profanity or derogatory (“You [swearing].”)")),
    ],
)
def test_whether_the_abuse_was_named(record: list[Recorded], remark: tuple[Sign, str]) -> None:
    assert remark in told(SAID, *record)


def test_a_ground_that_nobody_gave_is_told() -> None:
    assert (Sign.NOTE, "named slur, which was not in the script") in told(SAID, declared(12, Ground.SLUR))


def test_whether_calming_down_was_noted() -> None:
    calm = [*SAID, Said(15, SORRY)]
    noted = Recorded(16, w.CallerCalmed("ada"))
    assert (Sign.RIGHT, "it was noted that the caller had calmed down") in told(calm, noted)
    assert any(sign == Sign.MISSING and "(calmed)" in text for sign, text in told(calm, Recorded(14, noted.event)))
    assert any(sign == Sign.NEEDLESS and "had not calmed" in text for sign, text in told(SAID, noted))
    assert not any("calmed" in text for _, text in told(SAID))


def test_the_end_says_what_was_climbed_and_how_the_call_ended() -> None:
    assert told(SAID)[-2:] == [(Sign.NOTE, "climbed: nothing"), (Sign.NOTE, "the call is still up")]
    closed = Recorded(30, w.CaseClosed(case="k", how="released", by=EndedBy.US))
    assert told(SAID, *warned(12), closed)[-2:] == [
        (Sign.NOTE, "climbed: Warn the caller"),
        (Sign.NOTE, "the call: released"),
    ]


def test_every_drill_is_of_a_policy_and_every_abuse_in_it_can_be_named() -> None:
    for drill in DRILLS.values():
        load(drill.policy)
        assert drill.turns[0].mood == Mood.CALM, "no caller begins with abuse: there is a matter"
        assert any(turn.mood == Mood.ABUSIVE for turn in drill.turns)
        assert all(bool(turn.grounds) == (turn.mood == Mood.ABUSIVE) for turn in drill.turns)
