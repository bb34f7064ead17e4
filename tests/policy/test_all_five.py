"""Each sentence of "True of all five" that the step can show, under every policy. The docstrings quote it."""

import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import LINE, line
from tests.policy.test_rows import declare, talk, tap, then

from rung import words as w
from rung.policy import lamps
from rung.policy.library import shipped
from rung.words import Ground, Marker, Outcome, Reply, Role, Want

pytestmark = pytest.mark.parametrize("name", shipped())


def asked(s: Scene) -> w.AskFloor:
    found = s.sent(w.AskFloor)[-1]
    assert isinstance(found, w.AskFloor)
    return found


def closings(s: Scene) -> list[Outcome]:
    return [e.outcome for e in s.effects if isinstance(e, w.CloseAsk)]


# -- panic -------------------------------------------------------------------------------------------------------------


def test_panic_alerts_every_supervisor_present_and_brings_the_first_who_accepts_into_the_call(name: str) -> None:
    """ "alerts every supervisor present, and brings the first who accepts into the call" """
    s = Scene(name)
    assert s.press("escalate", "hold").verdict == "taken"
    assert s.case.marked(Marker.EMERGENCY)
    assert asked(s).want == Want.PANIC and set(asked(s).to) == {EVE.desk, FAY.desk, GUS.desk}
    s.alarm("join", FAY)
    assert s.put(w.Replied(ask=asked(s).ask, desk=EVE.desk, person="eve", reply=Reply.JOIN)).effects == ()
    joins = [e.target for e in s.effects if isinstance(e, w.Join)]
    assert joins == [FAY.extension] and closings(s) == [Outcome.JOINED]
    s.parties(FAY.extension)
    assert s.desk.alert is None and [j.person for j in s.case.joined] == ["fay"]
    assert not s.sent(w.Hold)


def test_the_mark_of_a_panic_tells_of_panic_and_not_of_a_crisis(name: str) -> None:
    """Who marks `emergency` alerts as who presses it: the supervisors see which of the two it is."""
    for marker, want in ((Marker.EMERGENCY, Want.PANIC), (Marker.CRISIS, Want.CRISIS)):
        s = Scene(name)
        s.put(w.Marked(marker))
        assert asked(s).want == want


def test_a_panic_is_before_the_supervisors_again_once_the_floor_is_back(name: str) -> None:
    """What was asked went with the floor: whoever is still in danger must not be forgotten by it."""
    s = Scene(name)
    s.press("escalate", "hold")
    told = len(s.sent(w.AskFloor))
    s.floor(up=False)
    s.floor(EVE, FAY, GUS)
    assert len(s.sent(w.AskFloor)) == told + 1
    assert asked(s).want == Want.PANIC and set(asked(s).to) == {EVE.desk, FAY.desk, GUS.desk}


def test_panic_needs_no_ground_and_no_call_makes_no_ending_newly_possible_and_ends_no_call(name: str) -> None:
    """ "It needs no ground and no call, makes no ending newly possible, ends no call" """
    s = Scene(name, call=False)
    assert s.press("escalate", "hold").verdict == "taken"
    assert asked(s).want == Want.PANIC
    s = Scene(name).declare("slur")
    before = lamps(s.policy, s.desk, s.now).release
    s.press("escalate", "hold")
    assert lamps(s.policy, s.desk, s.now).release == before
    assert s.case.grounds[-1].ground == Ground.SLUR and not s.hung_up()


def test_while_an_ask_is_open_panic_raises_that_ask(name: str) -> None:
    """ "while an ask is open it raises that ask" """
    s = Scene(name)
    then(tap("warn") if name != "no-hang-up" else declare("slur"), talk, declare("slur"))(s)
    s.must("escalate")
    assert s.case.ask is not None and GUS.desk not in s.case.ask.to
    s.press("escalate", "hold")
    assert s.case.ask is not None and GUS.desk in s.case.ask.to


def test_a_false_alarm_within_4_s_calls_it_off_and_stays_in_the_record(name: str) -> None:
    """ "False alarm" within 4 s calls it off and stays in the record." """
    for call in (True, False):
        s = Scene(name, call=call)
        s.press("escalate", "hold")
        s.wait(4000)
        answer = s.put(w.Unmarked(Marker.EMERGENCY)).answer
        assert answer is not None and answer.verdict == "taken"
        assert s.desk.alert is None and closings(s) == [Outcome.TAKEN_BACK]
        assert s.events(w.MarkerSet) and s.events(w.MarkerLifted)
        s.press("escalate", "hold")
        s.wait(4001)
        answer = s.put(w.Unmarked(Marker.EMERGENCY)).answer
        assert answer is not None and answer.verdict == "refused"


