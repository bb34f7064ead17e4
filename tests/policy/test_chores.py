"""What the phone does beside the ladder: record in an emergency, pause for a breather. What it cannot is a task."""

from typing import Literal

import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, Scene
from tests.policy.shift import LINE, line

from rung import words as w
from rung.policy import Book
from rung.policy.chores import NO_BLOCK, NO_CASE, NO_JOIN, RECORDING
from rung.policy.view import View, view
from rung.words import Ending, Marker, Verdict

ALL = frozenset({"attended", "returns", "case", "join", "record", "block", "pause"})
Switch = Literal["never", "announced", "consented"]


def seen(s: Scene) -> View:
    return view(s.rules, s.desk, s.now)


def tasks(s: Scene) -> list[str]:
    assert seen(s).tasks == tuple(why for _, why in s.desk.tasks)
    return [what for what, _ in s.desk.tasks]


# -- an emergency ------------------------------------------------------------------------------------------------------


def panicked(switch: Switch, can: frozenset[str] = ALL) -> Scene:
    s = Scene("warm-transfer", can=can)
    s.rules = Book(s.policy, recording=switch)
    s.press("escalate", "hold")
    return s


def recorded(s: Scene, name: str) -> Scene:
    s.put(w.CallIs(replace(line("up"), recording=name)))
    return s


@pytest.mark.parametrize("switch", ["never", "announced", "consented"])
def test_panic_records_only_as_the_site_allows(switch: Switch) -> None:
    s = panicked(switch)
    assert [e.name for e in s.sent(w.Record) if isinstance(e, w.Record)] == (
        [s.case.id] if switch == "announced" else []
    )
    assert s.desk.tasks == ((("record", RECORDING["consent"]),) if switch == "consented" else ())


def test_a_crisis_is_not_recorded() -> None:
    s = Scene("warm-transfer", can=ALL)
    s.rules = Book(s.policy, recording="announced")
    s.put(w.Marked(Marker.CRISIS))
    assert not s.sent(w.Record)


def test_a_recording_is_done_when_the_call_says_so() -> None:
    s = panicked("announced")
    assert s.case.waiting(w.Record)
    assert not seen(s).recording
    recorded(s, s.case.id)
    assert not s.case.pending and seen(s).recording
    s.put(w.Marked(Marker.CRISIS))
    s.press("escalate", "hold")
    assert len(s.sent(w.Record)) == 1, "once is enough"


def test_what_is_recorded_already_is_left_alone() -> None:
    s = Scene("warm-transfer", can=ALL)
    s.rules = Book(s.policy, recording="announced")
    recorded(s, "somebody-elses")
    s.press("escalate", "hold")
    s.put(w.Unmarked(Marker.EMERGENCY))
    assert not s.sent(w.Record) and not s.sent(w.StopRecording)


def test_a_false_alarm_stops_the_recording() -> None:
    s = panicked("announced")
    recorded(s, s.case.id)
    s.put(w.Unmarked(Marker.EMERGENCY))
    assert len(s.sent(w.StopRecording)) == 1 and s.case.waiting(w.StopRecording)
    recorded(s, s.case.id)
    assert len(s.sent(w.StopRecording)) == 1, "told again, it is under way"
    recorded(s, "")
    assert not s.case.pending


def test_after_a_false_alarm_nobody_is_to_ask_about_a_recording() -> None:
    s = panicked("consented")
    s.put(w.Unmarked(Marker.EMERGENCY))
    assert s.desk.tasks == ()


def test_a_recording_that_begins_after_the_false_alarm_is_stopped() -> None:
    s = panicked("announced")
    s.put(w.Unmarked(Marker.EMERGENCY))
    assert not s.sent(w.StopRecording)
    recorded(s, s.case.id)
    assert s.sent(w.StopRecording)


def test_a_false_alarm_after_the_call_stops_nothing() -> None:
    s = Scene("warm-transfer", can=ALL)
    s.press("escalate", "hold")
    s.put(w.CallsAre(()))
    s.put(w.Unmarked(Marker.EMERGENCY))
    assert not s.sent(w.StopRecording)


