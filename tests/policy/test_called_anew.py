"""Who is called beside any ask, and may come: nobody's answer is lost, nobody is rung twice, nothing untrue is told."""

import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import LINE, line
from tests.policy.test_alerts import asked, closings, crisis, panic, turn_to_second

from rung import words as w
from rung.policy.view import view
from rung.words import Button, Marker, Outcome, Presence, Reply, Role, Verdict, Want

SECOND = "second"


def joins(s: Scene) -> list[str]:
    return [e.target for e in s.effects if isinstance(e, w.Join)]


def said(s: Scene, number: int, who: Presence, reply: str) -> None:
    s.put(w.Replied(ask=number, desk=who.desk, person=who.person, reply=Reply(reply)))


def false_alarm(s: Scene) -> Verdict:
    answer = s.put(w.Unmarked(Marker.EMERGENCY)).answer
    assert answer is not None
    return answer.verdict


def asking_leave() -> Scene:
    s = Scene("hang-up-protocol").declare("slur").must("warn").talk().must("escalate")
    assert s.case.ask is not None and s.case.ask.want == Want.LEAVE
    return s


def asking_to_join() -> Scene:
    s = asking_leave()
    s.reply("grant")
    s.must("warn").must("escalate")
    assert s.case.ask is not None and s.case.ask.want == Want.JOIN
    return s


# -- another question is another answer --------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["quiet ask", "threat", "crisis"])
def test_who_could_not_come_for_less_is_heard_when_there_is_a_panic(before: str) -> None:
    s = Scene("no-hang-up", present=(EVE, FAY)).declare("rudeness")
    {
        "quiet ask": lambda: s.press("escalate"),
        "threat": lambda: s.declare("threat"),
        "crisis": lambda: s.put(w.Marked(Marker.CRISIS)),
    }[before]()
    s.alarm("busy", EVE)
    panic(s)
    s.alarm("busy", FAY)
    assert s.desk.alert is not None, "eve has not answered this one"
    s.alarm("join", EVE)
    assert joins(s) == [EVE.extension]


def test_whoever_is_coming_is_waited_for_though_it_was_a_false_alarm_in_a_crisis() -> None:
    """And nobody else is asked then: their answers would not be taken, and nobody would tell them that it is over."""
    s = Scene("no-hang-up")
    crisis(s)
    panic(s)
    s.alarm("join")
    told = len(s.sent(w.AskFloor))
    assert false_alarm(s) == Verdict.TAKEN
    assert len(s.sent(w.AskFloor)) == told and s.desk.alert is not None and s.desk.alert.taker == EVE.desk
    s.parties(EVE.extension)
    assert s.desk.alerts == ()


# -- once more ---------------------------------------------------------------------------------------------------------


def test_a_quiet_ask_is_put_again_before_whoever_is_there_now() -> None:
    s = Scene("no-hang-up", present=(EVE,)).declare("rudeness")
    s.press("escalate")
    assert "a supervisor has been told already" in s.press("escalate").why
    s.floor()
    assert s.press("escalate").verdict == Verdict.REFUSED, "who was told is gone"
    s.floor(GUS)
    assert "a supervisor has been told." in s.press("escalate").why and asked(s).to == (EVE.desk, GUS.desk)


def test_a_panic_whose_floor_was_lost_rings_the_extension_when_it_is_pressed_again() -> None:
    s = Scene("no-hang-up")
    panic(s)
    s.floor(up=False)
    for _ in range(2):
        answer = s.press("escalate", "hold")
        assert (answer.verdict, answer.why) == (
            Verdict.TAKEN,
            "Emergency: the supervisors' extension is being rung into the call.",
        )
    assert joins(s) == ["600"]
    s.parties("600")
    assert "nobody was alerted" in s.press("escalate", "hold").why and joins(s) == ["600"]


def test_while_the_phone_is_lost_nothing_rings_and_nothing_is_said_to() -> None:
    s = Scene("no-hang-up")
    s.floor(up=False)
    s.put(w.PhoneIs(up=False))
    assert "nobody was alerted" in s.press("escalate", "hold").why and joins(s) == []


@pytest.mark.parametrize("floor", [True, False], ids=["nobody is there", "the floor is lost"])
@pytest.mark.parametrize("marker", list(Marker))
def test_who_is_in_danger_is_heard_by_whoever_comes_later(marker: Marker, floor: bool) -> None:
    s = Scene("no-hang-up", present=(), can=frozenset({"case"}))
    s.floor(up=floor)
    s.put(w.Marked(marker))
    assert view(s.policy, s.desk, s.now).alerts[0].endswith(": nobody told yet") and not s.sent(w.AskFloor)
    s.floor(EVE)
    assert asked(s).to == (EVE.desk,) and asked(s).brief.case == "case-1"
    s.alarm("accept")
    assert s.desk.alerts == ()


# -- in the call already -----------------------------------------------------------------------------------------------


