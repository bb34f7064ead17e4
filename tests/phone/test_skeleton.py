"""The skeleton in host/PHONES.md is whole, and keeps the first clauses of the contract."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from tests.phone import contract as c
from tests.phone.table import PLACE

from rung.words import Call, CallState, EndedBy

FIRST: tuple[Callable[[c.World], Awaitable[None]], ...] = (
    c.it_greets_and_then_tells_all_calls,
    c.a_call_comes_in_and_is_answered,
    c.hold_and_resume_are_confirmed_by_states,
    c.the_one_who_hangs_up_is_known,
    c.the_caller_may_leave_while_on_hold,
    c.each_command_hits_its_own_line,
    c.a_recount_tells_living_and_ended,
    c.no_command_is_taken_for_a_call_that_does_not_live,
    c.a_call_that_comes_while_another_is_ended_stays,
)


def skeleton() -> Any:
    (text,) = re.findall(r"```python\n(.*?)```", PLACE.read_text(), re.DOTALL)
    names: dict[str, Any] = {"__name__": "skeleton"}
    exec(compile(text, "PHONES.md", "exec"), names)
    return names["MyPhone"]()


class Outside:
    """Everybody else at the telephone that lives in a list; the two ends of a call share its id."""

    def __init__(self, phone: Any, address: str) -> None:
        self.phone, self.address, self._ids = phone, address, count(1)

    async def dial(self, target: str) -> str:
        call = f"call-{next(self._ids)}"
        self.phone.changed(Call(id=call, state=CallState.RINGING, direction="in", peer="caller", queue=target))
        return call

    async def answer(self, call: str) -> None:
        ringing = self.phone._lines[call].call
        self.phone.changed(Call(id=call, state=CallState.UP, direction="in", peer=ringing.peer, queue=ringing.queue))

    async def hang_up(self, call: str) -> None:
        self.phone.changed(Call(id=call, state=CallState.ENDED, direction="in", ended_by=EndedBy.THEM))

    decline = hang_up

    async def until(self, wanted: Callable[[Call], bool], since: int = 0) -> Call:
        """As the other end sees it: who has hung up here is `them` there."""
        async with asyncio.timeout(c.PATIENCE_S):
            while True:
                for call in self.phone._all():
                    there = {EndedBy.US: EndedBy.THEM, EndedBy.THEM: EndedBy.US}.get(call.ended_by, call.ended_by)
                    seen = Call(id=call.id, state=call.state, direction="out", ended_by=there)
                    if wanted(seen):
                        return seen
                await asyncio.sleep(0.001)

    async def hears(self, call: str, hz: int) -> None:
        """Nothing is heard in a list."""


@pytest.mark.parametrize("clause", FIRST, ids=lambda clause: clause.__name__)
def test_the_skeleton(clause: Callable[[c.World], Awaitable[None]]) -> None:
    async def story() -> None:
        phone = skeleton()
        hand = Outside(phone, "1001")
        async with c.running(phone) as desk:
            await clause(c.World(phone, desk, hand, hand, hand))

    asyncio.run(story())
