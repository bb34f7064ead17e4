"""What the notes under the five tables say, each as a test."""

import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.test_rows import CARE, LEAVE, WARNED, attest, declare, declined, talk, tap, then

from rung import words as w
from rung.policy import load
from rung.policy.language import Duty, Requires, Rung
from rung.words import Button, Ground, Role, Verdict


def test_an_agents_release_is_always_refused_where_the_agent_never_hangs_up() -> None:
    s = Scene("no-hang-up").declare("threat", "slur")
    for gesture in ("tap", "hold"):
        answer = s.press("release", gesture)
        assert (answer.verdict, answer.next) == ("refused", "escalate")
    assert not s.hung_up()


def test_redirecting_reopens_when_unused_leave_is_withdrawn() -> None:
    s = Scene("hang-up-protocol")
    LEAVE(s)
    assert s.case.leave is not None
    answer = s.other(GUS, w.LeaveTakenBack())
    assert answer is not None and answer.verdict == "taken"
    assert s.case.leave is None
    redirects = sum(t.rung == "redirect" for t in s.case.taken)
    s.must("warn")
    assert sum(t.rung == "redirect" for t in s.case.taken) == redirects + 1
    assert not s.case.has_taken("warn")


def test_leave_is_used_once() -> None:
    s = Scene("hang-up-protocol")
    WARNED(s)
    assert s.case.leave is None and s.case.leave_used
    assert s.press("warn").verdict == "refused"
    assert s.reply("grant", EVE).events == ()


def test_ending_at_once_stays_open_while_leave_is_asked_and_taking_it_withdraws_the_ask() -> None:
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("threat"), tap("escalate"))(s)
    assert s.press("warn").verdict == "refused"
    s.end()
    assert s.hung_up()
    assert s.outcomes() == ["withdrawn"]
    assert any(isinstance(e, w.CloseAsk) and e.outcome == "withdrawn" for e in s.effects)


def test_a_decline_voids_the_attestation_before_and_after() -> None:
    s = Scene("end-with-care")
    then(CARE, attest, tap("escalate"), declined, talk)(s)
    assert not s.case.not_necessary
    answer = s.put(w.Attested("still not")).answer
    assert answer is not None and answer.verdict == "refused"


def test_who_came_by_panic_is_not_involved() -> None:
    s = Scene("end-with-care")
    CARE(s)
    s.come_in()
    assert s.case.joined and not s.case.involved


# -- 1: no-hang-up -----------------------------------------------------------------------------------------------------


def test_with_rudeness_alone_escalate_is_a_quiet_ask_and_says_so() -> None:
    s = Scene("no-hang-up").declare("rudeness")
    answer = s.press("escalate")
    assert answer.verdict == "nothing" and "Quiet ask" in answer.why
    assert s.desk.alert is not None and s.case.ask is None


def test_nobody_available_the_caller_stays_with_the_agent_and_the_offer_may_be_made_again() -> None:
    s = Scene("no-hang-up", present=()).declare("slur")
    for _ in range(2):
        answer = s.press("escalate")
        assert answer.verdict == "taken" and "stays with you" in answer.why
    assert s.outcomes() == ["absent", "absent"]
    assert not s.sent(w.Hold)


def test_every_call_that_ends_from_our_side_goes_before_a_manager_if_a_ground_or_a_rung_is_on_it() -> None:
    for ground, due in (("slur", 1), (None, 0)):
        s = Scene("no-hang-up")
        if ground:
            s.declare(ground)
        s.line("ended", "us")
        assert len(s.events(w.DutyDue)) == due
    s = Scene("no-hang-up").declare("slur")
    s.line("ended", "them")
    assert not s.events(w.DutyDue)


# -- 3: hang-up-protocol -----------------------------------------------------------------------------------------------


def test_leave_denied_or_nobody_the_agent_goes_on_redirecting_and_may_ask_again() -> None:
    for end in (lambda s: s.reply("deny"), lambda s: s.wait(30_000)):
        s = Scene("hang-up-protocol")
        then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
        end(s)
        assert s.outcomes()[-1] in ("denied", "ignored")
        assert not s.sent(w.Hold), "the agent stays with the caller"
        then(talk, tap("warn"), talk, tap("escalate"))(s)


def test_the_reason_of_every_ending_is_recorded_specifically() -> None:
    s = Scene("hang-up-protocol").declare("slur", "threat")
    s.end()
    taken = s.events(w.RungTaken)[-1]
    assert isinstance(taken, w.RungTaken) and taken.grounds == ("threat",)


def test_the_caller_is_not_put_on_hold_when_a_supervisor_is_asked_to_join() -> None:
    s = Scene("hang-up-protocol")
    then(WARNED, talk, tap("escalate"))(s)
    s.reply("join")
    s.parties(EVE.extension)
    assert s.outcomes()[-1] == "joined"
    assert [j.person for j in s.case.joined] == ["eve"]
    assert not s.sent(w.Hold)


