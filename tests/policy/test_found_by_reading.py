"""What reading the practice sentence by sentence against the step has found in it, each told once more by hand."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.policy.desks import answered
from tests.policy.scene import EVE, FAY, Scene
from tests.policy.shift import line

from rung import words as w
from rung.policy import lamps, load
from rung.policy.book import Book
from rung.policy.state import Facts, Phase, Who
from rung.policy.view import Script, view
from rung.words import Button, Ground, LampMark, LampState, Outcome, Presence, Role, Verdict

ASKS = dict(zip(("no-hang-up", "hang-up-protocol", "end-with-care"), ("transfer", "leave", "involve"), strict=True))


def ready_to_ask(policy: str, **how: object) -> Scene:
    s = Scene(policy, **how).declare("slur")  # type: ignore[arg-type]
    s.press("warn")
    return s.talk()


# -- lamps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ASKS)
@pytest.mark.parametrize("floor", [True, False])
def test_the_lamp_says_that_nobody_could_answer_exactly_where_nobody_is_asked(policy: str, floor: bool) -> None:
    """With the floor out of reach a transfer rings the extension; leave and the like nobody can give."""
    s = ready_to_ask(policy)
    s.floor(*((EVE,) if floor else ()), up=floor)
    mark = lamps(s.rules, s.desk, s.now).escalate.mark
    s.must("escalate")
    assert (mark == LampMark.ALONE) == (s.case.ask is None) == (not floor and ASKS[policy] != "transfer")


# -- talk --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", ["late news of the call", "the phone is up, and has not told all"])
def test_no_talk_counts_until_a_phone_that_was_lost_has_told_all_its_calls(told: str) -> None:
    s = Scene("warm-transfer").must("warn")
    s.put(w.PhoneIs(up=False))
    if told != "late news of the call":
        s.put(w.PhoneIs(up=True))
    s.line("up")
    s.talk()
    assert s.case.talk_ms(0, s.now) == 0
    s.put(w.PhoneIs(up=True))
    s.put(w.CallsAre((line("up"),)))
    s.wait(s.policy.times.wait_ms - 1)
    assert s.press("escalate").verdict != Verdict.TAKEN
    s.wait(1)
    s.must("escalate")


# -- what to say -------------------------------------------------------------------------------------------------------


def says(s: Scene, who: Presence | None) -> Script | None:
    person = None if who is None else Who(who.person, Role.SUPERVISOR, here=False)
    found = view(s.rules, s.desk, s.now, person).script
    return found if found is not None and not found.preview else None


@pytest.mark.parametrize("policy", ["warm-transfer", "end-with-care"])
def test_the_words_of_a_step_are_for_whoever_has_taken_it(policy: str) -> None:
    s = Scene(policy).declare("slur").come_in(EVE).must("warn")
    assert says(s, None) is not None and says(s, EVE) is None
    s.talk()
    s.other(EVE, w.Declared(Ground.SLUR))
    assert s.other_press(EVE, "warn").verdict == Verdict.TAKEN
    assert says(s, None) is None and says(s, EVE) is not None


def test_what_the_caller_is_told_before_a_transfer_is_the_agents_to_say() -> None:
    s = ready_to_ask("warm-transfer").must("escalate")
    assert says(s, None) is not None
    s.parties(EVE.extension)
    assert says(s, EVE) is None


# -- an announcement ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "then"), [(Role.SUPERVISOR, Role.AGENT), (Role.AGENT, Role.SUPERVISOR)])
def test_who_signs_on_in_another_role_ends_nothing_that_they_announced_in_the_first(first: Role, then: Role) -> None:
    s = Scene("hang-up-protocol", person="eve", role=first)
    s.talk()
    s.declare("threat")
    if first == Role.SUPERVISOR:
        s.must("warn").talk()
    s.must("release")
    s.wait(s.policy.times.say_ms)
    s.sits("eve", then)
    assert s.press("release", "hold").verdict == Verdict.REFUSED and not s.hung_up()


def asks_for_training() -> Scene:
    """A floor whose supervisors end calls only with a training; eve is in the agent's call and has warned."""
    policy = load("no-hang-up")
    rungs = [
        replace(r, requires=tuple(replace(n, trained=True) for n in r.requires)) if r.id == "supervisor-end" else r
        for r in policy.rung
    ]
    s = Scene(replace(policy, rung=tuple(rungs))).come_in(EVE)
    s.talk()
    s.other(EVE, w.Declared(Ground.SLUR))
    s.other_press(EVE, "warn")
    return s.talk()


def test_a_trained_supervisor_at_another_desk_can_end_where_a_training_is_needed() -> None:
    s = asks_for_training()
    assert lamps(s.rules, s.desk, s.now, s.desk.speaker("eve")).release.state == LampState.BREATHING
    assert s.other_press(EVE, "release", trained=False).verdict == Verdict.REFUSED
    assert s.other_press(EVE, "release", trained=True).verdict == Verdict.TAKEN
    s.wait(s.policy.times.say_ms)
    assert s.other_press(EVE, "release", "hold", trained=False).verdict == Verdict.REFUSED
    assert s.other_press(EVE, "release", "hold", trained=True).verdict == Verdict.TAKEN and s.hung_up()


