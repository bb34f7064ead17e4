"""Asking a supervisor: the caller is told, held, and back before any result is shown."""

import pytest
from msgspec.structs import replace
from tests.policy.desks import accepted
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import POLICY, Shift, line

from rung import words as w
from rung.policy.asks import PHONE_DEADLINE_MS
from rung.words import Ground, LampState, Outcome, Presence, Verdict

WAIT, SAY = POLICY.times.wait_ms, POLICY.times.say_ms


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
        ("voicemail", True, True),
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


# -- an alert beside an ask --------------------------------------------------------------------------------------------


def test_an_ask_that_comes_to_nothing_stops_nobody_whom_panic_has_called() -> None:
    s = Scene("end-with-care")
    s.floor(up=False)
    s.must("escalate", "hold")  # the extension is rung into the call
    s.must("warn").press("escalate")  # and nobody can be asked to be involved
    assert s.outcomes() == ["absent"] and s.case.ask is None
    assert s.case.waiting(w.Join) is not None and not s.sent(w.TakeBack)


def test_a_crisis_during_a_hand_over_does_not_order_it_again() -> None:
    s = Scene("end-with-care").come_in()
    s.floor(up=False)
    s.must("escalate")  # to the supervisor who is in the call
    s.put(w.Marked(w.Marker.CRISIS))
    assert s.case.ask is not None and s.case.ask.phase == "completing"
    assert s.press("escalate").verdict == "nothing"
    assert s.did(w.Leave) == 1


@pytest.mark.parametrize(("present", "outcome"), [((replace(EVE, free=False),), "busy"), ((), "absent")])
def test_whether_all_are_busy_or_nobody_is_there_is_told_apart(present: tuple[Presence, ...], outcome: str) -> None:
    s = Scene("warm-transfer", present=present).must("warn").talk()
    s.must("escalate")
    assert s.outcomes() == [outcome] and s.case.unavailable and not s.sent(w.Hold)


def test_a_hold_that_the_phone_never_confirmed_has_failed_and_was_not_interrupted() -> None:
    s = Scene("warm-transfer").must("warn").talk().must("escalate")
    s.reply("accept")
    s.wait(s.policy.times.say_ms)
    assert s.sent(w.Hold)
    s.wait(PHONE_DEADLINE_MS)
    s.put(w.CallsAre((line("up"),)))
    assert s.sent(w.TakeBack) and not s.outcomes(), "it may hold yet, and nobody would take the caller off it"
    s.line("held")
    assert not s.sent(w.Consult) and not s.outcomes()
    s.line("up")
    assert s.outcomes() == [Outcome.FAILED]


@pytest.mark.parametrize("again", ["accept", "take", "decline", "busy"])
def test_whoever_comes_is_put_through_by_no_answer_before_they_have_answered_the_telephone(again: str) -> None:
    s = accepted(Scene("warm-transfer").declare("slur").must("warn").talk())
    made = s.reply(again)
    assert made.events == () and s.case.ask is not None and s.case.ask.phase == "ringing"


@pytest.mark.parametrize("again", ["accept", "decline", "busy"])
def test_while_they_talk_only_take_the_call_puts_through(again: str) -> None:
    s = accepted(Scene("warm-transfer").declare("slur").must("warn").talk())
    s.consult("up")
    assert s.reply(again).events == ()
    assert [type(event) for event in s.reply("take").events][:1] == [w.AskReplied]
    assert s.sent(w.Offer) or s.sent(w.Complete)


def test_leave_that_has_been_used_stays_used_when_a_later_ask_comes_to_nothing() -> None:
    s = Scene("hang-up-protocol").declare("slur").must("warn").talk().must("escalate")
    s.reply("grant")
    s.must("warn").must("escalate")
    s.reply("decline")
    assert (s.case.leave, s.case.leave_used) == (None, True)
    s.talk()
    assert s.press("escalate").verdict == Verdict.TAKEN
    assert s.case.ask is not None and s.case.ask.rung == "ask-to-join", "leave is not asked again"


def test_only_what_is_overdue_is_unknown() -> None:
    s = Scene("warm-transfer").declare("slur").must("warn").talk()
    s.press("escalate", "hold")
    s.alarm("join")  # their telephone rings as long as an answer may take
    s.must("escalate")
    s.reply("accept", FAY)
    s.wait(SAY + PHONE_DEADLINE_MS)
    assert {type(p.effect): p.unknown is not None for p in s.case.pending} == {w.Join: False, w.Hold: True}


def test_the_next_group_is_asked_because_the_first_is_busy() -> None:
    s = Scene("warm-transfer").declare("slur").must("warn").talk().must("escalate")
    s.reply("busy", EVE)
    s.reply("busy", FAY)
    assert s.events(w.AskWidened) == [w.AskWidened((GUS.desk,), "busy")]
