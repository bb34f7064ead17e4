"""A client of the embedded phone's control line; the bridge, a softphone and stories use it."""

import asyncio
import hmac
import itertools
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from rung.phone import sip_control as ctl
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.closing import let_go
from rung.phone.sip_lock import is_served
from rung.words import Call, CallIs, CallsAre

_CONNECT_S = 5.0
_REPLY_S = 10.0
_ENDED_REPLY_S = ctl.HANG_UP_WITHIN_S + 1.0  # what the phone began in time it has accepted by then

_decode = msgspec.json.Decoder(ctl.Said).decode
_encode = msgspec.json.Encoder().encode


class PhoneClient:
    """One connection, for its one life. Make it with `connect`; close it with `close`.

    Every command raises `PhoneError` if the phone refused it, `PhoneUnsureError` if no reply came.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[ctl.Said]] = {}
        self._told: asyncio.Queue[CallIs | CallsAre | None] = asyncio.Queue()
        self._recounts: set[int] = set()  # requests whose reply is news
        self._inside = False  # whether the phone has let us in, and may have done what we asked
        self._listening = asyncio.ensure_future(self._listen())
        self.address = ""  # where this phone is called: user@address:port
        self.can: frozenset[str] = frozenset()  # of what only some phones can
        self.pid = 0
        self._has_pulse = False

    @classmethod
    async def connect(cls, control: Path) -> "PhoneClient":
        """PhoneError if no phone answers there, or one of the two does not know the secret."""
        try:
            file = ctl.read_control(control)
            if not is_served(control):
                raise ConnectionError("the phone that wrote it has died")  # its port may be anybody's by now
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(file.host, file.port, limit=ctl.MAX_LINE)
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: no whole control file
            raise PhoneError(f"no phone answers at {control}: {error}") from error
        client = cls(reader, writer)
        try:
            await client._enter(file.secret)
        except BaseException:  # also when cancelled: an open connection has nobody else to close it
            await client.close()
            raise
        return client

    async def _enter(self, secret: str) -> None:
        nonce = secrets.token_hex(16)
        said = await self._ask(ctl.Hello(id=next(self._ids), nonce=nonce))
        if not isinstance(said, ctl.Challenge):
            raise PhoneError("whoever answers is no phone of ours")
        known = ctl.proof(secret, "phone", nonce, said.nonce)
        if not hmac.compare_digest(said.proof.encode(), known.encode()):
            raise PhoneError("whoever answers does not know the secret")
        said = await self._ask(ctl.Prove(id=next(self._ids), proof=ctl.proof(secret, "client", nonce, said.nonce)))
        if not isinstance(said, ctl.Welcome):
            raise PhoneError("whoever answers is no phone of ours")
        self.address, self.can, self.pid, self._inside = said.address, said.can, said.pid, True
        self._has_pulse = said.pulse

    async def close(self) -> None:
        """Let go of the phone, which goes on; who still waits for a reply gets `PhoneUnsureError`."""
        await let_go(self._listening, self._writer)

    async def beats(self, within_s: float) -> bool:
        """Whether the phone still answers. One that was started before it could be asked so counts as alive."""
        if not self._has_pulse:
            return True
        try:
            async with asyncio.timeout(within_s):
                await self._done(ctl.Pulse(id=next(self._ids)))
        except (PhoneError, TimeoutError):
            return False
        return True

    # -- what changes ----------------------------------------------------------------------------

    async def watch(self) -> tuple[Call, ...]:
        """The calls as they are; from now on `news` and `changes` yield every change after that."""
        return await self._done(ctl.Watch(id=next(self._ids)))

    async def news(self) -> AsyncIterator[CallIs | CallsAre]:
        """Every change, and what `recount` asked for, in the order of the line. Ends when the connection is lost."""
        while (news := await self._told.get()) is not None:
            yield news

    async def changes(self) -> AsyncIterator[Call]:
        """The changes alone."""
        async for news in self.news():
            if isinstance(news, CallIs):
                yield news.call

    async def recount(self) -> None:
        """Have `news` yield all calls anew, in their place among the changes: an older answer never comes later."""
        asked = ctl.Calls(id=next(self._ids))
        self._recounts.add(asked.id)
        try:
            await self._done(asked)
        finally:
            self._recounts.discard(asked.id)

    # -- the desk's commands ---------------------------------------------------------------------

    async def calls(self) -> tuple[Call, ...]:
        """Every living and recently ended call, as it is."""
        return await self._done(ctl.Calls(id=next(self._ids)))

    async def hold(self, call: str) -> None:
        """Put an answered call on hold; done when `changes` tells it HELD."""
        await self._done(ctl.Hold(id=next(self._ids), call=call))

    async def resume(self, call: str) -> None:
        """Take it off hold; done when `changes` tells it UP."""
        await self._done(ctl.Resume(id=next(self._ids), call=call))

    async def consult(self, call: str, target: str, case: str = "") -> str:
        """Dial ``target`` on behalf of ``call``, with the case's name; returns the consult's id."""
        return await self._name(ctl.Consult(id=next(self._ids), call=call, target=target, case=case))

    async def complete(self, call: str, consult: str) -> None:
        """Join the far ends of the two and leave. Refused if the phone has not begun within `HANG_UP_WITHIN_S`."""
        await self._done(ctl.Complete(id=next(self._ids), call=call, consult=consult, not_after_ns=_not_after_ns()))

    async def take_back(self, call: str, consult: str | None) -> None:
        """End the consult if it lives, then take ``call`` off hold."""
        await self._done(ctl.TakeBack(id=next(self._ids), call=call, consult=consult))

    async def join(self, call: str, target: str, case: str = "") -> None:
        """Ring ``target`` into the call. Refused by a phone that cannot."""
        await self._done(ctl.Join(id=next(self._ids), call=call, target=target, case=case))

    async def leave(self, call: str) -> None:
        """Leave the call to the others in it. Refused if the phone has not begun within `HANG_UP_WITHIN_S`."""
        await self._done(ctl.Leave(id=next(self._ids), call=call, not_after_ns=_not_after_ns()))

    async def play(self, call: str, text: str, language: str) -> None:
        """Play a text to the far end. Refused by a phone that cannot."""
        await self._done(ctl.Play(id=next(self._ids), call=call, text=text, language=language))

    async def transfer(self, call: str, target: str) -> None:
        """Blind transfer. Refused if the phone has not begun within `HANG_UP_WITHIN_S`."""
        await self._done(ctl.Transfer(id=next(self._ids), call=call, target=target, not_after_ns=_not_after_ns()))

    async def hang_up(self, call: str) -> None:
        """End the call. Refused if the phone has not begun within `HANG_UP_WITHIN_S`."""
        await self._done(ctl.HangUp(id=next(self._ids), call=call, not_after_ns=_not_after_ns()))

    # -- the rest of a telephone, for people and stories -----------------------------------------

    async def dial(self, target: str) -> str:
        """Returns the new call's id. Refused if ``target`` cannot be dialled."""
        return await self._name(ctl.Dial(id=next(self._ids), target=target))

    async def answer(self, call: str) -> None:
        """Take a ringing call. Refused if it does not ring here."""
        await self._done(ctl.Answer(id=next(self._ids), call=call))

    async def reject(self, call: str) -> None:
        """Decline a ringing call with 486 Busy Here. Refused if it does not ring here."""
        await self._done(ctl.Reject(id=next(self._ids), call=call))

    async def auto_answer(self, after_ms: int | None) -> None:
        """From the next incoming call on, answer after so many milliseconds; None: let it ring."""
        await self._done(ctl.AutoAnswer(id=next(self._ids), after_ms=after_ms))

    async def tone(self, hz: int) -> None:
        """Send this tone, in Hz, on every call; 0: silence."""
        await self._done(ctl.Tone(id=next(self._ids), hz=hz))

    async def heard(self, call: str) -> int:
        """The tone last heard on the call, in Hz; 0 for silence, noise or a mixture."""
        said = await self._ask(ctl.Heard(id=next(self._ids), call=call))
        assert isinstance(said, ctl.Done) and isinstance(said.result, int)
        return said.result

    async def quit(self, *, force: bool = False) -> None:
        """End the phone process. Refused while a call lives, unless ``force``."""
        await self._done(ctl.Quit(id=next(self._ids), force=force))

    # -- the line --------------------------------------------------------------------------------

    async def _name(self, asked: ctl.Asked) -> str:
        said = await self._ask(asked)
        assert isinstance(said, ctl.Done) and isinstance(said.result, str)
        return said.result

    async def _done(self, asked: ctl.Asked) -> tuple[Call, ...]:
        said = await self._ask(asked)
        assert isinstance(said, ctl.Done)
        return said.calls

    async def _ask(self, asked: ctl.Asked) -> ctl.Said:
        if self._listening.done():
            raise PhoneError("the phone's line is closed")
        future: asyncio.Future[ctl.Said] = asyncio.get_running_loop().create_future()
        self._waiting[asked.id] = future
        self._writer.write(_encode(asked) + b"\n")
        ends = isinstance(asked, ctl.HangUp | ctl.Complete | ctl.Transfer | ctl.Leave)
        try:
            async with asyncio.timeout(_ENDED_REPLY_S if ends else _REPLY_S):
                said = await future
        except TimeoutError:
            raise PhoneUnsureError("the phone did not reply") from None
        finally:
            self._waiting.pop(asked.id, None)
        if isinstance(said, ctl.Refused):
            raise (PhoneUnsureError if said.unsure else PhoneError)(said.why)
        return said

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                self._hear(_decode(line))
        except (OSError, ValueError):
            pass  # lost, or no phone of ours: the same to those who wait
        finally:
            self._told.put_nowait(None)
            self._fail(PhoneUnsureError("the phone's line was lost"))

    def _fail(self, error: PhoneError) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(error)

    def _hear(self, said: ctl.Said) -> None:
        if isinstance(said, ctl.Told):
            self._told.put_nowait(CallIs(said.call))
        elif said.id is None:  # a line of ours was not read; there is no telling which
            assert isinstance(said, ctl.Refused)
            self._fail((PhoneUnsureError if self._inside else PhoneError)(said.why))
        elif (future := self._waiting.get(said.id)) and not future.done():
            if said.id in self._recounts and isinstance(said, ctl.Done):
                self._told.put_nowait(CallsAre(said.calls))
            future.set_result(said)


def _not_after_ns() -> int:
    return time.monotonic_ns() + round(ctl.HANG_UP_WITHIN_S * 1e9)
