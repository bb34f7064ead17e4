"""A SIP phone in a process of its own, played by a story; `Handset` tells what it can."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from rung import words as w
from rung.phone.base import PhoneError
from rung.phone.client import PhoneClient
from rung.phone.sip_control import SipSettings
from rung.private import write_private
from rung.sim.handset import patience
from rung.sim.life import die_with_parent

START_S = 40.0
_TONE_HZ = 20  # how far a tone may be off


class SimPhone:
    """``changed`` is set whenever a call of its has changed."""

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
        async with patience(f"{self.name}: {what}"):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    async def hears(self, *hz: int) -> None:
        wanted = hz[0] if len(hz) == 1 else 0  # two voices at once are no tone
        async with patience(f"{self.name}: hears {wanted} Hz"):
            while abs(await self.client.heard(self.living[0].id) - wanted) > _TONE_HZ:
                await asyncio.sleep(0.05)

    async def dial(self, target: str) -> str:
        return await self.client.dial(target)

    async def answers(self, after_ms: int | None) -> None:
        await self.client.auto_answer(after_ms)

    async def decline(self) -> None:
        for call in self.living:
            if call.state == w.CallState.RINGING:
                await self.client.reject(call.id)

    async def hang_up(self) -> None:
        for call in self.living:
            with contextlib.suppress(PhoneError):  # it ended at that very moment
                await self.client.hang_up(call.id)

    async def close(self) -> None:
        """The phone ends, its calls with it."""
        await self.let_go(quit=True)

    async def let_go(self, *, quit: bool = False) -> None:
        self._task.cancel()
        if quit:
            with contextlib.suppress(PhoneError):
                await self.client.quit(force=True)
        await self.client.close()

    async def _follow(self) -> None:
        async for call in self.client.changes():
            self.calls[call.id] = call
            self.changed.set()
            self.on_change(call)


async def start_phone(
    folder: Path, name: str, hz: int, changed: asyncio.Event, exits: contextlib.AsyncExitStack, **more: Any
) -> SimPhone:
    """A phone that follows transfers and speaks with this tone; it ends with ``exits``. ``more``: of its settings."""
    control = folder / name / "phone.json"
    settings = control.with_suffix(".settings")
    control.parent.mkdir(mode=0o700, parents=True)
    write_private(settings, msgspec.json.encode(SipSettings(user=name, tone_hz=hz, follow_transfers=True, **more)))
    connecting = asyncio.create_task(connect(control))
    async with patience(f"the {name}'s phone starts", START_S):
        while not connecting.done():  # another program may take its port between choosing and binding it
            process = await _process(settings, control)
            exits.push_async_callback(_end_process, process)
            ends = asyncio.create_task(process.wait())
            await asyncio.wait((connecting, ends), return_when=asyncio.FIRST_COMPLETED)
            ends.cancel()
    client = connecting.result()
    phone = SimPhone(name, client, await client.watch(), changed)
    exits.push_async_callback(phone.close)
    return phone


async def _process(settings: Path, control: Path) -> asyncio.subprocess.Process:
    with control.with_suffix(".log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rung.phone.sip_process", str(settings), str(control)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )


async def connect(control: Path) -> PhoneClient:
    """Connect to a phone that is starting."""
    while True:
        try:
            return await PhoneClient.connect(control)
        except PhoneError:
            await asyncio.sleep(0.05)


async def end_phone(control: Path) -> None:
    """End a phone that a bridge has started, and never stops; nothing is done where there is none."""
    with contextlib.suppress(PhoneError):
        client = await PhoneClient.connect(control)
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
