"""Call after call with every action, on Debian's baresip and on the embedded phone: none is mixed up with another.

A few every day, 50 under RUNG_LONG=1. Asterisk has a file of its own, test_asterisk_soak.py.
"""

import os
import random
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.phone.contract import CASE, DIALLING, ENDED, HELD, RINGING, UP, World
from tests.real.sip_rig import AGENT_HZ, Rig, play
from tests.real.test_baresip_contract import baresip_world
from tests.real.test_sip_contract import sip_world

from rung.words import CallIs, EndedBy

CALLS = 50 if os.environ.get("RUNG_LONG") == "1" else 2


async def every_action(w: World, number: int) -> None:
    """One call with all that an agent may do, in an order of its own; at last it ends in one of three ways."""
    out, line = await w.line()

    async def held_and_taken_back() -> None:
        mark = len(w.desk.news)
        await w.phone.hold(line)
        await w.desk.becomes(line, HELD, mark)
        await w.phone.resume(line)
        await w.desk.becomes(line, UP, mark)

    async def consulted_in_vain() -> None:
        mark, rung = len(w.desk.news), _seen(w)
        await w.phone.hold(line)
        await w.desk.becomes(line, HELD, mark)
        await w.phone.consult(line, w.sup.address, CASE)
        consult = await w.desk.call(lambda c: c.consult_for == line and c.state is DIALLING, mark)
        rang = await w.sup.until(lambda c: c.state is RINGING, rung)
        if number % 2:
            await w.sup.decline(rang.id)
            await w.desk.becomes(consult.id, ENDED, mark)
        mark = len(w.desk.news)
        await w.phone.take_back(line, consult.id)
        await w.desk.becomes(line, UP, mark)
        await w.sup.until(lambda c: c.id == rang.id and c.state is ENDED, rung)

    async def another_gives_up() -> None:
        mark = len(w.desk.news)
        second = await w.caller.dial(w.agent.address)
        came = await w.desk.call(lambda c: c.state is RINGING and c.id != line, mark)
        await w.caller.hang_up(second)
        assert (await w.desk.becomes(came.id, ENDED, mark)).ended_by is EndedBy.THEM

    actions = [held_and_taken_back, consulted_in_vain, another_gives_up]
    random.Random(number).shuffle(actions)
    for action in actions:
        await action()
    await w.caller.hears(out, AGENT_HZ)
    await _ending(w, number, out, line)
    told = [n.call for n in w.desk.news if isinstance(n, CallIs) and n.call.id == line and n.call.state is ENDED]
    assert len(told) == 1, "the end of a call is told once"


async def _ending(w: World, number: int, out: str, line: str) -> None:
    if number % 3 == 0:
        await w.phone.hang_up(line)
        assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.US
        await w.caller.until(lambda c: c.id == out and c.state is ENDED)
    elif number % 3 == 1:
        await w.caller.hang_up(out)
        assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.THEM
    else:
        rung, before = _seen(w), len(w.caller.phone.seen)  # type: ignore[attr-defined]
        await w.phone.transfer(line, w.sup.address)
        rang = await w.sup.until(lambda c: c.state is RINGING, rung)
        if not await w.can("returns"):  # whoever is to have the call is rung once before
            rang = await w.sup.until(lambda c: c.state is RINGING and c.id != rang.id, rung)
        await w.sup.answer(rang.id)
        assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER
        joined = await w.caller.until(lambda c: c.id != out and c.state is UP, before)
        await w.sup.hang_up(rang.id)
        await w.caller.until(lambda c: c.id == joined.id and c.state is ENDED)


def _seen(w: World) -> int:
    """How many states of the supervisor's calls have been seen."""
    return len(w.sup.phone.seen)  # type: ignore[attr-defined]


@pytest.mark.parametrize("world", [baresip_world, sip_world], ids=["Debian's baresip", "the embedded phone"])
def test_call_after_call_with_every_action(
    world: Callable[[Rig], AbstractAsyncContextManager[World]], tmp_path: Path
) -> None:
    async def story(made: Rig) -> None:
        async with world(made) as w:
            begun = time.monotonic()
            for number in range(CALLS):
                await every_action(w, number)
            print(f"{CALLS} calls in {time.monotonic() - begun:.0f} s")

    play(story, tmp_path)
