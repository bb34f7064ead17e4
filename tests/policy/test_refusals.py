"""What people ask for in vain, what comes too late or twice: refused with the reason, and nothing else happens."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import consult

from rung import words as w
from rung.policy import Desk, load
from rung.policy.evolve import evolve
from rung.words import Ground, Marker, Outcome, Role, Verdict

ACTS: list[w.Act] = [
    w.Declared(Ground.SLUR),
    w.TakenBack(Ground.SLUR),
    w.Marked(Marker.CRISIS),
    w.Calmed(),
    w.AskTakenBack(),
    w.Unwanted(),
    w.Attested("nobody is needed"),
    w.Ticked("empathy"),
    w.Noted(matter="a bill"),
    w.LanguageChosen("de"),
    w.LeaveTakenBack(),
    w.TakeOver(),
    w.HandBack(),
]


WITHOUT_A_CALL = {
    w.TakenBack: "You have not declared slur on this call.",
    w.AskTakenBack: "Nothing is being asked.",
    w.Unwanted: "No supervisor is being offered.",
    w.LeaveTakenBack: "Only a supervisor withdraws leave.",
    w.TakeOver: "You are not in this call.",
    w.HandBack: "Only a supervisor who has the call can hand it back.",
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", ACTS, ids=lambda act: type(act).__name__)
def test_without_a_call_there_is_nothing_to_do_it_to(act: w.Act, role: Role) -> None:
    s = Scene("end-with-care", role=role, call=False)
    made = s.put(act)
    assert made.answer is not None
    assert made.answer.why == WITHOUT_A_CALL.get(type(act), "There is no call.") or role == Role.SUPERVISOR
    assert made.answer.verdict in (Verdict.REFUSED, Verdict.NOTHING)
    assert made.events == () and made.effects == ()


def test_a_press_without_a_call_says_so() -> None:
    assert Scene("end-with-care", call=False).press("release").why == "There is no call."


# Policy, act, and why it is refused on a call where nothing has happened yet.
IN_VAIN: list[tuple[str, w.Act, str]] = [
    ("no-hang-up", w.Unmarked(Marker.EMERGENCY), "You have not called an emergency."),
    ("no-hang-up", w.Unmarked(Marker.CRISIS), "You have not marked crisis on this call."),
    ("no-hang-up", w.TakenBack(Ground.SLUR), "You have not declared slur on this call."),
    ("no-hang-up", w.Declared(Ground.OTHER, "  "), "The ground `other` needs a note."),
    ("no-hang-up", w.Unwanted(), "No supervisor is being offered."),
    ("no-hang-up", w.Attested("why not"), "This policy asks for no such attestation."),
    ("end-with-care", w.Attested("  "), "Say why no supervisor is necessary."),
    ("end-with-care", w.Ticked("shouting back"), "Nothing to tick is called 'shouting back'."),
    ("end-with-care", w.LanguageChosen("fr"), "No scripts in 'fr'; there are: en, de."),
    ("hang-up-protocol", w.LeaveTakenBack(), "Only a supervisor withdraws leave."),
    ("hang-up-protocol", w.TakeOver(), "You are not in this call."),
    ("hang-up-protocol", w.HandBack(), "Only a supervisor who has the call can hand it back."),
]


@pytest.mark.parametrize(("policy", "act", "why"), IN_VAIN)
def test_what_is_asked_for_in_vain_is_refused_with_the_reason(policy: str, act: w.Act, why: str) -> None:
    made = Scene(policy).put(act)
    assert made.answer == w.Answer(verdict=Verdict.REFUSED, why=why)
    assert made.events == ()


def test_a_supervisor_without_leave_or_crisis_has_nothing_to_take_back() -> None:
    s = Scene("hang-up-protocol")
    for act, why in (
        (w.LeaveTakenBack(), "No unused leave stands."),
        (w.Unmarked(Marker.CRISIS), "Crisis is not marked"),
    ):
        answer = s.other(EVE, act)
        assert answer is not None and answer.verdict == Verdict.REFUSED and answer.why.startswith(why)


def test_only_a_supervisor_acts_from_another_desk_and_only_for_themselves() -> None:
    s = Scene("hang-up-protocol")
    agent = w.FromDesk("desk-bob", w.Person("bob", Role.AGENT), w.Unmarked(Marker.CRISIS))
    relayed = w.FromDesk("desk-eve", w.Person("eve", Role.SUPERVISOR), agent)  # type: ignore[arg-type]  # on purpose
    for input in (agent, relayed, w.FromDesk("desk-eve", w.Person("eve", Role.SUPERVISOR), w.Calmed())):
        assert s.put(input).answer == w.Answer(verdict=Verdict.REFUSED, why="You are not in this call.")


def test_an_act_from_another_desk_is_for_the_call_that_was_seen_there_and_what_is_not_is_on_record() -> None:
    s = Scene("hang-up-protocol").come_in(EVE)
    seen, eve = (s.case.id, s.case.epoch), w.Person("eve", Role.SUPERVISOR)
    for case, epoch in ((seen[0], seen[1] + 1), ("another", seen[1]), ("", 0)):
        made = s.put(w.FromDesk("desk-eve", eve, w.Declared(Ground.SLUR), case, epoch))
        assert made.answer == w.Answer(verdict=Verdict.REFUSED, why="That was another call; look again.")
        (event,) = made.events
        assert event == w.ActRefused(desk="desk-eve", person="eve", act="Declared", why=made.answer.why)
    made = s.put(w.FromDesk("desk-eve", eve, w.Declared(Ground.SLUR), *seen))
    assert made.answer is not None and made.answer.verdict == Verdict.TAKEN


def test_a_hold_of_somebody_elses_announcement_is_no_hold() -> None:
    s = Scene("no-hang-up")
    s.come_in(EVE)
    s.talk()
    s.other(EVE, w.Declared(Ground.SLUR))
    s.other_press(EVE, "warn")
    s.talk()
    s.other_press(EVE, "release")
    s.wait(s.policy.times.say_ms)
    assert "eve, who has announced the end" in s.press("release").why
    assert s.press("release", "hold").verdict == Verdict.REFUSED
    assert not s.hung_up()


def test_a_hold_after_the_ground_was_taken_back_is_refused() -> None:
    """The announcement falls with it, before any hold."""
    s = Scene("advise-and-warn").declare("slur").must("warn").talk().declare("sexist").must("release")
    s.put(w.TakenBack(Ground.SEXIST))
    s.wait(s.policy.times.say_ms)
    assert s.case.announcement is None
    assert s.press("release", "hold").verdict == Verdict.REFUSED


def test_what_only_somebody_else_can_do_is_named_and_no_button_promised() -> None:
    policy = load("warm-transfer")
    need = replace(policy.find("supervisor-warn").requires[0], taken=("final-notice",))
    rungs = tuple(replace(r, requires=(need,)) if r.id == "supervisor-warn" else r for r in policy.rung)
    s = Scene(replace(policy, rung=rungs), person="eve", role=Role.SUPERVISOR)
    s.talk().declare("slur")
    refused = s.press("warn")
    assert refused.next is None and "first: give the final notice" in refused.why


# -- alerts --------------------------------------------------------------------------------------------------------


def test_when_all_who_were_told_are_busy_nobody_is_called_any_more() -> None:
    s = Scene("no-hang-up")
    s.press("escalate", "hold")
    for who in (EVE, FAY, EVE, GUS):
        assert s.desk.alert is not None
        s.alarm("busy", who)
    assert s.desk.alert is None
    assert s.events(w.AlertClosed) == [w.AlertClosed(1, "nobody can come", "case-1")]
    assert len(s.events(w.AlertAnswered)) == 3, "busy twice is busy"


def test_a_late_answer_to_an_alert_that_is_over_does_nothing() -> None:
    s = Scene("no-hang-up")
    s.press("escalate", "hold")
    s.alarm("accept", EVE)
    assert s.desk.alert is None
    assert s.put(w.Replied(ask=1, desk=FAY.desk, person="fay", reply=w.Reply.JOIN)).events == ()


def test_a_policy_without_escalate_sends_to_somebody_aloud() -> None:
    policy = load("warm-transfer")
    rungs = tuple(r for r in policy.rung if r.id in ("warn", "supervisor-warn"))
    s = Scene(replace(policy, rung=rungs), present=())
    assert s.press("escalate").why == "This policy has no step for escalate here; ask a supervisor aloud."


# -- asks ----------------------------------------------------------------------------------------------------------


def test_a_supervisor_who_listened_and_left_without_a_word_has_declined_leave() -> None:
    s = Scene("hang-up-protocol").must("warn").talk().declare("slur").must("escalate")
    s.reply("join")
    s.parties(EVE.extension)
    assert s.case.ask is not None
    s.parties()
    assert s.outcomes() == ["declined"]


def test_answers_that_come_twice_too_late_or_from_nobody_who_was_asked() -> None:
    s = Scene("warm-transfer").must("warn").talk().must("escalate")
    asked = s.case.ask
    assert asked is not None
    s.put(w.Seen(ask=asked.number, desk=EVE.desk))
    for stale in (
        w.Seen(ask=asked.number, desk=EVE.desk),
        w.Seen(ask=asked.number, desk=GUS.desk),
        w.Seen(ask=99, desk=EVE.desk),
        w.Replied(ask=99, desk=EVE.desk, person="eve", reply=w.Reply.ACCEPT),
        w.Replied(ask=asked.number, desk=GUS.desk, person="gus", reply=w.Reply.ACCEPT),
        w.Replied(ask=asked.number, desk=EVE.desk, person="eve", reply=w.Reply.GRANT),
    ):
        assert s.put(stale).events == ()
    s.reply("busy", EVE)
    assert s.reply("accept", EVE).events == ()
    s.reply("accept", FAY)
    assert s.reply("accept", FAY).events == ()
    assert s.case.ask is not None and s.case.ask.taker == FAY.desk


def test_whoever_listens_before_giving_leave_may_still_take_the_call_or_deny_but_nobody_else() -> None:
    s = Scene("hang-up-protocol").must("warn").talk().declare("slur").must("escalate")
    s.reply("join", EVE)
    assert s.reply("deny", FAY).events == ()
    assert s.reply("join", EVE).events == ()
    s.reply("deny", EVE)
    s.line("up")  # nobody is brought in any more
    assert s.outcomes() == ["denied"]


@pytest.mark.parametrize("extension", ["600", ""])
def test_the_floor_is_lost_while_desks_are_asked(extension: str) -> None:
    """The extension is rung instead, at once or when the caller has been told; without one nobody can be had."""
    for told in (False, True):
        s = Scene("warm-transfer").must("warn").talk().must("escalate")
        if told:
            s.wait(s.policy.times.say_ms)
            s.line("held")
        s.put(w.FloorIs(up=False, extension=extension))
        if not extension:
            s.line("up")
            assert s.outcomes() == ["absent"]
            continue
        s.wait(s.policy.times.say_ms)
        s.line("held")
        consults = s.sent(w.Consult)
        assert [c.target for c in consults if isinstance(c, w.Consult)] == ["600"]
        s.consult("dialling")
        assert s.put(w.FloorIs(up=False, extension=extension)).events == (), "it rings already"


def test_the_caller_on_hold_is_put_through_to_whoever_comes_late() -> None:
    s = Scene("warm-transfer").must("warn").talk().must("escalate")
    s.wait(s.policy.times.say_ms)
    s.line("held")
    assert s.case.ask is not None and s.case.ask.phase == "asking"
    s.reply("accept")
    assert [c.target for c in s.sent(w.Consult) if isinstance(c, w.Consult)] == [EVE.extension]
    assert s.put(w.FloorIs(up=False, extension="600")).events == (), "the telephone rings already"


def test_an_ask_for_leave_ends_when_the_floor_is_lost() -> None:
    s = Scene("hang-up-protocol").must("warn").talk().declare("slur").must("escalate")
    s.floor(up=False)
    assert s.outcomes() == ["absent"]


def test_what_is_known_of_the_caller_belongs_to_its_call_and_is_not_empty() -> None:
    s = Scene("no-hang-up")
    earlier = w.Earlier("case-0", "2026-01-01", (Ground.SLUR,), "released")
    for stale in (w.EarlierAre("another", (earlier,)), w.EarlierAre("line", ())):
        assert s.put(stale).events == ()
    s.put(w.EarlierAre("line", (earlier,)))
    assert s.case.earlier == (earlier,)
    s = Scene("no-hang-up", call=False)
    assert s.put(w.EarlierAre("line", (earlier,))).events == ()


# -- the phone -----------------------------------------------------------------------------------------------------


def test_what_the_phone_says_of_nothing_that_was_asked() -> None:
    s = Scene("no-hang-up", call=False)
    for stale in (w.EffectRefused(7, "no"), w.Restarted(), w.CallIs(consult("up"))):
        assert s.put(stale).events == ()
    s = Scene("no-hang-up")
    assert s.put(w.EffectRefused(7, "no")).events == ()


def test_a_consult_that_is_no_asks_any_more_is_no_call_of_its_own() -> None:
    s = Scene("no-hang-up")
    s.line("held")
    assert s.put(w.CallIs(consult("up"))).events == ()
    assert s.desk.epoch == 1


def test_a_line_that_rings_again_changes_nothing() -> None:
    s = Scene("no-hang-up")
    before = s.case
    s.line("ringing")
    assert s.case == before


def test_a_hold_that_the_phone_refuses_after_a_supervisor_has_answered_fails_the_ask() -> None:
    s = Scene("warm-transfer").must("warn").talk().must("escalate")
    s.reply("accept")
    s.wait(s.policy.times.say_ms)
    hold = s.case.waiting(w.Hold)
    assert hold is not None
    s.put(w.EffectRefused(hold.effect.id, "no"))
    s.line("up")
    assert s.outcomes() == [Outcome.FAILED]


def test_two_calls_on_hold_the_one_that_ends_leaves_the_other_to_be_turned_to() -> None:
    s = Scene("no-hang-up")
    first = s.case.id
    s.line("held")
    s.line("up", call="second")
    s.line("held", call="second")
    s.line("ended", "them", call="second")
    assert s.case.id == first and s.case.held
    s.line("ended", "them")
    assert s.desk.case is None


def test_a_parked_call_ends_while_no_case_is_open() -> None:
    """The live one has just ended; the full answer names neither."""
    s = Scene("no-hang-up")
    s.line("held")
    s.line("up", call="second")
    s.put(w.CallsAre(()))
    assert s.desk.case is None and s.desk.parked == ()
    assert len(s.events(w.CaseClosed)) == 2


def test_a_join_that_the_phone_refuses_fails_the_ask() -> None:
    s = Scene("hang-up-protocol").must("warn").talk().declare("slur").must("escalate")
    s.reply("grant")
    s.must("warn").must("escalate")
    s.reply("join")
    join = s.case.waiting(w.Join)
    assert join is not None
    s.put(w.EffectRefused(join.effect.id, "no"))
    s.line("up")
    assert s.outcomes()[-1] == Outcome.FAILED


def test_a_slow_hold_is_held_against_the_time_it_was_let_go() -> None:
    """It was let go before the wait was over; that the end was announced meanwhile does not help it."""
    s = Scene("hang-up-protocol").must("warn").talk().declare("slur").must("escalate")
    s.reply("grant")
    s.must("warn").talk().must("release")
    s.wait(1000)
    assert "1 s more of talk" in s.press("release", "hold", age_ms=2000).why
    assert not s.hung_up()


def test_what_is_announced_is_played_where_floor_and_phone_want_it() -> None:
    policy = load(str(Path(__file__).with_name("two-warnings.toml")))
    for can, played in ((frozenset({"play"}), 1), (frozenset({"join", "case", "returns"}), 0)):
        s = Scene(policy, can=can).declare("threat").must("release")
        assert [e.text for e in s.sent(w.Play) if isinstance(e, w.Play)] == played * [
            "I am ending this call now because of the threat."
        ]


def test_the_record_of_a_case_may_begin_after_the_alert() -> None:
    """Panic without a call, then a call: the case is rebuilt from its own events."""
    answered = w.AlertAnswered(ask=1, desk=EVE.desk, person="eve", reply=w.Reply.BUSY)
    assert evolve(Desk(), answered, 5) == Desk()


def test_a_parked_case_whose_line_is_not_known_yet_is_turned_to_all_the_same() -> None:
    """After a restart: the phone has not told its calls, and the live one is over."""
    s = Scene("no-hang-up")
    first = s.case.id
    s.line("held")
    s.line("up", call="second")
    s.desk = replace(s.desk, facts=replace(s.desk.facts, calls={}))
    s.line("ended", "them", call="second")
    assert s.case.id == first and s.case.held


def test_what_is_left_of_a_wait_is_told_in_whole_seconds_never_too_few() -> None:
    s = Scene("no-hang-up").come_in(EVE)
    for waited_ms, left_s in ((0, 5), (999, 5), (1, 4), (3999, 1)):
        s.wait(waited_ms)
        assert f"listen first: {left_s} s more" in s.other_press(EVE, "warn").why
    assert s.case.talk_ms(s.now, s.now) == 0
    s.wait(1)
    assert "listen first" not in s.other_press(EVE, "warn").why


def test_a_step_that_lapses_says_when_it_can_be_taken_again() -> None:
    told = load("end-with-care")
    once = replace(told.find("de-escalate"), repeatable=False, lapses_after=60.0)
    s = Scene(replace(told, rung=tuple(once if rung.id == once.id else rung for rung in told.rung))).must("warn")
    s.wait(100)
    again = s.press("warn")
    assert again.why.startswith(f"{once.title}: already done on this call; again in 60 s.")
    s.wait(59_899)
    assert "again in 1 s" in s.press("warn").why
    s.wait(1)
    assert s.press("warn").verdict == "taken"
