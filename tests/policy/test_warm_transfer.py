"""Policy 2, told as stories: warn, warm transfer, and the release only when no supervisor can be had."""

import pytest
from tests.policy.shift import POLICY, Shift, line

from rung import words as w
from rung.words import Ground, LampState, Marker, Verdict

WAIT, SAY = POLICY.times.wait_ms, POLICY.times.say_ms


# -- the whole way -----------------------------------------------------------------------------------------------------


def test_warn_then_warm_transfer() -> None:
    s = Shift().warned().ringing()
    s.consult("up")
    s.wait(3000)
    assert s.lamp("escalate") == LampState.BREATHING
    assert s.press("escalate").verdict == Verdict.TAKEN
    assert isinstance(s.effects[-1], w.Complete)
    assert s.lamp("escalate") == LampState.BLINKING, "not done before the phone has said so"
    s.line("ended", "transfer", cause="Call transfered")
    assert s.lamp("escalate") == LampState.DONE
    assert s.closed().how == "transferred"
    assert not s.closed().review


def test_nobody_can_be_had_and_the_call_is_released() -> None:
    s = Shift().announced()
    assert s.press("release", "hold").verdict == Verdict.TAKEN
    assert isinstance(s.effects[-1], w.HangUp)
    assert s.lamp("release") == LampState.BLINKING, "not done before the phone has said so"
    s.line("ended", "us")
    assert s.lamp("release") == LampState.DONE
    assert s.closed().how == "released"
    assert not s.closed().review
    taken = [e.rung for e in s.events(w.RungTaken) if isinstance(e, w.RungTaken)]
    assert taken == ["warn", "escalate", "final-notice", "release"]


# -- order -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "button", "gesture", "lacks", "comes_next"),
    [
        (lambda s: s.line("up"), "release", "tap", "first: give the final notice", "warn"),
        (lambda s: s.line("up"), "release", "hold", "first: give the final notice", "warn"),
        (lambda s: s.line("up"), "escalate", "tap", "first: warn the caller", "warn"),
        (lambda s: s.warned(), "warn", "tap", "a supervisor must have been asked", "escalate"),
        (lambda s: s.warned(), "release", "tap", "first: give the final notice", "escalate"),
        (lambda s: s.warned().nobody_came(), "release", "tap", "first: give the final notice", "warn"),
        (lambda s: s.noticed(), "release", "tap", "name the ground", None),
        (lambda s: s.noticed(), "warn", "tap", "already done on this call", "escalate"),
    ],
)
def test_no_rung_is_skipped(before: object, button: str, gesture: str, lacks: str, comes_next: str | None) -> None:
    s = Shift()
    before(s)  # type: ignore[operator]
    done = len(s.effects)
    answer = s.press(button, gesture)
    assert answer.verdict == Verdict.REFUSED
    assert lacks in answer.why
    assert answer.next == comes_next
    assert len(s.effects) == done, "a refused press does nothing on the phone"
    assert s.lamp(button) == LampState.REFUSED


def test_the_wait_names_how_long() -> None:
    s = Shift()
    s.line("up")
    s.press("warn")
    s.wait(2000)
    assert s.press("escalate").why == "Transfer to a supervisor: let the caller answer: 3 s more of talk."
    s.wait(2999)
    assert s.press("escalate").verdict == Verdict.REFUSED
    s.wait(1)
    assert s.press("escalate").verdict == Verdict.TAKEN


def test_a_refusal_deep_in_the_ladder_names_the_act() -> None:
    s = Shift()
    s.line("up")
    s.put(w.Marked(Marker.CRISIS))
    answer = s.press("escalate")
    assert answer.next is None
    assert answer.why.endswith("Now: name the ground; under crisis a press does not declare one.")


def test_what_stops_every_rung_is_said_without_naming_one() -> None:
    s = Shift().warned()
    s.line("held")
    assert s.press("warn").why == "The caller is on hold; take the call off hold first."


# -- grounds -----------------------------------------------------------------------------------------------------------


def test_a_press_declares_unnamed_where_none_stands() -> None:
    s = Shift().warned()
    assert [g.ground for g in s.case.grounds] == [Ground.UNNAMED]


