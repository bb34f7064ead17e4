"""Debian's baresip stalled for long, or cut off: no call is ended by us (and test_phone_faults.py)."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.phone.contract import AGENT_HZ, ENDED, HELD, UP, World, running
from tests.real.asterisk_rig import Cut
from tests.real.peers import baresip
from tests.real.sip_rig import Rig, play
from tests.real.test_baresip_contract import BaresipHand, three_phones
from tests.real.test_sip_contract import SipHand

from rung.phone.baresip import BaresipPhone
from rung.phone.base import PhoneError
from rung.words import CallIs, CallsAre, EndedBy, PhoneIs


@dataclass
class Faulty:
    world: World
    peer: baresip.Baresip
    cut: Cut

    async def told_down(self, words: str, since: int) -> None:
        """2.5 s by the adapter's own clock; the machine may be slow."""
        desk = self.world.desk
        await desk.told(lambda n: isinstance(n, PhoneIs) and not n.up and words in n.why, since)

    async def told_all(self, since: int) -> CallsAre:
        desk = self.world.desk
        await desk.told(lambda n: isinstance(n, PhoneIs) and n.up, since)
        said = await desk.told(lambda n: isinstance(n, CallsAre), since)
        assert isinstance(said, CallsAre)
        return said


def faulty(story: Callable[[Faulty], Awaitable[None]], folder: Path) -> None:
    async def whole(made: Rig) -> None:
        async with three_phones(made) as (peer, caller, sup), Cut(peer.control_port).open() as cut:
            phone = BaresipPhone("127.0.0.1", cut.port)
            async with running(phone) as desk:
                world = World(phone, desk, BaresipHand(peer), SipHand(caller), SipHand(sup))
                await story(Faulty(world, peer, cut))

    play(whole, folder)


def test_a_stalled_one_is_told_and_goes_on(tmp_path: Path) -> None:
    async def story(f: Faulty) -> None:
        w = f.world
        out, line = await w.line()
        mark = len(w.desk.news)
        os.kill(f.peer.pid, signal.SIGSTOP)
        for command in (w.phone.hang_up, w.phone.hold):
            with pytest.raises(PhoneError):
                await command(line)
        await f.told_down("does not answer", mark)
        with pytest.raises(PhoneError, match="does not answer"):
            await w.phone.hang_up(line)
        await asyncio.sleep(6)  # so long that the line is given up, and others wait to be taken
        os.kill(f.peer.pid, signal.SIGCONT)
        said = await f.told_all(mark)
        assert [(c.id, c.ended_by) for c in said.calls] == [(line, None)], "what it was asked meanwhile is not done"
        mark = len(w.desk.news)
        await w.phone.hold(line)  # by now it may be on hold, for that is no harm when it comes late
        await w.desk.becomes(line, HELD, mark)
        await w.phone.resume(line)
        await w.desk.becomes(line, UP, mark)
        await w.caller.hears(out, AGENT_HZ)

    faulty(story, tmp_path)


def test_a_cut_line_forgets_no_call_and_no_end(tmp_path: Path) -> None:
    async def story(f: Faulty) -> None:
        w = f.world
        out, line = await w.line()
        _, other = await w.line()
        mark = len(w.desk.news)
        f.cut.refuses = True
        f.cut.cut()
        await f.told_down("", mark)
        await w.caller.hang_up(out)
        await asyncio.sleep(0.2)
        f.cut.refuses = False
        said = await f.told_all(mark)
        assert {c.id: (c.state is ENDED, c.ended_by) for c in said.calls} == {
            line: (True, EndedBy.UNKNOWN), other: (False, None),
        }  # fmt: skip

    faulty(story, tmp_path)


def test_a_call_on_hold_stays_so_when_another_gives_up(tmp_path: Path) -> None:
    """Debian's 1.0.0 would take it off hold."""

    async def story(f: Faulty) -> None:
        w = f.world
        out, line = await w.line()
        await w.phone.hold(line)
        await w.desk.becomes(line, HELD)
        mark = len(w.desk.news)
        second = await w.caller.dial(w.agent.address)
        came = await w.desk.call(lambda c: c.id != line, mark)
        await w.caller.hang_up(second)
        await w.desk.becomes(came.id, ENDED, mark)
        await w.caller.hears(out, 0)
        await asyncio.sleep(0.5)
        await w.caller.hears(out, 0)
        states = [n.call.state for n in w.desk.news[mark:] if isinstance(n, CallIs) and n.call.id == line]
        assert set(states) <= {HELD}
        mark = len(w.desk.news)
        await w.phone.resume(line)
        await w.desk.becomes(line, UP, mark)
        await w.caller.hears(out, AGENT_HZ)

    faulty(story, tmp_path)
