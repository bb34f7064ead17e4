"""A case between two desks: offered, taken or not, handed back, reclaimed, forgotten."""

import pytest
from msgspec.structs import replace
from tests.policy.desks import ADA, at_eve, comes, offered, talk_about, told
from tests.policy.scene import EVE, Scene
from tests.policy.shift import consult, line

from rung import words as w
from rung.policy import Step, lamps, next_change
from rung.policy.state import ARRIVAL_MS, Who
from rung.policy.view import view
from rung.words import Ground, LampState, Outcome, Role, Verdict


def handing_over(policy: str = "no-hang-up") -> Scene:
    """A supervisor came into the call and has it from now on; the case is offered to their desk."""
    s = Scene(policy).declare("slur").come_in(EVE)
    return s.must("escalate")


def answer(s: Scene, accepted: bool = True) -> Step:
    """The other desk answers the offer that is open."""
    offer = offered(s)
    return s.put(w.OfferAnswered(offer.case, accepted, "" if accepted else "no", offer=offer.id, desk=offer.to))


def arrived(s: Scene) -> Scene:
    offer = offered(s)
    eve = at_eve(offer)
    comes(eve, offer)
    assert eve.case.id == offer.case and [g.ground for g in eve.case.grounds] == [g.ground for g in s.case.grounds]
    return eve


def answer_of(s: Scene) -> w.AnswerOffer:
    answer = s.sent(w.AnswerOffer)[-1]
    assert isinstance(answer, w.AnswerOffer)
    return answer


def said(s: Scene, act: w.Act) -> str:
    answer = s.put(act).answer
    assert answer is not None
    return answer.why


# -- at the desk that offers ---------------------------------------------------------------------------------------


def test_once_the_other_desk_has_it_nothing_can_be_pressed_here() -> None:
    s = handing_over("hang-up-protocol")
    answer(s)
    assert s.press("warn").verdict == Verdict.REFUSED
    assert s.press("release").verdict == Verdict.REFUSED
    shown = lamps(s.policy, s.desk, s.now)
    assert LampState.LIT not in (shown.warn.state, shown.release.state)
    s.line("ended", "transfer")
    assert s.closed().how == "transferred"


def test_a_case_that_was_released_and_whose_call_ended_otherwise_is_reclaimed() -> None:
    s = handing_over()
    answer(s)
    s.line("ended", "them")
    assert [e.to for e in s.sent(w.Reclaim) if isinstance(e, w.Reclaim)] == [EVE.desk]
    s = handing_over()  # the caller leaves before the other desk has answered
    s.line("ended", "them")
    assert [e.to for e in s.sent(w.Reclaim) if isinstance(e, w.Reclaim)] == [EVE.desk]


def test_a_transfer_that_the_phone_refuses_gives_the_case_back_and_it_may_be_tried_again() -> None:
    s = handing_over()
    answer(s)
    leave = s.case.waiting(w.Leave)
    assert leave is not None and s.case.released == EVE.desk
    s.put(w.EffectRefused(leave.effect.id, "cannot"))
    assert s.case.released == "" and s.outcomes() == [Outcome.FAILED]
    assert s.sent(w.Reclaim) and s.lamp("escalate") == LampState.REFUSED
    s.must("escalate")


def test_an_answer_to_an_offer_that_is_over_does_nothing() -> None:
    s = handing_over()
    assert s.put(w.OfferAnswered("another", accepted=True)).events == ()
    answer(s, False)
    assert s.outcomes() == [Outcome.FAILED]
    assert s.put(w.OfferAnswered(s.case.id, accepted=True, offer=offered(s).id)).events == ()


@pytest.mark.parametrize("lost", ["another call", "the phone"])
def test_it_is_not_handed_over_while_it_is_not_known_who_hears_whom(lost: str) -> None:
    s = Scene("no-hang-up").come_in(EVE)
    if lost == "the phone":
        s.put(w.PhoneIs(up=False))
    else:
        s.line("up", call="second")
    answer = s.other(EVE, w.TakeOver())
    assert answer is not None and answer.verdict == Verdict.REFUSED
    assert not s.sent(w.Offer)