def test_who_is_in_the_call_is_not_called_to_it() -> None:
    s = Scene("no-hang-up").come_in(EVE)
    panic(s)
    assert asked(s, 2).to == (FAY.desk, GUS.desk)
    s.floor(EVE)
    assert "no other supervisor is present" in s.press("escalate", "hold").why


@pytest.mark.parametrize(("button", "gesture"), [("escalate", "tap"), ("escalate", "hold")])
def test_a_supervisor_in_the_call_calls_others_and_never_themselves(button: str, gesture: str) -> None:
    s = Scene("no-hang-up", present=(EVE,)).come_in(EVE)
    told = len(s.sent(w.AskFloor))
    assert s.other_press(EVE, button, gesture).verdict == Verdict.REFUSED and len(s.sent(w.AskFloor)) == told
    s.floor(EVE, FAY)
    s.other_press(EVE, button, gesture)
    assert asked(s, 2).to == (FAY.desk,)


def test_what_a_supervisors_escalate_says_helps() -> None:
    own = Scene("no-hang-up", person="eve", role=Role.SUPERVISOR, present=()).declare("slur")
    answer = own.press("escalate")
    assert answer.why.startswith("A supervisor has no step for escalate. Warn the caller: listen first")
    own.wait(1)
    own.declare("slur").talk()
    assert own.press("escalate").next == Button.WARN
    joined = Scene("no-hang-up", present=(EVE,)).come_in(EVE)
    assert joined.other_press(EVE, "escalate").why.startswith(
        "A supervisor has no step for escalate, but may take the call over. "
    )


def test_whoever_is_rung_into_the_call_is_rung_once() -> None:
    s = Scene("no-hang-up")
    crisis(s)
    s.alarm("join")
    panic(s)
    s.alarm("join")
    assert joins(s) == [EVE.extension]
    s.parties(EVE.extension)
    assert (s.desk.alerts, s.case.pending) == ((), ())


def test_who_came_by_panic_and_answers_the_ask_as_well_has_answered_it() -> None:
    s = asking_to_join()
    panic(s)
    s.alarm("join")
    s.parties(EVE.extension)
    s.reply("join")
    assert s.case.ask is None and s.outcomes()[-1] == Outcome.JOINED and joins(s) == [EVE.extension]
    s = asking_leave()
    panic(s)
    s.alarm("join")
    s.parties(EVE.extension)
    s.reply("join")
    s.reply("grant")
    assert s.case.leave is not None and joins(s) == [EVE.extension]


def test_of_two_in_the_call_the_one_who_takes_it_gets_it() -> None:
    s = asking_leave()
    s.reply("join")
    panic(s)
    s.alarm("join", GUS)
    s.parties(GUS.extension, EVE.extension)
    s.reply("take")
    assert [e.to for e in s.effects if isinstance(e, w.Offer)] == [EVE.desk] and len(joins(s)) == 2


# -- who does not get in -----------------------------------------------------------------------------------------------


def test_where_the_phone_brings_nobody_in_a_panic_calls_everybody_anew() -> None:
    s = Scene("no-hang-up")
    panic(s)
    s.alarm("join")
    s.put(w.EffectRefused(s.sent(w.Join)[0].id, "no line"))
    assert closings(s) == [(1, Outcome.JOINED), (1, Outcome.FAILED)]
    assert (asked(s, 2).want, asked(s, 2).to) == (Want.PANIC, (EVE.desk, FAY.desk, GUS.desk))
    s.alarm("accept", FAY)
    assert s.desk.alerts == ()


def test_the_quiet_ask_of_one_who_does_not_get_in_is_over() -> None:
    s = Scene("no-hang-up").declare("rudeness")
    s.press("escalate")
    s.alarm("join")
    s.put(w.EffectRefused(s.sent(w.Join)[0].id, "no line"))
    assert s.desk.alerts == () and closings(s)[-1] == (1, Outcome.FAILED)


def test_one_who_does_not_get_in_is_not_the_other_who_is_coming() -> None:
    s = asking_leave()
    s.reply("join", FAY)
    panic(s)
    s.alarm("join")
    s.put(w.EffectRefused(s.sent(w.Join)[0].id, "no line"))
    assert s.outcomes() == [Outcome.FAILED] and s.desk.alert is not None and s.desk.alert.taker == EVE.desk


def test_who_was_told_and_comes_in_has_come_though_the_bridge_was_restarted_meanwhile() -> None:
    s = Scene("no-hang-up")
    panic(s)
    s.alarm("join")
    s.put(w.Restarted())
    s.put(w.CallsAre((line("up"),)))
    assert s.desk.alert is not None and s.desk.alert.taker == "", "nobody knows whether she is still rung"
    s.parties(EVE.extension)
    assert s.desk.alerts == () and closings(s)[-1][1] == Outcome.JOINED


