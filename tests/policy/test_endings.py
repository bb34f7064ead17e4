"""How calls end, and what crisis, another call or a lost phone do to a case."""

import pytest
from tests.policy.scene import EVE, Scene
from tests.policy.shift import POLICY, Shift, consult, line

from rung import words as w
from rung.words import Ground, LampState, Marker, Verdict

WAIT, SAY = POLICY.times.wait_ms, POLICY.times.say_ms


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
    assert (refused.verdict, refused.next) == (Verdict.REFUSED, None), "nobody is there whom escalate would call"
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


def test_a_hang_up_that_the_phone_gives_up_on_is_asked_about_again() -> None:
    """Accepted, overdue, still under way; then the phone tells the call as living: nobody else would ever ask."""
    s = Shift().announced()
    s.press("release", "hold")
    s.wait(5000)
    s.put(w.CallsAre((line("up", doing="ending"),)))
    asked = s.did(w.AskPhone)
    s.line("up")
    assert s.did(w.AskPhone) == asked + 1
    s.put(w.CallsAre((line("up"),)))
    assert not s.case.has_taken("release")
    assert s.press("release").verdict == Verdict.TAKEN


def test_the_done_lamp_of_one_call_says_nothing_of_the_next() -> None:
    s = Shift().announced()
    s.press("release", "hold")
    s.line("ended", "us")
    assert s.lamp("release") == LampState.DONE
    s.line("up", call="line-2")
    assert s.lamp("release") == LampState.OFF


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
    for buttons, gesture in [
        ((), "tap"),
        (("warn", "release"), "chord"),
        (("release", "warn"), "hold"),
        ((), "hold"),
        (("warn",), "hold"),
    ]:
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


# -- after the end -----------------------------------------------------------------------------------------------------

LATE: list[w.Input] = [
    w.Seen(ask=1, desk=EVE.desk),
    w.Replied(ask=1, desk=EVE.desk, person=EVE.person, reply=w.Reply.TAKE),
    w.EarlierAre("line", ()),
    w.OfferAnswered("case-1", accepted=True, offer=1, desk=EVE.desk),
    w.OfferAnswered("case-1", accepted=False, why="busy", offer=1, desk=EVE.desk),
    w.EffectRefused(1, "too late"),
    w.CallIs(consult("ended", "busy")),
    w.CallsAre(()),
    w.Restarted(),
    w.Tick(),
]


@pytest.mark.parametrize("said", LATE, ids=lambda said: type(said).__name__)
@pytest.mark.parametrize("ended", [False, True])
def test_what_the_edges_say_of_a_call_that_is_over_comes_to_nothing(said: w.Input, ended: bool) -> None:
    s = Scene("no-hang-up", call=ended)
    if ended:
        s.line("ended", "them")
    made = s.put(said)
    assert (made.answer, made.effects, s.desk.case) == (None, (), None)
    assert {type(event) for event in made.events} <= {w.EffectFailed}