def test_a_supervisor_in_the_call_takes_it_from_their_own_desk() -> None:
    s = Scene("no-hang-up").come_in(EVE)
    answer = s.other(EVE, w.TakeOver())
    assert answer is not None and answer.verdict == Verdict.TAKEN
    assert offered(s).to == EVE.desk
    assert said(s, w.AskTakenBack()).startswith("Too late")


# -- at the desk that is offered one -------------------------------------------------------------------------------


def test_a_case_is_taken_and_waits_for_its_call() -> None:
    offer = offered(handing_over())
    eve = at_eve(offer)
    eve.put(told(offer))  # told twice: perhaps the answer was lost
    assert [(e.to, e.accepted, e.why) for e in eve.sent(w.AnswerOffer) if isinstance(e, w.AnswerOffer)] == [
        (ADA, True, ""),
        (ADA, True, ""),
    ]
    assert len(eve.events(w.CaseReceived)) == 1
    assert eve.desk.arriving is not None
    assert next_change(eve.policy, eve.desk) == eve.desk.arriving_ms + ARRIVAL_MS
    eve.wait(ARRIVAL_MS)
    assert eve.desk.arriving is None
    assert eve.events(w.CaseReturned) == [w.CaseReturned(offer.case)]
    assert eve.put(told(offer)).effects == (), "it was answered long ago"


def test_all_that_happened_goes_along_and_is_as_old_there_as_here() -> None:
    s = Scene("hang-up-protocol").must("warn").talk().declare("slur").must("escalate")
    s.reply("grant")
    s.wait(300)
    assert s.case.leave is not None
    s.put(w.Calmed())
    s.line("held")
    s.wait(700)
    s.line("up")
    s.wait(11)
    s.put(w.Marked(w.Marker.CRISIS))
    s.put(w.Noted(matter="a bill", offered="a refund", demeanour="loud"))
    s.put(w.LanguageChosen("de"))
    s.wait(13)
    s.alarm("join")
    s.parties(EVE.extension)
    s.wait(17)
    s.must("escalate")
    here, sent_ms = s.case, s.desk.at_ms
    offer = offered(s)
    eve = at_eve(offer, policy="hang-up-protocol")
    there = eve.desk.arriving
    assert there is not None and eve.desk.arriving_ms == eve.desk.at_ms
    later = eve.desk.at_ms - sent_ms
    assert later > 60_000

    def moved(ms: int | None) -> int | None:
        return None if ms is None else ms + later

    assert here.talking_since is not None and here.leave is not None and len(here.talks) == 1
    talks = (*here.talks, (here.talking_since, sent_ms))
    assert there.talks == tuple((begun + later, to + later) for begun, to in talks)
    assert (there.counted_ms, there.calmed_ms) == (moved(here.counted_ms), moved(here.calmed_ms))
    assert there.counted_ms is not None
    for mine, theirs in ((here.grounds, there.grounds), (here.marks, there.marks), (here.taken, there.taken)):
        assert mine and theirs == tuple(replace(one, at_ms=one.at_ms + later) for one in mine)  # type: ignore[type-var]
    assert there.joined == tuple(replace(j, at_ms=j.at_ms + later, desk="", address="") for j in here.joined)
    assert there.leave == replace(here.leave, at_ms=here.leave.at_ms + later)
    kept = ("id", "version", "language", "caller", "notes", "named", "review", "leave_used", "unavailable", "declined")
    assert [getattr(there, key) for key in kept] == [getattr(here, key) for key in kept]
    assert (there.origin, there.released, there.held, there.ask, there.pending) == (ADA, "", False, None, ())
    eve.wait(23)
    comes(eve, offer, "at-eve")
    assert (eve.case.call, eve.case.talking_since, eve.case.epoch) == ("at-eve", eve.desk.at_ms, eve.desk.epoch)
    assert eve.case.joined == there.joined, "they joined when they came into the call"
    assert eve.case.quiet_since is None


def test_what_belongs_to_the_first_desk_alone_stays_there() -> None:
    s = Scene("warm-transfer").declare("profanity").must("warn").talk()
    for came in (False, True):
        s.must("escalate")
        s.reply("accept")
        s.wait(s.policy.times.say_ms)
        s.line("held")
        s.consult("dialling")
        s.consult("up" if came else "ended", None if came else "declined", None if came else "them")
        if not came:
            s.line("up")
            s.talk()
    s.wait(3000)
    s.must("escalate")
    assert s.case.old_consults and s.case.held and s.case.ask is not None
    there = at_eve(offered(s)).desk.arriving
    assert there is not None
    assert (there.old_consults, there.pending, there.announcement, there.held) == ((), (), None, False)
    assert (there.ask, there.talking_since, there.quiet_since) == (None, None, None)


