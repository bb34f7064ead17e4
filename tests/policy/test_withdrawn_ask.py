"""The call is ended at once while leave is asked: whoever is rung for it is let go, and never mistaken for another."""

import pytest
from msgspec.structs import replace
from tests.policy.scene import FAY, Scene
from tests.policy.shift import LINE, consult, line

from rung import words as w
from rung.policy import Step
from rung.words import Outcome

NO_JOIN = frozenset({"case", "returns"})  # who takes the call is rung, and put through at once


def asked(can: frozenset[str] = NO_JOIN) -> Scene:
    """Leave is asked about a threat, and a supervisor has said that they take the call."""
    s = Scene("hang-up-protocol", can=can)
    s.must("warn").talk().declare("threat").must("escalate").reply("take")
    return s


def hold(s: Scene) -> list[w.Effect]:
    """End the call; everything that is ordered by the hold itself."""
    s.must("release")
    s.wait(s.policy.times.say_ms)
    before = len(s.effects)
    s.must("release", "hold")
    return [e for e in s.effects[before:] if not isinstance(e, w.CloseAsk)]


def refused(s: Scene) -> Step:
    """The phone will not end the call."""
    ending = next(e for e in reversed(s.effects) if isinstance(e, w.HangUp) and e.call == LINE)
    return s.put(w.EffectRefused(ending.id, "cannot aim"))


def stopped(s: Scene) -> list[str]:
    return [e.call for e in s.effects if isinstance(e, w.HangUp)]


def orders(s: Scene) -> list[w.Consult]:
    return [e for e in s.effects if isinstance(e, w.Consult)]


def fay_is_rung(s: Scene) -> Scene:
    s.talk().must("escalate").reply("take", FAY)
    assert orders(s)[-1].target == FAY.extension
    return s


def test_the_telephone_that_rings_stops_and_the_call_ends_once() -> None:
    s = asked()
    s.consult("dialling")
    assert [(type(e), getattr(e, "call", "")) for e in hold(s)] == [(w.HangUp, "consult-1"), (w.HangUp, LINE)]
    assert s.outcomes() == [Outcome.WITHDRAWN]
    s.consult("up")  # she answered at that very moment
    s.consult("ended", by="us")
    s.line("ended", "us")
    assert (s.closed().how, stopped(s)) == ("released", ["consult-1", LINE])


def test_whoever_has_answered_is_let_go_as_well() -> None:
    s = asked()
    s.consult("dialling")
    s.consult("up")
    offer = next(e for e in s.effects if isinstance(e, w.Offer))
    s.put(w.OfferAnswered(offer.case, False, "busy", offer.id))  # the call stays here, and she is on the phone
    hold(s)
    assert stopped(s) == ["consult-1", LINE]


def test_an_answer_to_what_was_withdrawn_moves_no_later_ask() -> None:
    s = asked()
    s.consult("dialling")
    hold(s)
    refused(s)
    fay_is_rung(s)
    s.consult("up")
    made = s.put(w.CallsAre((line("up"), consult("up"))))
    assert made.effects == ()
    ask = s.case.ask
    assert ask is not None
    assert (ask.phase, ask.taker, ask.consult) == ("ringing", FAY.desk, None)
    s.consult("dialling")
    s.consult("up")
    assert [e.to for e in s.effects if isinstance(e, w.Offer)] == [FAY.desk]


@pytest.mark.parametrize("ended", [False, True], ids=["being ended", "ended"])
def test_it_does_not_ring_on_where_the_phone_tells_its_number_late(ended: bool) -> None:
    s = asked()
    hold(s)
    if ended:
        s.line("ended", "us")
    s.consult("dialling")
    s.consult("up")
    assert stopped(s) == [LINE, "consult-1"]
    if not ended:
        s.consult("ended", by="us")
        s.line("ended", "us")
    assert (s.closed().how, stopped(s)) == ("released", [LINE, "consult-1"])


def test_who_answers_before_the_phone_has_told_the_number_is_let_go() -> None:
    s = asked()
    hold(s)
    s.put(w.CallIs(consult("up")))
    assert stopped(s) == [LINE, "consult-1"]


