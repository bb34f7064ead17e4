"""What stands, since when, and what changes it by time alone."""

from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import line

from rung import words as w
from rung.policy import Book, Times, load, next_change, step
from rung.policy.book import Rule
from rung.policy.evolve import evolve
from rung.words import Ground, Marker, Role, Verdict


def test_a_more_urgent_alert_counts_from_its_own_time() -> None:
    s = Scene("no-hang-up").declare("threat")
    s.alarm("busy", FAY)
    s.wait(10_000)
    s.press("escalate", "hold")
    alert = s.desk.alert
    assert alert is not None and (alert.want, alert.busy, alert.at_ms) == (w.Want.PANIC, (), s.desk.at_ms)
    s.wait(3000)
    s.floor(EVE, FAY, GUS)
    s.press("escalate", "hold")
    assert s.desk.alert is not None and s.desk.alert.at_ms == alert.at_ms, "the same panic again is no newer one"
    s.wait(1001)
    refused = s.put(w.Unmarked(Marker.EMERGENCY)).answer
    assert refused is not None and refused.verdict == Verdict.REFUSED


def test_an_alert_of_another_number_is_another_alert() -> None:
    s = Scene("no-hang-up")
    s.press("escalate", "hold")
    s.alarm("busy", FAY)
    raised = w.AlertRaised(ask=s.desk.ask + 1, want=w.Want.PANIC, person="ben", to=(FAY.desk,))
    alert = evolve(s.desk, raised, s.desk.at_ms + 5).alert
    assert alert is not None
    assert (alert.number, alert.person, alert.busy, alert.at_ms) == (raised.ask, "ben", (), s.desk.at_ms + 5)


def test_whoever_comes_to_the_floor_is_told_of_danger_and_not_of_a_threat() -> None:
    s = Scene("no-hang-up", present=(EVE,)).declare("threat")
    s.floor(EVE, FAY)
    assert s.desk.alert is not None and s.desk.alert.to == (EVE.desk,)
    s.press("escalate", "hold")
    s.floor(EVE, FAY, GUS)
    assert s.desk.alert is not None and s.desk.alert.to == (EVE.desk, FAY.desk, GUS.desk)


def test_leave_is_withdrawn_from_afar() -> None:
    s = Scene("hang-up-protocol").must("warn").talk().declare("slur").must("escalate")
    s.reply("grant")
    assert s.other(FAY, w.LeaveTakenBack()) == w.Answer(verdict=Verdict.TAKEN, why="Leave withdrawn.")
    assert s.events(w.LeaveWithdrawn) == [w.LeaveWithdrawn("fay")]


def test_whoever_was_called_is_known_in_the_call_though_the_floor_no_longer_names_them() -> None:
    s = Scene("no-hang-up")
    s.press("escalate", "hold")
    s.alarm("join", EVE)
    s.floor(FAY)
    s.parties(EVE.extension)
    assert [(j.person, j.desk) for j in s.case.joined] == [("eve", EVE.desk)]


def test_naming_keeps_the_time_of_ones_own_unnamed() -> None:
    s = Scene("no-hang-up").declare("slur")
    s.wait(100)
    s.declare("unnamed")
    at = s.desk.at_ms
    s.wait(100)
    s.declare("profanity")
    assert [(g.ground, g.at_ms) for g in s.case.grounds][-1] == (Ground.PROFANITY, at)


def test_a_warning_leaves_an_announcement_that_does_not_rest_on_it() -> None:
    s = Scene("end-with-care").declare("threat").must("release").must("warn")
    assert s.case.announcement is not None and s.case.announcement.rung == "end-at-once"


def test_a_refusal_of_one_button_is_cleared_by_a_press_of_it_and_by_none_else() -> None:
    s = Scene("warm-transfer")
    s.press("release")
    s.must("warn")
    assert s.lamp("release") == w.LampState.REFUSED
    s.declare("unnamed")
    s.press("warn")
    assert s.lamp("warn") == w.LampState.REFUSED
    s.talk()
    s.press("escalate")
    s.wait(1999)
    assert s.lamp("escalate") == w.LampState.BLINKING
    assert s.lamp("warn") != w.LampState.REFUSED


def test_the_agent_has_the_caller_on_hold_already_when_escalating() -> None:
    """There is nobody to tell; after `say_time` the supervisor is rung."""
    s = Scene("warm-transfer").must("warn").talk()
    s.line("held")
    s.must("escalate")
    s.reply("accept")
    assert not s.sent(w.Consult)
    s.wait(s.policy.times.say_ms)
    assert [c.target for c in s.sent(w.Consult) if isinstance(c, w.Consult)] == [EVE.extension] and not s.sent(w.Hold)


