"""The contract over the virtual phone: at hand, and behind a control line as a bridge's own process has it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from tests.phone import table
from tests.phone.contract import AGENT_HZ, CALLER_HZ, SUP_HZ, World, running
from tests.phone.table import CLAUSES

from rung.phone.base import ALL, Phone
from rung.phone.sip import SipPhone
from rung.sim.exchange import VirtualExchange
from rung.sim.phone import VirtualPhone
from rung.sim.phone_door import door_of
from rung.sim.telephone import Telephone
from rung.words import Call


class VirtualHand:
    """A `contract.Hand` on a virtual telephone."""

    def __init__(self, telephone: Telephone) -> None:
        self.telephone = telephone
        self.address = telephone.number

    async def dial(self, target: str) -> str:
        return self.telephone.dial(target)

    async def answer(self, call: str) -> None:
        self.telephone.answer(call)

    async def decline(self, call: str) -> None:
        self.telephone.decline(call)

    async def hang_up(self, call: str) -> None:
        self.telephone.end(call)

    def seen(self) -> int:
        return len(self.telephone.seen)

    async def until(self, wanted: Callable[[Call], bool], since: int = 0) -> Call:
        return await self.telephone.until(wanted, since)

    async def hears(self, call: str, hz: int) -> None:
        async with asyncio.timeout(10):
            while self.telephone.heard_hz(call) != hz:
                await asyncio.sleep(0.001)


@asynccontextmanager
async def virtual_world(control: Path | None, can: frozenset[str]) -> AsyncIterator[World]:
    exchange = VirtualExchange()
    caller = Telephone(exchange, "0151-5551", tone_hz=CALLER_HZ)
    sup = Telephone(exchange, "2001", tone_hz=SUP_HZ)
    virtual = VirtualPhone(exchange, "1001", can=can, tone_hz=AGENT_HZ)
    phone: Phone = virtual
    async with AsyncExitStack() as exits:
        if control is not None:
            await exits.enter_async_context(door_of(virtual, control))
            phone = SipPhone(control)
        desk = await exits.enter_async_context(running(phone))
        yield World(phone, desk, VirtualHand(virtual), VirtualHand(caller), VirtualHand(sup))


@pytest.mark.parametrize("can", [set(ALL), {"attended", "returns", "case"}], ids=["can-all", "can-no-more"])
@pytest.mark.parametrize("behind_a_door", [False, True], ids=["at-hand", "behind-a-door"])
@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.__name__)
def test_the_virtual_phone(
    clause: Callable[[World], Awaitable[None]], behind_a_door: bool, can: set[str], tmp_path: Path
) -> None:
    async def story() -> None:
        control = tmp_path / "phone.json" if behind_a_door else None
        async with virtual_world(control, frozenset(can)) as world:
            await clause(world)

    asyncio.run(story())


def test_the_table_of_phones_has_every_clause_and_no_other() -> None:
    assert table.rows() == [table.row(clause) for clause in CLAUSES]
