"""Policy 2, told as stories: warn, warm transfer, and the release only when no supervisor can be had."""

import pytest
from tests.policy.shift import POLICY, Shift, consult, line

from rung import words as w
from rung.policy import Times, load
from rung.words import Ground, LampState, Marker, Outcome, Verdict

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
    s.line("ended", "transfer")
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


# -- while asking ------------------------------------------------------------------------------------------------------


def test_the_caller_is_told_before_the_hold() -> None:
    s = Shift().warned()
    s.press("escalate")
    s.wait(SAY - 1)
    assert not s.did(w.Hold)
    s.wait(1)
    assert s.did(w.Hold) == 1
    assert not s.did(w.Consult), "first the hold is confirmed"
    s.line("held")
    assert s.did(w.Consult) == 1


def test_say_time_zero_holds_at_once() -> None:
    s = Shift(load("warm-transfer", Times(say_time=0))).warned()
    s.press("escalate")
    assert s.did(w.Hold) == 1


def test_a_further_tap_only_tells_how_far_it_is() -> None:
    s = Shift().warned().ringing()
    s.wait(10_000)
    answer = s.press("escalate")
    assert (answer.verdict, answer.why) == (Verdict.NOTHING, "asked 14 s ago, ringing.")


@pytest.mark.parametrize(("button", "gesture"), [("warn", "tap"), ("release", "tap"), ("release", "hold")])
def test_no_notice_and_no_release_while_an_ask_is_open(button: str, gesture: str) -> None:
    s = Shift().noticed()
    s.put(w.Declared(Ground.SLUR))
    s.press("escalate")
    assert s.press(button, gesture).verdict == Verdict.REFUSED
    s.wait(SAY)
    s.line("held")
    assert s.press(button, gesture).verdict == Verdict.REFUSED


@pytest.mark.parametrize(
    ("outcome", "unavailable", "wait_again"),
    [
        ("busy", True, True),
        ("ignored", True, True),
        ("absent", True, True),
        ("declined", False, True),
        ("failed", False, True),
        ("taken_back", False, False),
    ],
)
def test_what_an_ask_that_came_to_nothing_leaves(outcome: str, unavailable: bool, wait_again: bool) -> None:
    s = Shift().warned().ringing()
    s.consult("ended", outcome, "them")
    assert s.events(w.AskClosed) == [], "the caller is off hold before the result is shown"
    s.line("up")
    assert s.events(w.AskClosed) == [w.AskClosed("escalate", Outcome(outcome))]
    assert s.case.unavailable == unavailable
    assert not s.case.has_taken("escalate")
    assert ("more of talk" in s.press("escalate").why) == wait_again


def test_a_decline_after_nobody_came_is_no_unavailability() -> None:
    s = Shift().warned().nobody_came().nobody_came("declined")
    assert "a supervisor must have been asked and not be available" in s.press("warn").why


def test_nobody_answers_within_the_time() -> None:
    s = Shift().warned().ringing()
    s.wait(POLICY.times.answer_ms)
    assert s.did(w.TakeBack) == 1
    s.line("up")
    assert s.events(w.AskClosed) == [w.AskClosed("escalate", Outcome.IGNORED)]


def test_nobody_ignored_a_telephone_that_was_never_dialled() -> None:
    s = Shift().warned()
    s.press("escalate")
    s.wait(SAY)
    s.line("held")
    s.wait(POLICY.times.answer_ms)  # the phone says nothing of the consult
    s.line("up")
    assert s.events(w.AskClosed) == [w.AskClosed("escalate", Outcome.FAILED)]
    assert not s.case.unavailable


def test_without_an_extension_nobody_is_there_and_the_caller_is_not_put_on_hold() -> None:
    s = Shift(supervisors="").warned()
    assert s.press("escalate").verdict == Verdict.TAKEN
    s.wait(WAIT)
    assert not s.did(w.Hold)
    assert s.press("warn").verdict == Verdict.TAKEN