def test_whoever_answers_and_signs_off_is_rung_at_their_desk() -> None:
    s = Scene("warm-transfer").must("warn").talk().must("escalate")
    s.floor(FAY)
    s.reply("accept", EVE)
    s.wait(s.policy.times.say_ms)
    s.line("held")
    assert [c.target for c in s.sent(w.Consult) if isinstance(c, w.Consult)] == [EVE.extension]


def test_a_long_list_of_grounds_is_not_read_out() -> None:
    policy = load("hang-up-protocol")
    for many, told in ((8, True), (9, False)):
        few = tuple(policy.grounds["ending"][:many])
        sets = policy.grounds | {"at_once": few}
        s = Scene(replace(policy, grounds=sets)).declare("rudeness")
        assert ("(" in s.press("release").why) == told


def test_time_changes_something_only_later_and_by_the_policy_of_the_case() -> None:
    other = load("warm-transfer", Times(wait=9))
    s = Scene(load("warm-transfer"), call=False)
    s.rules = s.policy = Book(s.policy, (Rule("sales", other),))  # type: ignore[assignment]  # a desk with two policies
    s.put(w.CallIs(replace(line("up"), queue="sales")))
    s.press("warn")
    s.desk = step(s.policy, s.desk, w.Tick(), s.desk.at_ms + 6000).desk
    assert next_change(s.policy, s.desk) == s.case.taken[0].at_ms + 9000
    s.desk = step(s.policy, s.desk, w.Tick(), s.case.taken[0].at_ms + 9000).desk
    later = next_change(s.policy, s.desk)
    assert later is None or later > s.desk.at_ms


def test_a_supervisor_who_sits_down_in_mid_call_is_in_it_from_then_on() -> None:
    """At the agent's desk, and until somebody else sits there; signing off for a moment changes nothing."""
    s = Scene("no-hang-up")
    s.talk()
    s.sits("eve", Role.SUPERVISOR)
    s.declare("slur")
    assert "listen first" in s.press("warn").why
    s.talk()
    assert "name what you heard" in s.press("warn").why, "declared in the very millisecond of coming in"
    s.declare("slur")
    s.sits(None)
    s.sits("eve", Role.SUPERVISOR)
    s.must("warn").talk().end()
    assert s.hung_up()


def test_whoever_relieves_a_supervisor_begins_anew_and_an_agent_supervises_nobody() -> None:
    s = Scene("no-hang-up", person="eve", role=Role.SUPERVISOR)
    s.wait(1)
    s.declare("slur").talk().must("warn")
    s.sits("fay", Role.SUPERVISOR)
    s.talk()
    assert s.press("warn").verdict == "refused", "eve's attestation is not fay's"
    s.declare("slur").must("warn")
    assert [j.person for j in s.case.joined] == ["fay"]
    s.sits("ada")
    assert s.case.joined == ()


def test_a_supervisor_who_turns_to_a_call_that_was_on_hold_when_they_sat_down_is_in_that_one_too() -> None:
    s = Scene("no-hang-up")
    s.line("held")
    s.line("up", call="second")
    s.sits("eve", Role.SUPERVISOR)
    s.line("held", call="second")
    s.line("up")
    assert s.case.call == "line" and [j.person for j in s.case.joined] == ["eve"]


def test_whoever_sits_in_the_call_acts_from_here_and_from_no_other_desk() -> None:
    s = Scene("no-hang-up", person="eve", role=Role.SUPERVISOR)
    s.sits("fay", Role.SUPERVISOR)
    said = s.other(FAY, w.Declared(Ground.THREAT))
    assert said is not None and said.verdict == Verdict.REFUSED and s.case.grounds == ()


def test_an_unknown_supervisor_is_in_no_call() -> None:
    s = Scene("no-hang-up")
    s.sits(None, Role.SUPERVISOR)
    assert "you must be in the call" in s.press("warn").why


def test_leave_that_was_withdrawn_does_not_come_back_with_an_ending_that_had_not_used_it() -> None:
    s = Scene("hang-up-protocol").must("warn").talk().declare("slur").must("escalate")
    s.reply("grant")
    s.declare("threat").end()
    assert s.case.taken[-1].rung == "end-at-once" and s.case.leave is not None
    s.other(FAY, w.LeaveTakenBack())
    s.put(w.EffectRefused(s.case.pending[-1].effect.id, "gone"))
    assert s.events(w.RungUndone) and s.case.leave is None


def test_who_was_free_all_along_and_did_not_answer_does_not_come_free() -> None:
    """ "A supervisor who comes free clears it": whoever was asked and ignored it is free before and after."""
    s = Scene("warm-transfer", present=(EVE,)).must("warn").talk().must("escalate")
    s.wait(s.policy.times.answer_ms)
    s.line("up")
    assert s.case.unavailable
    s.floor(EVE)
    assert s.case.unavailable, "the floor has only told it again"
    s.floor(replace(EVE, free=False))
    s.floor(EVE)
    assert not s.case.unavailable
