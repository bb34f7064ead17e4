"""The broker's door: who comes in, what a line may be, and what each is told."""

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import Callable

import msgspec

from rung.phone.base import PhoneError, PhoneNews, PhoneUnsureError
from rung.phone.pbx.broker import Broker, Pass, Seated
from rung.phone.pbx.wire import (
    BEAT_LOST_S,
    BEAT_S,
    BROKEN,
    END_WITHIN_S,
    ENDS,
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
    PhoneTold,
    Refused,
    Renew,
)
from rung.words import CallIs, PhoneIs

ENTER_S = 5.0
BACKLOG_BYTES = 4 * LINE_BYTES  # unread by a desk, after which it is cut off
DOING_MAX = 64  # commands of one desk at a time; more of them stay in its socket

Admit = Callable[[Enter, str], Pass]  # with the broker's nonce; raises PhoneError
Again = Callable[[str, str], Pass]  # desk and another ticket of it; raises PhoneError
_read = msgspec.json.Decoder(FromDesk).decode
_encode = msgspec.json.Encoder().encode


class PbxDoor:
    """`open` it; `cut` ends what a desk has that may no longer."""

    def __init__(self, broker: Broker, admit: Admit, again: Again) -> None:
        self._broker = broker
        self._admit = admit
        self._again = again
        self._visits: set[_Visit] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int, context: ssl.SSLContext) -> int:
        """Returns the port. OSError if it cannot be had."""
        self._server = await asyncio.start_server(self._come, host, port, ssl=context, limit=LINE_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut(lambda who: True, "the broker is stopped")

    def inside(self) -> list[Pass]:
        return [visit.seated.who for visit in self._visits if visit.seated is not None]

    def cut(self, whom: Callable[[Pass], bool], why: str) -> None:
        """Now, not at their next start."""
        for visit in [v for v in self._visits if v.seated is not None and whom(v.seated.who)]:
            visit.cut(why)

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = _Visit(reader, writer, self._broker, self._admit, self._again)
        self._visits.add(visit)
        try:
            await visit.run()
        except BROKEN:  # gone; never said who it is; no desk of ours
            pass
        finally:
            visit.leave()
            self._visits.discard(visit)
            writer.transport.abort()


class _Visit:
    """One connection of one desk."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, broker: Broker, admit: Admit, again: Again
    ) -> None:
        self.seated: Seated | None = None
        self._reader = reader
        self._writer = writer
        self._broker = broker
        self._admit = admit
        self._again = again
        self._beat = 0
        self._at = asyncio.get_running_loop().time
        self._said_at: dict[int, float] = {}  # when each of the latest beats was said

    async def run(self) -> None:
        nonce = secrets.token_hex(16)
        self._say(Challenge(nonce))
        async with asyncio.timeout(ENTER_S):
            enter = _read(await self._reader.readuntil(b"\n"))
        if not isinstance(enter, Enter):
            return
        try:
            self._sit(self._admit(enter, nonce))
        except PhoneError as error:
            await self._turn_away(str(error))
            return
        beating = asyncio.create_task(self._beats())
        try:
            await self._serve()
        finally:
            beating.cancel()

    def leave(self) -> None:
        if self.seated is not None:
            self.seated.leave()

    def cut(self, why: str) -> None:
        self.leave()
        self._say(Refused(0, why))
        self._writer.close()

    async def _turn_away(self, why: str) -> None:
        self._say(Refused(0, why))
        await self._writer.drain()
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()

    def _sit(self, who: Pass) -> None:
        self.leave()
        self.seated = self._broker.seat(who, self._tell)

    def _tell(self, news: PhoneNews) -> None:
        if isinstance(news, PhoneIs):
            self._say(PhoneTold(news.up, news.can, news.why, news.paused))
        elif isinstance(news, CallIs):
            self._say(CallTold(news.call))
        else:
            self._say(CallsTold(news.calls))

    def _say(self, said: FromBroker) -> None:
        if not self._writer.is_closing():
            self._writer.write(_encode(said) + b"\n")
            if self._writer.transport.get_write_buffer_size() > BACKLOG_BYTES:
                self._writer.transport.abort()

    async def _beats(self) -> None:
        while True:
            self._beat += 1
            self._said_at[self._beat] = self._at()
            self._said_at.pop(self._beat - 20, None)
            self._say(Beat(self._beat))
            await asyncio.sleep(BEAT_S)

    async def _serve(self) -> None:
        room = asyncio.Semaphore(DOING_MAX)
        async with asyncio.TaskGroup() as doing:
            while (said := await self._next()) is not None:
                if isinstance(said, Do):
                    await room.acquire()
                    doing.create_task(self._do(said)).add_done_callback(lambda _: room.release())
                elif isinstance(said, Renew) and self.seated is not None:
                    try:
                        who = self._again(self.seated.who.desk, said.ticket)
                        if who != self.seated.who:
                            self._sit(who)
                    except PhoneError as error:
                        await self._turn_away(str(error))
                        return

    async def _next(self) -> FromDesk | None:
        """None: the desk is gone, or speaks nonsense."""
        try:
            async with asyncio.timeout(BEAT_LOST_S):
                said: FromDesk = _read(await self._reader.readuntil(b"\n"))
                return said
        except BROKEN:
            return None

    async def _do(self, asked: Do) -> None:
        assert self.seated is not None
        try:
            age_s = self._at() - self._said_at.get(asked.beat, -END_WITHIN_S)
            if asked.what in ENDS and age_s > END_WITHIN_S + BEAT_S:
                raise PhoneError("too late, press again")
            await self.seated.do(asked.what, asked.args)
        except PhoneError as error:
            self._say(Refused(asked.id, str(error), isinstance(error, PhoneUnsureError)))
        else:
            self._say(Done(asked.id))