@pytest.mark.parametrize("how", ["chord", "key"])
@pytest.mark.parametrize("phase", ["telling", "holding", "ringing", "answered"])
def test_taking_an_ask_back(phase: str, how: str) -> None:
    s = Shift().warned()
    s.press("escalate")
    if phase != "telling":
        s.wait(SAY)
    if phase in ("ringing", "answered"):
        s.line("held")
        s.consult("dialling")
    if phase == "answered":
        s.consult("up")
    answer = s.press("escalate+warn", "chord") if how == "chord" else s.put(w.AskTakenBack()).answer
    assert answer is not None
    assert answer.verdict == Verdict.TAKEN
    if phase != "telling":
        assert isinstance(s.effects[-1], w.TakeBack)
        s.line("up")
    assert s.events(w.AskClosed) == [w.AskClosed("escalate", Outcome.TAKEN_BACK)]
    assert not s.case.unavailable
    assert s.press("escalate").verdict == Verdict.TAKEN, "neither the wait nor anything else has changed"


def test_a_transfer_under_way_cannot_be_taken_back() -> None:
    s = Shift().warned().ringing()
    s.consult("up")
    s.wait(3000)
    s.press("escalate")
    assert s.press("warn+escalate", "chord").verdict == Verdict.REFUSED


def test_the_agent_ends_the_consult_with_a_click() -> None:
    s = Shift().warned().ringing()
    s.consult("up")
    s.consult("ended", None, "us")
    s.line("up")
    assert s.events(w.AskClosed) == [w.AskClosed("escalate", Outcome.TAKEN_BACK)]


def test_a_consult_that_appears_after_it_was_taken_back_does_not_ring_on() -> None:
    s = Shift().warned()
    s.press("escalate")
    s.wait(SAY)
    s.line("held")
    s.press("escalate+warn", "chord")
    s.consult("dialling")
    assert s.effects[-1] == w.TakeBack(s.desk.effect, "line", "consult-1")
    s.line("up")
    assert s.case.ask is None
    assert s.case.pending == ()


@pytest.mark.parametrize("cause", ["transfer failed: 503", ""])
def test_a_transfer_that_fails_leaves_both_waiting_and_may_be_tried_again_at_once(cause: str) -> None:
    s = Shift().warned().ringing()
    s.consult("up")
    s.wait(3000)
    s.press("escalate")
    s.line("held", doing="transferring")
    if cause:
        s.line("held", cause=cause)
    else:
        s.put(w.EffectRefused(s.desk.effect, "cannot aim"))
    s.wait(2000)
    assert s.lamp("escalate") == LampState.BREATHING
    assert s.press("escalate").verdict == Verdict.TAKEN
    assert s.did(w.Complete) == 2


def test_a_supervisor_who_hung_up_while_the_transfer_failed_has_declined() -> None:
    s = Shift().warned().ringing()
    s.consult("up")
    s.wait(3000)
    s.press("escalate")
    s.line("held", cause="transfer failed: 481")
    s.consult("ended", "declined", "them")
    s.line("up")
    assert s.events(w.AskClosed) == [w.AskClosed("escalate", Outcome.DECLINED)]


def test_somebody_elses_call_that_ends_is_not_the_end_of_the_ask() -> None:
    s = Shift().warned()
    s.line("held", call="other")
    s.press("escalate")
    s.wait(SAY)
    s.line("held")
    s.put(w.CallsAre((line("held"),)))  # the other is gone
    assert s.case.ask is not None
    assert s.case.ask.phase == "ringing"


@pytest.mark.parametrize("phase", ["telling", "ringing", "answered", "completing"])
def test_the_caller_leaves_while_a_supervisor_is_asked(phase: str) -> None:
    s = Shift().warned()
    if phase == "telling":
        s.press("escalate")
    else:
        s.ringing()
    if phase in ("answered", "completing"):
        s.consult("up")
        s.wait(3000)
    if phase == "completing":
        s.press("escalate")
    s.line("ended", "them")
    assert s.closed().how == ("caller left" if phase == "telling" else "caller left on hold")
    assert s.events(w.AskClosed) == [w.AskClosed("escalate", Outcome.CALLER_LEFT)]
    assert not s.closed().review
    hung_up = [e.call for e in s.effects if isinstance(e, w.HangUp)]
    assert hung_up == (["consult-1"] if phase == "ringing" else []), "the ringing stops, a talk goes on"


