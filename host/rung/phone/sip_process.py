"""The embedded SIP phone as a process of its own, so that calls outlive the bridge.

It answers to its control line only (`sip_control`); the bridge, a softphone and a story may all be
connected. It ends by `Quit` alone; a termination signal makes it leave once no call lives.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path

import msgspec

from rung import private
from rung.phone import sip_control as ctl
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.sip_audio import Tones
from rung.phone.sip_calls import Attempt, CallBook, Leg
from rung.phone.sip_door import ControlDoor
from rung.phone.sip_lock import serving
from rung.phone.sip_ports import listen_at
from rung.phone.sip_stack import SipStack, scratch
from rung.words import Call, CallState

_RETRY_S = 0.02
_OFFER_TRIES = 100  # so a hold waits some 2 s for another re-INVITE on the same call to be answered
_REGISTER_AGAIN_S = 15.0

log = logging.getLogger("rung.phone")


class SipPhoneProcess:
    """Commands in, call states out; the stack and the book of calls joined."""

    def __init__(self, settings: ctl.SipSettings):
        self.settings = settings
        self.leaving = asyncio.Event()
        self.failed = False
        self.book = CallBook()
        self.stack = SipStack(settings, self._on_event, self._on_dead)
        self.tones = Tones(self._audible)
        self.auto_answer_ms = settings.auto_answer_ms
        self.address = ""
        self.door: ControlDoor | None = None
        self._started = False
        self._leave_when_idle = False
        self._dialling = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    # -- events of the stack ---------------------------------------------------------------------

    def _on_event(self, event: str, handle: int, text: str, peer: str, headers: dict[str, str]) -> None:
        self._tell(self.book.saw(event, handle, text, peer, headers))
        if event == "CALL_INCOMING":
            leg = self.book.legs[handle]
            if leg.took_over:
                self._later(self._auto_answer(leg, 0))
            elif self.auto_answer_ms is not None:
                self._later(self._auto_answer(leg, self.auto_answer_ms))

    def _on_dead(self) -> None:
        self.failed = True
        self.leaving.set()

    def _tell(self, calls: list[Call]) -> None:
        if self.door:
            for call in calls:
                self.door.tell(ctl.Told(call))
        if self._leave_when_idle and self._started and not self.book.legs:
            self.leaving.set()

    def _tell_again(self, leg: Leg) -> None:
        """Its state as it is; the end of a call has been told already."""
        if leg.state is not CallState.ENDED:
            self._tell([leg.as_call()])

    def _audible(self) -> list[int]:
        legs = self.book.legs.values()
        return [leg.handle for leg in legs if leg.state is CallState.UP and leg.withheld is None]

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _auto_answer(self, leg: Leg, after_ms: int) -> None:
        await asyncio.sleep(after_ms / 1000)
        if leg.state is CallState.RINGING:
            with contextlib.suppress(PhoneError):  # the caller gave up at that very moment
                await self.stack.answer(leg.handle)

    # -- commands --------------------------------------------------------------------------------

    async def do(self, asked: ctl.Asked) -> ctl.Said:
        """Carry out one request. PhoneError: refused, nothing changed.

        Between the check that a request is not too late and its going to the stack nothing is awaited.
        """
        result: str | int | None = None
        calls: tuple[Call, ...] = ()
        match asked:
            case ctl.Hello() | ctl.Prove():
                raise PhoneError("you are in already")
            case ctl.HangUp() | ctl.Complete() | ctl.Transfer() | ctl.Leave() if (
                time.monotonic_ns() > asked.not_after_ns
            ):
                raise PhoneError("too late, press again")
            case ctl.Pulse():
                pass
            case ctl.Watch() | ctl.Calls():
                calls = self.book.calls()
            case ctl.Hold():
                await self._set_hold(self._leg(asked.call), hold=True)
            case ctl.Resume():
                await self._set_hold(self._leg(asked.call), hold=False)
            case ctl.Consult():
                leg = self._leg(asked.call)
                result = await self._dial(asked.target, consult_for=leg.id, case=asked.case)
            case ctl.Complete():
                await self._complete(self._leg(asked.call), self._leg(asked.consult))
            case ctl.TakeBack():
                await self._take_back(self._leg(asked.call), asked.consult)
            case ctl.Join():
                raise PhoneError("this phone cannot bring anybody else into a call")
            case ctl.Leave():
                raise PhoneError("this phone cannot leave a call to others")
            case ctl.Play():
                raise PhoneError("this phone cannot play anything to a caller")
            case ctl.Transfer():
                await self._transfer(self._leg(asked.call), self._uri(asked.target))
            case ctl.HangUp():
                await self._end(self._leg(asked.call), self.stack.hang_up)
            case ctl.Dial():
                result = await self._dial(asked.target)
            case ctl.Answer():
                await self.stack.answer(self._ringing(asked.call).handle)
            case ctl.Reject():
                await self._end(self._ringing(asked.call), self.stack.reject)
            case ctl.AutoAnswer():
                self.auto_answer_ms = asked.after_ms
            case ctl.Tone():
                self.tones.send(asked.hz)
            case ctl.Heard():
                result = self.tones.heard(self._leg(asked.call).handle)
            case ctl.Quit():
                await self._quit(asked.force)
        return ctl.Done(id=asked.id, result=result, calls=calls)

    def _leg(self, call: str) -> Leg:
        leg = self.book.find(call)
        if leg is None:
            raise PhoneError(f"no living call {call!r}")
        return leg

    def _ringing(self, call: str) -> Leg:
        leg = self._leg(call)
        if leg.state is not CallState.RINGING:
            raise PhoneError(f"call {call!r} is not ringing here")
        return leg

    @staticmethod
    def _need_answered(leg: Leg) -> None:
        if not leg.answered:
            raise PhoneError(f"call {leg.id!r} is not answered")

    def _uri(self, target: str) -> str:
        if not target or not target.isascii() or any(c <= " " or c in '<>"' for c in target):
            raise PhoneError(f"{target!r} cannot be dialled")
        if target.startswith(("sip:", "sips:")):
            return target
        if "@" in target:
            return f"sip:{target}"
        if not self.settings.domain:
            raise PhoneError(f"{target!r} needs a domain: no registrar is configured")
        return f"sip:{target}@{self.settings.domain}"

    async def _set_hold(self, leg: Leg, *, hold: bool) -> None:
        """Returns when the re-INVITE is on the wire; the peer's answer changes the state.

        While another re-INVITE is under way the stack flips its flag and sends nothing, so the
        flag is flipped back and the try repeated.
        """
        self._need_answered(leg)
        async with leg.changing:
            if (leg.state is CallState.HELD) == hold == leg.held_in_stack:
                self._tell_again(leg)
                return
            if leg.held_in_stack == hold:  # an earlier offer was never taken up by the peer
                await self._offer_hold(leg, hold=not hold)
            await self._offer_hold(leg, hold=hold)

    async def _offer_hold(self, leg: Leg, *, hold: bool) -> None:
        for _ in range(_OFFER_TRIES):
            await self.stack.settle()  # so that an offer heard next is the one we ask for
            if leg.offered is None:
                leg.hold_asked = hold
                await self.stack.set_hold(leg.handle, hold)
                if leg.hold_asked is None:
                    leg.held_in_stack = hold
                    return
                leg.hold_asked = None
                await self.stack.set_hold(leg.handle, not hold)
            await asyncio.sleep(_RETRY_S)
        leg.offered = None  # the peer may have refused that other offer, of which nothing is told
        raise PhoneError("the line is busy with another change")

    async def _dial(self, target: str, consult_for: str | None = None, case: str = "") -> str:
        uri = self._uri(target)
        async with self._dialling:
            attempt = self.book.attempt = Attempt(consult_for)
            try:
                await self.stack.dial(uri, case)
            finally:
                self.book.attempt = None
        if attempt.leg is None:
            raise PhoneError("the stack reported no call")
        if consult_for is not None:
            self._later(self._give_up_on(attempt.leg))
        return attempt.leg.id

    async def _give_up_on(self, leg: Leg) -> None:
        await asyncio.sleep(self.settings.no_reply_ms / 1000)
        if leg.state is CallState.DIALLING and not leg.rang:
            leg.given_up, leg.cause = True, f"no reply in {self.settings.no_reply_ms} ms"
            with contextlib.suppress(PhoneError):  # it ended at that very moment
                await self.stack.hang_up(leg.handle)

    async def _complete(self, leg: Leg, consult: Leg) -> None:
        self._need_answered(leg)
        self._need_answered(consult)
        if leg is consult:
            raise PhoneError("a call cannot be transferred to itself")
        send = partial(self.stack.refer_to_call, leg.handle, consult.handle)
        await self._refer(leg, consult, send)

    async def _transfer(self, leg: Leg, uri: str) -> None:
        self._need_answered(leg)
        await self._refer(leg, None, partial(self.stack.refer, leg.handle, uri))

    async def _refer(self, leg: Leg, consult: Leg | None, send: Callable[[], Awaitable[None]]) -> None:
        if leg.transferring:
            raise PhoneError("a transfer of this call is under way")
        leg.transfers += 1
        leg.transferring, leg.completing, leg.cause = True, consult.id if consult else None, ""
        try:
            await send()
        except PhoneUnsureError:
            self._later(self._judge(leg, leg.transfers))
            raise
        except PhoneError:
            self._tell(self.book.transfer_refused(leg))
            raise
        self._tell_again(leg)
        self._later(self._judge(leg, leg.transfers))

    async def _judge(self, leg: Leg, transfer: int) -> None:
        """A peer may take the request and never report."""
        await asyncio.sleep(self.settings.transfer_ms / 1000)
        if leg.transferring and leg.transfers == transfer and leg.state is not CallState.ENDED:
            why = f"no verdict in {self.settings.transfer_ms} ms"
            self._tell(self.book.transfer_failed(leg, why))

    async def _take_back(self, leg: Leg, consult: str | None) -> None:
        self._need_answered(leg)
        other = self.book.find(consult) if consult is not None else None
        if other is not None:
            with contextlib.suppress(PhoneError):  # whatever became of it, the caller comes off hold
                await self._end(other, self.stack.hang_up)
        await self._set_hold(leg, hold=False)

    async def _end(self, leg: Leg, how: Callable[[int], Awaitable[None]]) -> None:
        leg.ours = True
        self._tell_again(leg)
        try:
            await how(leg.handle)
        except PhoneUnsureError:
            self._later(self._settle_end(leg))
            raise
        except PhoneError:
            leg.ours = False
            raise

    async def _settle_end(self, leg: Leg) -> None:
        """The stack takes its commands in order: once it answers a later one, that end has come or never will."""
        while True:
            try:
                await self.stack.settle()
                break
            except PhoneUnsureError:
                pass  # still stalled, and each such question has waited long
            except PhoneError:
                return  # it died, and this process with it
        if leg.state is not CallState.ENDED:
            leg.ours = False
            self._tell_again(leg)

    async def _quit(self, force: bool) -> None:
        if self.book.legs and not force:
            raise PhoneError("a call is up")
        for leg in list(self.book.legs.values()):
            with contextlib.suppress(PhoneError):  # it ended at that very moment
                await self._end(leg, self.stack.hang_up)
        if not self.book.legs:
            self.leaving.set()
        self._leave_when_idle = True

    # -- life ------------------------------------------------------------------------------------

    async def run(self, control: Path) -> None:
        """From start to `Quit`. PhoneError if the stack does not start, dies or does not stop."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # before there is anything to leave behind
            loop.add_signal_handler(signal_number, self._asked_to_leave)
        host, port = await self._start_stack()
        self.address = f"{self.settings.user}@{host}:{port}"
        secret = secrets.token_hex(32)
        self.door = ControlDoor(secret, self.do, self._welcome)
        door_port = await self.door.open("127.0.0.1")
        file = ctl.ControlFile("127.0.0.1", door_port, secret, os.getpid())
        private.write_private(control, msgspec.json.encode(file))
        self._started = True
        self._tell([])  # a signal may have come before
        if self.settings.tone_hz:
            self.tones.send(self.settings.tone_hz)
        if self.settings.domain:
            self._later(self._register())
        await self.leaving.wait()
        control.unlink(missing_ok=True)
        await self.door.close()
        for task in self._tasks:
            task.cancel()
        self.tones.stop()
        if self.failed:
            raise PhoneError("the SIP stack died")
        await self.stack.close()

    async def _start_stack(self) -> tuple[str, int]:
        host, port = listen_at(self.settings.listen)
        await self.stack.start(host, port)
        return host, port

    def _welcome(self, id: int) -> ctl.Welcome:
        can = frozenset({"attended", "returns", "case"})
        return ctl.Welcome(id=id, pid=os.getpid(), address=self.address, can=can, pulse=True)

    def _asked_to_leave(self) -> None:
        """No signal ends a call: leave now if none lives, else after the last."""
        self._leave_when_idle = True
        self._tell([])

    async def _register(self) -> None:
        while True:
            try:
                await self.stack.register()
                return  # the stack refreshes it from here on
            except PhoneError as error:
                log.warning("not registered: %s", error)
            await asyncio.sleep(_REGISTER_AGAIN_S)


def serve(settings: ctl.SipSettings, control: Path) -> None:
    """Be the phone process. SystemExit with one line if it cannot be: another serves this control file, say."""
    try:
        private.make_folder(control.parent)
        with serving(control), scratch(control.with_suffix(".stack")):  # nobody else's: the lock says so
            control.unlink(missing_ok=True)  # of a phone that died: nobody shall look for it any more
            asyncio.run(SipPhoneProcess(settings).run(control))
    except BlockingIOError:
        raise SystemExit(f"a phone already serves {control}") from None
    except PhoneError as error:
        raise SystemExit(str(error)) from None
    except OSError as error:
        raise SystemExit(f"no phone can serve {control}: {error}") from None


def main() -> None:
    settings, control = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        wanted = msgspec.json.decode(settings.read_bytes(), type=ctl.SipSettings)
    except (OSError, ValueError) as error:
        raise SystemExit(f"no settings in {settings}: {error}") from None
    serve(wanted, control)


if __name__ == "__main__":
    main()