# -- asks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("comes", [True, False])
def test_an_ask_for_leave_to_which_somebody_listens_is_over_at_every_desk_when_the_caller_leaves(comes: bool) -> None:
    s = ready_to_ask("hang-up-protocol").must("escalate")
    s.reply("join")
    if comes:
        s.parties(EVE.extension)
    s.line("ended", "them")
    closed = [(e.ask, e.outcome) for e in s.effects if isinstance(e, w.CloseAsk)]
    assert closed == [(1, Outcome.JOINED), (1, Outcome.CALLER_LEFT)], "for the others, and for whoever listens"


@pytest.mark.parametrize("reply", ["deny", "busy", "grant"])
def test_an_ask_on_screen_alone_leaves_a_caller_on_the_agents_own_hold_there(reply: str) -> None:
    s = ready_to_ask("hang-up-protocol", present=(EVE,))
    s.line("held")
    s.must("escalate")
    s.reply(reply)
    assert s.case.ask is None and s.case.held and not s.sent(w.TakeBack)


def test_a_recording_that_panic_began_does_not_end_with_an_ask() -> None:
    s = ready_to_ask("warm-transfer", can=frozenset({"join", "case", "returns", "record"})).must("escalate")
    s.rules = Book(s.policy, recording="announced")
    s.reply("accept")
    s.wait(s.policy.times.say_ms)
    s.line("held")
    s.press("escalate", "hold")
    s.must("escalate+warn", "chord")
    s.line("up")
    s.wait(5000)
    s.put(w.CallsAre((line("up"),)))
    assert [task for task, _ in s.desk.tasks] == ["record"], "the phone has not done it, and a person is told"


def offered(policy: str = "warm-transfer") -> Scene:
    s = answered(ready_to_ask(policy)).must("escalate")
    assert s.case.ask is not None and s.case.ask.phase == Phase.OFFERING
    return s


def restarted(s: Scene) -> None:
    s.desk = replace(s.desk, facts=Facts())
    s.sits("ada")
    s.put(w.Restarted())
    s.floor(EVE, FAY)
    s.put(w.PhoneIs(up=True, can=frozenset({"join", "case", "returns"})))


def test_a_supervisor_who_talks_with_the_agent_is_not_let_go_because_the_bridge_was_restarted_while_offering() -> None:
    s = offered()
    talk = s.desk.facts.calls["consult-1"]
    restarted(s)
    s.put(w.CallsAre((line("held"), talk)))
    assert s.case.ask is not None and s.case.ask.phase == Phase.ANSWERED and not s.sent(w.TakeBack)
    s.must("escalate")
    assert len(s.sent(w.Offer)) == 2 and s.sent(w.Reclaim)


def test_a_supervisor_who_hung_up_during_the_restart_has_not_got_the_call() -> None:
    s = offered()
    restarted(s)
    s.put(w.CallsAre((line("held"),)))
    s.line("up")
    assert s.case.ask is None and s.outcomes() == [Outcome.FAILED]


def test_a_supervisor_who_comes_free_while_a_call_is_being_ended_can_be_had_if_it_is_not() -> None:
    s = Scene("end-with-care", present=()).declare("demands").must("warn")
    s.talk()
    s.must("escalate").talk()
    s.end()
    s.floor(EVE)
    s.put(w.EffectRefused(s.case.pending[0].effect.id, "no line"))
    answer = s.press("release")
    assert answer.verdict == Verdict.REFUSED and answer.next == Button.ESCALATE


# -- a button that has no step in this role ----------------------------------------------------------------------------


def asking(s: Scene) -> None:
    s.declare("slur").must("escalate")


def met(s: Scene) -> None:
    answered(s.declare("slur"))


def handing_over(s: Scene) -> None:
    s.come_in(EVE).must("escalate")


def two_live(s: Scene) -> None:
    s.come_in(EVE)
    s.line("up", call="second")


@pytest.mark.parametrize(
    ("before", "why", "then"),
    [
        (asking, "A supervisor is being asked", None),
        (met, "A supervisor is being asked", Button.ESCALATE),
        (handing_over, "The call is being handed over; wait for the phone", None),
        (two_live, "Another call is live", None),
        (lambda s: s.come_in(EVE), "This policy has no step for", Button.ESCALATE),
    ],
)
@pytest.mark.parametrize("button", [Button.WARN, Button.RELEASE])
def test_where_the_policy_has_no_step_the_refusal_says_what_is_in_the_way(
    before: Callable[[Scene], None], why: str, then: Button | None, button: Button
) -> None:
    s = Scene("no-hang-up")
    before(s)
    epoch = s.case.epoch
    answer = s.press(button, epoch=epoch)
    assert answer.why.startswith(why) and answer.next == then
    if then is not None:
        assert s.press(then, epoch=epoch).verdict == Verdict.TAKEN


def test_the_page_says_what_escalate_does_not_do_now() -> None:
    s = Scene("no-hang-up")
    two_live(s)
    assert view(s.rules, s.desk, s.now).buttons[Button.ESCALATE].startswith("Not now: another call is live")
    s = Scene("no-hang-up")
    s.press("escalate", "hold")
    s.alarm("join", EVE)
    s.floor(up=False)
    s.declare("rudeness")
    assert view(s.rules, s.desk, s.now).buttons[Button.ESCALATE].startswith("Quiet ask; ")
    assert s.press("escalate").why.startswith("Quiet ask: eve is coming. ")
