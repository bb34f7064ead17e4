"""Each sentence of "How a press is read" about asks, leave and briefs. The docstrings quote it."""

import pytest
from msgspec.structs import replace
from tests.policy.desks import at_eve, comes
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.test_press_sentences import handed_over
from tests.policy.test_rows import declare, declined, talk, tap, then

from rung import words as w
from rung.policy import lamps
from rung.words import Ground


def test_an_ask_goes_to_the_first_group_and_wider_when_busy_or_ignored() -> None:
    """ "An ask goes to the first group; busy or ignored for 12 s goes wider" """
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    assert [e.to for e in s.sent(w.AskFloor) if isinstance(e, w.AskFloor)][-1] == (EVE.desk, FAY.desk)
    s.wait(11_999)
    assert s.case.ask is not None and GUS.desk not in s.case.ask.to
    s.wait(1)
    assert GUS.desk in s.case.ask.to
    s.reply("grant", GUS)
    assert s.case.leave is not None and s.case.leave.person == "gus"


def test_all_busy_goes_wider_at_once_and_fails_when_no_group_is_left() -> None:
    """ "when all asked are busy or absent and no wider group is left" """
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    s.reply("busy", EVE)
    assert s.case.ask is not None and GUS.desk not in s.case.ask.to
    s.reply("busy", FAY)
    assert s.case.ask is not None and GUS.desk in s.case.ask.to
    s.reply("busy", GUS)
    assert s.case.ask is None and s.outcomes() == ["busy"] and s.case.unavailable


@pytest.mark.parametrize("busy", [True, False])
def test_who_leaves_the_floor_is_absent_and_holds_no_ask_up(busy: bool) -> None:
    """ "when all asked are busy or absent and no wider group is left" """
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    if busy:
        s.reply("busy", EVE)
    s.floor(*((EVE, GUS) if busy else (GUS,)))
    assert s.case.ask is not None and GUS.desk in s.case.ask.to, "nobody of the first group is left"
    s.floor(*((EVE,) if busy else ()))
    assert s.outcomes() == ["busy" if busy else "absent"] and s.case.unavailable


def test_one_decline_ends_the_ask_and_is_not_unavailability() -> None:
    """ "it fails at the first declined or denied" and "A supervisor's considered decline is not unavailability" """
    s = Scene("end-with-care")
    then(tap("warn"), tap("escalate"))(s)
    declined(s)
    assert s.outcomes() == ["declined"] and not s.case.unavailable


def test_late_doubled_and_stale_answers_do_nothing() -> None:
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    number = s.case.ask.number if s.case.ask is not None else 0
    for desk, ask in (("desk-nobody", number), (EVE.desk, number + 1), (GUS.desk, number)):
        assert s.put(w.Replied(ask=ask, desk=desk, person="x", reply=w.Reply.GRANT)).events == ()
    s.reply("grant")
    again = w.Replied(ask=number, desk=EVE.desk, person="eve", reply=w.Reply.GRANT)
    assert s.put(again).events == ()


def test_a_further_tap_shows_how_far_it_is() -> None:
    """ "a further tap of escalate shows how far it is ("asked 14 s ago, seen") and does nothing else" """
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    number = s.case.ask.number if s.case.ask is not None else 0
    s.put(w.Seen(number, EVE.desk))
    s.wait(10_000)
    answer = s.press("escalate")
    assert answer.verdict == "nothing" and answer.why.startswith("asked 10 s ago, seen")


def test_the_supervisors_take_the_call_completes_the_transfer() -> None:
    """ "it completes the transfer, as does the supervisor's "take the call"" """
    s = Scene("warm-transfer")
    then(tap("warn"), talk, tap("escalate"), lambda s: s.reply("accept"))(s)
    s.wait(4000)
    s.line("held")
    s.consult("dialling")
    s.consult("up")
    s.reply("take")
    offer = s.sent(w.Offer)[-1]
    assert isinstance(offer, w.Offer)
    s.put(w.OfferAnswered(offer.case, True, offer=offer.id))
    assert s.sent(w.Complete)


def test_whoever_is_on_the_phone_about_it_may_take_the_call_though_the_ask_is_over_for_all() -> None:
    """The same, once the ask has closed at every desk: an act from their own, and from nobody else's."""
    s = Scene("warm-transfer")
    then(tap("warn"), talk, tap("escalate"), lambda s: s.reply("accept"))(s)
    s.wait(4000)
    s.line("held")
    s.consult("dialling")
    assert s.other(EVE, w.TakeOver()) == w.Answer(verdict=w.Verdict.REFUSED, why="You are not in this call.")
    s.consult("up")
    for whose, done in ((FAY, False), (EVE, True), (EVE, True)):
        answer = s.other(whose, w.TakeOver())
        assert answer is not None and bool(s.sent(w.Offer)) == done, answer
    assert len(s.sent(w.Offer)) == 1, "said twice, done once"
    s.line("held")
    assert not s.sent(w.Complete), "without the accept the first desk keeps case and caller"


def test_nobody_takes_a_call_while_another_is_live_on_this_phone() -> None:
    s = Scene("warm-transfer")
    then(tap("warn"), talk, tap("escalate"), lambda s: s.reply("accept"))(s)
    s.wait(4000)
    s.line("held")
    s.consult("dialling")
    s.consult("up")
    s.line("up", call="second")
    answer = s.other(EVE, w.TakeOver())
    assert answer is not None and answer.verdict == "refused" and not s.sent(w.Offer)


def test_if_nobody_can_answer_the_caller_is_never_put_on_hold() -> None:
    """ "If nobody can answer (`alone`), the caller is never put on hold." """
    for present in ((), (replace(EVE, free=False),)):
        s = Scene("warm-transfer", present=present)
        then(tap("warn"), talk)(s)
        assert lamps(s.policy, s.desk, s.now).escalate.mark == "alone"
        s.must("escalate")
        s.wait(60_000)
        assert not s.sent(w.Hold) and s.case.unavailable