def test_a_press_never_declares_unnamed_under_crisis() -> None:
    s = Shift()
    s.line("up")
    s.put(w.Marked(Marker.CRISIS))
    assert s.press("warn").verdict == Verdict.REFUSED
    s.put(w.Declared(Ground.RUDENESS))
    assert s.press("warn").verdict == Verdict.TAKEN
    assert [g.ground for g in s.case.grounds] == [Ground.RUDENESS]


@pytest.mark.parametrize("ground", sorted(set(Ground) - {Ground.OTHER}))
def test_which_grounds_open_the_ending(ground: Ground) -> None:
    s = Shift().noticed()
    s.put(w.Declared(ground))
    never = {Ground.UNNAMED, Ground.THREAT_OTHER}
    assert (s.press("release").verdict == Verdict.TAKEN) == (ground not in never)


def test_other_needs_a_note() -> None:
    s = Shift()
    s.line("up")
    assert s.put(w.Declared(Ground.OTHER, " ")).answer.verdict == Verdict.REFUSED  # type: ignore[union-attr]
    assert s.put(w.Declared(Ground.OTHER, "barked")).answer.verdict == Verdict.TAKEN  # type: ignore[union-attr]


def test_the_first_ground_names_the_unnamed_and_the_next_is_new() -> None:
    s = Shift().warned()
    declared = s.case.grounds[0].at_ms
    s.put(w.Declared(Ground.SLUR))
    s.put(w.Declared(Ground.THREAT))
    assert [(g.ground, g.at_ms) for g in s.case.grounds] == [(Ground.SLUR, declared), (Ground.THREAT, s.now)]


def test_only_their_own_unnamed_is_named() -> None:
    s = Shift().warned()
    s.put(w.SignedOn("ben"))
    s.put(w.Declared(Ground.SLUR))
    assert [(g.ground, g.person) for g in s.case.grounds] == [(Ground.UNNAMED, "ada"), (Ground.SLUR, "ben")]
    assert s.put(w.TakenBack(Ground.UNNAMED)).answer.verdict == Verdict.REFUSED  # type: ignore[union-attr]


def test_a_ground_taken_back_leaves_the_rung_taken() -> None:
    s = Shift().warned()
    s.put(w.TakenBack(Ground.UNNAMED))
    assert s.case.grounds == ()
    assert s.case.has_taken("warn")
    assert s.press("escalate").verdict == Verdict.TAKEN


# -- calmed ------------------------------------------------------------------------------------------------------------


def test_calmed_withdraws_the_announcement_and_starts_the_wait_again() -> None:
    s = Shift().announced()
    s.put(w.Calmed())
    assert s.case.announcement is None
    assert s.press("release", "hold").verdict == Verdict.REFUSED
    assert "5 s more of talk" in s.press("release").why
    assert s.case.has_taken("final-notice"), "warnings already given stand"


def test_calmed_closes_endings_until_a_ground_is_declared_anew() -> None:
    s = Shift().announced()
    s.put(w.Calmed())
    s.wait(WAIT)
    assert "name the ground anew" in s.press("release").why
    s.put(w.Declared(Ground.PROFANITY))
    assert s.press("release").verdict == Verdict.TAKEN


def test_naming_an_unnamed_from_before_calmed_is_no_new_abuse() -> None:
    s = Shift().noticed()
    s.put(w.Calmed())
    s.wait(WAIT)
    s.put(w.Declared(Ground.SLUR))  # names what the warning was for
    assert "name the ground anew" in s.press("release").why
    s.put(w.Declared(Ground.SLUR))
    assert s.press("release").verdict == Verdict.TAKEN


# -- saying comes before doing -----------------------------------------------------------------------------------------


def test_a_hold_without_an_announcement_is_refused() -> None:
    s = Shift().noticed()
    s.put(w.Declared(Ground.SLUR))
    assert "tap release" in s.press("release", "hold").why
    assert not s.did(w.HangUp)


def test_the_hold_must_let_the_caller_hear_it_and_a_second_tap_does_not_start_it_again() -> None:
    s = Shift().noticed()
    s.put(w.Declared(Ground.SLUR))
    s.press("release")
    s.wait(SAY - 1)
    assert s.lamp("release") == LampState.OFF, "counted down"
    assert s.press("release").verdict == Verdict.NOTHING
    assert s.press("release", "hold").why == "Let the caller hear it: hold again in 1 s."
    s.wait(1)
    assert s.press("release", "hold").verdict == Verdict.TAKEN


