"""Asterisk with real SIP phones for agent, caller and supervisor, each seen by an adapter of its own."""

import array
import asyncio
import math
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from tests.phone.contract import Desk, World
from tests.real.peers import asterisk as pbx
from tests.real.sip_rig import AGENT_HZ, CALLER_HZ, PATIENCE_S, SUP_HZ, Rig, RigPhone

from rung.phone.asterisk import Account, AsteriskPhone, AsteriskSettings
from rung.phone.asterisk.link import AmiLink
from rung.phone.base import PhoneError
from rung.words import Call, CallIs, CallsAre, CallState, EndedBy

TONES = {"caller": CALLER_HZ, "agent": AGENT_HZ, "sup": SUP_HZ}


def account(asterisk: pbx.Asterisk, **more: object) -> Account:
    """The one that ships, with its few rights."""
    made = {"port": asterisk.ami_port, "user": "rung", "secret": asterisk.desk_secret, **more}
    return Account(host="127.0.0.1", **made)


def admin(asterisk: pbx.Asterisk) -> Account:
    return account(asterisk, user=asterisk.ami_user, secret=asterisk.ami_secret)


def settings(asterisk: pbx.Asterisk, name: str, **more: object) -> AsteriskSettings:
    made = {"account": account(asterisk), "endpoint": f"PJSIP/{name}", **more}
    return AsteriskSettings(**made)


class AsteriskHand:
    """A `contract.Hand`: it acts at the real SIP phone, and sees what Asterisk says of that phone's calls."""

    def __init__(self, name: str, sip: RigPhone, desk: Desk) -> None:
        self.address = name
        self.sip = sip
        self.desk = desk
        self.at_phone: dict[str, str] = {}  # SIP calls by the unique id of our channel

    async def dial(self, target: str) -> str:
        mark = len(self.desk.news)
        at_phone = await self.sip.client.dial(target)
        through = asyncio.ensure_future(self.desk.call(lambda c: c.direction == "out", mark))
        turned_away = asyncio.ensure_future(self.sip.becomes(at_phone, CallState.ENDED))
        done, _ = await asyncio.wait((through, turned_away), return_when=asyncio.FIRST_COMPLETED)
        if through not in done:  # Asterisk called nobody, so only the phone knows of a call
            through.cancel()
            self.desk.feed(CallIs(turned_away.result()))
            return at_phone
        turned_away.cancel()
        call = through.result()
        self.at_phone[_own(call.id)] = at_phone
        return call.id

    async def answer(self, call: str) -> None:
        await self._at_what_rings(call, self.sip.client.answer)

    async def decline(self, call: str) -> None:
        await self._at_what_rings(call, self.sip.client.reject)

    async def hang_up(self, call: str) -> None:
        await self.sip.client.hang_up(self.at_phone[_own(call)])

    def seen(self) -> int:
        return len(self.desk.news)

    async def until(self, wanted: Callable[[Call], bool], since: int = 0) -> Call:
        call = await self.desk.call(wanted, since)
        if call.ended_by is not EndedBy.UNKNOWN or _own(call.id) not in self.at_phone:  # that one only ever rang
            return call
        # Asterisk does not say on whose behalf it ended the channel; the phone itself knows that it was not its own, or
        # goes on: then somebody else has taken that place.
        at_phone = asyncio.ensure_future(self.sip.becomes(self.at_phone[_own(call.id)], CallState.ENDED))
        goes_on = asyncio.ensure_future(self._goes_on(call))
        await asyncio.wait((at_phone, goes_on), return_when=asyncio.FIRST_COMPLETED)
        by = EndedBy.TRANSFER if goes_on.done() else (await at_phone).ended_by
        at_phone.cancel()
        goes_on.cancel()
        return replace(call, ended_by=by)

    async def _goes_on(self, before: Call) -> None:
        """The same telephone's channel is in another living call."""
        while True:
            stands = {n.call.id: n.call for n in self.desk.news if isinstance(n, CallIs)}
            if any(c.state is CallState.UP and _own(c.id) == _own(before.id) for c in stands.values()):
                return
            await asyncio.sleep(0.005)

    async def hears(self, call: str, hz: int) -> None:
        await self.sip.hears(self.at_phone[_own(call)], hz)

    async def _at_what_rings(self, call: str, do: Callable[[str], Awaitable[None]]) -> None:
        """At the phone itself, which hears of each call an instant later, and of the end of the one before as well."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for ringing in [c.id for c in self._at_phone() if c.state is CallState.RINGING][-1:]:
                    with suppress(PhoneError):
                        await do(ringing)
                        self.at_phone[_own(call)] = ringing
                        return
                await asyncio.sleep(0.005)

    def _at_phone(self) -> list[Call]:
        """The SIP phone's own calls as they stand."""
        return list({call.id: call for call in self.sip.seen}.values())


def _own(call: str) -> str:
    return call.partition("~")[0]


