"""Whoever has answered a call for help is on the way: rung into the call, and called anew where nothing comes of it."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, Scene
from tests.policy.shift import line
from tests.policy.test_alerts import asked, crisis, panic

from rung import words as w
from rung.words import Outcome, Presence, Reply


def rung_in(s: Scene) -> list[str]:
    return [e.target for e in s.effects if isinstance(e, w.Join)]


def busy(s: Scene, *parties: str, cause: str = "join failed: 486 Busy Here") -> None:
    """The phone says of the line that nobody came."""
    s.put(w.CallIs(replace(line("up", cause=cause), parties=parties)))


def both_rung() -> Scene:
    """Eve to listen, for leave is asked; Fay because of a panic."""
    s = Scene("hang-up-protocol").must("warn")
    s.talk()
    panic(s.declare("slur"))
    s.must("escalate")
    s.alarm("join", FAY)
    s.reply("join", EVE)
    assert rung_in(s) == [FAY.extension, EVE.extension]
    return s


@pytest.mark.parametrize("first", [EVE, FAY])
def test_whoever_of_two_comes_in_first_has_come(first: Presence) -> None:
    s = both_rung()
    s.parties(first.extension)
    (left,) = s.case.pending
    assert isinstance(left.effect, w.Join) and left.effect.target != first.extension
    closed = s.events(w.AlertClosed)[-1]
    assert isinstance(closed, w.AlertClosed) and closed.why == f"{first.person} is in the call"


def test_a_supervisor_who_listens_is_not_taken_for_one_who_never_came() -> None:
    s = both_rung()
    s.parties(EVE.extension)
    s.wait(s.policy.times.answer_ms)
    s.put(w.CallsAre((s.desk.facts.calls["line"],)))
    s.reply("grant", EVE)
    assert s.outcomes() == [Outcome.GRANTED]


def test_whoever_is_rung_for_a_panic_is_rung_anew_where_an_ask_is_taken_back() -> None:
    """A phone that takes a call back stops every ring into it, and tells nobody of that."""
    s = both_rung()
    s.put(w.AskTakenBack())
    taken_back, again = s.effects[-2:]
    assert isinstance(taken_back, w.TakeBack) and isinstance(again, w.Join) and again.target == FAY.extension
    assert [p.effect for p in s.case.pending] == [taken_back, again]
    s.put(w.EffectRefused(again.id, "on hold"))
    assert s.desk.alert is not None and s.desk.alert.taker == "", "everybody is called anew"


def test_a_panic_goes_on_though_the_phone_cannot_bring_in_somebody_else() -> None:
    s = both_rung()
    to_eve = next(p for p in s.case.pending if isinstance(p.effect, w.Join) and p.effect.target == EVE.extension)
    s.put(w.EffectRefused(to_eve.effect.id, "no line is free"))
    assert s.outcomes() == [Outcome.FAILED] and s.desk.alert is not None and s.desk.alert.taker == FAY.desk
    (to_fay,) = s.case.pending
    s.put(w.EffectRefused(to_fay.effect.id, "no line is free"))
    assert s.events(w.AlertClosed) and s.desk.alert is not None and s.desk.alert.taker == "", "everybody is called anew"


def refused(s: Scene) -> None:
    s.put(w.EffectRefused(s.sent(w.Join)[-1].id, "cannot aim"))


def taken_back(s: Scene) -> None:
    s.put(w.AskTakenBack())


def unwanted(s: Scene) -> None:
    s.put(w.Unwanted())


@pytest.mark.parametrize("nothing", [refused, taken_back, unwanted])
@pytest.mark.parametrize("call", [panic, crisis])
def test_who_is_coming_for_an_ask_that_comes_to_nothing_is_called_anew(
    call: Callable[[Scene], None], nothing: Callable[[Scene], None]
) -> None:
    """Whoever has taken an ask answers the panic too, and is rung once; without that ring they would never come."""
    s = Scene("end-with-care").must("warn").must("escalate")
    s.reply("take")
    call(s)
    s.alarm("join")
    assert rung_in(s) == [EVE.extension] and s.desk.alert is not None and s.desk.alert.taker == EVE.desk
    nothing(s)
    assert s.desk.alert is not None and s.desk.alert.taker == "" and {EVE.desk, FAY.desk} <= set(s.desk.alert.to)
    s.line("up")
    s.alarm("join")
    assert rung_in(s) == [EVE.extension, EVE.extension]
    s.parties(EVE.extension)
    assert s.desk.alert is None


def test_that_nobody_picks_up_is_heard_at_once() -> None:
    s = Scene("no-hang-up")
    panic(s)
    s.alarm("join")
    assert s.press("escalate", "hold").why == "Emergency: eve is coming."
    busy(s)
    assert s.desk.alert is not None and s.desk.alert.taker == "", "everybody is called anew"
    s.alarm("join", FAY)
    busy(s)
    assert s.desk.alert.taker == FAY.desk, "told once more, that is still about eve"
    s.line("up")
    busy(s)
    assert s.desk.alert is not None and s.desk.alert.taker == "", "and now about fay"


def test_of_two_who_are_rung_nobody_can_tell_who_does_not_come() -> None:
    s = Scene("end-with-care").must("warn").must("escalate")
    s.reply("take", EVE)
    panic(s)
    s.alarm("join", FAY)
    busy(s)
    assert s.case.ask is not None and s.desk.alert is not None and s.desk.alert.taker == FAY.desk
    s.parties(EVE.extension)
    assert s.case.ask.taker == EVE.desk and s.case.ask.phase == "offering"


@pytest.mark.parametrize("what", ["join", "listen"])
def test_who_does_not_come_stops_no_hand_over(what: str) -> None:
    """The supervisor's desk has the case by then, and the agent's phone is about to leave the call to them."""
    s = Scene("no-hang-up").come_in(EVE)
    s.must("escalate")
    offer = s.sent(w.Offer)[-1]
    assert isinstance(offer, w.Offer)
    panic(s)
    s.alarm("join", FAY)
    s.put(w.OfferAnswered(offer.case, True, offer=offer.id))
    busy(s, EVE.extension, cause=f"{what} failed: 486 Busy Here")
    assert s.case.released == EVE.desk and not s.sent(w.Reclaim)
    s.line("ended", "transfer")
    assert s.closed().how == "transferred"


def test_who_is_let_go_of_for_an_ask_is_brought_in_for_the_panic() -> None:
    """The caller is just coming off hold, and nobody rings them for the ask any more."""
    s = Scene("no-hang-up").declare("slur").must("escalate")
    s.reply("accept")
    s.wait(s.policy.times.say_ms)
    s.line("held")
    s.consult("dialling")
    taken_back(s)
    panic(s)
    s.alarm("join")
    assert rung_in(s) == [EVE.extension]


def test_who_could_not_be_brought_in_is_offered_what_can_be_answered_from_the_call_to_which_the_agent_turned() -> None:
    """Both are told in one answer of the phone."""
    s = Scene("no-hang-up", present=(EVE,))
    crisis(s)
    s.alarm("join", EVE)
    s.wait(60_000)
    first, second = line("held"), line("up", call="second")
    s.put(w.CallsAre((first, second)))
    assert s.case.call == "second" and Reply.JOIN not in asked(s, 2).may
    s.put(w.CallsAre((line("up"), line("held", call="second"))))
    assert Reply.JOIN in asked(s, 2).may
