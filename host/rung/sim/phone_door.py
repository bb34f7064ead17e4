"""A virtual phone behind a control line, so that a bridge in a process of its own can use it as it uses a real one."""

import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from rung import private
from rung.phone import sip_control as ctl
from rung.phone.base import PhoneError
from rung.phone.sip_door import ControlDoor
from rung.phone.sip_lock import serving
from rung.sim.exchange import BUSY
from rung.sim.phone import VirtualPhone
from rung.words import Call

SPOKEN = frozenset({"attended", "returns", "case", "join", "play"})  # for the rest a control line has no words


@asynccontextmanager
async def door_of(phone: VirtualPhone, control: Path) -> AsyncIterator[None]:
    """``phone`` is reached by the control file at ``control`` while this lasts. BlockingIOError: another is there."""
    private.make_folder(control.parent)
    with serving(control):
        secret = secrets.token_hex(32)
        door = ControlDoor(secret, lambda asked: _do(phone, asked), lambda id: _welcome(phone, id))

        def tell(call: Call) -> None:
            door.tell(ctl.Told(call))

        port = await door.open("127.0.0.1")
        private.write_private(control, msgspec.json.encode(ctl.ControlFile("127.0.0.1", port, secret, os.getpid())))
        phone.watchers.append(tell)
        try:
            yield
        finally:
            phone.watchers.remove(tell)
            control.unlink(missing_ok=True)
            await door.close()


def _welcome(phone: VirtualPhone, id: int) -> ctl.Welcome:
    return ctl.Welcome(id=id, pid=os.getpid(), address=phone.number, can=phone.can & SPOKEN, pulse=True)


async def _do(phone: VirtualPhone, asked: ctl.Asked) -> ctl.Said:
    """Carry out one request. PhoneError: refused, nothing changed."""
    result: str | int | None = None
    calls: tuple[Call, ...] = ()
    match asked:
        case ctl.Hello() | ctl.Prove():
            raise PhoneError("you are in already")
        case ctl.HangUp() | ctl.Complete() | ctl.Transfer() | ctl.Leave() if time.monotonic_ns() > asked.not_after_ns:
            raise PhoneError("too late, press again")
        case ctl.Pulse():
            pass
        case ctl.Watch() | ctl.Calls():
            calls = phone.calls
        case ctl.Hold():
            await phone.hold(asked.call)
        case ctl.Resume():
            await phone.resume(asked.call)
        case ctl.Consult():
            result = phone.consult_as(asked.call, asked.target, asked.case)
        case ctl.Complete():
            await phone.complete(asked.call, asked.consult)
        case ctl.TakeBack():
            await phone.take_back(asked.call, asked.consult)
        case ctl.Join():
            await phone.join(asked.call, asked.target, asked.case)
        case ctl.Leave():
            await phone.leave(asked.call)
        case ctl.Play():
            await phone.play(asked.call, asked.text, asked.language)
        case ctl.Transfer():
            await phone.transfer(asked.call, asked.target)
        case ctl.HangUp():
            await phone.hang_up(asked.call)
        case ctl.Dial():
            result = phone.dial(asked.target)
        case ctl.Answer():
            phone.answer(asked.call)
        case ctl.Reject():
            phone.decline(asked.call, BUSY)
        case ctl.AutoAnswer():
            phone.habit("ring" if asked.after_ms is None else "answer", asked.after_ms or 0)
        case ctl.Tone():
            phone.station.tone_hz = asked.hz
        case ctl.Heard():
            result = phone.heard_hz(asked.call)
        case ctl.Quit():
            if phone.living and not asked.force:
                raise PhoneError("a call is up")
            phone.end_all()
    return ctl.Done(id=asked.id, result=result, calls=calls)
