"""A case between two desks, as each of them decides: numbers, the call it arrives on, and who is rung how often."""

import msgspec
import pytest
from msgspec.structs import replace
from tests.policy.desks import answered, at_eve, offered, over, talk_about, told
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import line

from rung import words as w
from rung.policy import load
from rung.policy.language import canonical
from rung.policy.state import ARRIVAL_MS, Case, Joined
from rung.words import CallState, EndedBy, Outcome, Role, Verdict

TALK = talk_about("case-1")  # the agent rings the supervisor about it
TALK_OVER = over(TALK)
CALLER = replace(line("up", call="caller"), case="case-1")


def offering() -> tuple[Scene, w.Offer]:
    """An agent who has offered the case to eve."""
    s = answered(Scene("warm-transfer").must("warn").talk()).must("escalate")
    return s, offered(s)


def eve(*calls: w.Call) -> Scene:
    scene = Scene("warm-transfer", person="eve", role=Role.SUPERVISOR, call=False)
    for call in calls:
        scene.put(w.CallIs(call))
    return scene


def answers(scene: Scene) -> list[tuple[int, bool]]:
    return [(e.offer, e.accepted) for e in scene.effects if isinstance(e, w.AnswerOffer)]


def test_the_answer_to_an_earlier_offer_is_none() -> None:
    s, first = offering()
    s.wait(3000)
    assert s.sent(w.Reclaim)
    s.must("escalate")
    second = s.sent(w.Offer)[-1]
    assert s.put(w.OfferAnswered("case-1", True, offer=first.id)).events == ()
    s.put(w.OfferAnswered("case-1", True, offer=second.id))
    assert len(s.sent(w.Complete)) == 1


def test_a_desk_that_accepts_what_was_taken_back_is_told_again() -> None:
    s, first = offering()
    s.wait(3000)
    told = len(s.sent(w.Reclaim))
    s.put(w.OfferAnswered("case-1", True, offer=first.id, desk=EVE.desk))
    assert len(s.sent(w.Reclaim)) == told + 1
    s.must("escalate")
    s.put(w.OfferAnswered("case-1", True, offer=first.id, desk=EVE.desk))
    assert len(s.sent(w.Reclaim)) == told + 1, "the newer offer will tell"
    second = s.sent(w.Offer)[-1]
    for _ in range(2):  # the second time it is late, and the case is hers
        s.put(w.OfferAnswered("case-1", True, offer=second.id, desk=EVE.desk))
    s.put(w.OfferAnswered("case-9", True, offer=1, desk=EVE.desk))
    assert len(s.sent(w.Reclaim)) == told + 1
    s.put(w.OfferAnswered("case-1", True, offer=first.id, desk=FAY.desk))
    assert len(s.sent(w.Reclaim)) == told + 2


def test_a_desk_whose_floor_is_back_says_again_which_case_it_waits_for() -> None:
    _, offer = offering()
    s = eve(TALK)
    s.put(told(offer))
    s.floor(up=False)
    s.floor()
    assert answers(s) == [(offer.id, True), (offer.id, True)]


def test_a_desk_that_refuses_what_is_not_offered_to_it_has_nothing_to_forget() -> None:
    s, offer = offering()
    s.put(w.OfferAnswered(offer.case, False, "busy", offer=offer.id + 1, desk=FAY.desk))
    assert not s.sent(w.Reclaim)


def test_nothing_of_another_call_waits_for_what_is_told_again() -> None:
    _, offer = offering()
    s = eve(TALK)
    s.put(told(offer))
    s.line("up", call="own")
    s.put(told(offer))
    s.floor(up=False)
    s.floor()
    assert answers(s) == [(offer.id, True)] * 3 and s.case.call == "own" and not s.case.pending


def test_an_offer_that_comes_after_it_was_taken_back_is_none() -> None:
    _, offer = offering()
    s = eve(TALK)
    s.put(w.CaseReclaimed(offer.case, "desk-ada", offer.id + 1))
    assert s.put(told(offer)).events == ()
    s.put(told(offer, offer=offer.id + 2))
    assert answers(s) == [(offer.id + 2, True)]
    assert s.put(w.CaseReclaimed(offer.case, "desk-ada", offer.id + 1)).events == (), "that was for the earlier one"
    assert s.put(w.CaseReclaimed(offer.case, "desk-gus", offer.id + 9)).events == (), "nor is it another desk's to take"
    s.put(w.CaseReclaimed(offer.case, "desk-ada", offer.id + 3))
    assert s.desk.arriving is None and isinstance(s.record[-1].event, w.CaseReturned)


def test_a_case_offered_anew_is_as_it_is_now() -> None:
    ada, offer = offering()
    s = eve(TALK)
    s.put(told(offer))
    ada.wait(3000)
    ada.declare("slur").must("escalate")
    newer = ada.sent(w.Offer)[-1]
    assert isinstance(newer, w.Offer)
    s.put(told(newer))
    assert s.desk.arriving is not None and w.Ground.SLUR in [g.ground for g in s.desk.arriving.grounds]