WITHDRAWN_BY = {
    "60 s": lambda s: s.wait(60_000 - SAY),
    "hold": lambda s: s.line("held"),
    "an ask": lambda s: s.press("escalate"),
    "crisis": lambda s: s.put(w.Marked(Marker.CRISIS)),
    "the ground taken back": lambda s: s.put(w.TakenBack(Ground.PROFANITY)),
    "the phone lost": lambda s: s.put(w.PhoneIs(up=False)),
    "another live call": lambda s: s.line("up", call="other"),
    "somebody else at the desk": lambda s: s.put(w.SignedOn("ben")),
    "nobody at the desk": lambda s: s.put(w.SignedOn(None)),
    "a restart": lambda s: s.put(w.Restarted()),
}


@pytest.mark.parametrize("what", WITHDRAWN_BY)
def test_what_withdraws_an_announcement(what: str) -> None:
    s = Shift().announced()
    WITHDRAWN_BY[what](s)
    assert s.case.announcement is None
    assert s.press("release", "hold").verdict == Verdict.REFUSED
    assert not s.did(w.HangUp)


def test_an_announcement_stands_for_60_s() -> None:
    s = Shift().announced()
    s.wait(60_000 - SAY - 1)
    assert s.press("release", "hold").verdict == Verdict.TAKEN


def test_an_ending_needs_a_known_person() -> None:
    s = Shift(person=None).noticed()
    s.put(w.Declared(Ground.SLUR))
    assert "sign on" in s.press("release").why


# -- waits and the press's own edge ------------------------------------------------------------------------------------


def test_only_talk_counts() -> None:
    s = Shift()
    s.line("up")
    s.press("warn")
    s.wait(2000)
    s.line("held")
    s.wait(60_000)
    s.line("up")
    s.wait(1000)
    s.put(w.PhoneIs(up=False))
    s.wait(60_000)
    s.put(w.PhoneIs(up=True))
    s.put(w.CallsAre((line("up"),)))
    s.wait(1999)
    assert "1 s more of talk" in s.press("escalate").why
    s.wait(1)
    assert s.press("escalate").verdict == Verdict.TAKEN


def test_a_slow_press_does_not_profit_from_its_delay() -> None:
    s = Shift()
    s.line("up")
    s.press("warn")
    s.wait(WAIT)
    assert s.press("escalate", age_ms=1).verdict == Verdict.REFUSED
    s.wait(1)
    assert s.press("escalate", age_ms=1).verdict == Verdict.TAKEN


def test_a_slow_press_does_not_profit_from_talk_before_a_hold_that_came_after_it() -> None:
    s = Shift()
    s.line("up")
    s.press("warn")
    s.wait(WAIT + 1000)
    s.line("held")
    s.wait(1)
    assert s.press("escalate", age_ms=1002).verdict == Verdict.REFUSED


def test_a_tap_let_go_before_the_supervisor_answered_does_not_transfer_the_caller_blind() -> None:
    s = Shift().warned().ringing()
    s.wait(1000)
    s.consult("up")
    s.wait(4000)
    assert s.press("escalate", age_ms=4500).verdict == Verdict.NOTHING
    assert s.press("escalate", age_ms=1500).verdict == Verdict.NOTHING, "only 2.5 s after the answer"
    assert not s.did(w.Complete)
    assert s.press("escalate", age_ms=1000).verdict == Verdict.TAKEN


@pytest.mark.parametrize(("button", "limit"), [("release", 3000), ("warn", 10_000)])
def test_too_late(button: str, limit: int) -> None:
    s = Shift().announced()
    assert s.press(button, age_ms=limit).verdict != Verdict.TOO_LATE
    late = s.press(button, age_ms=limit + 1)
    assert (late.verdict, late.next) == (Verdict.TOO_LATE, button)


def test_escalate_does_not_grow_too_old() -> None:
    s = Shift().warned()
    s.wait(100_000)
    assert s.press("escalate", age_ms=100_000).verdict == Verdict.TAKEN


def test_a_press_of_an_earlier_call_does_nothing() -> None:
    s = Shift().announced()
    s.line("ended", "them")
    s.line("up", call="second")
    answer = s.press("release", "hold", epoch=1)
    assert answer.verdict == Verdict.REFUSED
    assert not s.did(w.HangUp)


def test_a_hold_of_release_acts_once() -> None:
    s = Shift().announced()
    for _ in range(3):
        s.press("release", "hold")
    assert s.did(w.HangUp) == 1
