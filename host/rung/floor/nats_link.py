"""One connection to the floor's NATS server. It is used once: whoever has lost it makes the next."""

import asyncio
import builtins
import contextlib
import logging
import random
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError, NoRespondersError, TimeoutError, UnexpectedEOF
from nats.errors import Error as NatsError

from rung.floor.base import FloorError, FloorUnsureError
from rung.words import Role

CONNECT_S = 3.0
ENROL = "rung floor add-desk, then rung floor enrol CODE"
PING_S = 1.0  # between two looks at the server
PONG_S = 2.0  # it answers within that; so a floor that is gone is known PING_S + PONG_S after it went
BROKEN = (NatsError, OSError, asyncio.TimeoutError)  # what a connection ends with

# What asyncio says whenever a server goes that was spoken to by TLS; nobody can do anything about it.
logging.getLogger("asyncio").addFilter(lambda record: "eof_received" not in record.getMessage())


class Enrolment(Struct, frozen=True, kw_only=True):
    """What a desk has been given to be on the floor; whoever has it can speak as this desk."""

    desk: str
    role: Role  # the most that anybody who signs on here can be
    servers: tuple[str, ...]  # tls://host:port
    ca: str  # the floor's own certificate authority, as PEM
    seed: str  # of the desk's nkey
    callers: str = ""  # the site's secret, in hex: callers are known to its desks by what it makes of their numbers


HUNG_UP = (BrokenPipeError, ConnectionResetError, UnexpectedEOF)
ATTEMPTS = 3  # a server that hangs up on us has said why, and now and then that is overtaken by the hanging up


def go_on() -> None:
    """Python 3.11's `asyncio.wait_for`, on which the client stands, may swallow that its task was cancelled."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Whatever a connection ends with is a FloorError."""
    try:
        yield
    except BROKEN as error:
        raise FloorUnsureError(f"the floor is out of reach: {error or type(error).__name__}") from None


class Unreachable(FloorError):
    """Nobody listens there: certainly nothing was done."""


class Link:
    """An open connection."""

    def __init__(self, client: Client, name: str, closed: asyncio.Event) -> None:
        self.name = name  # of this connection alone
        self._client = client
        self._closed = closed

    async def listen(self, subject: str, heard: Callable[[Msg], Awaitable[None]], queue: str = "") -> None:
        """Call ``heard`` for each message, one after the other."""
        with _told():
            await self._client.subscribe(subject, queue=queue, cb=heard)
        go_on()

    async def settle(self) -> None:
        """Until the server has taken everything sent so far."""
        with _told():
            await self._client.flush(CONNECT_S)  # type: ignore[arg-type]  # a part of a second will do
        go_on()

    async def request(
        self, subject: str, data: bytes, within_s: float, headers: Mapping[str, str] | None = None
    ) -> Msg:
        """Raises Unreachable when nobody listens, FloorUnsureError when no answer came."""
        try:
            answer = await self._client.request(subject, data, timeout=within_s, headers=dict(headers or {}) or None)
        except NoRespondersError:
            raise Unreachable("out of reach") from None
        except TimeoutError:
            raise FloorUnsureError("no answer came") from None
        except ConnectionClosedError:  # found before anything was sent
            raise Unreachable("the floor is out of reach") from None
        except BROKEN as error:
            raise FloorUnsureError(f"no answer came: {error}") from None
        go_on()
        return answer

    async def until_lost(self) -> None:
        """Returns within PING_S + PONG_S after the server is out of reach."""
        while True:
            try:
                async with asyncio.timeout(PING_S):
                    await self._closed.wait()
                    return
            except builtins.TimeoutError:
                pass
            try:
                await self._client.flush(PONG_S)  # type: ignore[arg-type]
            except BROKEN:
                return
            go_on()

    @property
    def client(self) -> Client:
        """For what only a steward does."""
        return self._client


@asynccontextmanager
async def connected(who: Enrolment) -> AsyncIterator[Link]:
    """Raises FloorError with one line if no server can be reached, or it does not know this desk."""
    link = await _connect_to_any(who)
    try:
        go_on()
        yield link
    finally:
        await _close(link.client)


async def _connect_to_any(who: Enrolment) -> Link:
    """To one of a cluster's servers, whichever; one that is dead or silent is passed over."""
    *servers, last = random.sample(who.servers, len(who.servers))
    for server in servers:
        with contextlib.suppress(FloorError):
            return await _connect(who, server, ATTEMPTS)
        go_on()
    return await _connect(who, last, ATTEMPTS)


async def _connect(who: Enrolment, server: str, attempts: int) -> Link:
    name = f"{who.desk}.{secrets.token_hex(8)}"
    closed, client = asyncio.Event(), Client()
    met: list[Exception] = []

    async def is_closed() -> None:
        closed.set()

    async def failed(error: Exception) -> None:
        """Whatever it is: what was dropped meanwhile is learnt anew, on the next connection."""
        met.append(error)
        closed.set()

    try:
        async with asyncio.timeout(CONNECT_S):
            await client.connect(
                server,
                name=name,
                tls=trusting(who.ca),
                tls_handshake_first=True,
                nkeys_seed_str=who.seed,
                inbox_prefix=f"_INBOX.{who.desk}",
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                ping_interval=3600,  # `until_lost` looks itself, and sooner
                error_cb=failed,
                closed_cb=is_closed,
                disconnected_cb=is_closed,
            )
    except BROKEN as error:
        await _close(client)
        met.append(error)
        if attempts > 1 and isinstance(met[0], HUNG_UP):
            return await _connect(who, server, attempts - 1)
        raise FloorError(f"the floor at {', '.join(who.servers)} {_why(met)}") from None
    closed.clear()
    return Link(client, name, closed)


def _why(errors: Sequence[BaseException]) -> str:
    if any("authorization" in str(error).lower() for error in errors):
        return f"does not let this desk in: it was removed, or its code is used up; enrol it anew: {ENROL}"
    if isinstance(errors[-1], HUNG_UP):
        return f"hangs up: perhaps it does not let this desk in any more; then enrol it anew: {ENROL}"
    if any(isinstance(error, ssl.SSLCertVerificationError) for error in errors):
        return f"shows the certificate of another floor; enrol this desk anew: {ENROL}"
    return f"is out of reach: {str(errors[0]) or 'it does not answer'}"


async def _close(client: Client) -> None:
    """At once, also where the other end is silent: TLS would wait for its farewell."""
    transport = client._transport
    with contextlib.suppress(*BROKEN, asyncio.TimeoutError):
        async with asyncio.timeout(0.2):
            await client.close()
    writer = getattr(transport, "_io_writer", None)
    if writer is not None:
        writer.transport.abort()


def trusting(ca: str) -> ssl.SSLContext:
    """Servers are believed that show this certificate, or one that it has signed, and no others."""
    context = ssl.create_default_context(cadata=ca)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
