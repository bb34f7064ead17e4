"""A case changes its desk: offer, durable accept, release, and only then the transfer; and each way that fails.

`office` checks after every story, over the journals of all desks, that there was one owner at every instant.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from tests.floor.office import MOMENT_S, TIMES, Office, Seat, office

from rung import words as w
from rung.floor.local import at_once
from rung.policy import Book, load
from rung.policy.language import version_of
from rung.sim.phone import Fault
from rung.words import Role, Verdict


class Post:
    """Carries what the desks send, until ``stop`` holds it back; ``go`` then lets it through."""

    def __init__(self) -> None:
        self.stopped = False
        self.kept: list[Callable[[], None]] = []

    def __call__(self, deliver: Callable[[], None]) -> None:
        if self.stopped:
            self.kept.append(deliver)
        else:
            at_once(deliver)

    def go(self) -> None:
        self.stopped = False
        kept, self.kept = self.kept, []
        for deliver in kept:
            at_once(deliver)


def played(play: Callable[[Office, Post], Awaitable[None]], policy: str = "warm-transfer") -> None:
    async def run() -> None:
        post = Post()
        async with office(policy, post) as made:
            await play(made, post)

    asyncio.run(run())


async def answered(made: Office, reply: str = "accept") -> str:
    """A call, a warning, and eve has answered the agent's telephone call; the case's name."""
    case = await made.call()
    await made.ada.must("warn")
    await made.ada.must("escalate")
    await made.eve.reply(reply)
    return case


async def handed_over(made: Office) -> str:
    case = await answered(made, "take")
    await made.eve.until(lambda: made.eve.has_case)
    await made.ada.until(lambda: not made.ada.has_case)
    return case


def offered(seat: Seat) -> int:
    return len(seat.sent(w.Offer))


# -- the whole way -----------------------------------------------------------------------------------------------------


def test_the_agents_tap_hands_over_case_and_caller_and_the_supervisor_has_the_same_ladder() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        case = await answered(made)
        await ada.must("escalate")
        await eve.until(lambda: eve.has_case)
        arrived = eve.last(w.CaseArrived)
        assert isinstance(arrived, w.CaseArrived)
        assert (arrived.case, arrived.person, arrived.role) == (case, "p-eve", Role.SUPERVISOR)
        await made.until_heard("601")
        closed = ada.last(w.CaseClosed)
        assert isinstance(closed, w.CaseClosed) and closed.how == "transferred"
        assert len(eve.of(w.CaseOpened)) == 0, "the talk about it was no case of hers"
        assert {rung.button for rung in eve.bridge.look().ladder} == {"warn", "release"}
        assert not ada.has_case and ada.press("release", "hold").verdict == Verdict.REFUSED

    played(play)


def test_the_supervisor_warns_and_ends_by_her_own_rungs() -> None:
    async def play(made: Office, post: Post) -> None:
        eve = made.eve
        await handed_over(made)
        await asyncio.sleep(MOMENT_S)
        eve.bridge.feed(w.Declared(w.Ground.PROFANITY))
        await eve.must("warn")
        await eve.must("release")
        await eve.must("release", "hold")
        await eve.until(lambda: not eve.has_case)
        closed = eve.last(w.CaseClosed)
        assert isinstance(closed, w.CaseClosed) and closed.how == "released"
        assert not made.caller.living

    played(play, "warm-transfer")


def test_the_supervisor_hands_the_caller_back_and_the_agents_rungs_still_stand() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        case = await handed_over(made)
        answer = eve.bridge.feed(w.HandBack())
        assert answer is not None and answer.verdict == Verdict.TAKEN
        await eve.must("escalate")
        await ada.until(lambda: ada.has_case)
        arrived = ada.last(w.CaseArrived)
        assert isinstance(arrived, w.CaseArrived) and arrived.case == case
        await made.until_heard("500")
        assert [rung.state for rung in ada.bridge.look().ladder if rung.id == "warn"] == ["taken"]

    played(play)


# -- it fails ----------------------------------------------------------------------------------------------------------


def test_a_desk_that_dies_before_it_accepts_gets_nothing_and_the_next_try_goes_through() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        await answered(made)
        await ada.until(ada._escalates)
        await eve.kill()
        await ada.until(lambda: "eve" not in ada.bridge._desk.facts.desks)
        ada.press("escalate")
        await ada.until(lambda: any("out of reach" in text for text in ada.troubles()))
        await ada.until(ada._escalates)
        assert ada.has_case and not ada.sent(w.Complete)
        await eve.start()
        await ada.until(lambda: "eve" in ada.bridge._desk.facts.desks)
        await ada.must("escalate")
        await eve.until(lambda: eve.has_case)
        await made.until_heard("601")

    played(play)


def test_a_desk_where_nobody_is_signed_on_refuses() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        await answered(made)
        await ada.until(ada._escalates)
        eve.bridge.feed(w.SignedOn(None))
        ada.press("escalate")
        await ada.until(lambda: ada.of(w.OfferAnswered) or ada.of(w.EffectFailed))
        failed = ada.last(w.EffectFailed)
        assert isinstance(failed, w.EffectFailed) and "signed on" in failed.why
        assert ada.has_case and not ada.sent(w.Complete) and not eve.of(w.CaseReceived)

    played(play)


def test_a_desk_whose_record_fails_does_not_accept() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        await answered(made)
        await ada.until(ada._escalates)
        with eve.full_disk():
            ada.press("escalate")
            await ada.until(lambda: offered(ada) == 1)
            await ada.until(lambda: ada.sent(w.Reclaim))
            assert ada.has_case and not ada.sent(w.Complete)
        await ada.must("escalate")
        await eve.until(lambda: eve.has_case)

    played(play)


def test_an_answer_that_comes_late_is_for_no_offer_and_the_case_is_reclaimed() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        await answered(made)
        await ada.until(ada._escalates)
        ada.press("escalate")
        post.stopped = True  # the offer is under way, its answer is not
        await ada.until(lambda: ada.sent(w.Reclaim))
        assert ada.has_case and not ada.sent(w.Complete)
        ada.press("escalate")
        assert offered(ada) == 2
        post.go()  # the answer to the first one, its reclaim and the second offer, all at once
        await eve.until(lambda: eve.has_case)
        received = [e.offer for e in eve.of(w.CaseReceived) if isinstance(e, w.CaseReceived)]
        assert received[-1] == ada.sent(w.Offer)[1].id

    played(play)


def test_a_call_that_never_comes_leaves_the_case_with_the_agent() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        await answered(made)
        ada.phone.faults["complete"] = Fault(fails="503 Service Unavailable")
        await ada.must("escalate")
        await ada.until(lambda: ada.of(w.CaseReturned))
        await eve.until(lambda: eve.of(w.CaseReturned))
        assert ada.has_case and not eve.has_case
        del ada.phone.faults["complete"]
        await ada.must("escalate")
        await eve.until(lambda: eve.has_case)
        await made.until_heard("601")

    played(play)


def test_a_supervisor_who_hangs_up_before_the_answer_has_no_case() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        await answered(made)
        await ada.until(ada._escalates)
        post.stopped = True
        ada.press("escalate")
        eve.phone.end_all()
        await ada.until(lambda: ada.sent(w.Reclaim))
        post.go()
        await ada.until(lambda: made.talking_to == {"500"})
        await asyncio.sleep(0.05)
        assert ada.has_case and eve.bridge._desk.arriving is None

    played(play)


def test_a_case_whose_policy_cannot_be_read_is_refused() -> None:
    async def play(made: Office, post: Post) -> None:
        offer = w.CaseOffered(case="zoe-1", desk="ada", state="{}", policy='{"later":1}', offer=3)
        made.eve.bridge.feed(w.PhoneIs(up=True))
        call = w.Call(id="c", state=w.CallState.UP, direction="in", case="zoe-1")
        made.eve.bridge.feed(w.CallIs(call))
        made.eve.bridge.feed(offer)
        (said,) = made.eve.sent(w.AnswerOffer)
        assert isinstance(said, w.AnswerOffer) and not said.accepted and "cannot read" in said.why

    played(play)


# -- after a crash -----------------------------------------------------------------------------------------------------


def test_a_supervisors_desk_that_dies_after_its_accept_comes_back_with_the_case() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        ada.phone.faults["complete"] = Fault(slow_ms=300)
        await answered(made, "take")
        await ada.until(lambda: ada.of(w.CaseReleased))
        await eve.kill()
        await eve.start()
        await eve.until(lambda: eve.has_case)
        await made.until_heard("601")
        await asyncio.sleep(MOMENT_S)
        eve.bridge.feed(w.Declared(w.Ground.SLUR))
        await eve.must("warn")
        await eve.kill()
        await eve.start()  # in the middle of the received case, with its policy and its rungs
        await eve.until(lambda: eve.has_case)
        assert {"taken"} == {rung.state for rung in eve.bridge.look().ladder if rung.button == "warn"}

    played(play)


@pytest.mark.parametrize("when", [w.Offer, w.Complete])
def test_an_agents_desk_that_dies_issues_nothing_again(when: type) -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        await answered(made)
        await ada.until(ada._escalates)
        if when is w.Offer:
            post.stopped = True
        else:
            ada.phone.faults["complete"] = Fault(done=False)
        ada.press("escalate")
        await ada.until(lambda: ada.sent(when))
        await asyncio.sleep(0.02)
        await ada.kill()
        post.go()
        await asyncio.sleep(0.02)
        ada.phone.faults.clear()
        await ada.start()
        await ada.until(ada._escalates)  # agent and supervisor still talk: "press again"
        assert ada.has_case
        assert len(ada.sent(when)) == 1 and ada.sent(w.Reclaim)
        assert sum(command[0] == "complete" for command in ada.phone.asked) == (when is w.Complete)
        await eve.until(lambda: eve.bridge._desk.arriving is None)
        assert not eve.has_case

    played(play)


def test_an_agents_desk_that_dies_while_the_caller_is_put_through_has_handed_it_over() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        ada.phone.faults["complete"] = Fault(slow_ms=50)
        await answered(made, "take")
        await ada.until(lambda: ada.sent(w.Complete))
        await asyncio.sleep(0.01)
        await ada.kill()
        await eve.until(lambda: eve.has_case)
        await ada.start()
        await ada.until(lambda: ada.of(w.CaseClosed))
        closed = ada.last(w.CaseClosed)
        assert isinstance(closed, w.CaseClosed) and closed.how == "transferred"
        assert not ada.has_case and eve.has_case

    played(play)


def test_a_received_case_is_judged_by_its_own_policy_also_after_a_restart() -> None:
    async def play(made: Office, post: Post) -> None:
        eve = made.eve
        await eve.kill()
        eve.policies = Book(load("no-hang-up", TIMES), desk="eve")
        await eve.start()
        await made.ada.until(lambda: "eve" in made.ada.bridge._desk.facts.desks)
        await handed_over(made)
        kept = [e.version for e in eve.of(w.PolicyKept) if isinstance(e, w.PolicyKept)]
        versions = {version_of(load(name, TIMES)) for name in ("warm-transfer", "no-hang-up")}
        assert versions <= set(kept) and len(kept) == len(set(kept))
        ladder = [rung.id for rung in eve.bridge.look().ladder]
        assert ladder == [r.id for r in load("warm-transfer", TIMES).rung if r.role == Role.SUPERVISOR]
        await eve.kill()
        await eve.start()
        await eve.until(lambda: eve.has_case)
        assert [rung.id for rung in eve.bridge.look().ladder] == ladder
        opened = len(eve.of(w.CaseOpened))
        made.caller.end_all()
        await eve.until(lambda: not eve.has_case)
        made.caller.dial("601")
        await eve.until(lambda: len(eve.of(w.CaseOpened)) > opened)
        assert eve.last(w.CaseOpened).policy == "no-hang-up"  # type: ignore[union-attr]

    played(play)


def test_a_reclaim_for_a_dead_desk_is_told_when_it_is_back() -> None:
    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        ada.phone.faults["complete"] = Fault(slow_ms=200, fails="503 Service Unavailable")
        await answered(made, "take")
        await ada.until(lambda: ada.of(w.CaseReleased))
        await eve.kill()
        await ada.until(lambda: ada.of(w.CaseReturned))
        await eve.start()
        assert eve.of(w.CaseReceived)
        await eve.until(lambda: eve.of(w.CaseReturned))
        assert ada.has_case and not eve.has_case

    played(play)


def test_a_call_put_through_alone_has_a_case_of_its_own_there() -> None:
    """The agent's desk has lost the floor, and the supervisor's has not: nobody can offer her the case."""

    async def play(made: Office, post: Post) -> None:
        ada, eve = made.ada, made.eve
        await answered(made)
        await ada.until(ada._escalates)
        ada.floor.lose()
        await ada.until(lambda: not ada.bridge._desk.facts.floor_up)
        await ada.must("escalate")
        await eve.until(lambda: eve.has_case)
        await made.until_heard("601")
        assert not eve.of(w.CaseReceived)
        assert len(eve.of(w.CaseOpened)) == 1

    played(play)


def test_who_sits_at_a_supervisors_desk_may_change_and_the_case_stays() -> None:
    async def play(made: Office, post: Post) -> None:
        eve = made.eve
        await handed_over(made)
        eve.bridge.sit(replace(eve.place, person=w.Person("p-zoe", Role.SUPERVISOR)))
        assert eve.bridge.look().person == "p-zoe" and eve.has_case

    played(play)
