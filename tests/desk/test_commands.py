"""What was decided goes to phone or floor, in time and in order; what another desk must learn is not lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.desk.scripted_phone import LINE, ScriptedPhone

from rung import words as w
from rung.desk.commands import ACT_WITHIN_MS, Commands
from rung.desk.happening import Teller
from rung.floor.base import FloorError, FloorUnsureError
from rung.words import CallState, EndedBy

OFFER = w.Offer(3, "eve", "ada-1", "{}", "{}")
RECLAIM = w.Reclaim(4, "eve", "ada-1")
ANSWER = w.AnswerOffer(5, "fay", "fay-1", True)
EVE, BOTH = w.FloorIs(up=True, desks={"eve": "601"}), w.FloorIs(up=True, desks={"eve": "601", "fay": "602"})


class Lines(ScriptedPhone):
    """It can leave a call, too."""

    async def leave(self, call: str) -> None:
        self.asked.append(("leave", call))

    async def play(self, call: str, text: str, language: str) -> None:
        self.asked.append(("play", call, text, language))

    async def record(self, call: str, name: str) -> None:
        self.asked.append(("record", call, name))

    async def stop_recording(self, call: str) -> None:
        self.asked.append(("stop_recording", call))


class Floor:
    """Takes what it can, and fails as it is told."""

    def __init__(self) -> None:
        self.done: list[w.FloorEffect] = []
        self.error: FloorError | None = None

    async def do(self, effect: w.FloorEffect) -> None:
        if self.error is not None:
            raise self.error
        self.done.append(effect)


class World:
    def __init__(self, *, floor: bool = True) -> None:
        self.phone, self.floor = Lines(), Floor()
        self.refused: list[w.EffectRefused] = []
        self.now = 100_000
        self.teller = Teller(lambda happening: None)
        handed = self.floor if floor else None
        self.commands = Commands(self.phone, handed, self.teller, lambda: self.now, self.refused.append)  # type: ignore[arg-type]

    async def start(self, *effects: w.Effect, decided_ms: int = 100_000) -> None:
        for effect in effects:
            self.commands.start(effect, decided_ms)
        await self.settle()

    async def floor_is(self, floor: w.FloorIs) -> list[w.FloorEffect]:
        """What is told because of it."""
        before = len(self.floor.done)
        self.commands.floor_is(floor)
        await self.settle()
        return self.floor.done[before:]

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


def played(play: Callable[[World], Awaitable[None]], *, floor: bool = True) -> None:
    async def run() -> None:
        world = World(floor=floor)
        try:
            await play(world)
        finally:
            world.teller.close()

    asyncio.run(run())


@pytest.mark.parametrize("effect", [w.HangUp(1, LINE), w.Complete(1, LINE, "c"), w.Leave(1, LINE)])
def test_what_ends_the_call_for_the_agent_is_done_soon_or_never(effect: w.Effect) -> None:
    async def play(world: World) -> None:
        world.phone.living = {LINE: w.Call(id=LINE, state=CallState.UP, direction="in")}
        await world.start(effect, decided_ms=world.now - ACT_WITHIN_MS - 1)
        assert world.phone.asked == [] and [r.id for r in world.refused] == [1]
        world.phone.deaf = {"hang_up", "complete"}
        await world.start(effect, decided_ms=world.now - ACT_WITHIN_MS)
        assert len(world.phone.asked) == 1 and len(world.refused) == 1

    played(play)


def test_the_phone_gets_the_case_and_what_is_played() -> None:
    async def play(world: World) -> None:
        given: list[tuple[str, ...]] = []

        async def join(call: str, target: str, case: str = "") -> None:
            given.append(("join", call, target, case))

        async def consult(call: str, target: str, case: str = "") -> None:
            given.append(("consult", call, target, case))

        world.phone.join, world.phone.consult = join, consult  # type: ignore[method-assign]
        await world.start(
            w.Join(1, LINE, "601", "ada-1"), w.Consult(2, LINE, "602", "ada-1"), w.Play(3, LINE, "Hallo", "de")
        )
        assert given == [("join", LINE, "601", "ada-1"), ("consult", LINE, "602", "ada-1")]
        assert world.phone.asked == [("play", LINE, "Hallo", "de")]

    played(play)


def test_what_another_desk_must_learn_is_told_once_it_is_in_reach() -> None:
    async def play(world: World) -> None:
        world.floor.error = FloorError("out of reach")
        await world.start(RECLAIM, ANSWER)
        world.floor.error = None
        assert await world.floor_is(EVE) == [RECLAIM]
        assert await world.floor_is(EVE) == []
        assert await world.floor_is(BOTH) == [ANSWER]
        assert world.refused == [], "nobody waits for it"

    played(play)


def test_what_another_desk_may_not_have_learnt_is_told_again() -> None:
    async def play(world: World) -> None:
        world.floor.error = FloorUnsureError("no reply")
        await world.start(RECLAIM, ANSWER)
        world.floor.error = None
        assert await world.floor_is(BOTH) == [RECLAIM, ANSWER]
        assert await world.floor_is(BOTH) == [], "once"

    played(play)


def test_an_offer_that_is_refused_is_told_and_one_nobody_is_sure_of_is_left_to_its_deadline() -> None:
    async def play(world: World) -> None:
        world.floor.error = FloorError("the desk 'eve' is out of reach")
        await world.start(OFFER)
        assert world.refused == [w.EffectRefused(3, "the desk 'eve' is out of reach")]
        world.floor.error = FloorUnsureError("no reply")
        await world.start(OFFER)
        assert len(world.refused) == 1 and world.floor.done == []

    played(play)


def test_without_a_floor_nothing_can_be_offered() -> None:
    async def play(world: World) -> None:
        await world.start(OFFER)
        assert [r.id for r in world.refused] == [3]
        world.commands.report("caller", w.Earlier("ada-1", "2031-02-03", (), EndedBy.THEM))

    played(play, floor=False)


def test_what_is_beside_the_ladder_goes_to_the_phone_and_comes_back_where_it_cannot() -> None:
    async def story(world: World) -> None:
        await world.start(w.Record(1, LINE, "ada-1"), w.StopRecording(2, LINE), w.Pause(3, True, "breather"))
        assert world.phone.asked == [("record", LINE, "ada-1"), ("stop_recording", LINE)]
        assert world.refused == [w.EffectRefused(3, "this phone cannot pause an agent")]
        await world.start(w.Listen(4, LINE, "601", "coach", "ada-1"), w.StopListening(5, LINE, "601"))
        cannot = "this phone cannot let anybody listen"
        assert world.refused[1:] == [w.EffectRefused(4, cannot), w.EffectRefused(5, cannot)]

    played(story)
