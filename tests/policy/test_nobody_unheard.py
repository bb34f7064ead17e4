"""Whoever calls for help is heard: by those who are there now, by who comes later, and whatever was answered before."""

from collections.abc import Callable

import pytest
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import line
from tests.policy.test_alerts import asked, closings, crisis, panic
from tests.policy.test_on_the_way import busy, rung_in

from rung import words as w
from rung.policy.view import view
from rung.words import Button, Marker, Outcome, Presence, Reply, Verdict, Want

EXTENSION = "600"


def quietly(s: Scene) -> None:
    s.press("escalate")


def of_a_threat(s: Scene) -> None:
    s.declare("threat")


# -- who could not come before may come now ----------------------------------------------------------------------------


@pytest.mark.parametrize("first", [quietly, of_a_threat, crisis])
@pytest.mark.parametrize("said", ["busy", "decline"])
def test_a_more_urgent_alert_is_another_question_to_all(first: Callable[[Scene], None], said: str) -> None:
    s = Scene("no-hang-up", present=(EVE, FAY)).declare("rudeness")
    first(s)
    s.alarm(said, EVE)
    panic(s)
    s.alarm("busy", FAY)
    assert s.desk.alert is not None, "eve has not answered the panic"
    s.alarm("join", EVE)
    assert rung_in(s) == [EVE.extension] and closings(s) == [(1, Outcome.JOINED)]


def test_a_panic_that_was_called_off_leaves_the_crisis_as_another_question() -> None:
    s = Scene("no-hang-up", present=(EVE,))
    crisis(s)
    panic(s)
    s.put(w.Unmarked(Marker.EMERGENCY))
    s.alarm("join", EVE)
    assert rung_in(s) == [EVE.extension]


def test_the_same_alert_put_to_more_keeps_who_cannot_come() -> None:
    s = Scene("no-hang-up", present=(EVE, FAY))
    panic(s)
    s.alarm("busy", FAY)
    s.floor(EVE, FAY, GUS)
    assert s.desk.alert is not None and (s.desk.alert.want, s.desk.alert.busy) == (Want.PANIC, (FAY.desk,))


# -- said again: to whoever is there now -------------------------------------------------------------------------------


@pytest.mark.parametrize("called", [quietly, of_a_threat])
def test_what_is_said_again_is_told_to_who_has_come_since(called: Callable[[Scene], None]) -> None:
    s = Scene("no-hang-up", present=(EVE,)).declare("rudeness")
    called(s)
    for there, told in ((EVE,), [EVE.desk]), ((FAY,), [EVE.desk, FAY.desk]), ((FAY, EVE), [EVE.desk, FAY.desk]):
        s.floor(*there)
        called(s)
        assert list(asked(s).to) == told
    s.alarm("join", FAY)
    assert rung_in(s) == [FAY.extension]


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ((EVE,), "a supervisor has been told already"),
        ((EVE, FAY), "a supervisor has been told"),
        ((EVE, FAY, GUS), "2 supervisors have been told"),
        ((FAY,), "a supervisor has been told"),
    ],
)
def test_the_answer_says_who_was_told(there: tuple[Presence, ...], why: str) -> None:
    s = Scene("no-hang-up", present=(EVE,)).declare("threat")
    s.floor(*there)
    answer = s.put(w.Declared(w.Ground.THREAT)).answer
    assert answer is not None and answer.why == f"Ground declared: threat; {why}."


def test_nobody_is_said_to_have_been_told_who_is_gone() -> None:
    s = Scene("no-hang-up", present=(EVE,))
    panic(s)
    s.floor()
    answer = s.press("escalate", "hold")
    assert answer.verdict == Verdict.REFUSED and "no supervisor is present" in answer.why
    s.declare("rudeness")
    for button in (Button.ESCALATE, Button.WARN):
        assert s.press(button).next is None and s.press(button).verdict == Verdict.REFUSED
    assert "Quiet" not in view(s.rules, s.desk, s.now).buttons[Button.ESCALATE]


# -- nobody could be told: whoever comes is ----------------------------------------------------------------------------


@pytest.mark.parametrize("called", [panic, crisis])
@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize("call", [True, False])
def test_whoever_comes_to_the_floor_is_told_of_danger_that_nobody_has_heard(
    called: Callable[[Scene], None], up: bool, call: bool
) -> None:
    if called is crisis and not call:
        return
    s = Scene("no-hang-up", can=frozenset(), call=call)
    s.floor(up=up)
    called(s)
    assert not s.sent(w.AskFloor)
    s.floor(up=not up)
    assert not s.sent(w.AskFloor), "still nobody is there"
    s.floor(EVE)
    assert asked(s).to == (EVE.desk,) and Reply.ACCEPT in asked(s).may
    s.alarm("accept", EVE)
    assert s.desk.alerts == ()


def test_what_nobody_has_heard_is_called_off_and_ends_like_any_other() -> None:
    for end in (lambda s: s.put(w.Unmarked(Marker.EMERGENCY)), lambda s: s.line("ended", "them")):
        s = Scene("no-hang-up", present=())
        panic(s)
        end(s)
        s.floor(EVE)
        assert s.desk.alerts == () and not s.sent(w.AskFloor) and closings(s) == []