@dataclass
class AsteriskWorld(World):
    adapter: asyncio.Task[None]  # of the agent's desk; cancelled, it is as good as killed


class Floor:
    """One Asterisk and its registered phones, for one test after another. Lives on a loop of its own."""

    def __init__(self, asterisk: pbx.Asterisk, rig: Rig) -> None:
        self.asterisk = asterisk
        self.rig = rig
        self.phones: dict[str, RigPhone] = {}

    async def phone(self, name: str, hz: int | None = None, **settings: object) -> RigPhone:
        domain = f"127.0.0.1:{self.asterisk.sip_port}"
        password = self.asterisk.passwords[name]
        tone = TONES.get(name, 0) if hz is None else hz
        # These telephones are patient, as most are: what ends a call is for Asterisk and us to answer for.
        patient = {"rtp_timeout_s": 0, **settings}
        made = await self.rig.phone(name, tone_hz=tone, domain=domain, password=password, **patient)
        self.phones[name] = made
        await self.registered(name)
        return made

    async def registered(self, *names: str) -> None:
        link = await AmiLink.connect(admin(self.asterisk), lambda event: None)
        async with asyncio.timeout(PATIENCE_S):
            found: set[str | None] = set()
            while not set(names) <= found:
                with suppress(PhoneError):  # nobody is, which Asterisk calls an error
                    found = {contact.get("Endpoint") for contact in await link.list("PJSIPShowContacts")}
                await asyncio.sleep(0.02)
        await link.close()

    async def register_anew(self) -> None:
        """Every phone is started again: Asterisk has lost its registrations."""
        for name in list(self.phones):
            await self.phones[name].stop()
            await self.phone(name)

    async def quiet(self) -> None:
        """End every call; also every phone knows that it has."""
        link = await AmiLink.connect(admin(self.asterisk), lambda event: None)
        async with asyncio.timeout(PATIENCE_S):
            while channels := await link.list("CoreShowChannels"):
                for channel in channels:
                    with suppress(Exception):  # it ended at that very moment
                        await link.do("Hangup", Channel=channel["Uniqueid"])
                await asyncio.sleep(0.02)
            for phone in self.phones.values():
                with suppress(PhoneError):  # this phone was killed
                    while any(call.state is not CallState.ENDED for call in await phone.client.calls()):
                        await asyncio.sleep(0.01)
        await link.close()

    @asynccontextmanager
    async def world(self, desk: type[Desk] = Desk, **more: object) -> AsyncIterator[World]:
        hands: dict[str, AsteriskHand] = {}
        running = []
        try:
            for name in ("agent", "caller", "sup"):
                adapter, at = AsteriskPhone(settings(self.asterisk, name, **more)), desk()
                running.append(asyncio.ensure_future(adapter.run(at.feed)))
                await at.told(lambda news: isinstance(news, CallsAre))
                hands[name] = AsteriskHand(name, self.phones[name], at)
                if name == "agent":
                    phone = adapter
            yield AsteriskWorld(phone, hands["agent"].desk, hands["agent"], hands["caller"], hands["sup"], running[0])
        finally:
            for task in running:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.quiet()


Played = tuple[Floor, asyncio.Runner]


def play(played: Played, story: Callable[[AsteriskWorld], Awaitable[None]], **settings: object) -> None:
    """``settings``: of the desk's adapter, as for `AsteriskSettings`."""
    made, runner = played

    async def whole() -> None:
        async with made.world(**settings) as world:
            await story(world)

    runner.run(whole())


@contextmanager
def floor(folder: Path, **more: Any) -> Iterator[Played]:
    """A floor and the loop that it lives on. ``more``: as for `pbx.running`."""
    with pbx.running(folder, **more) as asterisk, asyncio.Runner() as runner:
        made = Floor(asterisk, Rig(folder))

        async def begin() -> None:
            for name in TONES:
                await made.phone(name)

        async def end() -> None:
            for phone in made.rig.phones:
                await phone.stop()

        try:
            runner.run(begin())
            yield made, runner
        finally:
            runner.run(end())


class Cut:
    """A hand on the line between an adapter and Asterisk's manager."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._ends: list[asyncio.StreamWriter] = []
        self.refuses = False
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Cut"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        for end in self._ends:
            end.transport.abort()
        self._ends = []

    def say(self, garbage: bytes) -> None:
        """To the adapter, in between what Asterisk says."""
        for end in self._ends[::2]:
            end.write(garbage)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        try:
            beyond_reader, beyond = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:  # nobody is there
            writer.transport.abort()
            return
        self._ends += [writer, beyond]
        with suppress(OSError):
            await asyncio.gather(_pass(reader, beyond), _pass(beyond_reader, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


def write_tone(file: Path, hz: int, seconds: float) -> None:
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        wave_of = (round(8000 * math.sin(2 * math.pi * hz * n / 8000)) for n in range(int(8000 * seconds)))
        out.writeframes(array.array("h", wave_of).tobytes())
