"""`python -m tests.bench.floor_many`: 10,000 desks on one floor, at the rate of a day's work.

Real: the server with TLS, the steward, every desk's place, subjects and letters, asks with their boards, the copies of
the records on the server's disk. Simulated: desks share connections, 250 on each, and one table of who is there; so
what is measured is the server's work and the way of an ask, not 10,000 computers' own.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from tests.bench.floor_site import BRIEF, Samples, answer, server_uses, serving
from tests.bench.report import machine, met, quantile
from tests.floor.nats_rig import HERE
from tests.real.peers import free_port

from rung import words as w
from rung.floor.base import AsksAre, FloorNews, Line, Place, Status
from rung.floor.nats import LETTER_S, NatsFloor
from rung.floor.nats_letters import Part, encode
from rung.floor.nats_link import Enrolment, FloorUnsureError, Link, Unreachable, connected
from rung.floor.nats_places import Places, keep, put
from rung.floor.nats_session import Session
from rung.floor.nats_steward import Steward
from rung.floor.nkey import new_seed
from rung.floor.site import SiteFolder
from rung.floor.site_server import NatsServer
from rung.words import Outcome, Reply, Role, Want

GOAL_MS = 100.0  # an ask until its answer is seen, at p99
ON_ONE = 250  # desks that share a connection
EVERY = 13  # each thirteenth desk is a supervisor's, as 25 of 325
ASKED = 4
CALLS_AN_HOUR, CHANGES, PARTS = 8, 4, 6  # of each desk; of its place, and of its record, with each call
LINES, BODY = 7, b"x" * 250  # of a part of a record
WARM_S = 5.0
SERVICE_S = 10.0


class SharedLink:
    """A connection on which each desk has an inbox of its own, as the desks' own connections have."""

    def __init__(self, link: Link, number: int) -> None:
        self.name, self._link, self._mark = link.name, link, f"L{number}"
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._count = 0

    async def start(self) -> None:
        await self._link.listen(f"_INBOX.*.{self._mark}.*", self._answered)

    async def listen(self, subject: str, heard) -> None:  # type: ignore[no-untyped-def]
        await self._link.listen(subject, heard)

    async def _answered(self, msg: Msg) -> None:
        waiting = self._waiting.get(msg.subject)
        if waiting is not None and not waiting.done():
            waiting.set_result(msg)

    async def request(self, subject: str, data: bytes, within_s: float, headers=None) -> Msg:  # type: ignore[no-untyped-def]
        self._count += 1
        reply = f"_INBOX.{subject.rpartition('.')[2]}.{self._mark}.{self._count}"
        self._waiting[reply] = waiting = asyncio.get_running_loop().create_future()
        try:
            await self._link.client.publish(subject, data, reply=reply, headers=headers)
            msg = await asyncio.wait_for(waiting, within_s)
        except TimeoutError:
            raise FloorUnsureError("no answer came") from None
        finally:
            del self._waiting[reply]
        if (msg.headers or {}).get("Status") == "503":
            raise Unreachable("out of reach")
        return msg


class SimDesk:
    """One desk's own code for letters and asks, over a connection that it shares."""

    def __init__(self, name: str, role: Role, link: SharedLink, places: Places, ca: str) -> None:
        self.name, self.role, self.link = name, role, link
        self.floor = NatsFloor(Enrolment(desk=name, role=role, servers=(), ca=ca, seed=new_seed()))
        self.floor._here.place = self.place(Status.FREE)
        self.session = Session(self.floor._who, self.floor._here, link, self._feed, LETTER_S)  # type: ignore[arg-type]
        self.session._places = self.session.post._places = places
        self.session._told = w.FloorIs(up=True)
        self.session.post.know(signed_on=False)
        self.floor._session = self.session
        self.subject = f"rung.place.{role}.{name}"
        self.answered: asyncio.Future[int] | None = None
        self.entries = self.part = 0  # of its record; the server's number of its last part

    def place(self, status: Status) -> Place:
        return Place(extension=f"sip:{self.name}", person=w.Person(f"p-{self.name}", self.role), status=status)

    async def come(self) -> None:
        await self.link.listen(f"rung.to.{self.name}.*", self.session._letterbox.opened)
        await self.tell(Status.FREE)
        if self.role == Role.SUPERVISOR:
            self.session._told_asks = AsksAre()
            self._telling = asyncio.create_task(self.session._tell_asks())

    async def tell(self, status: Status) -> None:
        self.floor._here.place = self.place(status)
        last = self.session._places.seq(self.subject)
        await put(self.link, self.subject, self.session._sat(), last, SERVICE_S)  # type: ignore[arg-type]

    async def record(self) -> None:
        """Another part of its record is on the server's disk."""
        lines = tuple(Line(self.entries + n, 1, 2, "RungTaken", BODY, bytes(32)) for n in range(1, LINES + 1))
        data = encode(Part(f"journal-{self.name}", lines))
        number = await keep(self.link, f"rung.journal.{self.name}", data, self.part, SERVICE_S)  # type: ignore[arg-type]
        self.entries, self.part = self.entries + LINES, number or self.part

    async def ask(self, number: int, to: tuple[str, ...]) -> int:
        """Nanoseconds from asking until the first answer is there."""
        self.answered = asyncio.get_running_loop().create_future()
        start = time.monotonic_ns()
        await self.floor.do(w.AskFloor(number, number, Want.LEAVE, to, BRIEF, (Reply.GRANT, Reply.BUSY)))
        took = await asyncio.wait_for(self.answered, 20) - start
        await self.floor.do(w.CloseAsk(number, number, Outcome.BUSY))
        return took

    def _feed(self, news: FloorNews) -> None:
        if isinstance(news, AsksAre):
            for asked in news.asks:
                if asked.over is None:
                    self._work = asyncio.ensure_future(answer(self.floor, asked))
        elif isinstance(news, w.Replied) and self.answered is not None and not self.answered.done():
            self.answered.set_result(time.monotonic_ns())


