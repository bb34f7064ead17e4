"""Who may be on a floor, and what each of them may do there; a real server decides."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from nats.aio.client import Client
from tests.floor.nats_rig import HERE, PATIENCE_S, RealSite, real_site
from tests.real.peers import free_port

from rung import words as w
from rung.floor.authority import SERVER_CERTIFICATE
from rung.floor.base import FloorError, Place
from rung.floor.enrolment import enrol, keep_enrolment, pin_of, read_code, read_enrolment
from rung.floor.nats import NatsFloor
from rung.floor.nats_link import Enrolment, connected, trusting
from rung.floor.nkey import is_key, new_seed, public
from rung.floor.site import INVITED_S, USED_S, SiteFolder
from rung.floor.site_server import SERVER_CONFIGURATION
from rung.floor.site_service import FloorService, code_for
from rung.words import Role

REFUSED_S = 0.5


@pytest.fixture(scope="module")
def site() -> Iterator[RealSite]:
    with real_site() as made:
        yield made


# -- a desk's key against everything that is not its own ---------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        "rung.to.eve.fay",  # as another desk
        "rung.place.supervisor.ada",  # as more than it is
        "rung.place.agent.eve",
        "rung.place.supervisor.eve",
        "rung.places.agent.ada",  # as the server
        "rung.floor.look_up.eve",
        "rung.floor.report.eve",
        "rung.journal.eve",
        "rung.head.eve",
        "rung.floor.enrol.ada",
        "rung.upheld.floor",
        "rung.incident.ada",
        "rung.site",
        "rung.handed.policies",
        "rung.handing.policies",
        "_INBOX.eve.x",
        "$JS.API.STREAM.INFO.INCIDENTS",
        "$JS.API.STREAM.PURGE.PLACES",
        "$JS.API.CONSUMER.CREATE.PLACES",
        "$JS.API.DIRECT.GET.PLACES",
        "$SYS.REQ.SERVER.PING.CONNZ",
    ],
)
def test_a_desk_may_say_nothing_but_its_own(site: RealSite, subject: str) -> None:
    assert "permissions violation for publish" in asyncio.run(tried(site, publish=subject))


@pytest.mark.parametrize(
    "subject",
    [
        "rung.to.eve.*",
        "rung.to.*.ada",
        "rung.>",
        ">",
        "rung.site",
        "rung.handed.>",
        "_INBOX.>",
        "$SYS.>",
        "rung.floor.>",
    ],
)
def test_a_desk_may_hear_nothing_but_its_own(site: RealSite, subject: str) -> None:
    assert "permissions violation for subscription" in asyncio.run(tried(site, subscribe=subject))


def test_a_desk_may_say_and_hear_its_own(site: RealSite) -> None:
    assert asyncio.run(tried(site, publish="rung.to.eve.ada", subscribe="rung.to.ada.*")) == ""


async def tried(site: RealSite, publish: str = "", subscribe: str = "") -> str:
    """What the server says to ada's key that is used for this."""
    said: list[str] = []

    async def error(problem: Exception) -> None:
        said.append(str(problem).lower())

    who, client = site.enrolment("ada"), Client()
    async with asyncio.timeout(PATIENCE_S):
        while not client.is_connected:
            await client.connect(
                list(who.servers),
                tls=trusting(who.ca),
                tls_handshake_first=True,
                nkeys_seed_str=who.seed,
                inbox_prefix="_INBOX.ada",
                allow_reconnect=False,
                error_cb=error,
            )
    said.clear()  # what the server said while it was starting
    if subscribe:
        await client.subscribe(subscribe)
    if publish:
        await client.publish(publish, b"{}")
    await client.flush()
    with suppress(TimeoutError):  # a refusal may come after the answer to a ping
        async with asyncio.timeout(REFUSED_S):
            while not said:
                await asyncio.sleep(0.005)
    refused = " ".join(said)
    await client.close()
    return refused


# -- coming and going --------------------------------------------------------------------------------------------------


@asynccontextmanager
async def running(
    folder: Path, starting: Callable[[SiteFolder], None] = lambda made: None
) -> AsyncIterator[SiteFolder]:
    """`rung floor` on an empty folder; ``starting`` happens while the server comes up."""
    made = SiteFolder(folder)
    made.set_up((HERE,), free_port(), HERE)
    told: list[str] = []
    task = asyncio.create_task(FloorService(made, told.append, lambda copied, journal, lines: "").run())
    try:
        await asyncio.sleep(0)
        starting(made)
        async with asyncio.timeout(PATIENCE_S):
            while not told:
                await asyncio.sleep(0.01)
                assert not task.done(), task.exception()
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def enrolled(folder: SiteFolder, desk: str, role: Role = Role.AGENT) -> Enrolment:
    seed = folder.invite(desk, role, time.time())
    return await with_code(str(code_for(folder, desk, seed)))


