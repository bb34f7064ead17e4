"""Each sentence of "How a press is read", under the policies that it is about. The docstrings quote it."""

import pytest
from msgspec.structs import replace
from tests.policy.desks import ADA, answered, offered, over, talk_about, told
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import line
from tests.policy.test_rows import LEAVE, NOTICED, declare, talk, tap, then, unanswered

from rung import words as w
from rung.policy import Book, Rule, load
from rung.policy.library import shipped
from rung.words import Ground, Marker, Role

POLICIES = pytest.mark.parametrize("name", shipped())


# -- a press takes ... -------------------------------------------------------------------------------------------------


@POLICIES
def test_a_rung_needs_not_be_taken_or_lapsed_or_repeatable(name: str) -> None:
    """ "not taken (or lapsed, or `repeatable`)" """
    policy = load(name)
    first = next(r for r in policy.rung if r.button == "warn" and r.role == "agent") if name != "no-hang-up" else None
    if first is None or first.repeatable:
        return
    lapsing = replace(policy, rung=tuple(replace(r, lapses_after=60) if r is first else r for r in policy.rung))
    for variant, again in ((policy, False), (lapsing, True)):
        s = Scene(variant)
        if name == "hang-up-protocol":
            continue  # its warning needs leave anew
        s.must("warn")
        s.wait(60_000)
        assert (s.press("warn").verdict == "taken") == again


@POLICIES
def test_a_refusal_names_what_the_nearest_rung_lacks_and_what_comes_next(name: str) -> None:
    """ "the refusal names what the nearest rung lacks ... and which button comes next; if no button helps, the act" """
    s = Scene(name, present=())
    answer = s.press("release")
    assert answer.verdict == "refused"
    assert answer.next is not None or ":" in answer.why


def test_where_ones_own_ladder_offers_nothing_a_quiet_ask_always_does() -> None:
    """ "Where one's own ladder offers nothing, a quiet ask always does." """
    for name in shipped():
        s = Scene(name).declare("rudeness")
        s.put(w.Marked(Marker.CRISIS))
        s.put(w.Unmarked(Marker.CRISIS))
        if name in ("advise-and-warn",):
            continue  # its escalate is always open
        answer = s.press("escalate")
        assert answer.verdict == "nothing" and answer.why.startswith("Quiet ask: "), (name, answer)


# -- gestures ----------------------------------------------------------------------------------------------------------


def test_warn_held_and_another_button_name_one_of_the_three_commonest_grounds() -> None:
    """ "hold warn, the lamps show the floor's three commonest grounds, tap one" """
    s = Scene("end-with-care")
    for button, ground in zip(("escalate", "warn", "release"), s.policy.common_grounds, strict=True):
        assert s.press(f"warn+{button}", "hold").verdict == "taken"
        assert s.case.grounds[-1].ground == ground


# -- what comes to nothing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["deny", "busy", "time", "taken back", "floor lost", "restart"])
def test_an_ask_that_comes_to_nothing_makes_its_rung_not_taken_again(end: str) -> None:
    """ "makes its rung not taken again; the attempt stays in the record" """
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    counted = s.case.counted_ms
    s.wait(100)
    {
        "deny": lambda: s.reply("deny"),
        "busy": lambda: [s.reply("busy", who) for who in (EVE, FAY, GUS)],
        "time": lambda: s.wait(30_000),
        "taken back": lambda: s.press("escalate+warn", "chord"),
        "floor lost": lambda: s.floor(up=False),
        "restart": lambda: s.put(w.Restarted()),
    }[end]()
    assert s.case.ask is None and not s.case.has_taken("ask-leave")
    assert s.events(w.AskOpened) and s.events(w.RungTaken)
    silent = end in ("taken back", "restart")
    assert (s.case.counted_ms == counted) == silent, "an ask taken back changes neither `wait` nor unavailability"
    assert s.case.unavailable == (end in ("busy", "time", "floor lost"))


def test_an_unwanted_supervisor_is_a_failed_ask_and_not_unavailable() -> None:
    """ "an unwanted supervisor counts as a failed ask, not as unavailable" """
    s = Scene("no-hang-up").declare("slur")
    s.must("escalate")
    answer = s.put(w.Unwanted()).answer
    assert answer is not None and answer.verdict == "taken"
    assert s.outcomes() == ["unwanted"] and not s.case.unavailable and not s.case.has_taken("offer")


def test_from_the_press_on_release_is_refused_and_no_notice_is_given_until_the_outcome() -> None:
    """ "From the press on, release is refused and no notice is given until the outcome" """
    s = Scene("warm-transfer")
    then(NOTICED, talk, tap("escalate"))(s)
    assert s.press("release").verdict == "refused"
    assert s.press("warn").verdict == "refused"
    unanswered(s)
    s.declare("slur")
    talk(s)
    s.must("release")


# -- supervisors' rungs are their own ----------------------------------------------------------------------------------