def test_a_recording_that_goes_on_after_a_false_alarm_is_told_as_what_it_is() -> None:
    s = panicked("announced")
    recorded(s, s.case.id)
    s.put(w.Unmarked(Marker.EMERGENCY))
    s.put(w.EffectRefused(s.sent(w.StopRecording)[0].id, "no such recording"))
    assert [why for _, why in s.desk.tasks] == [
        "the phone has not stopped the recording of a false alarm: stop it in another way"
    ]
    s = panicked("announced")
    s.put(w.Unmarked(Marker.EMERGENCY))
    s.put(w.EffectRefused(s.sent(w.Record)[0].id, "no room"))
    assert s.desk.tasks == (), "nobody need record any more"


def test_a_recording_that_the_phone_refuses_or_forgets_is_a_persons() -> None:
    s = panicked("announced")
    s.put(w.EffectRefused(s.sent(w.Record)[0].id, "no room"))
    assert tasks(s) == ["record"] and not s.case.pending
    s = panicked("announced")
    s.wait(6000)
    s.put(w.CallsAre((line("up"),)))
    assert tasks(s) == ["record"] and not s.case.pending


def test_a_phone_that_can_nothing_more_leaves_it_all_to_people_and_says_so_once() -> None:
    s = panicked("announced", can=frozenset())
    assert s.desk.tasks == (("join", NO_JOIN), ("record", RECORDING["record"]))
    s.press("escalate", "hold")
    s.put(w.Marked(Marker.CRISIS))
    assert tasks(s) == ["join", "record"]
    told = s.put(w.TaskDone("join")).answer
    assert told is not None and told.verdict == Verdict.TAKEN and tasks(s) == ["record"]
    again = s.put(w.TaskDone("join")).answer
    assert again is not None and again.verdict == Verdict.NOTHING


def test_without_a_call_or_a_phone_there_is_nothing_to_do() -> None:
    s = Scene("warm-transfer", can=frozenset(), call=False)
    s.press("escalate", "hold")
    s.line("up")
    s.put(w.PhoneIs(up=False))
    s.put(w.Marked(Marker.CRISIS))
    assert tasks(s) == []


# -- the breather ------------------------------------------------------------------------------------------------------


def breather(can: frozenset[str] = ALL) -> Scene:
    s = Scene("advise-and-warn", can=can).declare("slur")
    s.line("ended", "them")
    return s


def paused(s: Scene, paused: bool = True, can: frozenset[str] = ALL) -> Scene:
    s.put(w.PhoneIs(up=True, can=can, paused=paused))
    return s


def pauses(s: Scene) -> list[bool]:
    return [e.paused for e in s.sent(w.Pause) if isinstance(e, w.Pause)]


def test_after_a_hard_call_the_phone_is_paused_until_the_breather_is_over() -> None:
    s = breather()
    assert pauses(s) == [True] and seen(s).breather_ms == 300_000
    assert s.sent(w.Pause) == [w.Pause(s.desk.effect, True, "breather")]
    paused(s)
    s.wait(299_000)
    assert pauses(s) == [True] and seen(s).breather_ms == 1000
    s.wait(1000)
    assert pauses(s) == [True, False] and s.desk.rest is None and not tasks(s)
    s.wait(60_000)
    assert len(pauses(s)) == 2


def test_the_agent_may_end_it_early_here_or_on_the_phone() -> None:
    s = paused(breather())
    told = s.put(w.BreatherOver()).answer
    assert told is not None and told.verdict == Verdict.TAKEN and pauses(s) == [True, False]
    s = paused(breather())
    paused(s, False)
    assert s.desk.rest is None and pauses(s) == [True]
    again = s.put(w.BreatherOver()).answer
    assert again is not None and again.verdict == Verdict.NOTHING


def test_nobody_ends_it_from_another_desk() -> None:
    s = Scene("advise-and-warn", can=ALL).declare("slur").come_in()
    told = s.other(EVE, w.BreatherOver())
    assert told is not None and told.verdict == Verdict.REFUSED


def test_a_phone_that_is_still_paused_after_a_restart_is_told_and_may_be_freed() -> None:
    s = paused(Scene("advise-and-warn", can=ALL, call=False))
    assert "The phone is paused: no calls come from queues." in seen(s).troubles
    s.put(w.BreatherOver())
    assert pauses(s) == [False]


