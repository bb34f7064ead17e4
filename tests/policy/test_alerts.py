"""Alerts where an agent has several calls, or none: each belongs to its own call, and ends with no other one."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import LINE, line

from rung import words as w
from rung.policy import Desk, load
from rung.policy.book import Book, Rule
from rung.policy.evolve import evolve
from rung.policy.language import version_of
from rung.policy.view import view
from rung.words import Button, Marker, Outcome, Reply, Verdict, Want

SECOND = "second"
ALL = (EVE.desk, FAY.desk, GUS.desk)


def parked_first() -> Scene:
    """The first caller on hold, and the agent with the second."""
    return turn_to_second(Scene("warm-transfer"))


def turn_to_second(s: Scene) -> Scene:
    s.line("held")
    s.line("up", call=SECOND)
    return s


def turn_to_first(s: Scene) -> Scene:
    s.line("held", call=SECOND)
    s.line("up")
    return s


def asked(s: Scene, number: int = 1) -> w.AskFloor:
    """How it is before the supervisors now."""
    found = [effect for effect in s.effects if isinstance(effect, w.AskFloor) and effect.ask == number]
    return found[-1]


def closings(s: Scene) -> list[tuple[int, Outcome]]:
    return [(e.ask, e.outcome) for e in s.effects if isinstance(e, w.CloseAsk)]


def panic(s: Scene) -> None:
    s.press("escalate", "hold")


def crisis(s: Scene) -> None:
    s.put(w.Marked(Marker.CRISIS))


def test_what_is_raised_without_a_call_says_who_raised_it_and_names_none() -> None:
    s = Scene("no-hang-up", present=(EVE,), call=False)
    panic(s)
    brief = asked(s).brief
    assert (brief.case, brief.caller, brief.person) == ("", "", "ada")


# -- another call ends -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("called", [panic, crisis])
def test_the_end_of_a_call_on_hold_calls_off_nothing_that_was_raised_on_the_other(
    called: Callable[[Scene], None],
) -> None:
    s = parked_first()
    called(s)
    s.line("ended", "them")
    assert s.desk.alert is not None and closings(s) == []
    s.alarm("join")
    assert [(e.call, e.target) for e in s.effects if isinstance(e, w.Join)] == [(SECOND, EVE.extension)]


def test_the_end_of_a_later_call_calls_off_nothing_that_was_raised_on_the_first() -> None:
    s = Scene("warm-transfer")
    panic(s)
    turn_to_second(s)
    s.line("ended", "them", call=SECOND)
    assert s.desk.alert is not None and (s.desk.alert.case, closings(s)) == ("case-1", [])
    s.alarm("join")
    assert [e.call for e in s.effects if isinstance(e, w.Join)] == [LINE]


def test_a_supervisor_who_is_being_rung_into_a_call_is_not_given_up_when_another_ends() -> None:
    s = parked_first()
    panic(s)
    s.alarm("join")
    s.line("ended", "them")
    assert closings(s) == [(1, Outcome.JOINED)]
    s.put(w.CallIs(replace(line("up", call=SECOND), parties=(EVE.extension,))))
    assert s.desk.alerts == () and [j.person for j in s.case.joined] == ["eve"]


def test_a_panic_ends_with_its_own_call_on_hold_or_not() -> None:
    for own in (LINE, SECOND):
        s = Scene("warm-transfer")
        if own == SECOND:
            turn_to_second(s)
            panic(s)
            turn_to_first(s)
        else:
            panic(s)
            turn_to_second(s)
        s.line("ended", "them", call=own)
        assert s.desk.alerts == () and closings(s) == [(1, Outcome.CALLER_LEFT)]


def test_each_of_two_calls_calls_for_help_by_itself() -> None:
    """A threat on one, a panic on the other: whichever ends or is answered, the other still calls."""
    s = Scene("warm-transfer").declare("threat")
    turn_to_second(s)
    panic(s)
    assert [(a.number, a.want, a.case) for a in s.desk.alerts] == [
        (1, Want.THREAT, "case-1"),
        (2, Want.PANIC, "case-2"),
    ]
    assert (asked(s, 1).brief.case, asked(s, 2).brief.case) == ("case-1", "case-2")
    assert view(s.policy, s.desk, s.now).alerts == ("on another call, threat: 3 told", "panic: 3 told")
    s.line("ended", "them", call=SECOND)
    assert [a.want for a in s.desk.alerts] == [Want.THREAT] and closings(s) == [(2, Outcome.CALLER_LEFT)]


def test_the_same_panic_on_another_call_is_told_as_one_of_that_call() -> None:
    s = Scene("warm-transfer")
    panic(s)
    turn_to_second(s)
    panic(s)
    assert [a.case for a in s.desk.alerts] == ["case-1", "case-2"]
    s.alarm("accept")
    assert [a.case for a in s.desk.alerts] == ["case-1"], "who comes to one has not answered the other"


def test_a_quiet_ask_is_heard_though_the_other_call_has_one() -> None:
    s = Scene("no-hang-up").declare("rudeness")
    assert s.press("escalate").verdict == Verdict.NOTHING
    turn_to_second(s).declare("rudeness")
    s.press("escalate")
    assert [(a.want, a.case) for a in s.desk.alerts] == [(Want.COMPANY, "case-1"), (Want.COMPANY, "case-2")]


# -- without a call ----------------------------------------------------------------------------------------------------


def without_a_call() -> Scene:
    s = Scene("warm-transfer", call=False)
    panic(s)
    return s


def test_a_panic_without_a_call_outlives_every_call_until_somebody_answers() -> None:
    s = without_a_call()
    for call in (LINE, SECOND):
        s.line("up", call=call)
        assert Reply.JOIN not in asked(s).may
        s.line("ended", "them", call=call)
    assert s.desk.alert is not None and closings(s) == []
    s.alarm("accept")
    assert s.desk.alerts == () and closings(s) == [(1, Outcome.ACCEPTED)]


def test_a_panic_without_a_call_ends_when_all_are_busy() -> None:
    s = without_a_call()
    s.line("up")
    for who in (EVE, FAY, GUS):
        s.put(w.Replied(ask=1, desk=who.desk, person=who.person, reply=Reply.BUSY))
    assert s.desk.alerts == () and closings(s) == [(1, Outcome.BUSY)]


def test_a_panic_without_a_call_is_called_off_within_4_s_though_a_call_has_come() -> None:
    s = without_a_call()
    s.line("up")
    s.wait(3999)
    assert view(s.policy, s.desk, s.now).alarm_ms == 1
    assert s.put(w.Unmarked(Marker.EMERGENCY)).answer == w.Answer(verdict=Verdict.TAKEN, why="Called off: false alarm.")
    assert s.desk.alerts == () and closings(s) == [(1, Outcome.TAKEN_BACK)]


def test_only_who_made_a_panic_without_a_call_calls_it_off() -> None:
    s = without_a_call()
    s.sits("ben")
    answer = s.put(w.Unmarked(Marker.EMERGENCY)).answer
    assert answer is not None and answer.verdict == Verdict.REFUSED and len(s.desk.alerts) == 1


def test_a_panic_on_a_call_is_one_of_that_call_though_one_without_a_call_stands() -> None:
    s = without_a_call()
    s.line("up")
    panic(s)
    assert [a.case for a in s.desk.alerts] == ["", "case-1"] and Reply.JOIN in asked(s, 2).may
    s.line("ended", "them")
    assert [a.case for a in s.desk.alerts] == [""]


# -- who may come where ------------------------------------------------------------------------------------------------


def test_nobody_is_brought_into_another_callers_call() -> None:
    s = Scene("warm-transfer").declare("threat")
    panic(s)
    turn_to_second(s)
    assert Reply.JOIN not in asked(s).may and Reply.ACCEPT in asked(s).may
    assert asked(s).brief.case == "case-1" and asked(s).brief.grounds
    s.put(w.Replied(ask=1, desk=EVE.desk, person="eve", reply=Reply.JOIN))  # it was on its way
    assert not s.sent(w.Join) and closings(s) == [(1, Outcome.ACCEPTED)]
    assert s.events(w.AlertClosed) == [w.AlertClosed(1, "eve is coming", "case-1")]


def test_who_comes_to_the_desk_need_not_be_rung() -> None:
    s = without_a_call()
    s.put(w.FloorIs(up=True, present=(GUS,), desks={GUS.desk: GUS.extension}))
    s.put(w.Replied(ask=1, desk=EVE.desk, person="eve", reply=Reply.JOIN))
    assert closings(s) == [(1, Outcome.ACCEPTED)]


def test_back_on_the_call_whoever_comes_is_brought_into_it() -> None:
    s = Scene("warm-transfer")
    panic(s)
    turn_to_first(turn_to_second(s))
    assert Reply.JOIN in asked(s).may
    s.alarm("join")
    assert [(e.call, e.case) for e in s.effects if isinstance(e, w.Join)] == [(LINE, "case-1")]


def test_what_may_be_answered_is_told_anew_only_when_it_has_changed() -> None:
    s = Scene("warm-transfer")
    panic(s)
    told = len(s.sent(w.AskFloor))
    s.line("held")
    s.line("up")
    assert len(s.sent(w.AskFloor)) == told
    s.put(w.PhoneIs(up=True, can=frozenset()))
    assert len(s.sent(w.AskFloor)) == told + 1 and Reply.JOIN not in asked(s).may
    s.floor(up=False)
    s.put(w.PhoneIs(up=True, can=frozenset({"join"})))
    assert len(s.sent(w.AskFloor)) == told + 1, "it cannot be told now"
    s.floor(EVE, FAY, GUS)
    assert len(s.sent(w.AskFloor)) == told + 2 and Reply.JOIN in asked(s).may


def test_who_is_already_coming_is_not_asked_again() -> None:
    s = Scene("warm-transfer")
    panic(s)
    s.alarm("join")
    told = len(s.sent(w.AskFloor))
    s.put(w.PhoneIs(up=True, can=frozenset()))
    s.floor(up=False)
    s.floor(EVE, FAY, GUS)
    assert len(s.sent(w.AskFloor)) == told


def test_the_brief_is_of_the_policy_of_its_own_call() -> None:
    """The other call may have another policy, which does not know the rungs that were taken on this one."""
    first, other = load("warm-transfer"), load("end-with-care")
    book = Book(first, (Rule("care", other),))
    s = Scene("warm-transfer")
    s.must("warn")
    panic(s)
    s.line("held")
    s.rules = book
    s.put(w.CallIs(replace(line("up", call=SECOND), queue="care")))
    assert s.case.version == version_of(other)
    s.floor(up=False)
    s.floor(EVE, FAY, GUS)
    assert asked(s).brief.case == "case-1" and asked(s).brief.rungs


# -- what stands on one call -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [(crisis, panic), (panic, crisis)], ids=["before", "meanwhile"])
def test_a_false_alarm_calls_off_no_crisis(steps: tuple[Callable[[Scene], None], ...]) -> None:
    s = Scene("warm-transfer")
    for step in steps:
        step(s)
    s.put(w.Unmarked(Marker.EMERGENCY))
    assert s.desk.alert is not None and (s.desk.alert.want, asked(s).want) == (Want.CRISIS, Want.CRISIS)
    assert asked(s).to == ALL and closings(s) == []


def test_a_crisis_calls_until_each_who_marked_it_has_taken_it_back() -> None:
    s = Scene("warm-transfer")
    for person in ("ada", "ben"):
        s.sits(person)
        crisis(s)
    s.put(w.Unmarked(Marker.CRISIS))
    assert s.desk.alert is not None and s.desk.alert.want == Want.CRISIS and closings(s) == []
    s.sits("ada")
    s.put(w.Unmarked(Marker.CRISIS))
    assert s.desk.alerts == () and closings(s) == [(1, Outcome.TAKEN_BACK)]


def test_what_has_been_answered_long_ago_is_not_raised_again_when_something_less_urgent_is_over() -> None:
    s = Scene("warm-transfer")
    panic(s)
    s.alarm("accept")
    crisis(s)
    s.put(w.Unmarked(Marker.CRISIS))
    assert s.desk.alerts == () and s.case.marked(Marker.EMERGENCY)


def test_a_false_alarm_of_one_leaves_the_panic_of_another() -> None:
    s = Scene("warm-transfer")
    panic(s)
    s.sits("ben")
    panic(s)
    s.put(w.Unmarked(Marker.EMERGENCY))
    assert s.desk.alert is not None and s.desk.alert.want == Want.PANIC and closings(s) == []


def test_with_a_supervisor_in_the_call_a_false_alarm_calls_nobody_any_more() -> None:
    s = Scene("warm-transfer").come_in(EVE)
    s.sits("ben")
    crisis(s)
    panic(s)
    s.put(w.Unmarked(Marker.EMERGENCY))
    assert s.desk.alerts == ()


def test_a_false_alarm_while_the_floor_is_away_is_told_once_it_is_back() -> None:
    s = Scene("warm-transfer")
    crisis(s)
    panic(s)
    s.floor(up=False)
    told = len(s.sent(w.AskFloor))
    s.put(w.Unmarked(Marker.EMERGENCY))
    assert len(s.sent(w.AskFloor)) == told
    s.floor(EVE, FAY, GUS)
    assert asked(s).want == Want.CRISIS


def test_a_panic_while_somebody_comes_for_a_threat_is_heard_by_the_others() -> None:
    s = Scene("warm-transfer").declare("threat")
    s.alarm("join")
    panic(s)
    assert s.desk.alert is not None and (s.desk.alert.want, s.desk.alert.taker) == (Want.PANIC, "")
    s.alarm("join", FAY)
    assert [e.target for e in s.effects if isinstance(e, w.Join)] == [EVE.extension, FAY.extension]


# -- records -----------------------------------------------------------------------------------------------------------


def test_an_alert_of_a_record_that_names_no_case_is_one_of_the_case_it_was_raised_on() -> None:
    """So wrote the release before this one."""
    desk = Scene("warm-transfer").desk
    raised = w.AlertRaised(ask=1, want=Want.PANIC, person="ada", to=ALL)
    assert [a.case for a in evolve(desk, raised, 1).alerts] == ["case-1"]
    assert [a.case for a in evolve(Desk(), raised, 1).alerts] == [""]


def test_the_answer_to_one_alert_changes_no_other() -> None:
    s = Scene("warm-transfer")
    panic(s)
    turn_to_second(s)
    panic(s)
    s.put(w.Replied(ask=1, desk=EVE.desk, person="eve", reply=Reply.BUSY))
    assert [a.busy for a in s.desk.alerts] == [(EVE.desk,), ()]


# -- a supervisor in the call, and nobody on the floor -----------------------------------------------------------------


@pytest.mark.parametrize("button", [Button.WARN, Button.RELEASE])
def test_with_a_supervisor_in_the_call_a_refusal_names_escalate_though_the_floor_is_away(button: Button) -> None:
    s = Scene("no-hang-up")
    s.floor(up=False)
    panic(s)
    s.parties("600")
    answer = s.press(button)
    assert (answer.verdict, answer.next) == (Verdict.REFUSED, Button.ESCALATE)
    assert "hands the call to the supervisor" in answer.why
    s.must("escalate")


@pytest.mark.parametrize("back", [False, True], ids=["comes to the floor", "the floor is back"])
def test_nobody_who_is_in_the_call_on_hold_is_called_to_it_and_who_is_in_the_other_call_is(back: bool) -> None:
    """The agent has turned from a call with fay, in danger, to one with gus."""
    s = Scene("warm-transfer", present=(EVE,))
    s.parties(FAY.extension)
    s.floor(EVE, FAY)
    panic(s)
    s.put(w.CallIs(replace(line("held"), parties=(FAY.extension,))))
    s.floor(EVE, FAY, GUS)
    s.put(w.CallIs(replace(line("up", call=SECOND), parties=(GUS.extension,))))
    assert [j.person for j in s.case.joined] == ["gus"]
    if back:
        s.floor(up=False)
    s.floor(EVE, FAY, GUS)
    (alert,) = s.desk.alerts
    assert (alert.case, alert.to) == ("case-1", (EVE.desk, GUS.desk))
