"""What is said with a supervisor in the call, and while an ask is in the way of every other step: is it true?"""

import pytest
from tests.policy.desks import answered, at_eve, comes, offered
from tests.policy.scene import EVE, Scene

from rung import words as w
from rung.policy.view import view
from rung.words import Button, Role, Verdict


@pytest.mark.parametrize(
    ("policy", "grounds"), [("no-hang-up", ("slur",)), ("no-hang-up", ()), ("warm-transfer", ("profanity",))]
)
def test_with_a_supervisor_in_the_call_next_is_what_escalate_does_and_no_script_of_a_step(
    policy: str, grounds: tuple[str, ...]
) -> None:
    """Escalate hands the call over; nobody is to offer the caller a supervisor who is in it, or wait for that."""
    s = Scene(policy).declare(*grounds).come_in(EVE)
    if policy == "warm-transfer":
        s.must("warn")
        s.wait(s.policy.times.wait_ms + 20_000)
    seen = view(s.rules, s.desk, s.now)
    assert seen.next == seen.buttons[Button.ESCALATE] == "Hand the call over to the supervisor who is in it"
    assert seen.script is None
    s.must("escalate")
    seen = view(s.rules, s.desk, s.now)
    assert seen.next == "the call is being handed over; wait for the phone"
    assert seen.buttons[Button.ESCALATE] == f"Not now: {seen.next}"
    assert s.press("escalate").why == "The call is being handed over already."


def test_no_refusal_says_take_it_back_where_that_is_too_late() -> None:
    s = answered(Scene("warm-transfer").declare("slur").must("warn").talk())
    assert "take it back" in s.press("warn").why
    s.press("escalate+warn", "chord")
    for button in ("warn", "release"):
        assert s.press(button).why == "The caller is coming off hold; wait for that."
    assert view(s.rules, s.desk, s.now).next == "the caller is coming off hold; wait for that"
    s.line("up")
    assert s.outcomes() == ["taken_back"]
    answered(s).must("escalate")
    for button in ("warn", "release"):
        assert s.press(button).why == "The call is being handed over; wait for the phone."
        assert s.press("escalate+warn", "chord").verdict == Verdict.REFUSED


def test_while_a_supervisor_hands_back_it_is_the_agent_who_is_being_rung() -> None:
    offer = offered(answered(Scene("no-hang-up").declare("slur")).must("escalate"))
    eve = at_eve(offer)
    comes(eve, offer)
    assert eve.put(w.HandBack()).answer is not None
    assert eve.press("warn").why.startswith("The agent is being rung; wait for the outcome, or take it back")


def test_a_ground_that_is_not_enough_is_said_to_be_none() -> None:
    """With rudeness named, "name the ground" alone would not say what is missing."""
    s = Scene("no-hang-up").declare("rudeness")
    assert s.press("escalate").why.endswith("Offer a supervisor: name the ground: this needs another than rudeness.")


def test_where_nobody_can_be_asked_for_a_transfer_the_agent_is_to_tell_the_caller() -> None:
    """ "Nobody available: the caller is told and stays with the agent" """
    s = Scene("no-hang-up", present=())
    assert s.press("escalate").why == "No supervisor can be reached; tell the caller, who stays with you."


def test_next_is_the_warning_and_not_the_ending_that_comes_after_it() -> None:
    """Of a supervisor who has just got the caller: nothing is open, and the ending lacks but one thing, the warning."""
    offer = offered(answered(Scene("no-hang-up").declare("slur")).must("escalate"))
    eve = at_eve(offer)
    comes(eve, offer)
    assert view(eve.rules, eve.desk, eve.now).next.startswith("Warn the caller: listen first: ")


def test_a_supervisor_at_their_own_desk_is_a_supervisor_who_is_present() -> None:
    def told(role: Role) -> tuple[str, ...]:
        s = Scene("no-hang-up", role=role, present=())
        return view(s.rules, s.desk, s.now).troubles

    assert told(Role.AGENT) == ("No supervisor is present.",)
    assert told(Role.SUPERVISOR) == ("No other supervisor is present.",)


@pytest.mark.parametrize("thing", ["another call", "the phone"])
def test_who_has_answered_cannot_be_given_the_caller_while_something_is_in_the_way(thing: str) -> None:
    s = answered(Scene("warm-transfer").must("warn").talk())
    epoch = s.case.epoch
    s.line("up", call="second") if thing == "another call" else s.put(w.PhoneIs(up=False))
    seen = view(s.rules, s.desk, s.now)
    assert seen.buttons[Button.ESCALATE] == f"Not now: {seen.next}"
    assert s.press("escalate", epoch=epoch).why == f"Not transferred: {seen.next}."
