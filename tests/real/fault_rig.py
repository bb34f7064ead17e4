"""What may befall the telephone system behind a desk, at any step of a call, and all that must be true of it then."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.desk.rig import NO_BOX
from tests.phone.contract import DIALLING, ENDED, HELD, RINGING, UP, Desk, World, rings, running
from tests.real.asterisk_rig import Cut, Played, account
from tests.real.peers import start, stop
from tests.real.sip_rig import AGENT_HZ, CALLER_HZ, Rig
from tests.real.test_baresip_contract import BaresipHand, three_phones
from tests.real.test_sip_contract import SipHand

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.floor.base import Place
from rung.journal.store import Journal
from rung.phone.baresip import BaresipPhone
from rung.phone.base import Feed, PhoneError
from rung.phone.sip import SipPhone
from rung.phone.sip_control import read_control
from rung.policy import Book, load
from rung.private import write_private
from rung.words import Call, CallIs, CallsAre, EndedBy, LampState, PhoneIs

LONG = os.environ.get("RUNG_LONG") == "1"
STALL_S = 30.0 if LONG else 3.5  # in all; at 32 s SIP itself gives up what was not answered
TOLD_S = 3.0
PATIENT = {"rtp_timeout_s": 0}  # a telephone that gives up a silent line itself is another matter
NOISE, LETTER, LONG_LINE = b"\x00\xff" * 99 + b"\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 200_000
NETSTRINGS = [NOISE, b"999999999:", b'15:{"response":1}x,', LETTER, LONG_LINE]  # each is wrong at another place
LINES = [NOISE, LETTER, LONG_LINE]

Stands = list[tuple[str, w.CallState]]


async def it_rings(w: World) -> Stands:
    mark = len(w.desk.news)
    await w.caller.dial(w.agent.address)
    return [((await w.desk.call(lambda c: c.state is RINGING, mark)).id, RINGING)]


async def in_talk(w: World) -> Stands:
    _, line = await w.line()
    return [(line, UP)]


async def on_hold(w: World) -> Stands:
    ((line, _),) = await in_talk(w)
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD)
    return [(line, HELD)]


async def while_theirs_rings(w: World) -> Stands:
    ((line, _),) = await on_hold(w)
    consult, _ = await w.consult(line)
    return [(line, HELD), (consult.id, DIALLING)]


async def in_the_consult(w: World) -> Stands:
    ((line, _),) = await on_hold(w)
    consult, rang = await w.consult(line)
    await w.sup.answer(rang.id)
    await w.desk.becomes(consult.id, UP)
    return [(line, HELD), (consult.id, UP)]


async def in_the_transfer(w: World) -> Stands:
    """A blind one, while the phone of whoever is to have the call rings."""
    ((line, _),) = await in_talk(w)
    await w.phone.transfer(line, w.sup.address)
    w.theirs = await rings(w)
    return [(line, UP)]


Step = Callable[[World], Awaitable[Stands]]
STEPS: tuple[Step, ...] = (
    it_rings, in_talk, on_hold, while_theirs_rings, in_the_consult, in_the_transfer,
)  # fmt: skip


class _Shadow:
    """The phone as a desk's bridge has it: what the adapter tells the test, it tells the bridge as well."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def run(self, feed: Feed) -> None:
        for news in self._world.desk.news:
            feed(news)
        self._world.desk.also.append(feed)
        await asyncio.Event().wait()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.phone, name)


