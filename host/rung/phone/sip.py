"""The bridge's adapter to the embedded SIP phone, which it starts if none is there.

It aims: every command goes by the stack's own handle of the call named, so that no other call can
be hit, however many there are.
"""

import asyncio
import contextlib
import logging
import subprocess
import sys
from pathlib import Path

import msgspec

from rung.phone.base import Feed, PhoneError
from rung.phone.client import PhoneClient
from rung.phone.sip_control import SipSettings, write_private
from rung.words import CallsAre, PhoneIs

log = logging.getLogger("rung.phone")

CAN = frozenset({"hold", "resume", "consult", "complete", "take_back", "transfer", "hang_up"})

_FIRST_RETRY_S = 0.1
_LAST_RETRY_S = 5.0


class SipPhone:
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

    async def run(self, feed: Feed) -> None:
        wait_s = _FIRST_RETRY_S
        while True:
            try:
                client = await PhoneClient.connect(self._control)
            except PhoneError as error:
                log.info("%s", error)
                self._start_process()
            else:
                wait_s = _FIRST_RETRY_S
                with contextlib.suppress(PhoneError):  # lost before it said anything
                    await self._serve(client, feed)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LAST_RETRY_S)

    async def _serve(self, client: PhoneClient, feed: Feed) -> None:
        try:
            calls = await client.watch()
            self._client = client
            feed(PhoneIs(up=True, can=CAN))
            feed(CallsAre(calls))
            async for news in client.news():
                feed(news)
            feed(PhoneIs(up=False))
        finally:
            self._client = None
            await client.close()

    def _start_process(self) -> None:
        """A second process on one control file refuses to run, so a needless start does no harm."""
        if self._settings is None:
            return
        if self._process is not None:
            if self._process.poll() is None:
                return
            log.warning("the phone process ended with %s; see %s", self._process.returncode, self._log)
        settings = self._control.with_suffix(".settings")
        write_private(settings, msgspec.json.encode(self._settings))
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rung.phone.sip_process", settings, self._control],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    # -- commands --------------------------------------------------------------------------------

    async def recount(self) -> None:
        await self._phone().recount()

    async def hold(self, call: str) -> None:
        await self._phone().hold(call)

    async def resume(self, call: str) -> None:
        await self._phone().resume(call)

    async def consult(self, call: str, target: str) -> None:
        await self._phone().consult(call, target)

    async def complete(self, call: str, consult: str) -> None:
        await self._phone().complete(call, consult)

    async def take_back(self, call: str, consult: str | None) -> None:
        await self._phone().take_back(call, consult)

    async def transfer(self, call: str, target: str) -> None:
        await self._phone().transfer(call, target)

    async def hang_up(self, call: str) -> None:
        await self._phone().hang_up(call)

    def _phone(self) -> PhoneClient:
        if self._client is None:
            raise PhoneError("the phone does not answer")
        return self._client
