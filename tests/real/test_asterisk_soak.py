"""Many calls and many agents on one Asterisk: no call is ever mixed up with another.

A few of each every day; 50 calls in a row with every action, and 20 agents at once, under RUNG_LONG=1.
"""

import asyncio
import os
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from tests.phone.contract import Desk
from tests.phone.every_action import every_action
from tests.real.asterisk_rig import AsteriskWorld, Floor, Played, admin, play, settings
from tests.real.pbx_rig import broker
from tests.real.peers import asterisk as pbx
from tests.real.sip_rig import AGENT_HZ, Rig, RigPhone

from rung.phone.asterisk import AsteriskPhone
from rung.phone.asterisk.link import AmiLink
from rung.phone.base import Phone
from rung.words import CallIs, CallsAre, CallState, EndedBy

LONG = os.environ.get("RUNG_LONG") == "1"
ONLY_LONG = pytest.mark.skipif(not LONG, reason="half a minute: RUNG_LONG=1")
CALLS, AGENTS = (50, 20) if LONG else (3, 4)
UP, HELD, RINGING, ENDED = CallState.UP, CallState.HELD, CallState.RINGING, CallState.ENDED


def test_call_after_call_with_every_action(played: Played) -> None:
    made, runner = played

    async def story() -> None:
        async with made.world() as w:
            for number in range(CALLS):
                await every_action(w, number)
                await made.quiet()

    runner.run(story())


def test_a_call_whose_id_begins_as_its_own_gets_nobody(played: Played) -> None:
    """Asterisk's Bridge takes the first channel whose unique id begins so: two digits more are another's call."""
    made, _ = played

    async def story(w: AsteriskWorld) -> None:
        link, caller = await AmiLink.connect(admin(made.asterisk), lambda event: None), made.phones["caller"]
        place = {"Context": "rung", "Exten": "agent", "Priority": "1"}
        await link.do("Originate", Channel="PJSIP/caller", ChannelId="one.1", Async="true", **place)
        out = await caller.rings()
        await caller.client.answer(out)
        line = (await w.desk.call(lambda c: c.state is RINGING)).id
        await w.agent.answer(line)
        await w.desk.becomes(line, UP)
        for last in range(10):
            ids = {"ChannelId": f"one.1{last}", "OtherChannelId": f"other.1{last}"}
            await link.do("Originate", Channel="Local/echo@rung/n", Application="Wait", Data="60", **ids)
        await w.phone.hold(line)
        await w.desk.becomes(line, HELD)
        mark = len(w.desk.news)
        await w.phone.resume(line)
        await w.desk.becomes(line, UP, mark)
        await caller.hears(out, AGENT_HZ)
        await link.close()

    play(played, story)


class Pair:
    """An agent with a desk, and a caller of their own with a tone of their own."""

    def __init__(self, number: int, agent: RigPhone, caller: RigPhone, phone: Phone) -> None:
        self.number = number
        self.agent, self.caller = agent, caller
        self.desk = Desk()
        self.phone = phone

    async def shift(self, calls: int) -> None:
        """Everything is told to this desk of this desk's calls alone, and heard from this caller alone."""
        for call in range(calls):
            mark = len(self.desk.news)
            out = await self.caller.client.dial(f"a{self.number}")
            line = (await self.desk.call(lambda c: c.state is RINGING, mark)).id
            at_phone = await self.agent.rings()
            await self.agent.client.answer(at_phone)
            told = await self.desk.becomes(line, UP, mark)
            assert told.peer == f"{3000 + self.number}"
            await self.agent.hears(at_phone, self.tone)
            await self.phone.hold(line)
            await self.desk.becomes(line, HELD, mark)
            held = len(self.desk.news)
            await self.phone.resume(line)
            await self.desk.becomes(line, UP, held)
            await self.agent.hears(at_phone, self.tone)
            await self.phone.hang_up(line)
            assert (await self.desk.becomes(line, ENDED, mark)).ended_by is EndedBy.US, call
            await self.caller.becomes(out, ENDED)
        mine = {n.call.peer for n in self.desk.news if isinstance(n, CallIs)}
        assert mine == {f"{3000 + self.number}"}

    @property
    def tone(self) -> int:
        return 400 + 60 * self.number


@pytest.mark.parametrize("by", ["themselves", pytest.param("one broker", marks=ONLY_LONG)])
def test_many_agents_at_once(by: str, tmp_path: Path) -> None:
    """Each logged in at Asterisk, or all through the one login of a broker."""
    numbers = range(AGENTS)
    endpoints = {f"a{n}": f"{1000 + n}" for n in numbers} | {f"c{n}": f"{3000 + n}" for n in numbers}

    async def story(made: Floor) -> None:
        pairs = []
        async with AsyncExitStack() as exits:
            through = None if by == "themselves" else await exits.enter_async_context(broker(made.asterisk, tmp_path))
            for n in numbers:
                agent = await made.phone(f"a{n}")
                caller = await made.phone(f"c{n}", hz=400 + 60 * n)
                own = AsteriskPhone(settings(made.asterisk, f"a{n}")) if through is None else through.phone(f"a{n}")
                pairs.append(Pair(n, agent, caller, own))
            for pair in pairs:
                running = asyncio.ensure_future(pair.phone.run(pair.desk.feed))
                exits.push_async_callback(_stop, running)
                await pair.desk.told(lambda news: isinstance(news, CallsAre))
            await asyncio.gather(*(pair.shift(3) for pair in pairs))

    async def whole(asterisk: pbx.Asterisk) -> None:
        rig = Rig(tmp_path)
        try:
            await story(Floor(asterisk, rig))
        finally:
            for phone in rig.phones:
                await phone.stop()

    with pbx.running(tmp_path, endpoints=endpoints) as asterisk:
        asyncio.run(whole(asterisk))


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