def test_it_does_not_ring_on_where_the_phone_tells_all_its_calls_late() -> None:
    s = asked()
    hold(s)
    s.put(w.CallsAre((line("ended", "us"), consult("dialling"))))
    s.put(w.CallsAre((consult("dialling"),)))  # it is on its way out: once is enough
    assert stopped(s) == [LINE, "consult-1"]


def test_who_has_left_before_the_number_was_told_is_no_longer_rung() -> None:
    s = asked()
    s.line("ended", "them")
    s.consult("dialling")
    assert stopped(s) == ["consult-1"]


@pytest.mark.parametrize("comes", ["dialling", "ended"])
def test_of_two_that_ring_the_first_is_of_the_ask_that_is_over(comes: str) -> None:
    s = asked()
    hold(s)
    refused(s)
    fay_is_rung(s)
    s.put(w.CallIs(consult(comes)))
    assert stopped(s) == ([LINE, "consult-1"] if comes == "dialling" else [LINE])
    assert s.case.ask is not None
    assert (s.case.ask.phase, s.case.ask.consult) == ("ringing", None)
    s.put(w.CallIs(consult("dialling", number=2)))
    s.put(w.CallIs(consult("up", number=2)))
    assert [e.to for e in s.effects if isinstance(e, w.Offer)] == [FAY.desk]


def test_the_phone_refuses_what_is_no_longer_wanted() -> None:
    s = asked()
    hold(s)
    refused(s)
    fay_is_rung(s)
    first, second = orders(s)
    s.put(w.EffectRefused(first.id, "cannot dial"))
    assert s.case.ask is not None and s.case.ask.phase == "ringing"
    s.put(w.EffectRefused(second.id, "cannot dial"))
    assert s.outcomes() == [Outcome.WITHDRAWN, Outcome.FAILED]


def test_what_was_never_dialled_is_settled_by_asking_the_phone() -> None:
    s = asked()
    hold(s)
    refused(s)
    s.wait(5000)
    assert s.did(w.AskPhone) == 1
    s.put(w.CallsAre((line("up"),)))
    assert (s.case.pending, s.case.ask) == ((), None)


def test_who_was_to_come_into_the_call_is_no_longer_waited_for() -> None:
    s = asked(frozenset({"join", "case", "returns"}))
    assert s.case.waiting(w.Join) is not None
    assert [type(e) for e in hold(s)] == [w.HangUp]
    assert [type(p.effect) for p in s.case.pending] == [w.HangUp]


def test_what_the_agent_has_dialled_by_hand_is_theirs() -> None:
    s = Scene("hang-up-protocol", can=NO_JOIN)
    for state in ("dialling", "up"):
        s.consult(state)
    assert not stopped(s)


def test_a_talk_between_agent_and_supervisor_goes_on_after_the_caller_has_gone() -> None:
    s = Scene("hang-up-protocol", can=NO_JOIN)
    s.line("ended", "them")
    made = s.put(w.CallIs(consult("up")))
    assert made.effects == ()
    assert s.put(w.CallIs(consult("ended", by="them"))).effects == ()
    assert stopped(s) == []


def test_what_ends_by_itself_while_the_caller_comes_back_is_not_taken_back() -> None:
    s = asked()
    s.must("escalate+warn", "chord")
    assert s.case.ask is not None and s.case.ask.phase == "returning"
    assert s.put(w.CallIs(consult("ended", "busy", "them"))).effects == ()
    assert stopped(s) == []


@pytest.mark.parametrize("far", ["dialling", "up"])
@pytest.mark.parametrize("doing", ["", "ending"])
def test_a_telephone_that_the_phone_has_not_stopped_with_the_ask_is_stopped(far: str, doing: str) -> None:
    """The caller is off hold, by a click or because the phone could do no more; nobody rings on for what is over."""
    s = Scene("no-hang-up").declare("slur").must("escalate")
    s.reply("accept")
    s.wait(s.policy.times.say_ms)
    s.line("held")
    s.consult("dialling")
    s.put(w.CallIs(replace(consult(far), doing=doing)))
    s.put(w.AskTakenBack())
    s.line("up")
    assert s.outcomes() == [Outcome.TAKEN_BACK]
    assert stopped(s) == ([] if doing else ["consult-1"]), "what is ending already is not ended twice"
