"""A desk's telephone behind the broker: a `rung.phone.base.Phone` without the PBX's login or others' calls."""

import asyncio
import itertools
import ssl
from collections.abc import Callable

import msgspec
from msgspec import Struct

from rung.phone.base import Feed, PhoneError, PhoneUnsureError
from rung.phone.pbx.wire import (
    BEAT_LOST_S,
    BROKEN,
    LINE_BYTES,
    Beat,
    CallsTold,
    CallTold,
    Challenge,
    Do,
    Done,
    Enter,
    FromBroker,
    FromDesk,
    Here,
    PhoneTold,
    Refused,
    Renew,
    Value,
    signed,
)
from rung.words import CallIs, CallsAre, Listening, PhoneIs

CONNECT_S = 5.0
REPLY_S = 6.0  # the broker waits for Asterisk itself, and then for its dialplan
AGAIN_S, AGAIN_MAX_S = 0.1, 2.0
NOBODY = "nobody is signed on at this desk, so it has no telephone"
_read = msgspec.json.Decoder(FromBroker).decode
_encode = msgspec.json.Encoder().encode


class BrokerAt(Struct, frozen=True, kw_only=True):
    """Where the broker is, and by which certificate it is known."""

    host: str
    port: int
    pin: str


async def connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """With the certificate (DER) that is shown there. OSError or TimeoutError if nobody is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is known by its pin
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    async with asyncio.timeout(CONNECT_S):
        reader, writer = await asyncio.open_connection(host, port, ssl=context, limit=LINE_BYTES)
    return reader, writer, writer.get_extra_info("ssl_object").getpeercert(binary_form=True)


class BrokerPhone:
    """`present` gives it the pass of whoever signs on; without one it is no telephone."""

    def __init__(self, at: BrokerAt, desk: str, sign: Callable[[bytes], str], pin_of: Callable[[bytes], str]) -> None:
        """``sign`` with the desk's key; ``pin_of`` a certificate (DER)."""
        self._at = at
        self._desk = desk
        self._sign = sign
        self._pin_of = pin_of
        self._ticket = ""
        self._presented = asyncio.Event()
        self._feed: Feed = lambda news: None
        self._up = False
        self._told = ""
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[Done | Refused]] = {}
        self._ids = itertools.count(1)
        self._beat = 0

    def present(self, ticket: str) -> None:
        """From the floor, whenever it gives another one; empty: nobody sits here."""
        if ticket != self._ticket:
            self._ticket = ticket
            self._presented.set()
            if self._writer is not None:
                self._say(Renew(ticket))

    async def run(self, feed: Feed) -> None:
        self._feed = feed
        wait_s = AGAIN_S
        while True:
            self._presented.clear()
            if not self._ticket:
                self._down(NOBODY)
                await self._presented.wait()
            try:
                served = await self._serve()
            except BROKEN as error:
                served = False
                self._down(f"the broker at {self._at.host}:{self._at.port} is out of reach: {error or 'no answer'}")
            finally:
                self._let_go()
            wait_s = AGAIN_S if served else min(2 * wait_s, AGAIN_MAX_S)
            try:
                async with asyncio.timeout(wait_s):
                    await self._presented.wait()  # somebody else may be let in at once
            except TimeoutError:
                pass

    async def _serve(self) -> bool:
        """Until the connection is lost. BROKEN says why; False: we were turned away."""
        reader, self._writer, shown = await connect(self._at.host, self._at.port)
        if self._pin_of(shown) != self._at.pin:
            raise ValueError("it shows another certificate than the one in phone.pin")
        async with asyncio.timeout(CONNECT_S):
            challenge = _read(await reader.readuntil(b"\n"))
        if not isinstance(challenge, Challenge):
            raise ValueError("whoever answers is no broker")
        self._say(Enter(self._desk, self._ticket, self._sign(signed(challenge.nonce, self._desk))))
        while True:
            async with asyncio.timeout(BEAT_LOST_S):
                said = _read(await reader.readuntil(b"\n"))
            if isinstance(said, Refused) and said.id == 0:
                self._down(f"the broker does not let this desk in: {said.why}")
                return False
            self._hear(said)

    def _hear(self, said: FromBroker) -> None:
        match said:
            case Beat(number=number):
                self._beat = number
                self._say(Here(number))
            case PhoneTold(up=up, can=can, why=why, paused=paused):
                self._up, self._told = up, "" if up else why
                self._feed(PhoneIs(up=up, can=can, why=why, paused=paused))
            case CallTold(call=call):
                self._feed(CallIs(call))
            case CallsTold(calls=calls):
                self._feed(CallsAre(calls))
            case Done(id=id) | Refused(id=id):
                waiting = self._waiting.get(id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(said)

    def _down(self, why: str) -> None:
        if self._up or why != self._told:
            self._up, self._told = False, why
            self._feed(PhoneIs(up=False, why=why))

    def _let_go(self) -> None:
        if self._up:
            self._down("the broker is out of reach; calls go on")
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.transport.abort()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(PhoneUnsureError("the broker was lost before it replied"))

    def _say(self, said: FromDesk) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(_encode(said) + b"\n")

    async def _do(self, what: str, *args: Value) -> None:
        if self._writer is None or not self._up:
            raise PhoneError(self._told or "the broker is out of reach")
        asked = Do(next(self._ids), what, args, self._beat)
        waiting: asyncio.Future[Done | Refused] = asyncio.get_running_loop().create_future()
        self._waiting[asked.id] = waiting
        self._say(asked)
        try:
            async with asyncio.timeout(REPLY_S):
                said = await waiting
        except TimeoutError:
            raise PhoneUnsureError("the broker did not reply") from None
        finally:
            del self._waiting[asked.id]
        if isinstance(said, Refused):
            raise (PhoneUnsureError if said.unsure else PhoneError)(said.why)

    # -- the commands of a phone: what each means stands there --------------------------------------------------------

    async def recount(self) -> None:
        await self._do("recount")

    async def hold(self, call: str) -> None:
        await self._do("hold", call)

    async def resume(self, call: str) -> None:
        await self._do("resume", call)

    async def consult(self, call: str, target: str, case: str = "") -> None:
        await self._do("consult", call, target, case)

    async def complete(self, call: str, consult: str) -> None:
        await self._do("complete", call, consult)

    async def take_back(self, call: str, consult: str | None) -> None:
        await self._do("take_back", call, consult)

    async def transfer(self, call: str, target: str) -> None:
        await self._do("transfer", call, target)

    async def hang_up(self, call: str) -> None:
        await self._do("hang_up", call)

    async def join(self, call: str, target: str, case: str = "") -> None:
        await self._do("join", call, target, case)

    async def leave(self, call: str) -> None:
        await self._do("leave", call)

    async def play(self, call: str, text: str, language: str) -> None:
        await self._do("play", call, text, language)

    async def record(self, call: str, name: str) -> None:
        await self._do("record", call, name)

    async def stop_recording(self, call: str) -> None:
        await self._do("stop_recording", call)

    async def listen(self, call: str, target: str, how: Listening = "listen", case: str = "") -> None:
        await self._do("listen", call, target, how, case)

    async def stop_listening(self, call: str, target: str) -> None:
        await self._do("stop_listening", call, target)

    async def block(self, number: str, until_s: int) -> None:
        await self._do("block", number, until_s)

    async def unblock(self, number: str) -> None:
        await self._do("unblock", number)

    async def pause(self, paused: bool, why: str = "") -> None:
        await self._do("pause", paused, why)
