"""The contract of every floor, over each of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date

import pytest
from tests.floor.contract import CONTRACT, Rig, World
from tests.floor.contract_asks import ASKS
from tests.floor.contract_desks import DESKS
from tests.floor.contract_handed import HANDED
from tests.floor.contract_record import RECORD
from tests.floor.nats_rig import nats_rig, real_site

from rung.floor.base import Floor, HandedDown
from rung.floor.local import LocalDesk, LocalFloor

Clause = Callable[[World], Awaitable[None]]


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

    async def uphold(self, case: str, until: date) -> None:
        self.local.uphold(case, until)

    async def hand_down(self, whole: HandedDown) -> None:
        self.local.hand_down(whole)


@asynccontextmanager
async def local_rig() -> AsyncIterator[Rig]:
    yield LocalRig()


@pytest.fixture(scope="module")
def nats() -> Iterator[Callable[[], AbstractAsyncContextManager[Rig]]]:
    with real_site() as made:
        yield lambda: nats_rig(made)


@pytest.mark.parametrize("clause", CONTRACT + ASKS + DESKS + RECORD + HANDED, ids=lambda clause: clause.__name__)
def test_local_keeps_to_the_contract(clause: Clause) -> None:
    asyncio.run(play(local_rig(), clause))


@pytest.mark.parametrize("clause", CONTRACT + ASKS + DESKS + RECORD + HANDED, ids=lambda clause: clause.__name__)
def test_nats_keeps_to_the_contract(nats: Callable[[], AbstractAsyncContextManager[Rig]], clause: Clause) -> None:
    asyncio.run(play(nats(), clause))


async def play(rig: AbstractAsyncContextManager[Rig], clause: Clause) -> None:
    async with rig as made:
        world = World(made)
        try:
            await world.start()
            await clause(world)
        finally:
            for desk in world.desks:
                await desk.stop()