# -- crisis and emergency ----------------------------------------------------------------------------------------------


def test_under_crisis_nobody_can_release() -> None:
    s = Shift().announced()
    s.put(w.Marked(Marker.CRISIS))
    assert "Crisis is marked" in s.press("release", "hold").why
    assert s.press("escalate").verdict == Verdict.TAKEN, "help may still be fetched"


def test_crisis_is_taken_back_freely_for_60_s_and_marking_again_does_not_buy_more() -> None:
    s = Shift()
    s.line("up")
    s.put(w.Marked(Marker.CRISIS))
    s.wait(60_000)
    s.put(w.Marked(Marker.CRISIS))
    s.wait(1)
    refused = s.put(w.Unmarked(Marker.CRISIS)).answer
    assert refused is not None
    assert refused.verdict == Verdict.REFUSED
    s.put(w.Unmarked(Marker.CRISIS, "it was a film"))
    assert s.case.marks == ()
    s.line("ended", "them")
    assert s.closed().review, "a late taking back goes before a manager"


def test_crisis_taken_back_in_time_is_nothing_for_a_manager() -> None:
    s = Shift()
    s.line("up")
    s.put(w.Marked(Marker.CRISIS))
    s.wait(60_000)
    s.put(w.Unmarked(Marker.CRISIS, "a slip"))
    assert s.case.marks == ()
    s.line("ended", "them")
    assert not s.closed().review


def test_crisis_stands_until_each_who_marked_it_has_taken_it_back() -> None:
    s = Shift()
    s.line("up")
    s.put(w.Marked(Marker.CRISIS))
    s.put(w.SignedOn("ben"))
    assert s.put(w.Unmarked(Marker.CRISIS)).answer.verdict == Verdict.REFUSED  # type: ignore[union-attr]
    s.put(w.Marked(Marker.CRISIS))
    s.put(w.Unmarked(Marker.CRISIS))
    assert s.case.marked(Marker.CRISIS)


@pytest.mark.parametrize("call", [False, True])
def test_panic_needs_no_call_and_no_age_and_tells_the_truth(call: bool) -> None:
    s = Shift()
    if call:
        s.line("up")
    answer = s.press("escalate", "hold", age_ms=100_000, epoch=77)
    assert s.events(w.MarkerSet) == [w.MarkerSet(Marker.EMERGENCY, "ada")]
    assert "nobody was alerted" in answer.why
    assert s.effects == []


# -- how a call ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "how", "review"),
    [
        ("us", "ended from the agent's side, not through Rung", True),
        ("transfer", "transferred, not through Rung", True),
        ("unknown", "unknown", True),
        ("them", "caller left", False),
        ("network", "connection lost", False),
    ],
)
def test_how_a_call_ended_is_named_neutrally(by: str, how: str, review: bool) -> None:
    s = Shift().warned()
    s.line("ended", by)
    assert (s.closed().how, s.closed().review) == (how, review)
    s.line("up", call="second")
    s.put(w.Declared(Ground.UNNAMED))
    s.line("ended", by, call="second")
    assert not s.closed().review, "`unnamed` by itself puts nothing before a manager"


def test_a_caller_left_alone_on_hold_is_found() -> None:
    s = Shift().warned()
    s.line("held")
    s.line("ended", "them")
    assert (s.closed().how, s.closed().review) == ("caller left on hold", True)


def test_a_caller_who_hangs_up_first_was_not_released() -> None:
    s = Shift().announced()
    s.press("release", "hold")
    s.line("ended", "them")
    assert s.closed().how == "caller left"
    assert s.lamp("release") != LampState.DONE