def test_the_talk_about_a_case_opens_none_and_the_case_arrives_on_the_callers_own_call() -> None:
    _, offer = offering()
    s = eve(TALK)
    assert s.desk.case is None and s.press("release").verdict == Verdict.REFUSED
    s.put(told(offer))
    s.put(w.CallIs(TALK))
    assert s.desk.case is None, "told again, it is still the talk"
    s.put(w.CallIs(TALK_OVER))
    s.put(w.CallIs(CALLER))
    assert s.case.id == "case-1" and s.case.call == "caller"
    assert [j.person for j in s.case.joined] == ["eve"]


def test_it_does_not_matter_which_call_is_told_first() -> None:
    _, offer = offering()
    s = eve(TALK)
    s.put(told(offer))
    s.put(w.CallIs(CALLER))
    s.put(w.CallIs(TALK_OVER))
    assert s.case.call == "caller"


def test_a_second_talk_about_the_case_is_not_the_caller() -> None:
    _, offer = offering()
    s = eve(TALK)
    s.put(told(offer))
    s.put(w.CallIs(replace(TALK, state=CallState.ENDED, ended_by=EndedBy.THEM)))
    s.put(w.CallIs(replace(TALK, id="talk-2")))
    assert s.desk.case is None
    s.wait(ARRIVAL_MS)
    assert s.desk.arriving is None


def test_a_phone_that_has_forgotten_the_talk_still_brings_the_case() -> None:
    _, offer = offering()
    s = eve(TALK)
    s.put(told(offer))
    s.put(w.PhoneIs(up=False))
    s.put(w.PhoneIs(up=True))
    s.put(w.CallsAre((CALLER,)))
    assert s.case.id == "case-1"


def test_a_case_is_waited_for_as_long_as_the_phone_cannot_tell_of_its_call() -> None:
    _, offer = offering()
    s = eve(TALK)
    s.put(told(offer))
    s.put(w.PhoneIs(up=False))
    s.wait(2 * ARRIVAL_MS)
    s.put(w.PhoneIs(up=True))
    s.put(w.CallsAre((CALLER,)))
    assert s.case.id == "case-1"
    s = eve(TALK)
    s.put(told(offer))
    s.put(w.PhoneIs(up=False))
    s.wait(2 * ARRIVAL_MS)
    s.put(w.PhoneIs(up=True))
    s.put(w.CallsAre(()))
    assert s.desk.arriving is None, "it has not come"


def test_a_call_that_was_put_through_without_its_case_gets_one_of_its_own() -> None:
    s = eve(TALK, TALK_OVER, CALLER)
    assert (s.case.call, s.case.taken) == ("caller", ())
    assert s.events(w.CaseReceived) == []


@pytest.mark.parametrize("told_again", [False, True])
def test_who_is_asked_once_more_about_a_case_that_they_have_handed_back_has_none_of_it_yet(told_again: bool) -> None:
    """The talk is the agent's case, until that is handed over: a press there would be about nobody's call."""
    _, offer = offering()
    s = eve(TALK)
    s.put(told(offer))
    gone = replace(CALLER, state=CallState.ENDED, ended_by=EndedBy.TRANSFER)
    for call in (TALK_OVER, CALLER, gone):
        s.put(w.CallIs(call))
    if told_again:
        s.put(w.CallsAre((TALK_OVER, gone)))
    s.put(w.CallIs(replace(TALK, id="talk-2")))
    assert s.desk.case is None
    s.put(told(offer, offer=offer.id + 5))
    s.put(w.CallIs(replace(TALK_OVER, id="talk-2")))
    s.put(w.CallIs(replace(CALLER, id="caller-2")))
    assert (s.case.id, s.case.call) == ("case-1", "caller-2")


def test_without_a_talk_about_it_no_case_is_accepted() -> None:
    _, offer = offering()
    s = eve()
    s.put(told(offer))
    assert answers(s) == [(offer.id, False)]


@pytest.mark.parametrize(
    ("wrong", "unreadable"),
    [({"state": "{"}, True), ({"policy": "{}"}, True), ({"case": "case-9"}, False), ({"policy": "other"}, False)],
    ids=["state", "policy", "another case", "another policy"],
)
def test_what_cannot_be_read_or_does_not_fit_together_is_refused(wrong: dict[str, str], unreadable: bool) -> None:
    _, offer = offering()
    wrong = {key: canonical(load("no-hang-up")) if value == "other" else value for key, value in wrong.items()}
    s = eve(replace(TALK, case=wrong.get("case", "case-1")))
    s.put(told(offer, **wrong))
    assert answers(s) == [(offer.id, False)] and not s.events(w.CaseReceived)
    answer = s.sent(w.AnswerOffer)[-1]
    assert isinstance(answer, w.AnswerOffer) and ("cannot read the case" in answer.why) == unreadable


# -- who is rung, and who has it ---------------------------------------------------------------------------------------


