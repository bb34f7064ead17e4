"""The contract of every floor, over each of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from tests.floor.contract import CONTRACT, Rig, World

from rung.floor.base import Floor
from rung.floor.local import LocalDesk, LocalFloor


class LocalRig:
    def __init__(self) -> None:
        self.local = LocalFloor()

    def floor(self, desk: str) -> Floor:
        return self.local.desk(desk)

    def lose(self, floor: Floor) -> None:
        assert isinstance(floor, LocalDesk)
        floor.lose()

    def find(self, floor: Floor) -> None:
        assert isinstance(floor, LocalDesk)
        floor.find()

    def uphold(self, case: str, until: date) -> None:
        self.local.uphold(case, until)


RIGS: dict[str, Callable[[], Rig]] = {"local": LocalRig}


@pytest.mark.parametrize("floor", RIGS)
@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_it_keeps_to_the_contract(floor: str, clause: Callable[[World], Awaitable[None]]) -> None:
    async def play() -> None:
        world = World(RIGS[floor]())
        try:
            await world.start()
            await clause(world)
        finally:
            for desk in world.desks:
                await desk.stop()

    asyncio.run(play())
