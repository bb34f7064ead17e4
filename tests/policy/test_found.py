"""What the proof has found in the step, each told once more by hand."""

from random import Random

import pytest
from msgspec.structs import replace
from tests.policy.chance import Chance
from tests.policy.scene import EVE, Scene
from tests.policy.shift import line
from tests.policy.test_rows import declare, talk, tap, then

from rung import words as w
from rung.policy import load
from rung.policy.evolve import evolve
from rung.policy.language import Requires
from rung.policy.library import shipped
from rung.policy.state import Phase
from rung.words import Button, Outcome, Verdict


def test_a_refusal_names_no_button_that_is_refused_as_well() -> None:
    s = Scene("no-hang-up", present=()).declare("rudeness")
    assert s.press("escalate").verdict == Verdict.REFUSED
    answer = s.press("warn")
    assert answer.next is None and "aloud" in answer.why
    s.floor(EVE)
    assert s.press("warn").next == Button.ESCALATE, "somebody would hear"


def test_a_call_that_is_being_ended_is_not_handed_over() -> None:
    s = Scene("no-hang-up").come_in()
    s.talk()
    s.other(EVE, w.Declared(w.Ground.SLUR))
    s.other_press(EVE, "warn")
    s.talk()
    s.other_press(EVE, "release")
    s.wait(s.policy.times.say_ms)
    assert s.other_press(EVE, "release", "hold").verdict == Verdict.TAKEN
    assert s.press("escalate").verdict == Verdict.REFUSED
    assert "being ended" in s.press("escalate").why and not s.sent(w.Offer)
    assert s.press("warn").next is None, "nor does any button help"


def _listening() -> Scene:
    """Leave is asked, and the supervisor has come into the call to listen."""
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"))(s)
    s.must("escalate")
    s.reply("join")
    s.parties(EVE.extension)
    assert s.case.ask is not None and s.case.ask.phase == Phase.ASKING
    return s


def test_a_supervisor_who_leaves_while_the_case_is_theirs_declines_nothing() -> None:
    """Only the phone tells whether the call went with them; until then the case is not split from its ask."""
    s = _listening()
    s.reply("take")
    offer = s.case.pending[-1].effect.id
    s.put(w.OfferAnswered(s.case.id, True, offer=offer, desk=EVE.desk))
    assert s.case.released == EVE.desk
    s.parties()
    assert s.case.ask is not None and s.case.ask.phase == Phase.COMPLETING
    s.put(w.EffectRefused(s.case.pending[0].effect.id, "gone"))
    assert not s.case.released and s.case.ask is None and s.sent(w.Reclaim)


@pytest.mark.parametrize("state", ["dialling", "up", "ended"])
def test_a_consult_that_nobody_ordered_does_not_disturb_a_hand_over(state: str) -> None:
    """The supervisor is in the call, so no telephone is rung for this ask; whatever else rings is none of its."""
    s = Scene("end-with-care").come_in()
    s.must("escalate")
    before = s.case.ask
    s.consult(state)
    assert before is not None and before.phase == Phase.OFFERING and s.case.ask == before


def test_a_call_that_is_nearly_the_supervisors_is_not_ended_at_once() -> None:
    """While leave is asked it may be; but once the supervisor takes the call it is theirs or comes back."""
    s = Scene("hang-up-protocol", can=frozenset({"case", "returns"}))
    then(tap("warn"), talk, declare("threat"), tap("escalate"), tap("release"), talk)(s)
    s.reply("take")
    s.consult("dialling")
    assert s.case.announcement is not None, "nobody has answered: it stays open"
    s.consult("up")
    assert s.case.ask is not None and s.case.ask.phase == Phase.OFFERING
    assert s.events(w.AnnouncementWithdrawn) and s.press("release", "hold").verdict == Verdict.REFUSED
    offer = s.case.pending[-1].effect.id
    s.put(w.OfferAnswered(s.case.id, False, "busy", offer, EVE.desk))
    assert s.case.ask.phase == Phase.ANSWERED and s.end(), "it did not come about, and is open again"


def test_an_ask_that_was_taken_back_stays_taken_back_when_the_supervisor_then_leaves() -> None:
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"))(s)
    s.must("escalate")
    s.reply("join")
    s.press("escalate+warn", "chord")
    assert s.case.ask is not None and s.case.ask.phase == Phase.RETURNING
    for parties in ((EVE.extension,), ()):  # they come in late, to a caller on hold, and leave again
        s.put(w.CallIs(replace(line("held"), parties=parties)))
    s.line("up")
    assert s.outcomes() == [Outcome.TAKEN_BACK]


def test_too_late_to_take_back_says_what_to_do() -> None:
    s = _listening()
    s.reply("take")
    answer = s.press("escalate+warn", "chord")
    assert answer.verdict == Verdict.REFUSED and "wait for it" in answer.why


def test_a_hang_up_that_no_rung_explains_is_settled_all_the_same() -> None:
    s = Scene(load("end-with-care")).declare("threat").end()
    s.desk = replace(s.desk, case=replace(s.case, taken=()))
    s.put(w.EffectRefused(s.case.pending[0].effect.id, "gone"))
    assert not s.case.pending and not s.events(w.RungUndone)


def test_undoing_what_was_never_taken_changes_nothing() -> None:
    s = Scene(load("no-hang-up"))
    assert evolve(s.desk, w.RungUndone("offer", "not there"), s.desk.at_ms) == s.desk


@pytest.mark.parametrize("name", shipped())
def test_no_step_raises_whatever_people_phone_and_floor_do(name: str) -> None:
    """Seed 526: a consult that nobody waits for any more was settled as if its ask were open."""
    for seed in range(500, 560):
        call = Chance(load(name), Random(seed))
        for _ in range(25):
            call.act()


def test_a_refusal_names_the_act_also_where_the_nearest_step_leads_in_a_circle() -> None:
    """Ending lacks leave; asking for it is the other step that is left, and lacks only a moment's talk."""
    needs = {
        "warn": Requires(ground="any"),
        "ask-leave": Requires(taken=("warn",), persisted=True, leave="none"),
        "end": Requires(taken=("warn",), leave="unused", ground="ending"),
    }
    policy = load("hang-up-protocol")
    rungs = tuple(replace(policy.find(id), requires=(need,)) for id, need in needs.items())
    s = Scene(replace(policy, rung=(*rungs, *policy.rung[-2:]))).declare("profanity").must("warn")
    assert s.press("warn").why.endswith("already done on this call. Now: let the caller answer: 5 s more of talk.")
    s.talk()
    assert s.press("warn").next == Button.ESCALATE
