"""A floor of three computers, in real processes: one is killed, one is paused, both at once; and one site for all."""

import asyncio
import os
import signal
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher
from nats.js.errors import Error as JetStreamError
from tests.floor.cluster_rig import HERE, NAMES, Cluster, LooseFloor, cluster, until
from tests.floor.office import Office, Seat, office
from typer.testing import CliRunner

from rung import words as w
from rung.cli.app import app
from rung.floor.authority import CERTIFICATE
from rung.floor.base import FloorError, Line
from rung.floor.cluster import SharedFolder, read_nodes
from rung.floor.enrolment import enrol
from rung.floor.people import PEOPLE, WRONG, Known, People, Refusal
from rung.floor.people_service import FloorDirectory
from rung.floor.site import SiteFolder
from rung.floor.site_service import code_for
from rung.floor.ticket import read_ticket
from rung.words import Job, Role

BACK_S = 60.0  # the servers choose a new leader within 4 to 9 s, each desk tries again every 2 s; here much else runs
CALLS = 3 if os.environ.get("RUNG_LONG") else 1  # handed over in each of the cluster's troubles
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GOOD = "four plain words here"
HELD_S = 5.0  # so long two of three are gone


class Load:
    """One call after the other is handed over from ada to eve, as fast as both can, whatever the floor does."""

    def __init__(self, made: Office) -> None:
        self.done = 0
        self._made = made
        self._task = asyncio.create_task(self._run())

    async def goes_on(self) -> None:
        """That many calls more."""
        wanted, begun = self.done + CALLS, time.monotonic()
        while self.done < wanted:
            assert not self._task.done(), self._task.exception()
            assert time.monotonic() - begun < CALLS * BACK_S, f"call {self.done + 1} is not handed over: {self._why()}"
            await asyncio.sleep(0.02)

    def _why(self) -> str:
        told = {seat.name: (seat.has_case, seat.open(), seat.troubles()[-5:]) for seat in self._made.seats}
        return f"{told}; {self._made.ada.bridge.look()}; {[type(h.event).__name__ for h in self._made.ada.told[-40:]]}"

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        ada, eve = self._made.ada, self._made.eve
        while True:
            await self._made.call()
            await ada.must("warn")
            while not eve.has_case or ada.has_case:
                with suppress(FloorError):
                    for asked in eve.open():
                        await eve.floor.reply(asked.desk, asked.ask, w.Reply.TAKE)
                if ada.has_case and ada._escalates():
                    ada.press("escalate")
                self._made.check_owners()
                await asyncio.sleep(0.05)
            await self._made.until_heard("601")
            self._made.caller.end_all()
            await eve.until(lambda: not eve.has_case)
            self.done += 1


@asynccontextmanager
async def under_load(three: Cluster) -> AsyncIterator[tuple[Office, Load]]:
    """Three desks, of which one hands its calls over to another all the time; in the end all is on the floor."""
    for name in NAMES:
        await until_up(three, name, 1)
    async with office("warm-transfer", only=("ada", "eve", "fay"), floor=three) as made:
        made.extension.habit("busy")
        load = Load(made)
        await load.goes_on()
        yield made, load
        await load.stop()
        await all_copied(three, made)


def on_floor(seat: Seat) -> bool:
    return bool(seat.bridge._desk.facts.floor_up) and len(seat.bridge._desk.facts.desks) == 3


def server_of(seat: Seat, made: Cluster) -> str:
    """The computer over which this desk is on the floor."""
    assert isinstance(seat.floor, LooseFloor) and seat.floor._session is not None
    url = seat.floor._session.link.client.connected_url
    assert url is not None
    nodes = made.computers["a"].site.read().nodes
    return next(node.name for node in nodes if node.port == url.port)


async def all_on_floor(made: Office, what: str) -> None:
    took = await until(lambda: all(on_floor(seat) for seat in made.seats), f"everybody is on the floor: {what}", BACK_S)
    print(f"{what}: everybody on the floor after {took:.1f} s")


@pytest.mark.timeout(300)
def test_one_of_three_killed_and_one_paused_under_load_and_nothing_is_lost() -> None:
    async def play(three: Cluster) -> None:
        async with under_load(three) as (made, load):
            killed = server_of(made.ada, three)
            three.computers[killed].kill()
            await asyncio.sleep(0.5)
            await all_on_floor(made, f"{killed} is killed")
            await load.goes_on()
            three.computers[killed].start()
            await until_up(three, killed, 2)
            paused = server_of(made.eve, three)
            three.computers[paused].signal(signal.SIGSTOP)
            await asyncio.sleep(0.5)
            await all_on_floor(made, f"{paused} is paused")
            await load.goes_on()
            other = next(name for name in NAMES if name != paused)
            three.computers[other].kill()
            await one_of_three(made)
            three.computers[paused].signal(signal.SIGCONT)
            await all_on_floor(made, f"{paused} goes on, and {other} is gone")
            await load.goes_on()
            three.computers[other].start()
            await until_up(three, other, 3 if other == killed else 2)

    with cluster("ada", "eve", "fay") as three:
        asyncio.run(play(three))


