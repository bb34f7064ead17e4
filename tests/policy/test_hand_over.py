"""Handing the call to a supervisor who is in it: to whom, when, what goes along, and what would not."""

import pytest
from msgspec.structs import replace
from tests.policy.desks import at_eve, comes, offered
from tests.policy.scene import EVE, FAY, Scene
from tests.policy.shift import line
from tests.policy.test_rows import declare, talk, tap, then

from rung import words as w
from rung.words import CallState, Ground, LampState, Marker, Role


def eve_announces() -> Scene:
    """A supervisor in the call has warned, and announces its end from their own desk."""
    s = Scene("no-hang-up")
    s.come_in(EVE)
    talk(s)
    s.other(EVE, w.Declared(Ground.SLUR))
    assert s.other_press(EVE, "warn").verdict == "taken"
    talk(s)
    assert s.other_press(EVE, "release").verdict == "taken"
    return s


def at_eves_desk(s: Scene) -> Scene:
    """The offered case at the supervisor's own desk, with its call."""
    offer = offered(s)
    eve = at_eve(offer)
    comes(eve, offer, "line")
    return eve


def test_a_hand_over_leaves_the_supervisors_announcement() -> None:
    """ "a hand-over leaves the supervisor's" """
    s = eve_announces()
    s.must("escalate")
    assert s.case.announcement is not None, "it is handed over to the one who has announced"
    eve = at_eves_desk(s)
    assert eve.press("release", "hold").verdict == "refused", "say_time goes on where it was"
    eve.wait(eve.policy.times.say_ms)
    eve.must("release", "hold")
    assert eve.hung_up()


def test_a_hand_over_to_another_supervisor_and_a_handing_back_withdraw_the_announcement() -> None:
    s = eve_announces()
    s.parties(EVE.extension, FAY.extension)
    assert s.other(FAY, w.TakeOver()).verdict == "taken"  # type: ignore[union-attr]
    assert s.case.announcement is None
    s = eve_announces()
    s.must("escalate")
    eve = at_eves_desk(s)
    assert eve.put(w.HandBack()).answer.verdict == "taken"  # type: ignore[union-attr]
    assert eve.case.announcement is None


def test_whoever_takes_the_call_over_has_it() -> None:
    """Two supervisors have come in: the case goes to the desk of the one who takes it."""
    s = Scene("no-hang-up")
    s.come_in(EVE)
    s.parties(EVE.extension, FAY.extension)
    assert s.other(FAY, w.TakeOver()).verdict == "taken"  # type: ignore[union-attr]
    assert offered(s).to == FAY.desk


def test_a_supervisor_who_takes_the_call_when_asked_to_be_involved_is_involved_also_once_they_hand_it_back() -> None:
    """ "takes the call, advises (involved)"; taking it over after a panic is none of that."""
    s = Scene("end-with-care").must("warn").talk().declare("demands").must("escalate")
    s.reply("take")
    s.parties(EVE.extension)
    assert at_eves_desk(s).case.involved
    s = Scene("end-with-care").come_in(EVE).must("escalate")
    assert not at_eves_desk(s).case.involved


def test_a_call_that_is_being_ended_or_out_of_reach_is_not_handed_back() -> None:
    s = eve_announces()
    s.must("escalate")
    eve = at_eves_desk(s)
    eve.put(w.PhoneIs(up=False))
    assert "phone" in eve.put(w.HandBack()).answer.why  # type: ignore[union-attr]
    eve.put(w.PhoneIs(up=True, can=frozenset({"join", "case", "returns"})))
    eve.put(w.CallsAre((line("up"),)))
    eve.line("up", call="second")
    assert "another call is live" in eve.put(w.HandBack()).answer.why.lower()  # type: ignore[union-attr]
    eve.line("ended", "them", call="second")
    eve.must("release")
    eve.wait(eve.policy.times.say_ms)
    eve.must("release", "hold")
    assert "being ended" in eve.put(w.HandBack()).answer.why  # type: ignore[union-attr]
    assert not eve.events(w.AskOpened)


def test_a_tap_from_before_the_supervisor_came_in_does_not_hand_the_call_over() -> None:
    """A slow press never gains by its delay."""
    s = Scene("no-hang-up")
    s.wait(1000)
    s.come_in(EVE)
    s.wait(1000)
    assert s.press("escalate", age_ms=1001).verdict == "refused"
    assert s.press("escalate", age_ms=1000).verdict == "taken"


@pytest.mark.parametrize("released", [False, True])
def test_what_would_not_go_along_with_a_case_on_its_way_is_refused(released: bool) -> None:
    s = Scene("no-hang-up")
    s.come_in(EVE)
    s.must("escalate")
    offer = offered(s)
    if released:
        s.put(w.OfferAnswered(offer.case, True, offer=offer.id))
    for act in (w.Declared(Ground.SLUR), w.Marked(Marker.CRISIS), w.Calmed(), w.Noted(matter="late")):
        answer = s.put(act).answer
        assert answer is not None and answer.verdict == "refused" and "tell whoever takes it" in answer.why
    assert s.press("warn+warn", "hold").verdict == "refused"
    assert s.put(w.Marked(Marker.EMERGENCY)).answer.verdict == "taken"  # type: ignore[union-attr]
    leaves = s.sent(w.Leave)
    s.put(
        w.EffectRefused(leaves[-1].id, "cannot aim") if released else w.OfferAnswered(offer.case, False, "no", offer.id)
    )
    assert not s.case.grounds
    assert s.put(w.Marked(Marker.CRISIS)).answer.verdict == "taken"  # type: ignore[union-attr]