class Day:
    """What all desks do meanwhile; counts how often it came to nothing."""

    def __init__(self, desks: list[SimDesk]) -> None:
        self.done = self.failed = 0
        self._desks = desks
        self._chance = random.Random(2)
        each_s = len(desks) * CALLS_AN_HOUR / 3600
        self._tasks = [
            asyncio.create_task(self._often(each_s * CHANGES, self._change)),
            asyncio.create_task(self._often(each_s * PARTS, SimDesk.record)),
        ]
        self._works: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in (*self._tasks, *self._works):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._works, return_exceptions=True)

    async def _change(self, desk: SimDesk) -> None:
        free = desk.floor._here.place.status == Status.FREE
        await desk.tell(Status.ON_A_CALL if free else Status.FREE)

    async def _often(self, per_s: float, act) -> None:  # type: ignore[no-untyped-def]
        due = time.monotonic()
        while True:
            due += self._chance.expovariate(per_s)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            work = asyncio.create_task(self._do(act, self._chance.choice(self._desks)))
            self._works.add(work)
            work.add_done_callback(self._works.discard)

    async def _do(self, act, desk: SimDesk) -> None:  # type: ignore[no-untyped-def]
        try:
            await act(desk)
            self.done += 1
        except (Unreachable, FloorUnsureError, ConnectionClosedError, msgspec.MsgspecError):
            self.failed += 1


async def measure(folder: SiteFolder, count: int, asks: int, per_s: float, server: NatsServer) -> Samples:
    steward = Steward(*folder.steward())
    running = asyncio.create_task(steward.run())
    await steward.up.wait()
    samples, chance = Samples(), random.Random(1)
    async with connected(folder.steward()[0]) as echoing, connected(folder.steward()[0]) as asking:

        async def echo(msg: Msg) -> None:
            await msg.respond(msg.data)

        await echoing.listen("bare", echo)
        await echoing.settle()
        begun = time.monotonic()
        desks = await everybody(folder, count)
        print(f"{count} desks are there after {time.monotonic() - begun:.1f} s; {server_uses(server)}", flush=True)
        agents = [desk for desk in desks if desk.role == Role.AGENT]
        bosses = [desk.name for desk in desks if desk.role == Role.SUPERVISOR]
        day = Day(desks)
        await asyncio.sleep(WARM_S)
        begun, before = time.monotonic(), day.done
        for number in range(1, asks + 1):
            samples.asks.append(await chance.choice(agents).ask(number, tuple(chance.sample(bosses, ASKED))))
            start = time.monotonic_ns()
            await asking.request("bare", b"x" * 400, 5.0)
            samples.bare.append(time.monotonic_ns() - start)
            await asyncio.sleep(chance.expovariate(per_s))
        took = time.monotonic() - begun
        rate = (day.done - before) / took
        print(f"meanwhile {rate:.0f} changes of places and parts of records a second, {day.failed} failed")
        print(f"after {took:.0f} s: {server_uses(server)}", flush=True)
        await day.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return samples


async def everybody(folder: SiteFolder, count: int) -> list[SimDesk]:
    desks: list[SimDesk] = []
    places, ca = Places(), folder.ca()
    for number in range(0, count, ON_ONE):
        made = connected(folder.steward()[0])
        link = SharedLink(await made.__aenter__(), number)
        _open.append(made)  # until the process ends
        await link.start()
        await link.listen("rung.places.>", places.told if not desks else _passed_over)
        some = [
            SimDesk(f"d{n}", Role.SUPERVISOR if n % EVERY == 0 else Role.AGENT, link, places, ca)
            for n in range(number, min(number + ON_ONE, count))
        ]
        for start in range(0, len(some), 50):
            await asyncio.gather(*(desk.come() for desk in some[start : start + 50]))
        desks += some
    return desks


async def _passed_over(msg: Msg) -> None:
    """The server tells every connection; one of them reads it for all."""


_open: list[object] = []


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.floor_many", description=__doc__)
    parser.add_argument("--desks", type=int, default=10_000, metavar="N", help="desks, one in 13 a supervisor's")
    parser.add_argument("--asks", type=int, default=300, metavar="N", help="asks that are timed (300)")
    parser.add_argument("--rate", type=float, default=5.0, metavar="N", help="asks a second (5)")
    given = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="rung-bench-") as place:
        folder = SiteFolder(Path(place))
        folder.set_up((HERE,), free_port(), HERE)
        with serving(folder) as server:
            samples = asyncio.run(measure(folder, given.desks, given.asks, given.rate, server))
    print(samples.table())
    p99 = quantile(samples.asks, 0.99)
    print(f"{p99:.1f} ms at p99; goal under {GOAL_MS:g} ms: {met(p99 < GOAL_MS)}")
    print(machine())


if __name__ == "__main__":
    sys.exit(main())
