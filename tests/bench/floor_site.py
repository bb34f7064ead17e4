"""`python -m tests.bench.floor_site`: how long an ask takes until its answer is seen, on a floor of many desks.

Beside each ask, in the same run, stands a bare request and its reply over the same server. Desks are handles on the
floor, each with a connection of its own; what is theirs alone (policy, record, phone) is not in it.
"""

import argparse
import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, field
from tests.bench.report import figures, machine, met, quantile
from tests.floor.nats_rig import HERE
from tests.real.peers import free_port

from rung import words as w
from rung.floor.base import Asked, AsksAre, FloorError, FloorNews, Place
from rung.floor.nats import NatsFloor
from rung.floor.nats_link import Enrolment, connected
from rung.floor.nats_steward import Steward
from rung.floor.nkey import new_seed, public
from rung.floor.site import Account, Site, SiteFolder
from rung.floor.site_server import SERVER_CONFIGURATION, NatsServer
from rung.words import Outcome, Reply, Role, Want

TIMES_BARE = 3.0  # goal: an ask and its answer within this many times a bare request, at p99
ASKED = 4  # supervisors in the group that is asked first
PAUSE_S = 0.02
BRIEF = w.Brief(case="d1-1", caller="+43 1 234", person="agent-1", matter="bill", grounds=((w.Ground.SLUR, 9000),))


class Seat:
    """A desk whose supervisor answers at once."""

    def __init__(self, who: Enrolment) -> None:
        self.who = who
        self.floor = NatsFloor(who)
        self.up = asyncio.Event()
        self.known: w.FloorIs = w.FloorIs()
        self.answered: asyncio.Future[int] | None = None

    async def run(self) -> None:
        person = w.Person(f"p-{self.who.desk}", self.who.role)
        await self.floor.sign_on(Place(extension=f"sip:{self.who.desk}", person=person))
        await self.floor.run(self._feed)

    def _feed(self, news: FloorNews) -> None:
        if isinstance(news, w.FloorIs):
            self.known = news
            if news.up:
                self.up.set()
        elif isinstance(news, AsksAre):
            for asked in news.asks:
                if asked.over is None:
                    self._work = asyncio.ensure_future(answer(self.floor, asked))
        elif isinstance(news, w.Replied) and self.answered is not None and not self.answered.done():
            self.answered.set_result(time.monotonic_ns())


async def answer(floor: NatsFloor, asked: Asked) -> None:
    """The first of the four closes the ask; the others are told so."""
    with contextlib.suppress(FloorError):
        await floor.reply(asked.desk, asked.ask, Reply.BUSY)


class Samples(Struct):
    asks: list[int] = field(default_factory=list)
    bare: list[int] = field(default_factory=list)

    def table(self) -> str:
        return figures(
            [("an ask, until its answer is seen", self.asks), ("a bare request and reply", self.bare)], width=34
        )


def enrolled(folder: SiteFolder, agents: int, supervisors: int) -> list[Enrolment]:
    """All at once, as one code after the other would have brought them."""
    names = {f"d{n}": Role.AGENT for n in range(agents)} | {f"s{n}": Role.SUPERVISOR for n in range(supervisors)}
    seeds = {name: new_seed() for name in names}
    site = folder.set_up((HERE,), free_port(), HERE)
    desks = {name: Account(role=role, key=public(seeds[name])) for name, role in names.items()}
    made = Site(hosts=site.hosts, port=site.port, steward=site.steward, system=site.system, listen=HERE, desks=desks)
    with folder._changing():
        folder._keep(made)
    ca = folder.ca()
    return [Enrolment(desk=n, role=r, servers=made.servers, ca=ca, seed=seeds[n]) for n, r in names.items()]


async def measure(folder: SiteFolder, who: list[Enrolment], asks: int, server: NatsServer) -> Samples:
    steward = Steward(*folder.steward())
    seats = [Seat(each) for each in who]
    tasks = [asyncio.create_task(steward.run())]
    await steward.up.wait()
    begun = time.monotonic()
    for start in range(0, len(seats), 25):  # as on a morning: not in the same instant
        tasks += [asyncio.create_task(seat.run()) for seat in seats[start : start + 25]]
        await asyncio.gather(*(seat.up.wait() for seat in seats[start : start + 25]))
    while not all(len(seat.known.desks) == len(seats) for seat in seats):
        await asyncio.sleep(0.05)
    print(f"{len(seats)} desks know each other after {time.monotonic() - begun:.1f} s", flush=True)
    samples = Samples()
    chance = random.Random(1)
    agents = [seat for seat in seats if seat.who.role == Role.AGENT]
    bosses = [seat.who.desk for seat in seats if seat.who.role == Role.SUPERVISOR]
    async with connected(folder.steward()[0]) as one, connected(folder.steward()[0]) as other:

        async def echo(msg) -> None:  # type: ignore[no-untyped-def]
            await msg.respond(msg.data)

        await one.listen("bare", echo)
        await one.settle()
        payload = b"x" * 400
        for number in range(1, asks + 1):
            samples.asks.append(await ask(chance.choice(agents), number, tuple(chance.sample(bosses, ASKED))))
            start = time.monotonic_ns()
            await other.request("bare", payload, 5.0)
            samples.bare.append(time.monotonic_ns() - start)
            await asyncio.sleep(PAUSE_S)
    print(server_uses(server))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return samples


async def ask(seat: Seat, number: int, to: tuple[str, ...]) -> int:
    """Nanoseconds from asking until the first answer is there."""
    seat.answered = asyncio.get_running_loop().create_future()
    start = time.monotonic_ns()
    await seat.floor.do(w.AskFloor(number, number, Want.LEAVE, to, BRIEF, (Reply.GRANT, Reply.BUSY)))
    took = await asyncio.wait_for(seat.answered, 10) - start
    await seat.floor.do(w.CloseAsk(number, number, Outcome.BUSY))
    return took


@contextlib.contextmanager
def serving(folder: SiteFolder) -> Iterator[NatsServer]:
    server = NatsServer(folder.folder / SERVER_CONFIGURATION)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def server_uses(server: NatsServer) -> str:
    process = server._process
    assert process is not None
    status = Path(f"/proc/{process.pid}/status").read_text()
    resident = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return f"the server holds {int(resident) / 1024:.0f} MB and has used {seconds:.1f} s of processor"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.floor_site", description=__doc__)
    parser.add_argument("--desks", type=int, default=300, metavar="N", help="agents' desks (300)")
    parser.add_argument("--supervisors", type=int, default=25, metavar="N", help="supervisors' desks (25)")
    parser.add_argument("--asks", type=int, default=400, metavar="N", help="asks, one after the other (400)")
    given = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="rung-bench-") as place:
        folder = SiteFolder(Path(place))
        who = enrolled(folder, given.desks, given.supervisors)
        with serving(folder) as server:
            samples = asyncio.run(measure(folder, who, given.asks, server))
    print(samples.table())
    times = quantile(samples.asks, 0.99) / quantile(samples.bare, 0.99)
    middle = quantile(samples.asks, 0.5) / quantile(samples.bare, 0.5)
    print(f"{times:.2f} times the bare request at p99 ({middle:.2f} at the median); ", end="")
    print(f"goal {TIMES_BARE:g}: {met(times <= TIMES_BARE)}")
    print(machine())


if __name__ == "__main__":
    sys.exit(main())