@POLICIES
def test_rungs_are_counted_per_person_for_supervisors(name: str) -> None:
    """ "Rungs are counted per person for supervisors: "warned" means by the one who ends." """
    s = Scene(name)
    s.come_in(EVE)
    s.parties(EVE.extension, FAY.extension)
    talk(s)
    s.other(EVE, w.Declared(Ground.SLUR))
    assert s.other_press(EVE, "warn").verdict == "taken"
    talk(s)
    assert s.other_press(FAY, "release").verdict == "refused"
    assert s.other_press(EVE, "release").verdict == "taken"


def test_a_supervisors_warning_needs_abuse_attested_after_joining_and_wait_since_joining() -> None:
    """ "abuse attested by that supervisor after joining (...) and `wait` since joining" """
    s = Scene("no-hang-up").declare("slur")
    s.come_in(EVE)
    talk(s)
    assert s.other_press(EVE, "warn").verdict == "refused", "the agent's ground attests nothing for them"
    s.other(EVE, w.Declared(Ground.RUDENESS))
    assert s.other_press(EVE, "warn").verdict == "refused"
    s.other(EVE, w.Declared(Ground.SLUR))
    assert s.other_press(EVE, "warn").verdict == "taken"


def test_waits_since_joining_are_talk_and_calmed_does_not_restart_them() -> None:
    """ "waits since joining are talk, and calmed does not restart them" """
    s = Scene("no-hang-up")
    s.come_in(EVE)
    s.wait(4000)
    s.put(w.CallIs(replace(line("held"), parties=(EVE.extension,))))
    s.wait(60_000)
    s.parties(EVE.extension)
    s.other(EVE, w.Declared(Ground.SLUR))
    assert s.other_press(EVE, "warn").verdict == "refused"
    s.put(w.Calmed())
    s.wait(1000)
    assert s.other_press(EVE, "warn").verdict == "taken"


def test_while_a_supervisor_is_on_the_call_the_agent_has_no_release() -> None:
    """ "While a supervisor is on the call, the agent has no release." """
    s = Scene("hang-up-protocol").declare("threat")
    s.must("release")
    s.come_in(EVE)
    assert s.case.announcement is None, "a supervisor joining withdraws the agent's announcement"
    answer = s.press("release")
    assert (answer.verdict, answer.next) == ("refused", "escalate")
    s.parties()
    s.must("release")


def test_with_a_supervisor_added_escalate_hands_the_call_over_at_once_and_closes_any_ask() -> None:
    """ "a supervisor may be added, and escalate then hands the call over at once, closes any ask" """
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    s.reply("join")
    s.parties(EVE.extension)
    assert s.case.ask is not None, "they listen first, and may still grant leave"
    s.must("escalate")
    offer = offered(s)
    assert offer.to == EVE.desk
    assert s.outcomes() == ["withdrawn"] and not s.case.involved
    s.put(w.OfferAnswered(offer.case, True, offer=offer.id))
    assert s.sent(w.Leave)
    s.line("ended", "transfer")
    assert s.closed().how == "transferred"


def test_a_supervisor_may_hand_back_and_the_agents_own_rungs_then_stand() -> None:
    """ "A supervisor may hand back; the agent's own rungs then stand." """
    agent = Scene("warm-transfer")
    then(NOTICED, talk)(agent)
    offer = handed_over(agent)
    eve = Scene("warm-transfer", person="eve", role=Role.SUPERVISOR, call=False)
    talking = talk_about(offer.case)
    eve.put(w.CallIs(talking))
    assert eve.desk.case is None, "it is still the agent's"
    eve.put(told(offer))
    eve.put(w.CallIs(over(talking)))
    assert [e.accepted for e in eve.effects if isinstance(e, w.AnswerOffer)] == [True]
    eve.put(w.CallIs(replace(line("up"), case=offer.case)))
    assert [t.rung for t in eve.case.taken] == ["warn", "final-notice", "escalate"]
    answer = eve.put(w.HandBack()).answer
    assert answer is not None and answer.verdict == "taken"
    eve.wait(4000)
    eve.line("held")
    eve.consult("dialling")
    eve.consult("up")
    eve.wait(3000)
    eve.must("escalate")
    back = offered(eve)
    assert back.to == ADA
    agent.line("ended", "transfer")
    agent.put(w.CallIs(talking))
    agent.put(told(back, EVE.desk))
    agent.put(w.CallIs(over(talking)))
    agent.put(w.CallIs(replace(line("up", call="again"), case=back.case)))
    assert agent.case.has_taken("final-notice") and agent.case.joined == ()
    assert agent.case.epoch == 2, "epochs never repeat"
    agent.declare("slur")
    talk(agent)
    agent.must("release")


def handed_over(s: Scene) -> w.Offer:
    """A warm transfer up to the accepted offer."""
    offer = offered(answered(s).must("escalate"))
    assert not s.sent(w.Complete), "without the accept the first desk keeps case and caller"
    s.put(w.OfferAnswered(offer.case, True, offer=offer.id))
    assert s.sent(w.Complete)
    return offer


