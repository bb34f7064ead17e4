"""What a steward keeps beside who is here: each thing with its streams, and with what desks may ask of it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct
from nats.aio.msg import Msg
from nats.js.api import (
    DeliverPolicy,
    DiscardPolicy,
    RePublish,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, NotFoundError
from nats.js.errors import Error as JetStreamError

from rung.floor import nats_letters as letters
from rung.floor.nats_link import BROKEN, CONNECT_S, Link, go_on

STALLS_S = 5.0  # after so long nothing more comes
HEARTBEAT_S = 1.0  # where one server of a cluster dies, another one goes on with what is read after two of them

Heard = Callable[[Msg], Awaitable[None]]


class Read(Struct, frozen=True):
    """A part of a stream that is read from its beginning, or of each subject the last, and then whatever comes."""

    stream: str
    subject: str
    heard: Heard
    begin: DeliverPolicy = DeliverPolicy.ALL


class Keeping(Protocol):
    """One thing that is kept. All of it is read anew whenever the steward has lost its server."""

    def streams(self) -> list[StreamConfig]: ...

    def reads(self) -> list[Read]: ...

    def answers(self) -> dict[str, Heard]:
        """By service: who answers what a desk asks on rung.floor.SERVICE.DESK."""

    async def begin(self, link: Link) -> None:
        """A new connection; what was read over the last one is forgotten."""


def on_disk(name: str, *subjects: str, republish: RePublish | None = None) -> StreamConfig:
    """A stream that is never emptied by itself: the server would leave on the disk what it lets go (see `erase`)."""
    return StreamConfig(
        name=name,
        subjects=list(subjects),
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_msgs_per_subject=-1,
        republish=republish,
    )


async def make(link: Link, config: StreamConfig) -> None:
    """It is there when this returns, as this release wants it."""
    js = link.client.jetstream(timeout=CONNECT_S)
    try:
        await js.add_stream(config)
    except APIError:  # it is there, as another release or fewer servers have made it
        await js.update_stream(config)
    go_on()


async def read(link: Link, what: Read) -> None:
    """Returns when what was there has been read. TimeoutError where nothing more comes: then begin anew."""
    count = 0
    some = asyncio.Event()

    async def each(msg: Msg) -> None:
        nonlocal count
        await what.heard(msg)
        count += 1
        some.set()

    js = link.client.jetstream(timeout=CONNECT_S)
    # Not by what the server says is pending: where one of three has just come back, that may be more than ever comes.
    there = (await js.stream_info(what.stream, subjects_filter=what.subject)).state.subjects or {}
    wanted = len(there) if what.begin == DeliverPolicy.LAST_PER_SUBJECT else sum(there.values())
    await js.subscribe(
        what.subject,
        stream=what.stream,
        ordered_consumer=True,
        cb=each,
        deliver_policy=what.begin,
        idle_heartbeat=HEARTBEAT_S,
    )
    go_on()
    while count < wanted:  # what is replaced meanwhile comes as well, in its newer form
        some.clear()
        async with asyncio.timeout(STALLS_S):
            await some.wait()


async def erase(link: Link, stream: str, *seqs: int) -> None:
    """The server writes over them. Raises JetStreamError, or what a connection ends with."""
    for seq in seqs:
        with contextlib.suppress(NotFoundError):  # another steward was quicker
            await link.client.jetstream(timeout=CONNECT_S).delete_msg(stream, seq)


async def erase_before(link: Link, msg: Msg) -> None:
    """Whatever stood under this subject before; if that fails it is done with the next one, or at the next start."""
    js, stream = link.client.jetstream(timeout=CONNECT_S), msg.metadata.stream
    with contextlib.suppress(JetStreamError, *BROKEN):
        while (old := await js.get_msg(stream, seq=1, subject=msg.subject, next=True)).seq is not None:
            if old.seq >= msg.metadata.sequence.stream:
                return
            await erase(link, stream, old.seq)


async def answer(msg: Msg, said: Struct) -> None:
    """To the desk that asked, and to nobody else."""
    if letters.from_whom(msg):
        await msg.respond(letters.encode(said))