@pytest.mark.parametrize("how", ["refused", "overdue"])
def test_a_hang_up_that_did_not_happen_is_never_tried_by_the_machine(how: str) -> None:
    s = Shift().announced()
    s.press("release", "hold")
    if how == "refused":
        s.put(w.EffectRefused(s.desk.effect, "cannot aim"))
    else:
        s.wait(5000)
        assert isinstance(s.effects[-1], w.AskPhone)
        s.put(w.CallsAre((line("up", doing="ending"),)))
        assert "being ended" in s.press("release").why, "accepted and unfinished: still not known"
        s.put(w.CallsAre((line("up"),)))
    assert not s.case.has_taken("release")
    s.wait(100_000)
    assert s.did(w.HangUp) == 1
    assert s.press("release", "hold").verdict == Verdict.REFUSED, "it is announced again first"
    assert s.press("release").verdict == Verdict.TAKEN


def test_the_done_lamp_outlives_a_refused_press() -> None:
    s = Shift().announced()
    s.press("release", "hold")
    s.line("ended", "us")
    s.press("release", "hold", epoch=1)
    assert s.lamp("release") == LampState.DONE


def test_a_refused_lamp_gives_way_to_a_press_that_is_taken() -> None:
    s = Shift().warned()
    s.line("held")
    s.press("warn+escalate", "chord")
    assert {s.lamp("warn"), s.lamp("escalate")} == {LampState.REFUSED}
    s.press("escalate")
    assert s.lamp("escalate") == LampState.BLINKING


# -- another call, a lost phone ----------------------------------------------------------------------------------------


def test_with_another_caller_live_nothing_can_be_pressed() -> None:
    s = Shift().warned().ringing()
    s.consult("up")
    s.wait(3000)
    s.line("up", call="other")
    assert s.lamp("escalate") != LampState.BREATHING
    assert s.press("escalate", epoch=1).verdict == Verdict.REFUSED
    assert s.press("escalate").verdict == Verdict.REFUSED
    s.line("ended", "them", call="other")
    assert s.press("escalate").verdict == Verdict.TAKEN


def test_a_second_call_gets_its_own_case_when_the_first_has_ended() -> None:
    s = Shift().warned()
    s.line("held")
    s.line("up", call="other")
    s.line("ended", "them")
    assert (s.case.call, s.case.epoch, s.case.taken) == ("other", 2, ())


def test_a_phone_that_is_back_is_asked_before_anything_is_concluded() -> None:
    s = Shift().warned().ringing()
    s.put(w.PhoneIs(up=False))
    s.wait(60_000)
    s.put(w.PhoneIs(up=True))
    assert s.did(w.TakeBack) == 0, "it may have been answered meanwhile"
    s.put(w.CallsAre((line("held"), consult("up"))))
    assert s.case.ask is not None
    assert s.case.ask.phase == "answered"


def test_a_lost_phone_does_not_stop_the_warning() -> None:
    s = Shift()
    s.line("up")
    s.put(w.PhoneIs(up=False))
    assert s.press("warn").verdict == Verdict.TAKEN


def test_a_phone_that_was_lost_and_knows_nothing_closes_the_case_as_unknown() -> None:
    s = Shift().announced()
    s.press("release", "hold")
    s.put(w.PhoneIs(up=False))
    s.put(w.PhoneIs(up=True))
    s.put(w.CallsAre(()))
    assert (s.closed().how, s.closed().review) == ("unknown", True)
    assert s.lamp("release") != LampState.DONE


def test_odd_presses_are_refused() -> None:
    s = Shift()
    s.line("up")
    for buttons, gesture in [((), "tap"), (("warn", "release"), "chord"), (("warn", "release"), "hold")]:
        press = w.Pressed(
            box="b",
            boot="b",
            number=1,
            buttons=tuple(w.Button(b) for b in buttons),
            gesture=w.Gesture(gesture),
            epoch=1,
            age_ms=0,
        )
        answer = s.put(press).answer
        assert answer is not None
        assert answer.verdict == Verdict.REFUSED


def test_time_that_runs_backwards_stands_still() -> None:
    s = Shift().warned()
    s.now -= 3000
    assert s.press("escalate").verdict == Verdict.TAKEN
    assert s.record[-1].at_ms > s.now