async def until_up(three: Cluster, name: str, times: int) -> None:
    computer = three.computers[name]

    def is_up() -> bool:
        if computer.process is not None and computer.process.poll() is not None:
            computer.start()  # as systemd does: here somebody may have taken its port meanwhile
        return computer.said.read_text().count("the floor is up") >= times

    await until(is_up, f"{name} is up again", BACK_S)


async def one_of_three(made: Office) -> None:
    """No majority: a case stays where it is, or goes to a desk that is on the same server; the call is up."""
    begun = time.monotonic()
    while time.monotonic() - begun < HELD_S:
        made.check_owners()
        await asyncio.sleep(0.05)


async def all_copied(three: Cluster, made: Office) -> None:
    """Every entry of every record is on the floor once, in its order, as it was written."""
    written = {seat.journal.id: list(seat.journal.entries()) for seat in made.seats}
    copies: dict[str, list[Line]] = {}
    begun = time.monotonic()
    while any(len(copies.get(id, ())) < len(entries) for id, entries in written.items()):
        assert time.monotonic() - begun < BACK_S, "not everything is copied"
        with suppress(FloorError, JetStreamError):  # the servers are only just choosing who leads
            copies = await three.copies()
        await asyncio.sleep(0.1)
    for id, entries in written.items():
        copied = [(e.seq, e.hash, e.body) for e in copies[id]]
        assert copied[: len(entries)] == [(e.seq, e.hash, e.body) for e in entries]
        assert [seq for seq, _, _ in copied] == list(range(1, len(copied) + 1)), "what came since is there once, too"


@pytest.mark.skipif(not os.environ.get("RUNG_LONG"), reason="ten seconds; set RUNG_LONG=1")
def test_a_desk_that_is_added_at_the_first_computer_may_come_at_each_and_another_one_can_become_the_first() -> None:
    async def play(three: Cluster) -> None:
        a, b = three.computers["a"], three.computers["b"]
        await until(lambda: all("is up" in c.said.read_text() for c in three.computers.values()), "they are up", BACK_S)
        with pytest.raises(FloorError, match=r"at the floor's computer 'a'.*rung floor --first"):
            b.site.invite("zoe", Role.AGENT, time.time())
        seed = a.site.invite("zoe", Role.AGENT, time.time())
        await until(lambda: "zoe" in b.site.read().desks, "b knows zoe", BACK_S)
        enrolment, _ = await with_code(a.site, seed)
        assert len(enrolment.servers) == 3
        await until(lambda: b.site.read().desks["zoe"].key, "b knows her key", BACK_S)
        known = {name: People(three.computers[name].site.folder / PEOPLE, QUICK) for name in NAMES}
        known["a"].add("root", (Job.ADMIN,))
        known["a"].add("ann", (Job.AGENT,))
        known["a"].set_password("ann", GOOD)
        await until(lambda: all("ann" in each.read() for each in known.values()), "all know ann", BACK_S)
        a.kill()
        await signs_on_without_the_first(three)
        b.site.be_first()
        known["b"].retire("ann")
        await until(lambda: not known["c"].read()["ann"].active, "c knows that ann comes no more", BACK_S)
        seed = b.site.invite("yan", Role.AGENT, time.time())
        await until(lambda: "yan" in three.computers["c"].site.read().desks, "c knows yan", BACK_S)
        await with_code(b.site, seed)
        with a.site._changing() as site:  # what nobody heard of, before it died
            assert site is not None
            a.site._keep(site)
        known["a"].set_trained("ann", "2031-12-31")
        a.start()
        await until(lambda: a.site.read() == b.site.read(), "a has what b says", BACK_S)
        await until(lambda: known["a"].read() == known["b"].read(), "a knows whom b knows", BACK_S)

    async def with_code(folder: SiteFolder, seed: str):  # type: ignore[no-untyped-def]
        name = "zoe" if folder.here() == "a" else "yan"
        begun = time.monotonic()
        while True:
            try:
                return await enrol(code_for(folder, name, seed))
            except FloorError:
                assert time.monotonic() - begun < BACK_S
                await asyncio.sleep(0.2)

    with cluster("ada") as three:
        asyncio.run(play(three))