def test_without_the_accept_the_first_desk_keeps_case_and_caller() -> None:
    for no in (lambda s, o: s.put(w.OfferAnswered(o.case, False, "busy", o.id)), lambda s, o: s.wait(3000)):
        s = Scene("warm-transfer")
        offer = offered(answered(s.must("warn").talk()).must("escalate"))
        no(s, offer)
        assert not s.sent(w.Complete) and s.case.ask is not None and s.case.ask.phase == "answered"
        s.put(w.OfferAnswered(s.case.id, True, offer=offer.id))
        assert not s.sent(w.Complete), "too late: it had been reclaimed"
        s.must("escalate")


def test_a_case_offered_while_the_call_about_it_still_rings_here_is_taken() -> None:
    """The other phone hears of the answer first, and its desk may offer the case at once."""
    offer = handed_over(Scene("warm-transfer").declare("slur").must("warn").talk())
    s = Scene("warm-transfer", person="eve", role=w.Role.SUPERVISOR, call=False)
    s.put(w.CallIs(replace(line("ringing", call="about it"), case=offer.case)))
    s.put(told(offer))
    (answer,) = s.sent(w.AnswerOffer)
    assert isinstance(answer, w.AnswerOffer) and answer.accepted, answer.why
    s.put(w.CallIs(replace(line("up", call="about it"), case=offer.case)))
    assert s.desk.case is None, "the caller comes on another call"
    s.put(w.CallIs(replace(line("ended", "transfer", call="about it"), case=offer.case)))
    s.put(w.CallIs(replace(line("up", call="the caller's"), case=offer.case)))
    assert s.case.has_taken("warn") and s.case.call == "the caller's"


# -- the epoch and other lines -----------------------------------------------------------------------------------------


def test_release_is_refused_while_a_third_party_is_in_the_call_and_names_whom() -> None:
    """ "or while a third party other than the supervisor is in the call (the page names whom)" """
    s = Scene("hang-up-protocol").declare("threat")
    s.must("release")
    s.parties("sip:partner@example.invalid")
    assert s.case.announcement is None
    assert "sip:partner@example.invalid" in s.press("release").why
    s.parties()
    s.end()
    assert s.hung_up()


def test_each_line_keeps_its_own_case_and_the_epoch_is_the_call_with_the_live_audio() -> None:
    """ "The epoch is the call with the agent's live audio." """
    s = Scene("hang-up-protocol").declare("threat")
    first = s.case.epoch
    s.line("held")
    s.line("up", call="second")
    assert s.case.epoch == first + 1 and s.case.grounds == ()
    assert s.press("release", epoch=first).verdict == "refused", "a press belongs to the call it was made on"
    s.line("held", call="second")
    s.line("up")
    assert s.case.epoch == first and s.case.grounds
    s.line("ended", "them", call="second")
    assert s.closed().how == "caller left on hold" and s.case.epoch == first
    s.end()
    assert s.hung_up()


def test_the_policy_of_a_call_is_chosen_by_queue_its_version_fixed_when_it_is_answered() -> None:
    """ "The policy of a call is chosen by queue or called number (default: the desk's), its version fixed when ..." """
    care, strict = load("end-with-care"), load("no-hang-up")
    book = Book(strict, (Rule("claims", care, "de"),))
    s = Scene(strict, call=False)
    s.rules = s.policy = book  # type: ignore[assignment]
    s.put(w.CallIs(replace(line("up"), queue="claims")))
    opened = s.events(w.CaseOpened)[-1]
    assert isinstance(opened, w.CaseOpened)
    assert (opened.policy, opened.language) == ("end-with-care", "de")
    s.rules = s.policy = book.keeping(care)  # type: ignore[assignment]
    assert s.press("warn").verdict == "taken"
    s.line("ended", "them")
    s.put(w.CallIs(line("up", call="next")))
    opened = s.events(w.CaseOpened)[-1]
    assert isinstance(opened, w.CaseOpened) and opened.policy == "no-hang-up"


def test_without_a_known_person_what_needs_one_is_refused() -> None:
    """ "without a known person, what needs one (`trained`, an ending) is refused" """
    s = Scene("hang-up-protocol").declare("threat")
    s.sits(None)
    assert "signed on" in s.press("release").why
    s = Scene("advise-and-warn")
    then(tap("warn"), talk, declare("slur"), talk, declare("slur"))(s)
    s.sits(None, trained=False)
    assert s.press("release").verdict == "refused"


def test_leave_and_other_waits_are_not_lost_over_a_restart() -> None:
    s = Scene("hang-up-protocol")
    LEAVE(s)
    s.put(w.Restarted())
    assert s.case.leave is not None
    s.put(w.CallsAre((line("up"),)))
    s.must("warn")
    assert s.case.has_taken("warn")


def test_a_press_from_before_the_supervisor_had_answered_for_long_is_asked_for_again() -> None:
    """ "when the supervisor has answered and 3 s have passed, it completes the transfer" """
    s = answered(Scene("warm-transfer").must("warn").talk())
    early = s.press("escalate", age_ms=500)
    assert (early.verdict, early.why) == ("nothing", "The supervisor has answered; tap again to transfer.")
    assert s.press("escalate").verdict == "taken"
