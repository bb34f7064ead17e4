"""A control line without a phone behind it, and a raw client that says what no honest one would."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from rung.phone import sip_control as ctl
from rung.phone.base import PhoneError
from rung.phone.sip_door import ControlDoor
from rung.words import Call, CallState

SECRET = "s3cret"
CALL = Call(id="a-1", state=CallState.UP, direction="in")
NEVER_TOO_LATE = 2**63 - 1
HANG_UP = b'{"do":"hang_up","id":2,"call":"%s","not_after_ns":%d}\n'
HELLO = b'{"do":"hello","id":1,"nonce":"ours"}\n'


Send = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


async def in_one_read(writer: asyncio.StreamWriter, lines: bytes) -> None:
    writer.write(lines)


async def byte_by_byte(writer: asyncio.StreamWriter, lines: bytes) -> None:
    for byte in lines:
        writer.write(bytes([byte]))
        await asyncio.sleep(0)  # the other end, on this loop, may read it before the next


class Behind:
    """What a door opens to: it notes every request, and refuses, is unsure or dawdles when told to."""

    def __init__(self) -> None:
        self.asked: list[ctl.Asked] = []
        self.refuse: PhoneError | None = None
        self.begun = asyncio.Event()
        self.dawdle = asyncio.Event()  # while clear, a hold is not finished
        self.dawdle.set()

    async def do(self, asked: ctl.Asked) -> ctl.Said:
        self.asked.append(asked)
        self.begun.set()
        if isinstance(asked, ctl.Hold):
            await self.dawdle.wait()
        if self.refuse:
            raise self.refuse
        return ctl.Done(asked.id, calls=(CALL,))


def at_door(test: Callable[[Behind, ControlDoor, int], Awaitable[None]]) -> None:
    async def whole() -> None:
        behind = Behind()
        door = ControlDoor(SECRET, behind.do, lambda id: ctl.Welcome(id, 1, "x@127.0.0.1:1"))
        port = await door.open("127.0.0.1")
        try:
            await test(behind, door, port)
        finally:
            await door.close()

    asyncio.run(whole())


@asynccontextmanager
async def knock(port: int, secret: str = "") -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection; with the ``secret``, one that has been let in."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        if secret:
            writer.write(HELLO)
            nonce = json.loads(await asyncio.wait_for(reader.readline(), 30))["nonce"]
            writer.write(b'{"do":"prove","id":1,"proof":"%s"}\n' % ctl.proof(secret, "client", "ours", nonce).encode())
            assert b"welcome" in await asyncio.wait_for(reader.readline(), 30)
        yield reader, writer
    finally:
        writer.close()


async def say(port: int, what: bytes, secret: str = "", replies: int = 0) -> list[dict[str, object]]:
    """All that the phone answers until it closes; it is awaited ``replies`` times before we hang up."""
    async with knock(port, secret) as (reader, writer):
        heard = b""
        try:
            writer.write(what)
            while heard.count(b"\n") < replies and (more := await asyncio.wait_for(reader.read(65536), 30)):
                heard += more
            writer.write_eof()
            while more := await asyncio.wait_for(reader.read(65536), 30):
                heard += more
        except OSError:
            pass  # it closed on more than it wanted to read
    return [json.loads(line) for line in heard.splitlines()]