def test_a_phone_that_comes_back_is_asked_again() -> None:
    s = breather()
    s.put(w.PhoneIs(up=False))
    paused(s, False)
    assert pauses(s) == [True, True]
    s.put(w.PhoneIs(up=False))
    paused(s)
    assert pauses(s) == [True, True]


def test_a_phone_that_pauses_nobody_leaves_it_to_the_agent() -> None:
    s = breather(can=frozenset())
    assert tasks(s) == ["pause"] and not pauses(s)
    s.put(w.BreatherOver())
    assert tasks(s) == [] and not pauses(s), "the task ends with the breather"


def test_a_pause_that_the_phone_refuses_or_forgets_is_told() -> None:
    s = breather()
    s.put(w.EffectRefused(99, "of nobody's"))
    assert tasks(s) == []
    s.put(w.EffectRefused(s.sent(w.Pause)[0].id, "you are in no queue"))
    assert tasks(s) == ["pause"] and "you are in no queue" in seen(s).tasks[0]
    s = breather()
    s.wait(6000)
    assert tasks(s) == ["pause"]
    s.wait(60_000)
    assert len(s.desk.tasks) == 1


# -- other duties ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("can", "told"), [(frozenset(), [NO_BLOCK]), (ALL, [])])
def test_a_block_is_proposed_and_a_phone_that_cannot_block_says_who_does(can: frozenset[str], told: list[str]) -> None:
    s = Scene("end-with-care", can=can).declare("harassment")
    s.line("ended", "us")
    assert [d.duty for d in s.events(w.DutyDue) if isinstance(d, w.DutyDue)].count("block") == 1
    assert [why for what, why in s.desk.tasks if what == "block"] == told


def test_where_the_case_cannot_travel_the_caller_is_put_through_and_the_supervisor_is_told_by_mouth() -> None:
    s = Scene("warm-transfer", can=frozenset({"attended"})).declare("slur")
    s.must("warn").talk().must("escalate")
    s.reply("accept")
    s.wait(s.policy.times.say_ms)
    s.line("held")
    s.consult("dialling")
    s.consult("up")
    warning = "This phone drops a caller whose transfer fails: the supervisor is rung once more, and must answer."
    assert warning in seen(s).troubles
    s.wait(3000)
    s.must("escalate")
    assert s.sent(w.Complete) and not s.sent(w.Offer)
    assert s.desk.tasks == (("case", NO_CASE),)


def test_a_crash_of_the_phone_is_told_apart_from_a_click_and_still_looked_at() -> None:
    for by, how in (("us", Ending.ROUND_RUNG), ("phone", Ending.PHONE_FAILED), ("network", Ending.CONNECTION_LOST)):
        s = Scene("no-hang-up").declare("slur")
        s.line("ended", by)
        closed = s.events(w.CaseClosed)[-1]
        assert isinstance(closed, w.CaseClosed)
        assert (closed.how, closed.review) == (how, how != Ending.CONNECTION_LOST)


def test_who_listens_is_seen() -> None:
    s = Scene("warm-transfer")
    listeners: dict[str, w.Listening] = {EVE.extension: "coach", "699": "listen"}
    s.put(w.CallIs(replace(line("up"), id=LINE, listeners=listeners)))
    who = ("eve listens and speaks to you alone", "699 listens")
    assert seen(s).listening == (*who, "Say: A colleague is listening to this call.")
    s.put(w.LanguageChosen("de"))
    assert "hört bei diesem Gespräch mit" in seen(s).listening[-1]
    s.put(w.CallsAre(()))
    assert seen(s).listening == ()


def test_why_a_breather_ended_is_on_record() -> None:
    timely, early, outside = paused(breather()), paused(breather()), paused(breather())
    timely.wait(300_000)
    early.put(w.BreatherOver())
    paused(outside, False)
    ended = [s.events(w.BreatherEnded) for s in (timely, early, outside)]
    assert ended == [
        [w.BreatherEnded("it is over")],
        [w.BreatherEnded("the agent has ended it")],
        [w.BreatherEnded("the agent has ended it on the phone")],
    ]


def test_a_breather_that_ran_out_while_the_bridge_was_down_is_over_at_once() -> None:
    s = paused(breather())
    s.now += 300_001
    assert seen(s).breather_ms == 0
    s.put(w.Restarted())
    assert s.desk.rest is None and pauses(s) == [True, False]