@dataclass
class Struck:
    """A desk on a peer, and how to strike it. ``again``: one that was killed is started anew, and has new hands."""

    world: World
    pid: Callable[[], int]
    say: Callable[[bytes], None]
    again: Callable[[], Awaitable[None]]
    garbage: list[bytes]
    bridge: Bridge
    late_is_void: bool = False  # what was under way when it stood still, it does not do any more
    shown: list[Happening] = field(default_factory=list)

    async def told(self, mark: int, begun: float) -> None:
        """The person is, on the page: within 3 s, by a computer that has nothing else to do."""
        await self.world.desk.told(lambda n: isinstance(n, PhoneIs) and not n.up, mark)
        async with asyncio.timeout(TOLD_S):
            while not any("phone" in text for text in self.bridge.look().troubles):
                await asyncio.sleep(0.01)
        took = time.monotonic() - begun
        print(f"told after {took:.2f} s")
        assert took < TOLD_S or not LONG

    async def back(self, mark: int) -> tuple[Call, ...]:
        down = next(n for n, news in enumerate(self.world.desk.news) if n >= mark and isinstance(news, PhoneIs))
        await self.world.desk.told(lambda n: isinstance(n, PhoneIs) and n.up, down)
        said = await self.world.desk.told(lambda n: isinstance(n, CallsAre), down)
        assert isinstance(said, CallsAre)
        return said.calls

    def nothing_is_done(self, mark: int) -> None:
        """No lamp says so, no ending was ordered, and no call is told to have been ended by us."""
        for happening in self.shown:
            if happening.lamps is not None:
                lamps = (happening.lamps.escalate, happening.lamps.warn, happening.lamps.release)
                assert all(lamp.state is not LampState.DONE for lamp in lamps)
            assert not isinstance(happening.effect, w.HangUp | w.Complete)
        ours = [n for n in self.world.desk.news[mark:] if isinstance(n, CallIs) and n.call.ended_by is EndedBy.US]
        assert ours == []

    async def refuses(self, stands: Stands) -> None:
        for call, _ in stands:
            for command in (self.world.phone.hang_up, self.world.phone.hold):
                with pytest.raises(PhoneError):
                    await command(call)

    async def goes_on(self, stands: Stands) -> None:
        (line, state), mark = stands[0], len(self.world.desk.news)
        if self.world.theirs:
            await self.world.sup.answer(self.world.theirs)
            assert (await self.world.desk.becomes(line, ENDED, mark)).ended_by is EndedBy.TRANSFER
            return
        if len(stands) > 1:
            await self.world.phone.take_back(line, stands[1][0])
        elif state is HELD:
            await self.world.phone.resume(line)
        elif state is RINGING:
            await self.world.agent.answer(line)
        else:
            await self.world.phone.hold(line)
        await self.world.desk.becomes(line, HELD if stands == [(line, UP)] else UP, mark)


async def stalled(s: Struck, stands: Stands) -> None:
    """What was asked of it meanwhile, it does not do when it goes on; a hold that comes late does no harm."""
    mark, begun = len(s.world.desk.news), time.monotonic()
    os.kill(s.pid(), signal.SIGSTOP)
    try:
        if s.late_is_void:
            with pytest.raises(PhoneError):  # mostly "nothing was done"; unsure where it stalls in that very instant
                await s.world.phone.hang_up(stands[-1][0])
        await s.told(mark, begun)
        await s.refuses(stands)
        await asyncio.sleep(begun + STALL_S - time.monotonic())
    finally:
        os.kill(s.pid(), signal.SIGCONT)
    calls = await s.back(mark)
    assert [(c.id, c.state) for c in calls if c.state is not ENDED] == stands, (calls, stands)
    s.nothing_is_done(mark)
    await s.goes_on(stands)


async def garbled(s: Struck, stands: Stands) -> None:
    for garbage in s.garbage if LONG else s.garbage[:2]:
        mark, begun = len(s.world.desk.news), time.monotonic()
        s.say(garbage)
        await s.told(mark, begun)
        assert [(c.id, c.state) for c in await s.back(mark) if c.state is not ENDED] == stands
        s.nothing_is_done(mark)
    await s.goes_on(stands)


