"""A whole desk on this computer: virtual box, the real bridge, and caller and supervisor as SIP phones of their own.

The bridge is the very `rung run` of a real desk, in its own process; the stage only presses pins, types keys and drives
the other two phones. It may kill the bridge at any instant and start it again.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from rung import words as w
from rung.desk.happening import Happening
from rung.journal.store import Journal
from rung.link.keys import keep_key, new_key
from rung.phone.base import PhoneError
from rung.phone.client import PhoneClient
from rung.phone.sip_control import SipSettings, write_private
from rung.policy import Times
from rung.policy.view import View
from rung.sim.box import VirtualBox
from rung.sim.flash import install
from rung.sim.tamper import Tamper

CALLER_HZ, SUPERVISOR_HZ, AGENT_HZ = 440, 620, 880
TAP_S = 0.2  # longer than the 150 ms in which escalate and warn could still become a chord
PATIENCE_S = 20.0  # for anything that ought to happen at once on a busy computer
START_S = 40.0

_decode = msgspec.json.Decoder(Happening).decode


class StageError(Exception):
    """What was expected did not happen; one line."""


class SimPhone:
    """A SIP phone in a process of its own, played by a story; ``changed`` is set whenever a call of its has."""

    def __init__(self, name: str, client: PhoneClient, calls: tuple[w.Call, ...], changed: asyncio.Event) -> None:
        self.name = name
        self.client = client
        self.calls = {call.id: call for call in calls}
        self.changed = changed
        self.on_change: Callable[[w.Call], None] = lambda call: None
        self._task = asyncio.create_task(self._follow())

    @property
    def address(self) -> str:
        return self.client.address

    @property
    def living(self) -> list[w.Call]:
        return [call for call in self.calls.values() if call.state != w.CallState.ENDED]

    async def until(self, true: Callable[[], bool], what: str) -> None:
        async with _patience(f"{self.name}: {what}"):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    async def hears(self, hz: int) -> None:
        """Wait until this tone, and no other, is heard on the one living call."""
        async with _patience(f"{self.name}: hears {hz} Hz"):
            while abs(await self.client.heard(self.living[0].id) - hz) > 20:
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(PhoneError):
            await self.client.quit(force=True)
        await self.client.close()

    async def _follow(self) -> None:
        async for call in self.client.changes():
            self.calls[call.id] = call
            self.changed.set()
            self.on_change(call)


class Stage:
    """Use as an async context manager. ``watch`` is told every happening of the bridge."""

    def __init__(
        self,
        folder: Path,
        times: Times | None = None,
        watch: Callable[[Happening], None] = lambda happening: None,
        *,
        tampered: bool = False,
    ) -> None:
        """``tampered`` puts a hand on the line between box and bridge: ``tamper``."""
        self.folder = folder
        self.times = times
        self.watch = watch
        self.program = [sys.executable, "-m", "rung"]  # what `start_bridge` starts; a test may choose one that dies
        self.tamper: Tamper | None = None
        self._tampered = tampered
        self.record: list[w.Event] = []  # everything in the journal, in order
        self.lamps = w.Lamps()  # what the box shows; dark while its link is lost
        self.view: View | None = None
        self.on_edge: Callable[[int, str], None] = lambda at_ns, text: None  # the edge that completes a gesture
        self.kills = 0
        self.changed = asyncio.Event()  # by the bridge or by a phone: who waits may look at all of them
        self._bridge: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._exits = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._set_up()
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    async def _set_up(self) -> None:
        flash = self.folder / "flash"
        key = new_key()
        install(flash, key=key)
        self.box = await asyncio.to_thread(VirtualBox(flash, link=self.folder / "ttyRUNG0").__enter__)
        self._exits.push_async_callback(asyncio.to_thread, self.box.__exit__, None, None, None)
        keep_key(self.folder / "desk" / "keys", self.box.unique_id, key)
        self.port = self.box.port
        if self._tampered:
            self.tamper = self._exits.enter_context(Tamper(self.box.port, self.folder / "ttyRUNG1"))
            self.port = self.tamper.port
        self.caller = await self._phone("caller", CALLER_HZ)
        self.supervisor = await self._phone("supervisor", SUPERVISOR_HZ)
        self.config = self.folder / "rung.toml"
        self.config.write_text(self._config())
        self._exits.push_async_callback(self._end_agents_phone)
        self._exits.push_async_callback(self.kill_bridge)
        await self.start_bridge()
        async with _patience("the agent's phone answers"):
            self.agent = await self._connect_agent()
        self._exits.push_async_callback(self.agent.close)
        await self.until(lambda: self.ready, "the bridge has its box and its phone")

    async def _phone(self, name: str, hz: int) -> SimPhone:
        control = self.folder / name / "phone.json"
        settings = control.with_suffix(".settings")
        control.parent.mkdir(mode=0o700, parents=True)
        write_private(settings, msgspec.json.encode(SipSettings(user=name, tone_hz=hz, follow_transfers=True)))
        connecting = asyncio.create_task(connect(control))
        async with _patience(f"the {name}'s phone starts", START_S):
            while not connecting.done():  # another program may take its port between choosing and binding it
                process = await self._phone_process(settings, control)
                ends = asyncio.create_task(process.wait())
                await asyncio.wait((connecting, ends), return_when=asyncio.FIRST_COMPLETED)
                ends.cancel()
        client = connecting.result()
        phone = SimPhone(name, client, await client.watch(), self.changed)
        self._exits.push_async_callback(phone.close)
        return phone

    async def _phone_process(self, settings: Path, control: Path) -> asyncio.subprocess.Process:
        with control.with_suffix(".log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "rung.phone.sip_process", str(settings), str(control)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._exits.push_async_callback(_end_process, process)
        return process

    def _config(self) -> str:
        times = msgspec.structs.asdict(self.times) if self.times else {}
        lines = [f"{key} = {value}" for key, value in times.items()]
        return "\n".join(
            [
                f'[desk]\nname = "demo"\nperson = "agent-17"\nstate = "{self.folder / "desk"}"',
                f'[box]\nport = "{self.port}"',
                f'[phone]\nuser = "agent"\nlisten = "127.0.0.1:0"\nauto_answer_ms = 50\ntone_hz = {AGENT_HZ}',
                f'supervisors = "sip:{self.supervisor.address}"',
                *(["[times]", *lines] if lines else []),
            ]
        )

    # -- the bridge --------------------------------------------------------------------------------------------------

    async def start_bridge(self) -> None:
        self._up = self._phone_up = False
        self.lamps = w.Lamps()
        self._bridge = await asyncio.create_subprocess_exec(
            *(*self.program, "run", "--json", "-c", str(self.config)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=1 << 20,
        )
        self._reading = asyncio.create_task(self._read(self._bridge))

    async def kill_bridge(self) -> None:
        """SIGKILL to the bridge's whole process group; what it recorded is then read from the journal itself."""
        bridge, self._bridge = self._bridge, None
        if bridge is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(bridge.pid, signal.SIGKILL)
        await bridge.wait()
        assert self._reading is not None
        await self._reading
        self.kills += 1
        journal = Journal(self.folder / "desk" / "journal.db")
        self.record = [entry.event for entry in journal.entries()]
        journal.close()

    @property
    def bridge_pid(self) -> int:
        """Of the bridge, and of its process group."""
        assert self._bridge is not None
        return self._bridge.pid

    async def bridge_ends(self) -> int:
        """Wait until the bridge ends by itself; its exit code, negative for a signal."""
        assert self._bridge is not None
        return await self._bridge.wait()

    async def restart_bridge(self) -> None:
        """Kill it and start it again; returns when box and phone are back."""
        await self.kill_bridge()
        await self.start_bridge()
        await self.until(lambda: self.ready, "the bridge is back, with its box and its phone")

    _up = False
    _phone_up = False

    @property
    def ready(self) -> bool:
        """Has the bridge its box and its phone?"""
        return self._up and self._phone_up

    async def _read(self, bridge: asyncio.subprocess.Process) -> None:
        assert bridge.stdout is not None
        async for line in bridge.stdout:
            with contextlib.suppress(msgspec.DecodeError):  # the last line of a killed bridge may be half
                self._happened(_decode(line))

    def _happened(self, happening: Happening) -> None:
        if happening.kind == "recorded" and happening.event is not None:
            self.record.append(happening.event)
        elif happening.kind == "shown" and happening.lamps is not None:
            self.lamps = happening.lamps
        elif happening.kind == "view":
            self.view = happening.view
        elif happening.kind == "box":
            self._up = bool(happening.up)
            self.lamps = self.lamps if self._up else w.Lamps()
        elif happening.kind == "phone":
            self._phone_up = bool(happening.up)
        self.watch(happening)
        self.changed.set()

    async def until(self, true: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until something is so; StageError with ``what`` if it never is."""
        async with _patience(what, patience_s):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    # -- hands -------------------------------------------------------------------------------------------------------

    def type(self, keys: str) -> None:
        if self._bridge is not None and self._bridge.stdin is not None:
            self._bridge.stdin.write(keys.encode())

    async def tap(self, button: w.Button) -> None:
        await self.hold(button, TAP_S)

    async def hold(self, button: w.Button, seconds: float) -> None:
        """Press, and let go after so long."""
        self.box.press(button)
        await asyncio.sleep(seconds)
        self.on_edge(self.box.let_go(button), f"lets go of {button} after {seconds:g} s")

    async def call_in(self) -> str:
        """The caller dials the agent; the id of the call at the caller's phone."""
        return await self.caller.client.dial(f"sip:{self.agent.address}")

    async def _connect_agent(self) -> PhoneClient:
        return await connect(self.folder / "desk" / "phone.json")

    async def _end_agents_phone(self) -> None:
        """The bridge started it, and never stops it."""
        with contextlib.suppress(PhoneError):
            client = await PhoneClient.connect(self.folder / "desk" / "phone.json")
            pid = client.pid
            with contextlib.suppress(PhoneError):
                await client.quit(force=True)
            await client.close()
            for _ in range(100):
                if not _alive(pid):
                    return
                await asyncio.sleep(0.05)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


async def connect(control: Path) -> PhoneClient:
    """Connect to a phone that is starting."""
    while True:
        try:
            return await PhoneClient.connect(control)
        except PhoneError:
            await asyncio.sleep(0.05)


def _alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def _end_process(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def _patience(what: str, seconds: float = PATIENCE_S) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise StageError(f"waited {seconds:g} s in vain: {what}") from None