def test_panic_is_told_truly_where_nobody_can_be_alerted(name: str) -> None:
    s = Scene(name, present=())
    answer = s.press("escalate", "hold")
    assert answer.verdict == "refused" and "nobody was alerted" in answer.why
    s.floor(EVE)
    s.press("escalate", "hold")
    s.floor(EVE, FAY)
    assert set(asked(s).to) == {EVE.desk, FAY.desk}, "whoever comes to the floor meanwhile is told as well"


def test_panic_rings_the_extension_into_the_call_while_the_floor_is_out_of_reach(name: str) -> None:
    s = Scene(name)
    s.floor(up=False)
    s.press("escalate", "hold")
    assert [e.target for e in s.effects if isinstance(e, w.Join)] == ["600"]
    s.parties("600")
    assert s.case.joined


# -- crisis, threats, quiet asks ---------------------------------------------------------------------------------------


def test_while_crisis_stands_nobody_can_release_the_call_and_a_supervisor_is_brought_in(name: str) -> None:
    """ "While `crisis` stands, nobody can release the call; a supervisor is brought in" """
    s = Scene(name).declare("threat")
    s.press("release")
    s.put(w.Marked(Marker.CRISIS))
    assert s.case.announcement is None
    assert asked(s).want == Want.CRISIS
    s.alarm("join")
    s.parties(EVE.extension)
    talk(s)
    s.other(EVE, w.Declared(Ground.SLUR))
    s.other_press(EVE, "warn")
    talk(s)
    assert s.other_press(EVE, "release").verdict == "refused"
    assert s.other(EVE, w.Unmarked(Marker.CRISIS)).verdict == "taken", "a supervisor may lift it"  # type: ignore[union-attr]
    assert s.other_press(EVE, "release").verdict == "taken"


def test_crisis_stands_until_each_who_marked_it_has_taken_it_back(name: str) -> None:
    """ "it stands until each who marked it has taken it back, ... within 60 s, or later with a reason when no ..." """
    s = Scene(name)
    s.put(w.Marked(Marker.CRISIS))
    s.sits("ben")
    s.put(w.Marked(Marker.CRISIS))
    s.put(w.Unmarked(Marker.CRISIS))
    assert s.case.marked(Marker.CRISIS)
    s.sits("ada")
    s.wait(60_001)
    refused = s.put(w.Unmarked(Marker.CRISIS, "the caller is safe")).answer
    assert refused is not None and "supervisor" in refused.why and refused.next == w.Button.ESCALATE
    s.floor()
    assert s.put(w.Unmarked(Marker.CRISIS)).answer.verdict == "refused"  # type: ignore[union-attr]
    assert s.put(w.Unmarked(Marker.CRISIS, "the caller is safe")).answer.verdict == "taken"  # type: ignore[union-attr]
    assert not s.case.marked(Marker.CRISIS) and s.case.review


def test_a_crisis_that_a_supervisor_has_lifted_calls_nobody_any_more(name: str) -> None:
    """ "or until a supervisor lifts it", from whichever desk"""
    s = Scene(name)
    s.put(w.Marked(Marker.CRISIS))
    assert s.other(EVE, w.Unmarked(Marker.CRISIS)).verdict == "taken"  # type: ignore[union-attr]
    assert s.desk.alert is None and closings(s) == [Outcome.TAKEN_BACK]


def test_a_supervisor_in_the_call_is_present_and_lifts_the_crisis_late(name: str) -> None:
    """ "when no supervisor is present and none is available": one who is in the call is, whatever the floor says."""
    s = Scene(name).come_in(EVE)
    s.floor()
    s.put(w.Marked(Marker.CRISIS))
    s.wait(60_001)
    assert s.put(w.Unmarked(Marker.CRISIS, "the caller is safe")).answer.verdict == "refused"  # type: ignore[union-attr]
    s.parties()
    assert s.put(w.Unmarked(Marker.CRISIS, "the caller is safe")).answer.verdict == "taken"  # type: ignore[union-attr]


@pytest.mark.parametrize("ground", ["threat", "threat_other"])
def test_a_threat_alerts_a_supervisor_at_once(name: str, ground: str) -> None:
    """ "`threat` and `threat_other` alert a supervisor at once, under every policy." """
    s = Scene(name).declare(ground)
    assert asked(s).want == Want.THREAT and asked(s).brief.person == "ada"
    s.alarm("accept")
    assert s.desk.alert is None and closings(s) == [Outcome.ACCEPTED]


