"""The control line's server side: who may come in, what a line may be, who is told of changes."""

import asyncio
import contextlib
import hmac
import logging
import secrets
import select
from collections.abc import Awaitable, Callable

import msgspec

from rung.phone import sip_control as ctl
from rung.phone.base import PhoneError, PhoneUnsureError

log = logging.getLogger("rung.phone")

_HELLO_WITHIN_S = 5.0
_MAX_BACKLOG = 1024 * 1024  # bytes unread by a client, after which it is cut off
_MAX_WAITING = 64  # requests of one client that wait their turn; more of them stay in its socket
_FLUSH_S = 1.0

_decode = msgspec.json.Decoder(ctl.Asked).decode
_encode = msgspec.json.Encoder().encode


class ControlDoor:
    """Loopback TCP; one JSON object a line; with the first two each side proves that it knows the secret.

    The requests of one client are begun one after another, but a hang-up or a pulse waits for none of them. What
    has not been begun when its client goes is dropped: nobody waits for it any more.
    """

    def __init__(self, secret: str, do: Callable[[ctl.Asked], Awaitable[ctl.Said]],
                 welcome: Callable[[int], ctl.Welcome]):  # fmt: skip
        self._secret = secret
        self._do = do
        self._welcome = welcome
        self._server: asyncio.Server | None = None
        self._watching: set[asyncio.StreamWriter] = set()
        self._inside: set[asyncio.StreamWriter] = set()

    async def open(self, host: str) -> int:
        """Returns the port, chosen free."""
        self._server = await asyncio.start_server(self._client, host, 0, limit=ctl.MAX_LINE)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        if self._server:
            self._server.close()
        for writer in list(self._inside):
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.drain(), _FLUSH_S)
            writer.close()

    def tell(self, told: ctl.Told) -> None:
        for writer in list(self._watching):
            self._say(writer, told)

    def _say(self, writer: asyncio.StreamWriter, said: ctl.Said) -> None:
        writer.write(_encode(said) + b"\n")
        if writer.transport.get_write_buffer_size() > _MAX_BACKLOG:
            log.warning("a control client does not read; cut off")
            self._watching.discard(writer)
            writer.transport.abort()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._inside.add(writer)
        try:
            async with asyncio.timeout(_HELLO_WITHIN_S):
                admitted = await self._admit(reader, writer)
            if admitted:
                await self._serve(reader, writer)
        except (OSError, TimeoutError):
            pass  # the client is gone, or never said who it is
        finally:
            self._inside.discard(writer)
            self._watching.discard(writer)
            writer.close()

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        nonce = secrets.token_hex(16)
        hello = _understood(await self._read(reader, writer))
        if isinstance(hello, ctl.Hello):
            known = ctl.proof(self._secret, "phone", hello.nonce, nonce)
            self._say(writer, ctl.Challenge(hello.id, nonce, known))
            prove = _understood(await self._read(reader, writer))
            wanted = ctl.proof(self._secret, "client", hello.nonce, nonce)
            if isinstance(prove, ctl.Prove) and hmac.compare_digest(prove.proof.encode(), wanted.encode()):
                self._say(writer, self._welcome(prove.id))
                return True
        self._say(writer, ctl.Refused(None, "the first lines must prove that you know the secret"))
        return False

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """One whole line; empty at the end. After an overlong line there is no telling where the
        next begins, so that client has to come anew."""
        try:
            return await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return b""  # half a line is nobody's command
        except asyncio.LimitOverrunError:
            self._say(writer, ctl.Refused(None, f"a line is at most {ctl.MAX_LINE} bytes"))
            return b""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        turn, waiting = asyncio.Lock(), asyncio.Semaphore(_MAX_WAITING)
        async with asyncio.TaskGroup() as requests:
            while line := await self._read(reader, writer):
                await waiting.acquire()
                request = requests.create_task(self._answer(line, writer, turn))
                request.add_done_callback(lambda _: waiting.release())

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter, turn: asyncio.Lock) -> None:
        try:
            asked = _decode(line)
        except ValueError as error:
            self._say(writer, ctl.Refused(None, ctl.plain(f"not understood: {error}")))
            return
        async with contextlib.nullcontext() if isinstance(asked, ctl.HangUp | ctl.Pulse) else turn:
            if _gone(writer):
                log.warning("a control client went; dropped its %s", type(asked).__name__)
                return
            if isinstance(asked, ctl.Watch):
                self._watching.add(writer)
            try:
                said = await self._do(asked)
            except PhoneError as error:
                said = ctl.Refused(asked.id, ctl.plain(str(error)), isinstance(error, PhoneUnsureError))
        self._say(writer, said)


def _understood(line: bytes) -> ctl.Asked | None:
    try:
        asked: ctl.Asked = _decode(line)
        return asked
    except ValueError:  # what msgspec raises, and also for bytes that are no text
        return None


def _gone(writer: asyncio.StreamWriter) -> bool:
    """Whether the client has closed its end. The system knows, even while lines of it are still unread."""
    if writer.is_closing():
        return True
    asked = select.poll()
    asked.register(writer.get_extra_info("socket"), select.POLLRDHUP)
    return bool(asked.poll(0))
