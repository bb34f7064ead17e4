"""The contract of every phone, kept by the embedded one on the real SIP stack: four processes and their adapter."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.phone import table
from tests.phone.contract import CASE, World, running
from tests.phone.table import CLAUSES
from tests.real.sip_rig import Rig, RigPhone, play, three

from rung.phone.sip import SipPhone
from rung.words import Call, CallState


class SipHand:
    """A `contract.Hand` on a real SIP phone."""

    def __init__(self, phone: RigPhone) -> None:
        self.phone = phone
        self.address = phone.client.address
        self.seen = lambda: len(phone.seen)
        self.until = phone.until
        self.hears = phone.hears
        self.dial = phone.client.dial
        self.answer = phone.client.answer
        self.hang_up = phone.client.hang_up
        self.decline = phone.client.reject


@asynccontextmanager
async def sip_world(made: Rig) -> AsyncIterator[World]:
    caller, agent, sup = await three(made)
    phone = SipPhone(agent.control)
    async with running(phone) as desk:
        yield World(phone, desk, SipHand(agent), SipHand(caller), SipHand(sup))


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.__name__)
def test_the_embedded_phone(clause: Callable[[World], Awaitable[None]], tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        async with sip_world(made) as world:
            await clause(world)
            table.hold("embedded SIP phone", clause, world)

    play(story, tmp_path)


def test_a_replacing_call_has_the_case_of_the_call_that_it_replaces_and_no_other(tmp_path: Path) -> None:
    """Two consults, for two cases, are up at one supervisor when one of the callers is handed over."""

    async def consulted(w: World, case: str) -> tuple[str, Call, Call]:
        _, line = await w.line()
        await w.phone.consult(line, w.sup.address, case)
        rang = await w.sup.until(lambda c: c.state is CallState.RINGING and c.case == case)
        await w.sup.answer(rang.id)
        return line, await w.desk.call(lambda c: c.consult_for == line and c.state is CallState.UP), rang

    async def story(made: Rig) -> None:
        async with sip_world(made) as w:
            line, consult, first = await consulted(w, CASE)
            _, _, second = await consulted(w, "other-2")
            await w.phone.complete(line, consult.id)
            new = await w.sup.until(lambda c: c.id not in (first.id, second.id) and c.state is CallState.UP)
            assert new.case == CASE

    play(story, tmp_path)