@pytest.mark.parametrize("comes", [True, False])
def test_with_a_supervisor_in_the_call_none_is_unavailable_though_the_ask_is_ignored(comes: bool) -> None:
    """Else the agent could give the final notice beside them."""
    s = Scene("warm-transfer").must("warn").talk().must("escalate")
    panic(s)
    inside = (EVE.extension,) if comes else ()
    if comes:
        s.alarm("join")
    s.parties(*inside)
    s.wait(4000)
    s.put(w.CallIs(replace(line("held"), parties=inside)))
    s.wait(26_000)
    s.parties(*inside)
    assert s.outcomes() == [Outcome.IGNORED] and s.case.unavailable != comes


def test_what_is_known_of_a_caller_is_looked_up_when_the_floor_is_back() -> None:
    s = Scene("no-hang-up", call=False)
    s.floor(up=False)
    s.line("up")
    assert not s.sent(w.LookUp)
    s.floor(EVE)
    assert [(e.call, e.caller) for e in s.effects if isinstance(e, w.LookUp)] == [(LINE, "caller")]
    s.put(w.EarlierAre(LINE, (w.Earlier("old-1", "2031-02-03", (w.Ground.SLUR,), "released"),)))
    s.floor(up=False)
    s.floor(EVE)
    assert len(s.sent(w.LookUp)) == 1


# -- leave, and one who listens before giving it -----------------------------------------------------------------------


def test_who_listens_before_giving_leave_is_the_only_one_who_is_still_asked() -> None:
    s = asking_leave()
    s.reply("join")
    assert closings(s) == [(1, Outcome.JOINED)], "for everybody else it is over"
    assert (asked(s).to, set(asked(s).may)) == ((EVE.desk,), {Reply.GRANT, Reply.DENY, Reply.TAKE})
    s.parties(EVE.extension)
    told = len(s.sent(w.AskFloor))
    s.floor(up=False)
    s.floor(EVE, FAY, GUS)
    assert len(s.sent(w.AskFloor)) == told + 1 and asked(s).to == (EVE.desk,), "put again, for it went with the floor"
    s.reply("grant")
    assert s.case.leave is not None


# -- once somebody is rung, or has it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [(EVE, FAY), (GUS,), ()], ids=["as before", "another", "nobody"])
def test_once_the_extension_is_to_be_rung_a_floor_that_is_back_changes_nothing(there: tuple[Presence, ...]) -> None:
    """Else a supervisor could take an ask for which another telephone rings, and be offered a case they cannot have."""
    s = Scene("warm-transfer").must("warn").talk().must("escalate")
    s.floor(up=False)
    told = len(s.sent(w.AskFloor))
    s.floor(*there)
    s.reply("accept", EVE)
    s.wait(s.policy.times.say_ms)
    s.line("held")
    assert len(s.sent(w.AskFloor)) == told and s.outcomes() == []
    assert [e.target for e in s.effects if isinstance(e, w.Consult)] == ["600"]
    s.consult("dialling")
    s.reply("accept", EVE)
    s.consult("up")
    s.wait(3000)
    s.must("escalate")
    assert s.sent(w.Complete) and not s.sent(w.Offer)


def test_an_ask_that_one_in_the_call_takes_is_over_for_all_others() -> None:
    s = Scene("warm-transfer").must("warn").talk().must("escalate")
    panic(s)
    s.alarm("join")
    s.parties(EVE.extension)
    s.reply("accept")
    assert (1, Outcome.ACCEPTED) in closings(s) and [e.to for e in s.effects if isinstance(e, w.Offer)] == [EVE.desk]


def test_nobody_is_said_to_have_the_call_before_they_have() -> None:
    s = Scene("no-hang-up").come_in(EVE)
    assert s.press("escalate").why == "The call is being handed over to eve."


# -- a false alarm, from another call ----------------------------------------------------------------------------------


def test_a_false_alarm_calls_off_the_panic_of_the_call_on_hold() -> None:
    s = Scene("warm-transfer")
    panic(s)
    turn_to_second(s)
    s.wait(3999)
    assert view(s.policy, s.desk, s.now).alarm_ms == 1
    assert false_alarm(s) == Verdict.TAKEN
    assert (s.desk.alerts, s.case.call, [c.marks for c in s.desk.parked]) == ((), SECOND, [()])
    assert closings(s) == [(1, Outcome.TAKEN_BACK)] and false_alarm(s) == Verdict.REFUSED


def test_of_two_panics_the_newer_is_called_off_first() -> None:
    s = Scene("warm-transfer")
    panic(s)
    turn_to_second(s)
    s.wait(1000)
    panic(s)
    assert false_alarm(s) == Verdict.TAKEN and [a.case for a in s.desk.alerts] == ["case-1"]
    assert false_alarm(s) == Verdict.TAKEN and s.desk.alerts == ()


def test_a_false_alarm_from_another_call_stops_the_recording_of_its_own() -> None:
    s = Scene("warm-transfer")
    panic(s)
    s.put(w.CallIs(replace(line("held"), recording="case-1")))
    s.line("up", call=SECOND)
    false_alarm(s)
    assert [e.call for e in s.effects if isinstance(e, w.StopRecording)] == [LINE]
