"""Handing the call to a supervisor who is in it: to whom, when, what goes along, and what would not."""

from msgspec.structs import replace
from tests.policy.scene import EVE, Scene
from tests.policy.shift import line
from tests.policy.test_rows import talk

from rung import words as w
from rung.words import Ground, Role


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
    """The offered case at the supervisor's own desk, whose clock is another, with its call."""
    offer = s.sent(w.Offer)[-1]
    assert isinstance(offer, w.Offer)
    eve = Scene("no-hang-up", person="eve", role=Role.SUPERVISOR, call=False)
    eve.wait(77_000)
    eve.put(w.CaseOffered(case=offer.case, desk="desk-ada", state=offer.state, policy=offer.policy))
    eve.put(w.CallIs(replace(line("up"), case=offer.case)))
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