def test_a_phone_that_cannot_join_puts_the_caller_through_without_hold_when_the_supervisor_takes_the_call() -> None:
    s = Scene("hang-up-protocol", can=frozenset({"case"}))
    then(WARNED, talk, tap("escalate"))(s)
    assert s.reply("join").events == (), "what is not possible is no answer"
    s.reply("take")
    s.consult("dialling")
    s.consult("up")
    offer = s.sent(w.Offer)[-1]
    assert isinstance(offer, w.Offer) and offer.to == EVE.desk
    s.put(w.OfferAnswered(offer.case, True, offer=offer.id))
    assert s.sent(w.Complete) and not s.sent(w.Hold)


# -- 4: end-with-care --------------------------------------------------------------------------------------------------


def test_a_supervisor_who_takes_the_call_is_involved() -> None:
    s = Scene("end-with-care")
    then(tap("warn"), tap("escalate"))(s)
    s.reply("take")
    s.parties(EVE.extension)
    offer = s.sent(w.Offer)[-1]
    assert isinstance(offer, w.Offer)
    s.put(w.OfferAnswered(offer.case, True, offer=offer.id))
    assert s.sent(w.Leave)
    s.line("ended", "transfer")
    assert s.closed().how == "transferred"


def test_what_was_tried_is_ticked_and_recorded() -> None:
    s = Scene("end-with-care")
    s.must("warn")
    item = next(iter(s.policy.find("de-escalate").tick[0].values()))
    answer = s.put(w.Ticked(item)).answer
    assert answer is not None and answer.verdict == "taken"
    assert s.case.tried == (item,)


def test_every_ending_writes_an_incident_a_review_a_follow_up_and_may_be_complained_of() -> None:
    s = Scene("end-with-care").declare("slur")
    s.end()
    s.line("ended", "us")
    duties = [e.duty for e in s.events(w.DutyDue) if isinstance(e, w.DutyDue)]
    assert duties == ["incident", "review", "follow-up", "complaint"]


def test_a_block_may_be_proposed_on_harassment_only() -> None:
    for ground, due in (("harassment", True), ("slur", False)):
        s = Scene("end-with-care").declare(ground)
        s.line("ended", "them")
        assert any(e.duty == "block" for e in s.events(w.DutyDue) if isinstance(e, w.DutyDue)) == due


@pytest.mark.parametrize("lifted", [True, False])
def test_while_crisis_stands_nothing_is_blocked_or_counted_as_an_incident(lifted: bool) -> None:
    careful = load("end-with-care")
    counted = replace(careful, duty=(*careful.duty, Duty(do="incident", when="ground")))
    s = Scene(counted).declare("harassment")
    s.put(w.Marked(w.Marker.CRISIS))
    if lifted:
        s.put(w.Unmarked(w.Marker.CRISIS))
    s.line("ended", "them")
    assert {e.duty for e in s.events(w.DutyDue) if isinstance(e, w.DutyDue)} == (
        {"block", "incident"} if lifted else set()
    )


# -- 5: advise-and-warn ------------------------------------------------------------------------------------------------


def test_a_breather_is_due_after_a_call_with_a_named_ground_also_when_it_was_handed_over() -> None:
    for ground, by, due in (("slur", "them", 5), ("unnamed", "them", None), ("threat_other", "transfer", 5)):
        s = Scene("advise-and-warn").declare(ground)
        s.line("ended", by)
        breathers = [e.minutes for e in s.events(w.DutyDue) if isinstance(e, w.DutyDue) and e.duty == "breather"]
        assert breathers == ([due] if due else [])


def test_every_ending_is_reviewed_and_nothing_else() -> None:
    s = Scene("advise-and-warn")
    then(tap("warn"), talk, declare("slur"), talk, declare("slur"))(s)
    s.end()
    s.line("ended", "us")
    assert [e.duty for e in s.events(w.DutyDue) if isinstance(e, w.DutyDue)] == ["review", "breather"]


def test_the_one_who_supervises_may_end_for_any_ending_ground_of_the_first_policy() -> None:
    s = Scene("advise-and-warn")
    s.come_in(FAY)
    s.wait(1)
    s.other(FAY, w.Declared(w.Ground.SHOUTING))
    talk(s)
    assert s.other_press(FAY, "warn").verdict == "taken"
    talk(s)
    assert s.other_press(FAY, "release").verdict == "taken"
    s.wait(s.policy.times.say_ms)
    assert s.other_press(FAY, "release", "hold").verdict == "taken"
    assert s.hung_up()


@pytest.mark.parametrize("warned", [False, True])
def test_the_unnamed_that_a_press_declares_counts_only_after_the_rung_that_the_table_names(warned: bool) -> None:
    """Neither before that rung was taken, nor in its very millisecond, when the press could not be told from it."""
    listen = Rung(id="listen", title="Listen", button=Button.WARN, role=Role.AGENT, does="say", script={"en": "Go on."})
    again = Requires(ground="any", after="listen")
    help = replace(listen, id="help", title="Get help", button=Button.ESCALATE, requires=(again,))
    s = Scene(replace(load("hang-up-protocol"), rung=(listen, help)))
    if warned:
        s.must("warn")
    refused = s.press("escalate")
    assert refused.verdict != Verdict.TAKEN
    assert not s.case.grounds
    if not warned:
        assert "first: listen" in refused.why
        assert refused.next == Button.WARN
    if warned:
        s.wait(1)
        s.must("escalate")
        assert [g.ground for g in s.case.grounds] == [Ground.UNNAMED]
