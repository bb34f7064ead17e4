"""One connection to Asterisk's manager, for its one life: log in, act, hear events; the phone makes the next."""

import asyncio
import itertools
import ssl
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from rung.phone.asterisk.channels import Channels
from rung.phone.asterisk.wire import Message, Reader, WireError, action
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.closing import let_go

CONNECT_S = 5.0
REPLY_S = 2.5  # an Asterisk that is well answers within milliseconds; whoever waits must be told within 3 s
_CHUNK = 64 * 1024

OnEvent = Callable[[Message], None]


class Account(Struct, frozen=True, kw_only=True):
    """Where the manager is, and who logs in. ``ca``: a file of certificates that vouch for it."""

    host: str
    port: int
    user: str
    secret: str
    tls: bool = False
    ca: str = ""


class Ami(Protocol):
    """A line to the manager: its own connection, or a share of one (`shared`)."""

    @property
    def lost(self) -> asyncio.Future[str]: ...

    @property
    def channels(self) -> Channels:
        """What this connection has told; whoever gets its events tells it of each."""

    async def do(
        self, name: str, within_s: float = REPLY_S, /, *, id: str = "", **fields: str | tuple[str, ...]
    ) -> Message: ...

    async def list(self, name: str, /, *, id: str = "", **fields: str | tuple[str, ...]) -> list[Message]: ...

    async def close(self) -> None: ...


class AmiLink:
    """Make it with `connect`; close it with `close`. ``on_event`` gets every event, in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_event: OnEvent) -> None:
        self._reader = reader
        self._writer = writer
        self.channels = Channels()
        self._on_event = on_event
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._lists: dict[str, list[Message]] = {}  # what comes in many events, by the action that asked
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()  # why, once it is
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def connect(cls, account: Account, on_event: OnEvent) -> "AmiLink":
        """PhoneError with one line if the manager is not there, or does not let us in."""
        place = f"Asterisk's manager at {account.host}:{account.port}"
        try:
            context = ssl.create_default_context(cafile=account.ca or None) if account.tls else None
            async with asyncio.timeout(CONNECT_S):
                ends = await asyncio.open_connection(account.host, account.port, ssl=context)
        except (OSError, TimeoutError) as error:
            raise PhoneError(f"{place} does not answer: {error or 'no reply'}") from None
        link = cls(*ends, on_event)
        try:
            await link.do("Login", Username=account.user, Secret=account.secret)
        except PhoneError as error:
            await link.close()
            raise PhoneError(f"{place}: {error}") from None
        except BaseException:
            await link.close()
            raise
        return link

    async def do(
        self, name: str, within_s: float = REPLY_S, /, *, id: str = "", **fields: str | tuple[str, ...]
    ) -> Message:
        """One action; its reply. PhoneError: refused; PhoneUnsureError: the reply did not come, and the link is lost.

        ``id``: the action's own, where its events must be known by it.
        """
        reply = await self._reply(id or str(next(self._ids)), name, fields, within_s)
        if reply["Response"] not in ("Success", "Goodbye"):
            raise PhoneError(reply.get("Message", "Asterisk refused it"))
        return reply

    async def list(self, name: str, /, *, id: str = "", **fields: str | tuple[str, ...]) -> list[Message]:
        """One action that answers with a list of events. ``id``, and what it raises, as `do`."""
        id = id or str(next(self._ids))
        found = self._lists[id] = []
        try:
            reply = await self._reply(id, name, fields, REPLY_S)
            if reply["Response"] != "Success":
                raise PhoneError(reply.get("Message", "Asterisk refused it"))
        finally:
            del self._lists[id]
        return found

    async def _reply(self, id: str, name: str, fields: dict[str, str | tuple[str, ...]], within_s: float) -> Message:
        try:
            line = action(name, id, fields)
        except ValueError as error:
            raise PhoneError(str(error)) from None
        if self.lost.done():
            raise PhoneError(f"Asterisk is not reached: {self.lost.result()}")
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[id] = waiting
        try:
            self._writer.write(line)
            async with asyncio.timeout(within_s):  # wait_for may swallow that we are cancelled
                return await waiting
        except TimeoutError:
            self._lose(f"no reply to {name} within {within_s:g} s")
            raise PhoneUnsureError(f"Asterisk did not reply to {name}") from None
        finally:
            del self._waiting[id]

    async def _read(self) -> None:
        reader = Reader()
        why = "it closed the connection"
        try:
            while data := await self._reader.read(_CHUNK):
                for message in reader.feed(data):
                    self._heard(message)
        except (OSError, WireError) as error:
            why = str(error)
        self._lose(why)

    def _heard(self, message: Message) -> None:
        id = message.get("ActionID", "")
        listed = self._lists.get(id)
        if "Response" in message:
            if listed is None or message["Response"] != "Success":
                self._settle(id, message)
        elif listed is not None and message.get("EventList") == "Complete":
            self._settle(id, {"Response": "Success"})
        else:  # what is listed is told as well, in its place among what changes meanwhile
            if listed is not None:
                listed.append(message)
            self._on_event(message)

    def _settle(self, id: str, reply: Message) -> None:
        waiting = self._waiting.get(id)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def _lose(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(why)
        self._writer.close()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(PhoneUnsureError(f"Asterisk was lost before it replied: {why}"))

    async def close(self) -> None:
        self._lose("closed")
        await let_go(self._reading, self._writer)