def test_a_supervisor_who_comes_free_clears_unavailable_until_a_final_notice_has_been_given() -> None:
    """ "A supervisor who comes free clears it, until a final notice has been given." """
    s = Scene("warm-transfer", present=())
    then(tap("warn"), talk, tap("escalate"))(s)
    assert s.case.unavailable
    s.floor(EVE)
    assert not s.case.unavailable
    s.floor()
    then(talk, tap("escalate"), talk, tap("warn"))(s)
    assert s.case.has_taken("final-notice")
    s.floor(EVE)
    assert s.case.unavailable


def test_a_supervisor_who_comes_free_clears_it_on_a_line_on_hold_too() -> None:
    s = Scene("warm-transfer", present=())
    then(tap("warn"), talk, tap("escalate"), talk)(s)
    s.line("held")
    s.line("up", call="second")
    s.floor(EVE)
    s.floor()
    s.line("held", call="second")
    s.line("up")
    assert not s.case.unavailable
    assert s.press("warn").verdict == "refused"


def ignored(s: Scene) -> Scene:
    """Asked, and nobody answers; the abuse goes on."""
    s.must("escalate").wait(4000)
    s.line("held")
    s.wait(26_000)
    s.line("up")
    assert s.outcomes() == ["ignored"] and s.case.unavailable
    return s.talk()


@pytest.mark.parametrize("stays", [True, False])
def test_while_a_supervisor_is_in_the_call_and_after_that_none_is_unavailable(stays: bool) -> None:
    """Though the last ask was ignored: one has come, so there is no final notice beside them, nor once they leave."""
    s = ignored(Scene("warm-transfer").must("warn").talk()).come_in(EVE)
    if not stays:
        s.parties()
    assert not s.case.unavailable
    assert s.press("warn").verdict == "refused"


def test_where_the_last_ask_was_answered_none_is_unavailable_also_once_the_caller_is_handed_back() -> None:
    """ "the last ask on this call ended with nobody but busy, ignored or absent people" """
    s = ignored(Scene("warm-transfer").must("warn").talk())
    offer = handed_over(s)
    eve = at_eve(offer, policy="warm-transfer")
    comes(eve, offer)
    assert eve.case.has_taken("escalate") and not eve.case.unavailable


def test_where_the_last_ask_came_to_something_none_is_unavailable() -> None:
    s = Scene("end-with-care", present=()).must("warn").must("escalate")
    assert s.case.unavailable
    s = Scene("end-with-care").must("warn").must("escalate")
    for who in (EVE, FAY, GUS):
        s.reply("busy", who)
    assert s.case.unavailable
    s.must("escalate").reply("advise")
    assert s.outcomes() == ["busy", "advised"] and not s.case.unavailable and s.case.involved


def test_the_floor_out_of_reach_rings_the_configured_extension() -> None:
    """ "or the floor could not be reached and the configured supervisors' extension did not answer" """
    s = Scene("warm-transfer")
    s.floor(up=False)
    then(tap("warn"), talk, tap("escalate"))(s)
    s.wait(4000)
    s.line("held")
    consult = s.sent(w.Consult)[-1]
    assert isinstance(consult, w.Consult) and consult.target == "600"
    s.consult("dialling")
    s.wait(30_000)
    s.line("up")
    assert s.outcomes() == ["ignored"] and s.case.unavailable


def test_the_brief_tells_what_a_supervisor_reads_before_taking_a_call() -> None:
    """ "the caller's matter and what was offered, grounds, rungs with times, demeanour ..., earlier incidents" """
    s = Scene("hang-up-protocol")
    earlier = (w.Earlier("old-7", "2026-01-02", (Ground.SLUR,), "released"),)
    s.put(w.EarlierAre("line", earlier))
    s.put(w.Noted(matter="a late parcel", offered="a refund", demeanour="loud from the start"))
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    told = s.sent(w.AskFloor)[-1]
    assert isinstance(told, w.AskFloor)
    brief = told.brief
    assert (brief.matter, brief.offered, brief.demeanour) == ("a late parcel", "a refund", "loud from the start")
    assert brief.grounds == ((Ground.SLUR, 0),) and brief.earlier == earlier and brief.person == "ada"
    assert brief.rungs[0] == ("Redirect the caller", 5000)


def test_each_group_has_its_time_before_the_next_is_asked() -> None:
    """ "busy or ignored for 12 s goes wider", every time"""
    third = replace(GUS, desk="desk-hal", person="hal", extension="604", group=2)
    s = Scene("hang-up-protocol", present=(EVE, GUS, third))
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    for ms, to in ((12_000, (EVE, GUS)), (11_999, (EVE, GUS)), (1, (EVE, GUS, third))):
        s.wait(ms)
        assert s.case.ask is not None and s.case.ask.to == tuple(one.desk for one in to)


def test_a_supervisor_who_comes_to_the_floor_busy_clears_nothing() -> None:
    s = Scene("warm-transfer", present=())
    then(tap("warn"), talk, tap("escalate"))(s)
    s.floor(replace(EVE, free=False))
    assert s.case.unavailable and not s.events(w.SupervisorFree)
    s.floor(EVE)
    assert s.events(w.SupervisorFree) == [w.SupervisorFree("eve")]
    s = Scene("warm-transfer", present=())
    then(tap("warn"), talk, tap("escalate"), talk)(s)
    parked = s.case.id
    s.line("held")
    s.line("up", call="second")
    s.floor(EVE)
    assert s.events(w.SupervisorFree) == [w.SupervisorFree("eve", parked)], "the record says on which call"