async def signs_on_without_the_first(three: Cluster) -> None:
    """A person who was never at that desk, at one of the other two."""
    floor, up = three.desk("ada"), asyncio.Event()
    task = asyncio.create_task(floor.run(lambda news: up.set() if isinstance(news, w.FloorIs) and news.up else None))
    with TemporaryDirectory() as folder:
        directory = FloorDirectory(floor, People(Path(folder) / PEOPLE, QUICK))
        async with asyncio.timeout(BACK_S):
            await up.wait()
            while not isinstance(known := await directory.check("ann", GOOD), Known):
                await asyncio.sleep(0.5)
        assert known == Known(id="ann", jobs=(Job.AGENT,)), "let in by the floor, and not by what the desk knows"
        directory.sits("ann")
        ticket = read_ticket(floor.ticket, three.computers["b"].site.ca())
        assert (ticket.desk, ticket.person) == ("ada", "ann")
        assert await directory.check("ann", "not hers at all") == Refusal(WRONG)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Folder:
    """Something that is kept, and how new it is."""

    subject = "rung.people"

    def __init__(self, data: bytes) -> None:
        self.now = data

    def data(self) -> bytes:
        return self.now

    def order(self, data: bytes) -> tuple[int, int]:
        return 0, int(data)

    def adopt(self, data: bytes) -> str:
        lost, self.now = self.now, data
        return f"{lost.decode()} is given up"


@pytest.mark.parametrize(
    ("first", "own", "stands", "then", "said"),
    [
        (False, b"", b"3", b"3", [" is given up"]),
        (False, b"5", b"3", b"3", ["5 is given up"]),
        (True, b"2", b"3", b"3", ["2 is given up"]),
        (True, b"5", b"3", b"5", []),
        (True, b"3", b"3", b"3", []),
    ],
)
def test_what_stands_counts_but_at_the_first_computer_that_has_gone_on(
    first: bool, own: bytes, stands: bytes, then: bytes, said: list[str]
) -> None:
    kept, told = Folder(own), []  # type: ignore[var-annotated]
    shared = SharedFolder(lambda: first, (kept,), told.append)
    sequence = SimpleNamespace(sequence=SimpleNamespace(stream=7))
    msg = SimpleNamespace(subject="rung.people", data=zlib.compress(stands), metadata=sequence)
    asyncio.run(shared._heard(msg))  # type: ignore[arg-type]  # as much of a message as it reads
    assert (kept.now, told) == (then, said)


def test_people_are_changed_at_the_first_of_three_alone(tmp_path: Path) -> None:
    folder = SiteFolder(tmp_path)
    folder.set_up_cluster(read_nodes(["a=x", "b=y", "c=z"]), "a", HERE)
    folder.be("b")
    done = CliRunner().invoke(app, ["people", "add", "ralf", "--job", "admin", "--folder", str(tmp_path)])
    assert done.exit_code and "changed at the floor's computer 'a'" in done.output
    assert People(tmp_path / PEOPLE, QUICK).read() == {}


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        (["a=x", "b=y"], "3 computers"),
        (["a=x", "a=y", "c=z"], "a name of its own"),
        (["a=x", "b", "c=z"], "'b' names no computer"),
        (["a=x", "b=y:http", "c=z"], "'b=y:http' names no computer"),
    ],
)
def test_a_cluster_is_three_computers(nodes: list[str], why: str) -> None:
    with pytest.raises(FloorError, match=why):
        read_nodes(nodes)


def test_a_floor_of_one_computer_becomes_the_first_of_three_and_keeps_its_desks(tmp_path: Path) -> None:
    folder = SiteFolder(tmp_path)
    folder.set_up((HERE,), 4222, HERE)
    folder.invite("ada", Role.AGENT, 0.0)
    before, ca = folder.read(), (tmp_path / CERTIFICATE).read_bytes()
    three = ["a=floor-a.example.com", "b=floor-b.example.com:4333", "c=[::1]:4222:7000"]
    done = CliRunner().invoke(app, ["floor", "cluster", *three, "--folder", str(tmp_path)])
    assert done.exit_code == 0 and "then at ::1: rung floor --here c" in done.stdout
    site = folder.read()
    assert (site.desks, site.steward, (tmp_path / CERTIFICATE).read_bytes()) == (before.desks, before.steward, ca)
    assert site.servers == ("tls://floor-a.example.com:4222", "tls://floor-b.example.com:4333", "tls://[::1]:4222")
    folder.be("c")
    assert "[::1]:4222" not in folder.read().hosts and folder.node() == site.nodes[2]
    with pytest.raises(FloorError, match=r"which of the floor's computers this is.*a, b, c"):
        folder.be("d")
