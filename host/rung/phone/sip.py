"""The bridge's adapter to the embedded SIP phone, which it starts if none is there.

It aims: every command goes by the stack's own handle of the call named, so that no other call can
be hit, however many there are.
"""

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from rung.phone.base import CannotMore, Feed, PhoneError
from rung.phone.client import PhoneClient
from rung.phone.sip_control import SipSettings, plain
from rung.private import write_private
from rung.words import Call, CallIs, CallsAre, CallState, EndedBy, PhoneIs

log = logging.getLogger("rung.phone")

ENDED = CallState.ENDED
_PULSE_S = 1.0
_PULSE_WITHIN_S = 1.5  # so whoever sits here knows within 3 s of a phone that does not answer
_FIRST_RETRY_S = 0.1
_LAST_RETRY_S = 5.0
_START_WITHIN_S = 10.0  # after which a phone process that cannot be reached is no longer just starting


class SipPhone(CannotMore):
    """A `rung.phone.base.Phone`. ``start``: whether to start the phone process where none answers.

    The process is in a session of its own and is never stopped from here.
    """

    def __init__(self, control: Path, settings: SipSettings | None = None, *, start: bool = False):
        if start and settings is None:
            raise ValueError("starting the phone needs its settings")
        self._control = control
        self._log = control.with_suffix(".log")
        self._settings = settings if start else None
        self._client: PhoneClient | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._pid = 0  # of the phone process that was last known
        self._living: dict[str, Call] = {}  # its calls then
        self._log_begins = 0  # where the output of that process begins

    async def run(self, feed: Feed) -> None:
        wait_s, told = _FIRST_RETRY_S, ""
        while True:
            try:
                client = await PhoneClient.connect(self._control)
            except PhoneError as error:
                log.info("%s", error)
                why = self._start_process(str(error))
                if why and why != told:
                    told = why
                    feed(PhoneIs(up=False, why=why))
            else:
                wait_s, told = _FIRST_RETRY_S, ""
                with contextlib.suppress(PhoneError):  # lost before it said anything
                    await self._serve(client, feed)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LAST_RETRY_S)

    async def _serve(self, client: PhoneClient, feed: Feed) -> None:
        calls = await client.watch()
        pulse = asyncio.ensure_future(self._keep_asking(client, feed))
        try:
            self._client = client
            feed(PhoneIs(up=True, can=client.can))
            feed(CallsAre((*self._died_with(client.pid, calls), *calls)))
            self._pid, self._living = client.pid, {call.id: call for call in calls if call.state is not ENDED}
            async for news in client.news():
                self._note(news)
                feed(news)
            feed(PhoneIs(up=False))
        finally:
            self._client = None
            pulse.cancel()
            await client.close()

    async def _keep_asking(self, client: PhoneClient, feed: Feed) -> None:
        """A phone that stalls keeps its line, and is lost until it answers again; nobody waits for it unknowing."""
        while True:
            await asyncio.sleep(_PULSE_S)
            beats = await client.beats(_PULSE_WITHIN_S)
            if not beats and self._client is not None:
                self._client = None
                feed(PhoneIs(up=False, why="the phone does not answer"))
            elif beats and self._client is None:
                self._client = client
                feed(PhoneIs(up=True, can=client.can))
                await client.recount()

    def _note(self, news: CallIs | CallsAre) -> None:
        for call in news.calls if isinstance(news, CallsAre) else (news.call,):
            self._living.pop(call.id, None)
            if call.state is not ENDED:
                self._living[call.id] = call

    def _died_with(self, pid: int, calls: tuple[Call, ...]) -> list[Call]:
        """The calls of a phone process that is another by now: they ended as it did, and nobody clicked."""
        if pid == self._pid:
            return []
        told = {call.id for call in calls}
        gone = [call for call in self._living.values() if call.id not in told]
        end = {"state": ENDED, "ended_by": EndedBy.PHONE, "cause": "the phone process died", "doing": ""}
        return [msgspec.structs.replace(call, **end) for call in gone]

    def _start_process(self, silence: str) -> str:
        """Why there is no phone; empty while one is starting. ``silence``: how the connecting failed.

        A second process on one control file refuses to run, so a needless start does no harm.
        """
        if self._settings is None:
            return silence
        if self._process is not None and self._process.poll() is None:
            return silence if time.monotonic() > self._started_s + _START_WITHIN_S else ""
        why = self._how_it_ended()
        try:
            self._process = self._new_process(self._settings)
        except OSError as error:
            self._process = None
            return f"the phone cannot be started: {error}"
        self._started_s = time.monotonic()
        return why

    def _new_process(self, wanted: SipSettings) -> subprocess.Popen[bytes]:
        settings = self._control.with_suffix(".settings")
        write_private(settings, msgspec.json.encode(wanted))
        with os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
            self._log_begins = output.tell()
            return subprocess.Popen(
                [sys.executable, "-m", "rung.phone.sip_process", settings, self._control],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def _how_it_ended(self) -> str:
        """Of the process started before; empty if there was none, or it left as it was asked to."""
        if self._process is None or not self._process.returncode:
            return ""
        last = ""
        with contextlib.suppress(OSError), self._log.open("rb") as output:
            output.seek(max(self._log_begins, self._log.stat().st_size - 4096))
            last = (output.read().decode(errors="replace").strip().splitlines() or [""])[-1]
        return f"the phone process ended with code {self._process.returncode}; see {self._log}: {plain(last)}"

    # -- commands --------------------------------------------------------------------------------

    async def recount(self) -> None:
        await self._phone().recount()

    async def hold(self, call: str) -> None:
        await self._phone().hold(call)

    async def resume(self, call: str) -> None:
        await self._phone().resume(call)

    async def consult(self, call: str, target: str, case: str = "") -> None:
        await self._phone().consult(call, target, case)

    async def complete(self, call: str, consult: str) -> None:
        await self._phone().complete(call, consult)

    async def take_back(self, call: str, consult: str | None) -> None:
        await self._phone().take_back(call, consult)

    async def join(self, call: str, target: str, case: str = "") -> None:
        await self._phone().join(call, target, case)

    async def leave(self, call: str) -> None:
        await self._phone().leave(call)

    async def play(self, call: str, text: str, language: str) -> None:
        await self._phone().play(call, text, language)

    async def transfer(self, call: str, target: str) -> None:
        await self._phone().transfer(call, target)

    async def hang_up(self, call: str) -> None:
        await self._phone().hang_up(call)

    def _phone(self) -> PhoneClient:
        if self._client is None:
            raise PhoneError("the phone does not answer")
        return self._client