def test_a_quiet_ask_tells_a_supervisor_and_nothing_happens_on_the_phone(name: str) -> None:
    """ "a tap of escalate where no rung is open for it still tells a supervisor that the agent would like company" """
    s = Scene(name)
    if name == "advise-and-warn":  # where its transfer is open without any condition
        s.must("escalate")
        return
    s.declare("rudeness")
    if name == "warm-transfer":
        s.must("warn")
    phone = len([e for e in s.effects if not isinstance(e, w.AskFloor)])
    assert s.press("escalate").verdict == "nothing"
    assert asked(s).want == Want.COMPANY and asked(s).to == (EVE.desk, FAY.desk)
    assert len([e for e in s.effects if not isinstance(e, w.AskFloor)]) == phone
    assert not s.case.taken or name == "warm-transfer"
    s.floor(up=False)
    s.line("ended", "them")
    s.line("up")
    assert s.press("escalate").verdict == "refused" or name in ("no-hang-up", "advise-and-warn")


# -- failures ----------------------------------------------------------------------------------------------------------


def test_no_failure_makes_rung_end_a_call(name: str) -> None:
    """ "No failure makes Rung end a call. Lost box, lost host, lost floor, crash, restart, late or doubled press" """
    s = Scene(name).declare("threat", "slur")
    s.press("release")
    failures: list[w.Input] = [
        w.FloorIs(up=False),
        w.PhoneIs(up=False),
        w.Restarted(),
        w.PhoneIs(up=True, can=frozenset({"join", "case", "returns"})),
        w.CallsAre((line("up"),)),
        w.EffectRefused(1, "no"),
        w.OfferAnswered("case-1", True),
        w.CaseReclaimed("case-1", "x"),
    ]
    for failure in failures:
        s.put(failure)
        s.wait(10_000)
    s.press("release", "hold", age_ms=3001)
    assert not s.hung_up() and s.desk.case is not None


def test_a_release_is_done_only_when_the_phone_confirms_that_the_call_has_ended(name: str) -> None:
    """ "A release is done only when the phone confirms that the call has ended." """
    s = Scene(name, role=Role.SUPERVISOR, person="eve")
    s.wait(1)
    then(talk, declare("slur"), tap("warn"), talk)(s)
    s.end()
    assert s.hung_up() and s.lamp("release") == "blinking"
    s.line("up", doing="ending")
    assert s.lamp("release") == "blinking"
    s.line("ended", "us")
    assert s.lamp("release") == "done" and s.closed().how == "released"


def test_endings_that_go_round_rung_are_found_and_put_before_a_manager(name: str) -> None:
    """ "(a click in the softphone, a blind transfer to nowhere, ..., hold without end) are found" """
    for by, how in (
        ("us", "ended from the agent's side, not through Rung"),
        ("transfer", "transferred, not through Rung"),
        ("unknown", "unknown"),
    ):
        for ground in (True, False):
            s = Scene(name)
            if ground:
                s.declare("slur")
            s.line("ended", by)
            assert (s.closed().how, s.closed().review) == (how, ground)
    s = Scene(name).declare("slur")
    s.line("held")
    s.wait(600_000)
    s.line("ended", "them")
    assert s.closed().how == "caller left on hold" and s.closed().review


def test_a_supervisors_unwarned_ending_is_found(name: str) -> None:
    s = Scene(name, role=Role.SUPERVISOR, person="eve").declare("slur")
    s.line("ended", "us")
    assert s.closed().how == "ended from the agent's side, not through Rung" and s.closed().review


def test_only_who_is_in_the_call_acts_on_it_from_another_desk(name: str) -> None:
    s = Scene(name)
    pressed = s.other_press(EVE, "warn")
    assert pressed.verdict == "refused" and not s.case.taken
    agent = w.FromDesk("desk-x", w.Person("mallory", Role.AGENT), w.Declared(Ground.THREAT))
    assert s.put(agent).answer.verdict == "refused"  # type: ignore[union-attr]
    assert s.case.grounds == ()


def test_whoever_is_brought_in_late_is_known_by_their_address(name: str) -> None:
    s = Scene(name)
    s.parties(EVE.extension)
    assert [(j.person, j.address) for j in s.case.joined] == [("eve", EVE.extension)]
    s.put(w.CallIs(replace(line("up"), parties=())))
    assert s.case.joined == ()
    assert s.case.call == LINE
