"""How long the last of 300 people waits who sign on in the same second: real server, steward, passwords of full cost.

`python -m tests.bench.shift [--people 300]`. Each comes at a desk of their own, over its own connection. Beside it, in
the same run: as many checks of a password, one after the other, and nothing else.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from argon2 import PasswordHasher
from msgspec.structs import replace
from tests.bench.report import machine, quantile
from tests.real.peers import free_port

from rung import words as w
from rung.floor.nats import NatsFloor
from rung.floor.nats_link import Enrolment
from rung.floor.nkey import new_seed, public
from rung.floor.people import PEOPLE, Entry, File, Known, People
from rung.floor.people_service import FloorDirectory
from rung.floor.site import Account, SiteFolder
from rung.floor.site_service import FloorService
from rung.words import Job, Role

HERE = "127.0.0.1"
GOOD = "four plain words here"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # what a desk does on its own processor


class Desk:
    """On the floor by itself."""

    def __init__(self, who: Enrolment, folder: Path) -> None:
        self.floor = NatsFloor(who)
        self.directory = FloorDirectory(self.floor, People(folder / f"{who.desk}.json", QUICK))
        self.up = asyncio.Event()
        self.task = asyncio.create_task(self.floor.run(self._told))

    def _told(self, news: object) -> None:
        if isinstance(news, w.FloorIs) and news.up:
            self.up.set()

    async def sign_on(self, name: str) -> int:
        """Nanoseconds until they are in."""
        begun = time.monotonic_ns()
        said = await self.directory.check(name, GOOD)
        assert isinstance(said, Known) and not said.offline, said
        return time.monotonic_ns() - begun


def site_of(folder: Path, people: int) -> tuple[SiteFolder, dict[str, str]]:
    site = SiteFolder(folder / "floor")
    made = site.set_up((HERE,), free_port(), HERE)
    seeds = {f"d{n}": new_seed() for n in range(people)}
    site._keep(replace(made, desks={desk: Account(role=Role.AGENT, key=public(seed)) for desk, seed in seeds.items()}))
    one = PasswordHasher().hash(GOOD)
    everybody = {f"p{n}": Entry(jobs=(Job.AGENT,), hash=one) for n in range(people)}
    People(site.folder / PEOPLE)._write(File(people=everybody, version=1))
    return site, seeds


async def measure(folder: Path, people: int) -> tuple[list[int], float]:
    site, seeds = site_of(folder, people)
    service = asyncio.create_task(
        FloorService(site, lambda text: print(text, file=sys.stderr), lambda copied, journal, lines: "").run()
    )
    made = site.read()
    desks = []
    try:
        for desk, seed in seeds.items():
            who = Enrolment(desk=desk, role=Role.AGENT, servers=made.servers, ca=site.ca(), seed=seed)
            desks.append(Desk(who, folder))
        for desk in desks:
            await desk.up.wait()
        print(f"{people} desks are there", flush=True)
        waited = await asyncio.gather(*(desk.sign_on(f"p{n}") for n, desk in enumerate(desks)))
        begun, hasher, one = time.monotonic(), PasswordHasher(), PasswordHasher().hash(GOOD)
        for _ in range(people):
            await asyncio.to_thread(hasher.verify, one, GOOD)
        return list(waited), time.monotonic() - begun
    finally:
        for task in (*(desk.task for desk in desks), service):
            task.cancel()
        await asyncio.gather(*(desk.task for desk in desks), service, return_exceptions=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.shift", description=__doc__)
    parser.add_argument("--people", type=int, default=300, metavar="N", help="who come at once (300)")
    people = parser.parse_args().people
    print(machine(), flush=True)
    folder = Path(tempfile.mkdtemp(prefix="rung-shift-"))
    try:
        waited, bare_s = asyncio.run(measure(folder, people))
    finally:
        shutil.rmtree(folder)
    half_s, last_s = quantile(waited, 0.5) / 1000, max(waited) / 1e9
    print(f"{people} people sign on at once: half are in after {half_s:.1f} s, the last after {last_s:.1f} s")
    print(f"{people} checks of a password alone: {bare_s:.1f} s; the last waits {last_s / bare_s:.2f} times that")


if __name__ == "__main__":
    main()