async def killed(s: Struck, stands: Stands) -> None:
    """Its calls died with it, and nobody ended them; the next call is like any other."""
    mark, begun = len(s.world.desk.news), time.monotonic()
    os.kill(s.pid(), signal.SIGKILL)
    await s.told(mark, begun)
    await s.refuses(stands)
    await s.again()
    ended = {c.id: (c.state, c.ended_by) for c in await s.back(mark)}
    assert ended == {call: (ENDED, EndedBy.PHONE) for call, _ in stands}
    s.nothing_is_done(mark)
    out, line = await s.world.line()
    await s.world.caller.hears(out, AGENT_HZ)
    await s.world.phone.hang_up(line)
    assert (await s.world.desk.becomes(line, ENDED)).ended_by is EndedBy.US


Fault = Callable[[Struck, Stands], Awaitable[None]]


@asynccontextmanager
async def _desk(world: World, folder: Path, **ways: Any) -> AsyncIterator[Struck]:
    shown: list[Happening] = []
    journal, teller = Journal(folder / "journal.db"), Teller(shown.append)
    bridge = Bridge(Book(load("warm-transfer")), journal, _Shadow(world), teller, box=NO_BOX)
    place = Place(extension="agent", person=w.Person("agent-17"))
    task = asyncio.ensure_future(bridge.run(place, world.sup.address))
    try:
        yield Struck(world, bridge=bridge, shown=shown, **ways)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        teller.close()
        journal.close()


# -- the three of them -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def embedded(made: Rig) -> AsyncIterator[Struck]:
    caller = await made.phone("caller", follow_transfers=True, tone_hz=CALLER_HZ, **PATIENT)
    sup, agent = await made.phone("sup", **PATIENT), await made.phone("agent", tone_hz=AGENT_HZ)
    door = read_control(agent.control)
    async with Cut(door.port).open() as cut:
        write_private(agent.control, msgspec.json.encode(msgspec.structs.replace(door, port=cut.port)))
        world = World(SipPhone(agent.control), Desk(), SipHand(agent), SipHand(caller), SipHand(sup))

        life = [agent.process]

        async def again() -> None:
            await asyncio.to_thread(life[-1].wait)
            new = await made.phone("agent", tone_hz=AGENT_HZ)
            life.append(new.process)
            world.agent = SipHand(new)

        async with running(world.phone) as world.desk:
            ways = {"pid": lambda: life[-1].pid, "say": cut.say, "again": again, "garbage": LINES}
            async with _desk(world, made.folder, **ways) as struck:
                yield struck


@asynccontextmanager
async def debians_baresip(made: Rig) -> AsyncIterator[Struck]:
    async with three_phones(made, **PATIENT) as (peer, caller, sup), Cut(peer.control_port).open() as cut:
        life: list[subprocess.Popen[bytes]] = []
        hands = BaresipHand(peer), SipHand(caller), SipHand(sup)
        world = World(BaresipPhone("127.0.0.1", cut.port), Desk(), *hands)

        async def again() -> None:
            life.append(await asyncio.to_thread(start, ["baresip", "-f", str(peer.home)], peer.home / "again.log"))

        try:
            async with running(world.phone) as world.desk:
                ways = {
                    "pid": lambda: life[-1].pid if life else peer.pid,
                    "say": cut.say,
                    "again": again,
                    "garbage": NETSTRINGS,
                }
                async with _desk(world, made.folder, **ways) as struck:
                    yield struck
        finally:
            for process in life:
                await asyncio.to_thread(stop, process)


@asynccontextmanager
async def asterisk(played: Played, folder: Path) -> AsyncIterator[Struck]:
    made, _ = played
    cut = Cut(made.asterisk.ami_port)
    async with cut.open(), made.world(account=account(made.asterisk, port=cut.port)) as world:

        async def again() -> None:
            assert made.asterisk.process is not None
            await asyncio.to_thread(made.asterisk.process.wait)
            await asyncio.to_thread(made.asterisk.start)
            await made.register_anew()
            for name, hand in (("agent", world.agent), ("caller", world.caller), ("sup", world.sup)):
                hand.sip = made.phones[name]  # type: ignore[attr-defined]

        ways = {"pid": lambda: made.asterisk.pid, "say": cut.say, "again": again, "garbage": LINES}
        async with _desk(world, folder, late_is_void=True, **ways) as struck:
            yield struck
