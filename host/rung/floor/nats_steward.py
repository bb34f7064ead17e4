"""What a floor needs beside its server: somebody who notices that a desk is gone, and who keeps the rest.

Any number of stewards may run; each does the same, and what one has done already does nothing.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec
from msgspec import Struct
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NoMore
from nats.js.api import RePublish, StorageType, StreamConfig
from nats.js.errors import Error as JetStreamError

from rung.floor import nats_letters as letters
from rung.floor.base import FloorError
from rung.floor.nats_copies import Continues, Copies, ReadHead
from rung.floor.nats_handed import Handed
from rung.floor.nats_incidents import Incidents
from rung.floor.nats_keeping import Heard, Keeping, Read, answer, make, read
from rung.floor.nats_link import BROKEN, CONNECT_S, Enrolment, Link, connected, go_on
from rung.floor.nats_places import Places, put
from rung.floor.nats_views import Fold, Views
from rung.words import Role

ACCOUNT = "RUNG"  # of the server, in which everybody is but its system's user
PLACES = "PLACES"  # the stream
PAGE = 500  # desks in one answer, so that it stays below a megabyte
CONNECTIONS = 1000  # in one answer of a server
BEAT = f"rung.place.{Role.AGENT}.floor"  # nobody sits there: no desk may have that name
BEAT_S = 2.0
LOOK_S = 10.0  # between two looks at who is connected: of a server that died nobody tells who was on it
AGAIN_S = 1.0  # when somebody is missing
WAIT_S = 0.2  # before the next attempt, when the server is lost
SERVERS_S = 0.5  # every server of a cluster has answered by then


class _Connection(Struct):
    name: str = ""


class _Connections(Struct):
    connections: list[_Connection] = []


class _Data(Struct):
    data: _Connections = msgspec.field(default_factory=_Connections)


class _Gone(Struct):
    client: _Connection


class Steward:
    """`run` until cancelled. ``system`` is the server's own account: it tells who came and went."""

    def __init__(
        self,
        who: Enrolment,
        system: Enrolment,
        replicas: int = 1,
        *,
        enrol: Callable[[str, str], bytes] | None = None,
        people: Callable[[str, bytes], Awaitable[bytes]] | None = None,
        standing: Callable[[], dict[str, str]] | None = None,
        signed_on: Callable[[], bool] = lambda: False,
        continues: Continues = lambda copied, journal, lines: "",
        read_head: ReadHead | None = None,
        trouble: Callable[[str], None] = lambda text: None,
        fold: Callable[[], Fold] | None = None,
        keeping: tuple[Keeping, ...] = (),
    ) -> None:
        """``enrol`` answers a desk that comes with a code and this key; it may take the disk's time.

        ``people`` answers who may sign on (`people_queue.SignOnQueue`), and may take its time;
        ``standing`` has every desk's key; ``signed_on``: there are people who sign on at all.

        ``continues`` tells whether a part of a record follows what was copied, ``read_head`` what a signed end of one
        says (without it they are kept unread); ``trouble`` is told what does not.

        ``fold`` makes what folds the records into views; without it there are none.
        """
        self.up = asyncio.Event()
        self.why = ""  # it is not: what it has last stumbled over
        self._who = who
        self._system = system
        self._replicas = replicas
        self._enrol = enrol
        self._people = people
        self._standing = standing
        self._signed_on = signed_on
        self.incidents, self.handed = Incidents(), Handed()
        self.views = None if fold is None else Views(fold, self.incidents, self.handed)
        self._keeping: tuple[Keeping, ...] = (
            self.incidents,
            self.handed,
            Copies(continues, trouble, read_head),
            *(() if self.views is None else (self.views,)),
            *keeping,
        )
        self._waiting: set[asyncio.Task[None]] = set()  # those whose password is to be checked
        self._link: Link | None = None
        self._places = Places()
        self._found: dict[str, letters.Found] = {}  # by subject
        self._at = 0  # the number of the last change of who is here

    async def run(self) -> None:
        while True:
            try:
                async with connected(self._who) as link, connected(self._system) as system:
                    self._link = link
                    await self._serve(link, system)
                    await self._watch(link, system)
            except (FloorError, JetStreamError, *BROKEN) as error:
                self.why = str(error) or type(error).__name__
            self._link = None
            self.up.clear()
            go_on()
            await asyncio.sleep(WAIT_S)

    # -- set-up ------------------------------------------------------------------------------------------------------

    async def _serve(self, link: Link, system: Link) -> None:
        for stream in (self._stream(), *(stream for each in self._keeping for stream in each.streams())):
            await make(link, replace(stream, num_replicas=self._replicas))
        self._places, self._found, self._at = Places(), {}, 0
        await system.listen(f"$SYS.ACCOUNT.{ACCOUNT}.DISCONNECT", self._disconnected)
        await system.settle()
        answers: dict[str, Heard] = {"places": self._answer_places}
        if self._enrol is not None:
            answers["enrol"] = self._answer_enrol
        if self._people is not None:
            answers["people"] = self._answer_people
        if self._standing is not None:
            answers["standing"] = self._answer_standing
        await read(link, Read(PLACES, "rung.place.>", self._place))
        for each in self._keeping:
            await each.begin(link)
            for what in each.reads():
                await read(link, what)
            answers |= each.answers()
        for service, serve in answers.items():
            await link.listen(f"rung.floor.{service}.*", serve, queue="stewards")
        await link.settle()

    def _stream(self) -> StreamConfig:
        return StreamConfig(
            name=PLACES,
            subjects=["rung.place.*.*"],
            storage=StorageType.MEMORY,  # each desk says it anew
            max_msgs_per_subject=1,
            republish=RePublish(src="rung.place.>", dest="rung.places.>"),
        )

    # -- presence ----------------------------------------------------------------------------------------------------

    async def _place(self, msg: Msg) -> None:
        found = letters.Found(subject=msg.subject, seq=msg.metadata.sequence.stream, data=msg.data.decode())
        self._found[msg.subject], self._at = found, found.seq
        self._places.keep(found)

    async def _disconnected(self, msg: Msg) -> None:
        with contextlib.suppress(msgspec.MsgspecError):
            await self._clear(msgspec.json.decode(msg.data, type=_Gone).client.name)

    async def _clear(self, connection: str) -> None:
        """Whoever was on the floor over it is so no more. Atomic: if they are back over another one, they stay."""
        desk = connection.partition(".")[0]
        sat = self._places.get(desk)
        if self._link is not None and sat is not None and sat.connection == connection:
            subject = f"rung.place.{self._places.role(desk)}.{desk}"
            with contextlib.suppress(FloorError):  # the next look finds it again
                await put(self._link, subject, None, self._places.seq(subject), CONNECT_S)

    async def _watch(self, link: Link, system: Link) -> None:
        """Until one of both connections is lost."""
        self.up.set()
        ends = [asyncio.ensure_future(end.until_lost()) for end in (link, system)]
        beat = asyncio.ensure_future(self._beat(link))
        suspects: set[str] = set()
        try:
            while not any(end.done() for end in ends):
                living = await self._living(system)
                go_on()
                missing = {name for name in self._connections() if name not in living}
                for name in missing & suspects:  # not there at two looks: it had not just come
                    await self._clear(name)
                suspects = missing
                wait_s = AGAIN_S if missing else LOOK_S
                await asyncio.wait(ends, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in (*ends, beat):
                end.cancel()

    async def _beat(self, link: Link) -> None:
        """In a cluster: a change that is none, kept by two of three and told by all that are together with them.

        So a desk whose server is cut off knows it, and one whose server was sees that it has missed something.
        """
        while self._replicas > 1:
            before = self._at
            await asyncio.sleep(BEAT_S)
            if self._at == before:  # nobody else has said anything
                with contextlib.suppress(FloorError):  # there are no two of three
                    await link.request(BEAT, b"", CONNECT_S)

    def _connections(self) -> list[str]:
        return [sat.connection for desk in self._places.desks() if (sat := self._places.get(desk)) is not None]

    async def _living(self, system: Link) -> set[str]:
        """The names of all connections to all servers."""
        names: set[str] = set()
        offset = 0
        while True:
            answers = await self._all_answer(system, {"limit": CONNECTIONS, "offset": offset, "acc": ACCOUNT})
            found = [[c.name for c in answer.data.connections] for answer in answers]
            names.update(*found)
            if all(len(part) < CONNECTIONS for part in found):
                return names
            offset += CONNECTIONS

    async def _all_answer(self, system: Link, ask: dict[str, object]) -> list[_Data]:
        inbox, answers = system.client.new_inbox(), []
        subscription = await system.client.subscribe(inbox)
        await system.client.publish("$SYS.REQ.SERVER.PING.CONNZ", letters.encode(ask), reply=inbox)
        with contextlib.suppress(NoMore):
            while True:
                msg = await subscription.next_msg(timeout=SERVERS_S)
                answers.append(msgspec.json.decode(msg.data, type=_Data))
        await subscription.unsubscribe()
        return answers

    async def _answer_places(self, msg: Msg) -> None:
        after = msg.data.decode()
        rest = sorted((each for each in self._found.values() if each.subject > after), key=lambda each: each.subject)
        await answer(
            msg, letters.Page(tuple(rest[:PAGE]), len(rest) > PAGE, self._signed_on(), self._at, self._replicas > 1)
        )

    async def _answer_enrol(self, msg: Msg) -> None:
        desk = letters.from_whom(msg)
        if desk and self._enrol is not None:
            await msg.respond(await asyncio.to_thread(self._enrol, desk, msg.data.decode(errors="replace")))

    async def _answer_people(self, msg: Msg) -> None:
        """Beside each other: here each has to wait for their turn."""
        task = asyncio.create_task(self._answer_person(msg))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _answer_person(self, msg: Msg) -> None:
        desk = letters.from_whom(msg)
        if desk and self._people is not None:
            with contextlib.suppress(msgspec.MsgspecError, FloorError, *BROKEN):
                await msg.respond(await self._people(desk, msg.data))

    async def _answer_standing(self, msg: Msg) -> None:
        if letters.from_whom(msg) and self._standing is not None:
            with contextlib.suppress(FloorError):
                await msg.respond(letters.encode(self._standing()))
