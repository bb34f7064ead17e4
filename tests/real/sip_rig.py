"""Embedded phones as processes on loopback, and a peer that answers as a test wants it to."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import cast

import msgspec

from rung.phone.base import PhoneError
from rung.phone.client import PhoneClient
from rung.phone.sip_control import SipSettings
from rung.words import Call, CallState

PATIENCE_S = 30.0


def start_process(folder: Path, settings: SipSettings) -> subprocess.Popen[bytes]:
    """The phone process, its control file at ``folder / "control"``."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "settings").write_bytes(msgspec.json.encode(settings))
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig",
                "KILL",
                sys.executable,
                "-m",
                "rung.phone.sip_process",
                folder / "settings",
                folder / "control",
            ],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


async def connected(control: Path) -> PhoneClient:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await PhoneClient.connect(control)
            except PhoneError:
                await asyncio.sleep(0.02)


def phones_at(control: Path) -> list[int]:
    """The pids of all phone processes started for ``control``, also of one that still waits for its lock."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended at that very moment
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"rung.phone.sip_process" in words and os.fsencode(control) in words:
                found.append(int(process.name))
    return found


@contextlib.contextmanager
def no_orphan(control: Path) -> Iterator[None]:
    """Kill every phone process that was started for ``control``: they outlive everybody else by design."""
    try:
        yield
    finally:
        patient_until = time.monotonic() + PATIENCE_S
        while left := phones_at(control):
            assert time.monotonic() < patient_until, f"cannot be killed: {left}"
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)


class RigPhone:
    """One phone process, a client of it, and every state its calls have been in."""

    def __init__(self, process: subprocess.Popen[bytes], client: PhoneClient, control: Path):
        self.process = process
        self.client = client
        self.control = control
        self.seen: list[Call] = []
        self._news = asyncio.Condition()
        self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        await self._note(*await self.client.watch())
        async for call in self.client.changes():
            await self._note(call)

    async def _note(self, *calls: Call) -> None:
        async with self._news:
            self.seen.extend(calls)
            self._news.notify_all()

    async def until(self, wanted: Callable[[Call], bool], since: int = 0) -> Call:
        """The first state of any call, from the ``since``-th seen on, that is ``wanted``."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._news:
                while True:
                    if found := next((c for c in self.seen[since:] if wanted(c)), None):
                        return found
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never seen; seen were {self.seen}") from None

    async def becomes(self, call: str, state: CallState, since: int = 0) -> Call:
        return await self.until(lambda c: c.id == call and c.state is state, since)

    async def rings(self) -> str:
        """The id of the next call to ring that has not been asked for before."""
        mark = getattr(self, "_rung", set())
        call = await self.until(lambda c: c.state is CallState.RINGING and c.id not in mark)
        self._rung = mark | {call.id}
        return call.id

    async def hears(self, call: str, hz: int) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while abs(await self.client.heard(call) - hz) > 15:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{await self.client.heard(call)} Hz instead of {hz}") from None

    async def stop(self) -> None:
        self._watching.cancel()
        await self.client.close()
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Rig:
    """Makes phones in ``folder`` and stops them at the end."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.phones: list[RigPhone] = []

    async def phone(self, user: str, **settings: object) -> RigPhone:
        wanted = msgspec.convert({"user": user, **settings}, SipSettings)
        process = start_process(self.folder / user, wanted)
        control = self.folder / user / "control"
        phone = RigPhone(process, await connected(control), control)
        self.phones.append(phone)
        return phone

    async def call(self, caller: RigPhone, agent: RigPhone) -> tuple[str, str]:
        """A call that the agent has answered: its id at the caller's and at the agent's phone."""
        out = await caller.client.dial(agent.client.address)
        line = await agent.rings()
        await agent.client.answer(line)
        await caller.becomes(out, CallState.UP)
        await agent.becomes(line, CallState.UP)
        return out, line


@contextlib.asynccontextmanager
async def rig(folder: Path) -> AsyncIterator[Rig]:
    made = Rig(folder)
    try:
        yield made
    finally:
        for phone in made.phones:
            await phone.stop()


CALLER_HZ, AGENT_HZ, SUP_HZ = 440, 620, 1000

Story = Callable[[Rig], Awaitable[None]]


def play(story: Story, folder: Path) -> None:
    async def whole() -> None:
        async with rig(folder) as made:
            await story(made)

    asyncio.run(whole())


async def three(made: Rig, **agent: object) -> tuple[RigPhone, RigPhone, RigPhone]:
    return (
        await made.phone("caller", follow_transfers=True, tone_hz=CALLER_HZ),
        await made.phone("agent", tone_hz=AGENT_HZ, **agent),
        await made.phone("sup", tone_hz=SUP_HZ),
    )


class OddPeer(asyncio.DatagramProtocol):
    """A SIP peer that gives each INVITE the same answers, and nothing else but a 200 to CANCEL."""

    def __init__(self, answers: tuple[str, ...]):
        self.answers = answers
        self.methods: list[str] = []
        self.last = b""  # INVITE

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    @property
    def address(self) -> str:
        host, port = self.transport.get_extra_info("sockname")
        return f"odd@{host}:{port}"

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        head = data.decode().partition("\r\n\r\n")[0].split("\r\n")
        self.methods.append(head[0].split()[0])
        self.last = data if self.methods[-1] == "INVITE" else self.last
        answers = {"INVITE": self.answers, "CANCEL": ("200 OK",)}.get(self.methods[-1], ())
        kept = [line for line in head if line.split(":")[0].lower() in ("via", "from", "call-id", "cseq")]
        to = next(line for line in head if line.lower().startswith("to:")) + ";tag=odd"
        for answer in answers:
            lines = [f"SIP/2.0 {answer}", *kept, to, "Content-Length: 0", "", ""]
            self.transport.sendto("\r\n".join(lines).encode(), sender)


@contextlib.asynccontextmanager
async def odd_peer(*answers: str) -> AsyncIterator[OddPeer]:
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(lambda: OddPeer(answers), local_addr=("127.0.0.1", 0))
    try:
        yield peer
    finally:
        transport.close()


async def strange_call(address: str, name: bytes) -> None:
    """An INVITE straight from the wire, whose From carries ``name`` as it stands; nobody reads the answers."""
    host, port = address.partition("@")[2].split(":")
    sdp = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
    mark = os.urandom(4).hex().encode()
    head = [
        b"INVITE sip:%s SIP/2.0" % address.encode(),
        b"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK%s" % mark,
        b"From: <sip:%s@127.0.0.1>;tag=%s" % (name, mark),
        b"To: <sip:%s>" % address.encode(),
        b"Call-ID: %s" % mark,
        b"CSeq: 1 INVITE",
        b"Contact: <sip:odd@127.0.0.1:9>",
        b"Max-Forwards: 70",
        b"Content-Type: application/sdp",
        b"Content-Length: %d" % len(sdp),
    ]
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, int(port)))
    transport.sendto(b"\r\n".join([*head, b"", sdp]))
    transport.close()