def test_whoever_takes_a_case_without_having_been_in_the_call_joins_it_when_the_call_comes() -> None:
    s = Scene("warm-transfer").declare("profanity").must("warn").talk().must("escalate")
    s.reply("take")
    s.wait(s.policy.times.say_ms)
    s.line("held")
    s.consult("dialling")
    s.consult("up")
    s.wait(3000)
    eve = arrived(s)
    assert [(j.person, j.address, j.at_ms) for j in eve.case.joined] == [("eve", "", eve.desk.at_ms)]


def test_why_a_case_cannot_be_taken() -> None:
    offer = offered(handing_over())
    assert answer_of(at_eve(offer, person=None)).why == "nobody is signed on at that desk"
    eve = at_eve(offer)
    eve.put(w.CallIs(replace(talk_about("case-9"), id="talk-2")))
    eve.put(told(offer, "desk-bob", case="case-9"))
    assert (answer_of(eve).accepted, answer_of(eve).why) == (False, "another case is on its way to that desk")


def test_a_received_call_may_stand_beside_one_on_hold() -> None:
    offer = offered(handing_over())
    eve = Scene("no-hang-up", person="eve", role=Role.SUPERVISOR)
    eve.line("held")
    eve.put(w.CallIs(talk_about(offer.case)))
    eve.put(told(offer))
    comes(eve, offer)
    assert eve.case.id == offer.case and len(eve.desk.parked) == 1


def test_a_supervisor_hands_back() -> None:
    eve = arrived(handing_over())
    assert said(eve, w.HandBack()) == "Tell the caller; then the agent is rung."
    assert said(eve, w.HandBack()) == "Somebody is being asked already; take that back first."
    eve.wait(eve.policy.times.say_ms)
    eve.put(w.CallIs(replace(line("held", call="caller"), case=eve.case.id)))
    assert [c.target for c in eve.sent(w.Consult) if isinstance(c, w.Consult)] == ["500"]
    assert view(eve.policy, eve.desk, eve.now).next == "wait for the agent"
    for state in ("dialling", "up"):
        eve.put(w.CallIs(replace(consult(state), consult_for="caller")))
    assert eve.press("escalate").why == "The agent has answered; tap again in 3 s to transfer."
    eve.wait(3000)
    assert view(eve.policy, eve.desk, eve.now).buttons[w.Button.ESCALATE] == "Transfer the caller to the agent"
    assert eve.press("escalate").why == "Transferring the caller to the agent."


def test_why_a_supervisor_cannot_hand_back() -> None:
    eve = arrived(handing_over())
    eve.put(w.FloorIs(up=True))
    assert said(eve, w.HandBack()) == f"The desk {ADA} is out of reach."
    own = Scene("no-hang-up", person="eve", role=Role.SUPERVISOR)
    assert said(own, w.HandBack()) == "This call did not come from an agent's desk."


# -- seen from another desk ----------------------------------------------------------------------------------------


def test_a_supervisor_who_is_not_in_the_call_sees_closed_steps_and_one_who_is_their_own() -> None:
    s = Scene("no-hang-up")
    eve = Who("eve", Role.SUPERVISOR, here=False)
    assert all("you are not in this call" in rung.lacks for rung in view(s.policy, s.desk, s.now, eve).ladder)
    s.press("warn")
    s.come_in(EVE)
    s.talk()
    s.other(EVE, w.Declared(Ground.SLUR))
    assert [rung.state for rung in view(s.policy, s.desk, s.now, eve).ladder] == ["open", "closed"]
    shown = lamps(s.policy, s.desk, s.now, eve)
    assert shown.warn.state == LampState.BREATHING  # the refusal of the agent's press is on the agent's lamps alone
    assert shown.escalate.state == LampState.OFF, "it hands the call over, which is the agent's to do"
    assert lamps(s.policy, s.desk, s.now).escalate.state == LampState.LIT
    assert view(s.policy, s.desk, s.now).buttons[w.Button.ESCALATE].startswith("Hand the call over")