def test_a_supervisor_who_is_rung_for_an_ask_is_not_brought_in_a_second_time() -> None:
    s = Scene("warm-transfer")
    s.must("warn").talk().must("escalate")
    s.press("escalate", "hold")
    s.reply("accept")
    s.alarm("join")
    assert not s.sent(w.Join) and s.desk.alert is not None and s.desk.alert.taker == EVE.desk
    assert [e.outcome for e in s.sent(w.CloseAsk) if isinstance(e, w.CloseAsk)] == [Outcome.ACCEPTED, Outcome.JOINED]


def test_a_supervisor_who_is_being_brought_in_is_not_rung_for_an_ask_as_well() -> None:
    s = Scene("warm-transfer")
    s.must("warn").talk().must("escalate")
    s.press("escalate", "hold")
    s.alarm("join")
    number = s.case.ask.number if s.case.ask is not None else 0
    take = w.Replied(ask=number, desk=EVE.desk, person="eve", reply=w.Reply.TAKE)
    assert s.put(take).events == ()
    s.parties(EVE.extension)
    s.put(take)
    assert s.sent(w.Offer) and not s.sent(w.Consult), "she is in the call, and takes it"


def test_a_call_into_which_nobody_came_leaves_another_supervisors_transfer_alone() -> None:
    s, offer = offering()
    s.press("escalate", "hold")
    s.alarm("join", FAY)
    s.put(w.OfferAnswered("case-1", True, offer=offer.id))
    join = s.sent(w.Join)[-1]
    s.put(w.EffectRefused(join.id, "busy"))
    assert s.case.released == EVE.desk and s.case.ask is not None and s.case.ask.phase == "completing"


def test_who_is_gone_again_cannot_be_rung() -> None:
    s = Scene("warm-transfer")
    s.must("warn").talk().must("escalate")
    s.put(w.FloorIs(up=True, present=(FAY, GUS), desks={FAY.desk: FAY.extension}))
    assert s.reply("take", EVE).events == ()
    s.press("escalate", "hold")
    s.put(w.FloorIs(up=True, present=(GUS,), desks={GUS.desk: GUS.extension}))
    assert s.alarm("join", FAY).events == ()


def test_before_the_call_is_handed_over_whoever_else_is_rung_is_let_go() -> None:
    s = Scene("warm-transfer")
    s.must("warn").talk().must("escalate")
    s.reply("accept")
    s.wait(s.policy.times.say_ms)
    s.line("held")
    s.consult("dialling")
    s.press("escalate", "hold")
    s.alarm("join", FAY)
    s.put(w.CallIs(replace(line("held"), parties=(FAY.extension,))))
    answer = s.press("escalate")
    assert (answer.verdict, answer.next) == (Verdict.NOTHING, "escalate")
    assert s.sent(w.TakeBack) and not s.sent(w.Offer)
    assert s.press("escalate").verdict == Verdict.NOTHING, "it is still under way"
    s.consult("ended", by="us")
    s.parties(FAY.extension)
    assert s.outcomes() == ["withdrawn"]
    s.must("escalate")
    offer = s.sent(w.Offer)[-1]
    assert isinstance(offer, w.Offer) and offer.to == FAY.desk


def test_the_talk_at_one_desk_is_counted_once_and_not_on_the_way() -> None:
    s, offer = offering()
    state = msgspec.json.decode(offer.state, type=Case)
    talked = s.case.talk_ms(0, s.now)
    s.wait(1000)
    assert talked and state.talking_since is None and state.talk_ms(-s.now, 60_000) == talked


def test_the_talk_about_a_case_is_not_for_presses_though_the_floor_is_lost() -> None:
    """Its own call has not come yet."""
    scene = at_eve(offering()[1], policy="warm-transfer")
    assert scene.desk.arriving is not None
    scene.floor(up=False)
    scene.put(w.CallIs(talk_about("case-1")))
    assert scene.desk.case is None


def test_what_an_earlier_offers_end_tells_late_does_not_bring_a_later_one_back() -> None:
    """The numbers of another desk only rise."""
    scene = eve(TALK)
    later = told(offering()[1], offer=7)
    scene.put(later)
    assert answers(scene) == [(7, True)]
    for number in (8, 3):
        scene.put(w.CaseReclaimed("case-1", "desk-ada", number))
    scene.put(later)
    assert answers(scene) == [(7, True)] and scene.desk.arriving is None


@pytest.mark.parametrize("trained", [True, False])
def test_a_supervisor_at_another_desk_is_as_trained_as_they_are(trained: bool) -> None:
    policy = load("no-hang-up")
    rungs = tuple(
        replace(r, requires=tuple(replace(need, trained=True) for need in r.requires))
        if r.id == "supervisor-warn"
        else r
        for r in policy.rung
    )
    s = Scene(replace(policy, rung=rungs)).come_in(EVE).talk()
    s.other(EVE, w.Declared(w.Ground.SLUR))
    answer = s.other_press(EVE, "warn", trained=trained)
    assert (answer.verdict == Verdict.TAKEN) == trained, answer


def test_whoever_has_the_case_at_their_own_desk_is_in_the_call_by_no_telephone() -> None:
    s = Scene("no-hang-up", person="eve", role=Role.SUPERVISOR)
    assert s.case.joined == (Joined("eve", "", "", s.desk.at_ms),)
