"""An announcement belongs to one person and one call, and is counted down before it may be followed."""

import pytest
from tests.policy.scene import EVE, FAY, Scene
from tests.policy.shift import LINE, line

from rung import words as w
from rung.policy import lamps
from rung.policy.state import Who
from rung.policy.view import View, view
from rung.words import Ground, LampState, Presence, Role, Verdict

WAIT = "Wait for {}, who has announced the end of this call."


def both_warned(policy: str = "no-hang-up") -> Scene:
    """Two supervisors in the call, each of whom has attested abuse and warned the caller."""
    s = Scene(policy).declare("slur").come_in(EVE)
    s.press("escalate", "hold")
    s.parties(EVE.extension, FAY.extension)
    s.talk()
    for who in (EVE, FAY):
        s.other(who, w.Declared(Ground.SLUR))
        assert s.other_press(who, "warn").verdict == Verdict.TAKEN
    return s.talk()


def of(s: Scene, who: Presence) -> tuple[LampState, View]:
    person = Who(who.person, Role.SUPERVISOR, here=False)
    return lamps(s.rules, s.desk, s.now, person).release.state, view(s.rules, s.desk, s.now, person)


def test_the_second_supervisor_waits_for_whoever_has_announced() -> None:
    s = both_warned()
    assert s.other_press(EVE, "release").verdict == Verdict.TAKEN
    for said in (0, s.policy.times.say_ms):
        s.wait(said)
        lamp, seen = of(s, FAY)
        assert lamp == LampState.OFF
        assert seen.buttons[w.Button.RELEASE] == "Not now: wait for eve, who has announced the end of this call"
        assert seen.next == "wait for eve, who has announced the end of this call"
        assert seen.script is None
        for gesture in ("tap", "hold"):
            assert s.other_press(FAY, "release", gesture).why == WAIT.format("eve")
    assert of(s, EVE)[0] == LampState.BREATHING
    assert of(s, EVE)[1].buttons[w.Button.RELEASE] == "Hold to end the call"
    assert s.other_press(EVE, "release", "hold").verdict == Verdict.TAKEN


@pytest.mark.parametrize("policy", ["no-hang-up", "hang-up-protocol"])
def test_the_agent_waits_for_the_supervisor_who_has_announced(policy: str) -> None:
    s = both_warned(policy)
    s.other_press(EVE, "release")
    assert s.lamp("release") == LampState.OFF
    for gesture in ("tap", "hold"):
        assert s.press("release", gesture).why == WAIT.format("eve")


def test_once_it_falls_the_other_may_announce() -> None:
    s = both_warned()
    s.other_press(EVE, "release")
    s.parties(FAY.extension)
    assert of(s, FAY)[0] == LampState.BREATHING
    assert s.other_press(FAY, "release").verdict == Verdict.TAKEN


def test_nobody_waits_for_an_agent_who_was_relieved() -> None:
    s = Scene("hang-up-protocol").declare("threat").must("release")
    s.sits("ben")
    assert s.case.announcement is None
    assert s.lamp("release") == LampState.BREATHING
    s.must("release")


def test_nobody_waits_for_an_agent_to_whose_call_a_supervisor_has_come() -> None:
    s = Scene("hang-up-protocol").declare("threat").must("release")
    s.come_in(EVE)
    assert s.case.announcement is None


def test_a_tap_after_the_announcement_counts_down_and_does_not_restart_it() -> None:
    s = Scene("hang-up-protocol").declare("threat").must("release")
    assert s.press("release").why == "Announced; say it now, and hold release in 4 s."
    s.wait(3999)
    assert s.press("release").why == "Announced; say it now, and hold release in 1 s."
    s.wait(1)
    assert s.press("release").why == "Announced 4 s ago; hold release to end the call."
    s.must("release", "hold")


ANOTHER = "another"


@pytest.mark.parametrize("told", ["at once", "the line first", "the other first"])
def test_turning_to_another_call_withdraws_it(told: str) -> None:
    s = Scene("hang-up-protocol").declare("threat").must("release")
    now = (line("held"), line("up", call=ANOTHER))
    if told == "at once":
        s.put(w.CallsAre(now))
    else:
        for call in now if told == "the line first" else now[::-1]:
            s.put(w.CallIs(call))
    assert s.case.call == ANOTHER
    assert len(s.events(w.AnnouncementWithdrawn)) == 1
    s.wait(2000)
    s.put(w.CallsAre((line("up"), line("held", call=ANOTHER))))
    assert (s.case.call, s.case.announcement) == (LINE, None)
    s.wait(2500)
    assert s.press("release", "hold").why.startswith("Say it first")
    assert not s.hung_up()


def test_turning_back_to_a_known_call_withdraws_it_as_well() -> None:
    s = Scene("hang-up-protocol")
    s.line("held")
    s.line("up", call=ANOTHER)
    s.declare("threat").must("release")
    s.put(w.CallsAre((line("up"), line("held", call=ANOTHER))))
    assert s.case.call == LINE
    s.put(w.CallsAre((line("held"), line("up", call=ANOTHER))))
    assert (s.case.call, s.case.announcement) == (ANOTHER, None)


def test_the_end_of_a_parked_call_withdraws_nothing() -> None:
    s = Scene("hang-up-protocol")
    s.line("held")
    s.line("up", call=ANOTHER)
    s.declare("threat").must("release")
    s.line("ended", "them")
    s.wait(s.policy.times.say_ms)
    assert s.press("release", "hold").verdict == Verdict.TAKEN
