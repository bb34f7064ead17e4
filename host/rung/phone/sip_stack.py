"""The one place that touches `baresip-python`: one user agent, its commands, its events.

Commands go by handle through `Runtime.cmd`, not through the library's `Call` objects: those miss
what happens between the dialling and their own birth (a peer that answers at once), and then
refuse to act on a call that is up. All of it runs on the event loop; the library hops to its own
thread and back.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from baresip import Account, BaresipError, CommandTimeout, Config, Runtime, StackEvent, UserAgent
from baresip._native import lib

from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.sip_control import SipSettings
from rung.phone.sip_reading import CASE, REPLACES, TO

OnEvent = Callable[[str, int, str, str, dict[str, str]], None]  # event name, call handle, text, peer, headers
_SKIPPED = frozenset({"CALL_RTCP", "MODULE", "VU_TX", "VU_RX", "AUDIO_WARNING"})


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[None]:
    """Let the stack keep its own files in ``folder``, and throw away what a killed process left there.

    The library asks `tempfile` for a folder, which nobody would remove from /tmp after a SIGKILL.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)


def _vouched(ca: str) -> str:
    return f"sip_cafile {ca}\nsip_verify_server yes\n" if ca else ""


class SipStack:
    """The running stack. One a process; a dead one cannot be started again."""

    def __init__(self, settings: SipSettings, on_event: OnEvent, on_dead: Callable[[], None]):
        self._settings = settings
        self._on_event = on_event
        self._runtime: Any = Runtime()
        self._runtime.on_dead = on_dead
        self._agent: Any = None

    async def start(self, host: str, port: int) -> None:
        """PhoneError if the stack cannot start, as when it cannot use one of the settings, which is named."""
        try:
            await self._start(host, port)
        except (BaresipError, ValueError) as error:
            raise PhoneError(f"no phone on {host}:{port}: {error}") from error

    async def _start(self, host: str, port: int) -> None:
        s = self._settings
        self._runtime.subscribe(self._hear)
        await self._runtime.start(
            Config(
                net_interface=host,
                audio_driver=s.audio_driver,
                audio_source=s.audio_source or None,
                audio_player=s.audio_player or None,
                max_concurrent_calls=s.max_calls,
                rtp_timeout=s.rtp_timeout_s,
                native_log_level="error",
                expose_headers=(CASE, REPLACES, TO),
                extra_config_text=f"sip_listen {host}:{port}\n" + _vouched(s.ca),
            )
        )
        account = Account(
            user=s.user,
            domain=s.domain or f"{host}:{port}",
            password=s.password,
            registrar=s.registrar or None,
            reg_interval=600 if s.domain else 0,
            transport=s.transport,
            extra_params=(f"mediaenc={s.encryption}",) if s.encryption else (),
        )
        policy = "auto" if s.follow_transfers else "reject"
        self._agent = await UserAgent.create(self._runtime, account, transfer_policy=policy)

    async def register(self) -> None:
        try:
            await self._agent.register()
        except BaresipError as error:
            raise PhoneError(str(error)) from error

    async def close(self) -> None:
        """PhoneError if it died, or does not stop."""
        try:
            await self._runtime.close()
        except BaresipError as error:
            raise PhoneError(f"the SIP stack did not stop: {error}") from error

    def _hear(self, event: StackEvent) -> None:
        if event.call and event.event.name not in _SKIPPED:
            self._on_event(event.event.name, event.call, event.text or "", event.peer or "", event.headers)

    # -- commands: each returns when the stack took it, or raises PhoneError ---------------------

    async def dial(self, uri: str, case: str = "") -> int:
        """Returns the new call's handle; its CALL_OUTGOING has been heard by then. ``case`` goes with the INVITE."""
        args = f"{self._agent.handle} 0 {uri}"  # 0: no video
        if case:
            args += f"\n{CASE}: {quote(case)}"
        return int((await self._command(lib.BP_CMD_UA_CONNECT, args))["handle"])

    async def answer(self, handle: int) -> None:
        await self._command(lib.BP_CMD_CALL_ANSWER, f"{handle} 0")

    async def reject(self, handle: int) -> None:
        await self._command(lib.BP_CMD_CALL_REJECT, f"{handle}")

    async def hang_up(self, handle: int) -> None:
        await self._command(lib.BP_CMD_CALL_HANGUP, f"{handle}")

    async def set_hold(self, handle: int, hold: bool) -> None:
        """Flip the stack's flag. The re-INVITE goes out only if no other one is under way."""
        await self._command(lib.BP_CMD_CALL_HOLD, f"{handle} {int(hold)}")

    async def refer(self, handle: int, uri: str) -> None:
        await self._command(lib.BP_CMD_CALL_TRANSFER, f"{handle} {uri}")

    async def refer_to_call(self, handle: int, other: int) -> None:
        await self._command(lib.BP_CMD_CALL_REPLACE_TRANSFER, f"{handle} {other}")

    async def settle(self) -> None:
        """Wait until every event that the stack has raised so far has been heard."""
        await self._command(lib.BP_CMD_PING, None)

    async def _command(self, command: int, args: str | None) -> dict[str, Any]:
        try:
            event, payload = await self._runtime.cmd(command, args=args)
        except CommandTimeout as error:
            raise PhoneUnsureError(str(error)) from error
        except BaresipError as error:
            raise PhoneError(str(error)) from error
        if event == lib.BP_EV_STALE_HANDLE:
            raise PhoneError("the call has ended")
        answer: dict[str, Any] = json.loads(payload) if payload else {}
        if "error" in answer or "errno" in answer:
            errno = answer.get("errno")
            raise PhoneError(os.strerror(abs(errno)) if errno else str(answer["error"]))
        return answer