def test_the_escalate_lamp_is_lit_while_a_tap_would_hand_the_call_over() -> None:
    """Whatever is asked meanwhile; and dark while another caller is live, or the phone is lost."""
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    assert s.lamp("escalate") == LampState.BLINKING
    s.reply("join")
    s.parties(EVE.extension)
    assert s.lamp("escalate") == LampState.LIT
    s.put(w.CallIs(replace(line("held"), parties=(EVE.extension,))))
    assert s.lamp("escalate") == LampState.LIT, "the agent's own hold is no business of the ask"
    s.parties(EVE.extension)
    s.line("up", call="second")
    assert s.lamp("escalate") == LampState.OFF
    s.line("ended", "them", call="second")
    assert s.lamp("escalate") == LampState.LIT
    s.put(w.PhoneIs(up=False))
    assert s.lamp("escalate") == LampState.OFF


@pytest.mark.parametrize("who_is_left", [(), ("900",)], ids=["nobody", "somebody else"])
@pytest.mark.parametrize("asked", [False, True], ids=["in the call", "asked, and brought in"])
def test_a_supervisor_who_leaves_before_the_case_is_theirs_does_not_get_it(
    asked: bool, who_is_left: tuple[str, ...]
) -> None:
    """Else the agent would leave the caller to nobody, or to whoever else is there: an end that no rung opened."""
    s = Scene("hang-up-protocol")
    if asked:
        then(tap("warn"), talk, tap("escalate"))(s)
        s.reply("take")
        s.parties(EVE.extension)
    else:
        s.come_in(EVE)
        s.must("escalate")
    offer = offered(s)
    s.parties(*who_is_left)
    assert s.case.ask is None and s.lamp("escalate") == LampState.REFUSED
    assert [e.to for e in s.sent(w.Reclaim)] == [EVE.desk]
    s.put(w.OfferAnswered(offer.case, True, offer=offer.id, desk=EVE.desk))
    assert not s.sent(w.Leave) and not s.case.released
    s.parties(EVE.extension)
    s.wait(3000)
    assert s.press("escalate").verdict == "taken", "they are in the call again: it is handed over when it is pressed"
    assert len(s.sent(w.Offer)) == 2


@pytest.mark.parametrize("held", [False, True], ids=["about to be held", "held"])
def test_a_caller_who_was_put_on_hold_for_an_ask_comes_off_it_also_where_the_hand_over_fails(held: bool) -> None:
    """Whoever takes the ask has come in by a panic meanwhile, so nobody is rung for it."""
    s = Scene("no-hang-up").declare("slur").must("escalate")
    s.press("escalate", "hold")
    s.alarm("join", EVE)
    s.wait(s.policy.times.say_ms)
    came = replace(line("held" if held else "up"), parties=(EVE.extension,))
    s.put(w.CallIs(came))
    s.reply("take", EVE)
    offer = offered(s)
    s.put(w.OfferAnswered(offer.case, False, "no", offer.id))
    assert s.sent(w.TakeBack) and s.case.ask is not None, "not shown before the caller is off hold"
    s.put(w.CallIs(replace(came, state=CallState.HELD)))
    s.put(w.CallIs(replace(came, state=CallState.UP)))
    assert s.case.ask is None and not s.case.pending


def test_one_supervisor_who_leaves_does_not_stop_the_hand_over_to_another() -> None:
    s = Scene("no-hang-up")
    s.come_in(EVE)
    s.parties(EVE.extension, FAY.extension)
    s.other(FAY, w.TakeOver())
    s.parties(FAY.extension)
    s.put(w.OfferAnswered(offered(s).case, True, offer=offered(s).id))
    assert s.sent(w.Leave)


def test_a_supervisor_who_sits_down_and_hangs_up_their_telephone_is_still_in_the_call() -> None:
    """They begin anew, as whoever relieves somebody; else they would sit there without a step."""
    s = Scene("no-hang-up").come_in(EVE)
    s.sits("eve", Role.SUPERVISOR)
    s.parties()
    assert [(j.person, j.address) for j in s.case.joined] == [("eve", "")]
    talk(s)
    s.declare("slur").must("warn")
    s.talk().end()
    assert s.hung_up()


def test_a_supervisor_is_known_in_the_call_whichever_of_floor_and_phone_tells_of_them_first() -> None:
    """Else they are somebody unknown to the agent, and are rung once more for an ask."""
    s = Scene("no-hang-up", present=()).declare("slur")
    s.parties(EVE.extension)
    assert s.case.added is None
    s.floor(EVE)
    assert s.case.added is not None and s.case.added.person == "eve"
    s.must("escalate")
    assert offered(s).to == EVE.desk
    s = Scene("no-hang-up", call=False)
    s.parties(EVE.extension)
    assert s.case.added is not None, "they were in it before it was told"


def test_who_has_come_by_the_supervisors_extension_nobody_knows() -> None:
    s = Scene("no-hang-up")
    s.put(w.FloorIs(up=False, extension="600"))
    s.press("escalate", "hold")
    s.parties("600")
    assert s.events(w.SupervisorJoined) == [w.SupervisorJoined(person="", desk="", address="600")]
    assert s.press("escalate").why == "The call is being handed over to the supervisor."
    s.parties()
    assert s.events(w.SupervisorLeft) == [w.SupervisorLeft("")]