# -- the floor is out of reach: the extension --------------------------------------------------------------------------


@pytest.mark.parametrize("called", [panic, crisis])
def test_the_extension_is_rung_when_the_floor_is_lost_before_anybody_has_answered(
    called: Callable[[Scene], None],
) -> None:
    s = Scene("no-hang-up", present=(EVE,))
    called(s)
    s.floor(up=False)
    assert rung_in(s) == [EXTENSION]
    answer = s.press("escalate", "hold")
    assert answer.why == "Emergency: the supervisors' extension is being rung into the call."
    s.declare("rudeness").press("escalate")
    assert rung_in(s) == [EXTENSION], "once, and for no quiet ask"
    s.floor(EVE)
    assert asked(s).to == (EVE.desk,)
    s.parties(EXTENSION)
    assert s.desk.alerts == () and closings(s) == [(1, Outcome.JOINED)], "somebody is with them"


def in_the_call(s: Scene) -> None:
    s.come_in(EVE)


def coming(s: Scene) -> None:
    panic(s)
    s.alarm("join")


def the_phone_was_lost(s: Scene) -> Callable[[], object]:
    s.put(w.PhoneIs(up=False))
    s.floor(up=False)
    s.put(w.PhoneIs(up=True, can=frozenset({"join"})))
    return lambda: s.put(w.CallsAre((line("up"),)))


def the_caller_was_on_hold(s: Scene) -> Callable[[], object]:
    s.line("held")
    s.floor(up=False)
    return lambda: s.line("up")


def the_agent_was_with_another(s: Scene) -> Callable[[], object]:
    s.line("held")
    s.line("up", call="second")
    s.floor(up=False)
    return lambda: s.put(w.CallsAre((line("up"), line("held", call="second"))))


def whoever_came_did_not(s: Scene) -> Callable[[], object]:
    s.alarm("join")
    s.floor(up=False)
    return lambda: busy(s)


@pytest.mark.parametrize(
    "way", [the_phone_was_lost, the_caller_was_on_hold, the_agent_was_with_another, whoever_came_did_not]
)
@pytest.mark.parametrize("called", [panic, crisis])
def test_the_extension_is_rung_as_soon_as_it_can_be(
    called: Callable[[Scene], None], way: Callable[[Scene], Callable[[], object]]
) -> None:
    s = Scene("no-hang-up", present=(EVE,))
    called(s)
    goes_on = way(s)
    assert EXTENSION not in rung_in(s)
    goes_on()
    assert rung_in(s).count(EXTENSION) == 1
    s.put(w.EffectRefused(s.sent(w.Join)[-1].id, "cannot aim"))
    s.line("up")
    s.wait(60_000)
    assert rung_in(s).count(EXTENSION) == 1, "once is enough; a press rings it again"
    s.press("escalate", "hold")
    assert rung_in(s).count(EXTENSION) == 2


@pytest.mark.parametrize("before", [quietly, of_a_threat, in_the_call, coming])
def test_the_extension_is_not_rung_for_less_nor_where_somebody_is_or_comes(before: Callable[[Scene], None]) -> None:
    s = Scene("no-hang-up", present=(EVE,)).declare("rudeness")
    before(s)
    s.floor(up=False)
    assert EXTENSION not in rung_in(s)


# -- a threat that nobody was there to hear ----------------------------------------------------------------------------


@pytest.mark.parametrize("ground", ["threat", "threat_other"])
@pytest.mark.parametrize("up", [True, False])
def test_a_threat_that_reached_nobody_is_told_to_whoever_comes(ground: str, up: bool) -> None:
    """ "`threat` and `threat_other` alert a supervisor at once, under every policy": as soon as there is one."""
    s = Scene("no-hang-up", present=())
    s.floor(up=up)
    answer = s.put(w.Declared(w.Ground(ground))).answer
    why = "no supervisor is present" if up else "the floor is out of reach"
    assert answer is not None and answer.why == f"Ground declared: {ground}; {why}."
    assert view(s.rules, s.desk, s.now).alerts == ("threat: nobody told yet",)
    s.floor(EVE)
    assert (list(asked(s).to), asked(s).want) == ([EVE.desk], Want.THREAT)
    s.alarm("join", EVE)
    assert rung_in(s) == [EVE.extension]


def test_a_threat_that_is_taken_back_calls_nobody_any_more() -> None:
    s = Scene("no-hang-up", present=(EVE,)).declare("threat", "threat_other")
    s.put(w.TakenBack(w.Ground.THREAT))
    assert s.desk.alert is not None, "the other one stands"
    s.put(w.TakenBack(w.Ground.THREAT_OTHER))
    assert s.desk.alerts == () and closings(s) == [(1, Outcome.TAKEN_BACK)]
    crisis(s.declare("threat"))
    s.put(w.TakenBack(w.Ground.THREAT))
    assert s.desk.alert is not None and s.desk.alert.want == Want.CRISIS