async def with_code(code: str) -> Enrolment:
    """The server knows of a new code a moment after it was made."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return (await enrol(read_code(code)))[0]
            except FloorError as error:
                if "not let this desk in" not in str(error):
                    raise
                await asyncio.sleep(0.05)


async def is_let_in(who: Enrolment) -> bool:
    try:
        async with connected(who):
            return True
    except FloorError:
        return False


async def until_it_is(who: Enrolment, let_in: bool) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await is_let_in(who) != let_in:
            await asyncio.sleep(0.05)


def test_a_desk_comes_with_a_code_works_and_is_thrown_out(tmp_path: Path) -> None:
    async def play() -> None:
        async with running(tmp_path / "floor") as folder:
            ada, eve = await enrolled(folder, "ada"), await enrolled(folder, "eve", Role.SUPERVISOR)
            news: list[object] = []
            floor = NatsFloor(eve)
            await floor.sign_on(Place(extension="601", person=w.Person("eve", Role.SUPERVISOR)))
            task = asyncio.create_task(floor.run(news.append))  # type: ignore[arg-type]
            await until(lambda: any(isinstance(n, w.FloorIs) and n.up for n in news))
            await until_it_is(ada, let_in=True)
            other: list[object] = []
            beside = asyncio.create_task(NatsFloor(ada).run(other.append))  # type: ignore[arg-type]
            await until(lambda: other)
            folder.remove("eve")
            await until(lambda: not [n for n in news if isinstance(n, w.FloorIs)][-1].up)
            await until_it_is(eve, let_in=False)
            await enrolled(folder, "fay", Role.SUPERVISOR)
            assert all(n.up for n in other if isinstance(n, w.FloorIs)), "nobody else is troubled"
            await until(lambda: "not let this desk in" in floor.why)
            task.cancel()
            beside.cancel()

    asyncio.run(play())


async def until(true: object) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.01)


def test_a_desk_that_is_invited_while_the_floor_starts_may_come(tmp_path: Path) -> None:
    async def play() -> None:
        codes: list[str] = []

        def starting(folder: SiteFolder) -> None:
            codes.append(str(code_for(folder, "ada", folder.invite("ada", Role.AGENT, time.time()))))

        async with running(tmp_path / "floor", starting):
            assert (await with_code(codes[0])).desk == "ada"

    asyncio.run(play())


class SlowDisk(SiteFolder):
    """What the server reads comes half a second after what the floor itself reads."""

    def _configuration(self, *of: Any) -> bytes:
        time.sleep(0.5)
        return super()._configuration(*of)


def test_a_desk_that_is_invited_on_a_slow_disk_may_come(tmp_path: Path) -> None:
    async def play() -> None:
        async with running(tmp_path / "floor") as folder:
            seed = await asyncio.to_thread(SlowDisk(folder.folder).invite, "ada", Role.AGENT, time.time())
            assert (await with_code(str(code_for(folder, "ada", seed)))).desk == "ada"

    asyncio.run(play())


def test_a_code_is_good_for_one_key_of_one_desk_and_for_a_day(tmp_path: Path) -> None:
    folder = SiteFolder(tmp_path)
    folder.set_up((HERE,), 4222, HERE)
    now, key = 1000.0, public(new_seed())
    folder.invite("ada", Role.AGENT, now)
    folder.invite("bea", Role.AGENT, now)
    for desk, its, at in (
        ("ada", "Unokey", now),
        ("ada", key[:-1] + ("A" if key[-1] != "A" else "B"), now),
        ("zoe", key, now),
        ("bea", key, now + INVITED_S + 1),
    ):
        with pytest.raises(FloorError):
            folder.enrol(desk, its, at)
    assert folder.enrol("ada", key, now).role == Role.AGENT
    with pytest.raises(FloorError, match="used up"):
        folder.enrol("ada", public(new_seed()), now)
    assert folder.enrol("ada", key, now).key == key, "the answer may have been lost"
    with pytest.raises(FloorError, match="too old"):
        folder.enrol("ada", key, now + USED_S + 1)
    assert folder.read().desks["ada"].key == key


def test_a_desk_that_is_invited_again_works_until_it_has_its_new_key(tmp_path: Path) -> None:
    folder = SiteFolder(tmp_path)
    folder.set_up((HERE,), 4222, HERE)
    key = public(new_seed())
    folder.invite("ada", Role.AGENT, 0.0)
    folder.enrol("ada", key, 0.0)
    folder.invite("ada", Role.AGENT, 0.0)
    assert folder.read().desks["ada"].key == key
    with pytest.raises(FloorError, match="remove-desk"):
        folder.invite("ada", Role.SUPERVISOR, 0.0)


@pytest.mark.parametrize("name", ["", "floor", "a b", "a.b", "*", ">", "ä", "x" * 41])
def test_no_desk_has_a_name_that_a_subject_cannot_have(tmp_path: Path, name: str) -> None:
    folder = SiteFolder(tmp_path)
    folder.set_up((HERE,), 4222, HERE)
    with pytest.raises(FloorError, match="cannot be a desk's name"):
        folder.invite(name, Role.AGENT, 0.0)


def test_a_code_leads_to_the_floor_that_made_it_and_to_no_other(tmp_path: Path) -> None:
    """Nothing is said to a server that shows another certificate."""

    async def play() -> None:
        async with running(tmp_path / "floor") as folder:
            code = code_for(folder, "ada", folder.invite("ada", Role.AGENT, time.time()))
            other = replace(code, pin=pin_of(b"another certificate"))
            with pytest.raises(FloorError, match="not the floor"):
                await enrol(other)
            assert (await with_code(str(code))).desk == "ada"

    asyncio.run(play())


@pytest.mark.parametrize("text", ["", "rung:", "rung:host:1/ada", "http://x", "rung:h:x/ada/SU/AB"])
def test_what_is_no_code_is_said_so(text: str) -> None:
    with pytest.raises(FloorError, match="no enrolment code"):
        read_code(text)


def test_a_floor_with_another_authority_is_not_believed(site: RealSite, tmp_path: Path) -> None:
    other = SiteFolder(tmp_path)
    other.set_up((HERE,), 4222, HERE)
    who = site.enrolment("ada")
    false = Enrolment(desk="ada", role=Role.AGENT, servers=who.servers, ca=other.ca(), seed=who.seed)

    async def come() -> None:
        async with connected(false):
            pass

    with pytest.raises(FloorError, match="another floor"):
        asyncio.run(come())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_floor_that_is_killed_leaves_no_server_behind(tmp_path: Path) -> None:
    """The next one would not get its port."""
    folder = SiteFolder(tmp_path)
    site = folder.set_up((HERE,), free_port(), HERE)
    start = f"from rung.floor.site_server import *; NatsServer(Path({str(tmp_path / SERVER_CONFIGURATION)!r})).start()"
    with subprocess.Popen([sys.executable, "-c", start + "; import time; time.sleep(600)"]) as floor:
        try:
            until_it_listens(site.port, listens=True)
        finally:
            floor.kill()
    until_it_listens(site.port, listens=False)


def until_it_listens(port: int, listens: bool) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with socket.socket() as trial:
            if (trial.connect_ex((HERE, port)) == 0) == listens:
                return
        time.sleep(0.02)
    raise AssertionError(f"port {port}: {'nobody listens' if listens else 'somebody listens'}")


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_set_up_again_keeps_keys_and_desks_and_changes_where_it_is_reached(tmp_path: Path) -> None:
    folder = SiteFolder(tmp_path)
    first = folder.set_up((HERE,), 4222, HERE)
    folder.invite("ada", Role.AGENT, 0.0)
    ca, certificate = folder.ca(), (tmp_path / SERVER_CERTIFICATE).read_bytes()
    again = folder.set_up((HERE,), 4333, HERE)
    assert (again.steward, again.system, folder.ca()) == (first.steward, first.system, ca)
    assert set(again.desks) == {"ada"} and again.servers == (f"tls://{HERE}:4333",)
    assert (tmp_path / SERVER_CERTIFICATE).read_bytes() == certificate
    folder.set_up(("floor.example.com", "::1"), 4222, HERE)
    assert folder.read().servers == ("tls://floor.example.com:4222", "tls://[::1]:4222")
    assert (tmp_path / SERVER_CERTIFICATE).read_bytes() != certificate


def test_nobody_else_reads_keys(tmp_path: Path, site: RealSite) -> None:
    folder = SiteFolder(tmp_path / "floor")
    folder.set_up((HERE,), 4222, HERE)
    keep_enrolment(tmp_path / "floor.json", site.enrolment("ada"))
    secret = ("ca.key", "server.key", "site.json", "nats.conf")
    for file in (*(tmp_path / "floor" / name for name in secret), tmp_path / "floor.json", tmp_path / "floor"):
        assert file.stat().st_mode & 0o077 == 0, file
    assert read_enrolment(tmp_path / "floor.json") == site.enrolment("ada")
    with pytest.raises(FloorError, match="rung floor enrol"):
        read_enrolment(tmp_path / "nothing.json")


def test_a_key_is_told_from_what_is_none() -> None:
    key = public(new_seed())
    assert is_key(key)
    for text in ("", key[:-1], key + "A", "A" + key[1:], key.lower(), key[:10] + '"' + key[11:]):
        assert not is_key(text)
