"""The network between a floor's three computers breaks: one is cut off from the other two, and nobody is told.

Each has a network namespace, all are on one bridge; a computer that is cut off sends to the other two, and they to it,
what nobody gets. Its desks reach it as before.
"""

import asyncio
import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace
from tests.floor.cluster_rig import NAMES, Cluster, LooseFloor, cluster, until
from tests.floor.netns_rig import ip, needs_namespaces
from tests.floor.office import Seat, office
from tests.floor.test_cluster import BACK_S, all_on_floor, server_of, under_load, until_up

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(os.environ.get("RUNG_LONG") != "1", reason="a minute; set RUNG_LONG=1"),
]
NOWHERE = "02:00:00:00:00:99"  # no card has this address
LONE = "c"  # is cut off
KNOWN_S = 40.0  # what a desk hears nothing of for 15 s it leaves; here much else runs
SHORT_S = 6.0
_numbers = itertools.count(1)


class Far(Cluster):
    """Its computers are in namespaces of their own."""

    listen = "0.0.0.0"
    namespaces: dict[str, str]
    addresses: dict[str, str]

    def desk(self, name: str) -> LooseFloor:
        who = self.enrolment(name)
        mine = tuple(server for server in who.servers if self.addresses[LONE] in server)
        return LooseFloor(replace(who, servers=mine) if name == "fay" else who)

    def host(self, name: str) -> str:
        return self.addresses[name]

    def within(self, name: str) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.namespaces[name])

    def cut_off(self, lone: str) -> None:
        for other in NAMES:
            if other != lone:
                self._loses(lone, other)
                self._loses(other, lone)

    def _loses(self, one: str, other: str) -> None:
        neigh = ("neigh", "replace", self.addresses[other], "lladdr", NOWHERE, "dev", "eth0", "nud", "permanent")
        ip("-n", self.namespaces[one], *neigh)

    def heal(self) -> None:
        for one, namespace in self.namespaces.items():
            for other in NAMES:
                if other != one and NOWHERE in ip_says("-n", namespace, "neigh", "show", self.addresses[other]):
                    ip("-n", namespace, "neigh", "del", self.addresses[other], "dev", "eth0")


def ip_says(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


@contextmanager
def far_cluster(*desks: str) -> Iterator[Far]:
    mark, number = os.getpid() % 100_000, next(_numbers)
    bridge, net = f"rb{mark}n{number}", f"10.{60 + mark % 16}.{number}"
    Far.namespaces = {name: f"rung-{mark}-{number}-{name}" for name in NAMES}
    Far.addresses = {name: f"{net}.{2 + index}" for index, name in enumerate(NAMES)}
    ip("link", "add", bridge, "type", "bridge")
    try:
        ip("addr", "add", f"{net}.1/24", "dev", bridge)
        ip("link", "set", bridge, "up")
        for index, (name, namespace) in enumerate(Far.namespaces.items()):
            card = f"rc{mark}n{number}{index}"
            ip("netns", "add", namespace)
            ip("link", "add", card, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            ip("link", "set", card, "master", bridge, "up")
            ip("-n", namespace, "addr", "add", f"{Far.addresses[name]}/24", "dev", "eth0")
            ip("-n", namespace, "link", "set", "eth0", "up")
            ip("-n", namespace, "link", "set", "lo", "up")
        with cluster(*desks, kind=Far) as made:
            assert isinstance(made, Far)
            yield made
    finally:
        for namespace in Far.namespaces.values():
            ip("netns", "del", namespace)
        ip("link", "del", bridge)


@pytest.mark.timeout(300)
def test_one_computer_is_cut_off_from_the_other_two_under_load_and_nothing_is_lost() -> None:
    """Fay reaches that one alone; the others leave it, if they are there, and go on with the two."""

    async def play(three: Far) -> None:
        async with under_load(three) as (made, load):
            three.cut_off(LONE)
            took = await until(lambda: not is_up(made.fay), "fay is cut off", KNOWN_S)
            print(f"fay is cut off after {took:.1f} s")
            await until(lambda: all(on_the_two(seat, three) for seat in (made.ada, made.eve)), "both go on", KNOWN_S)
            await load.goes_on()
            assert not is_up(made.fay)
            three.heal()
            await all_on_floor(made, f"{LONE} is together with the others again")
            await load.goes_on()

    with far_cluster("ada", "eve", "fay") as three:
        asyncio.run(play(three))


@pytest.mark.timeout(300)
def test_a_desk_whose_computer_was_cut_off_for_a_while_learns_what_it_has_missed() -> None:
    """Too short for anybody to leave it: but who came and went meanwhile was told by the two alone."""

    async def play(three: Far) -> None:
        for name in NAMES:
            await until_up(three, name, 1)
        async with office("warm-transfer", only=("ada", "fay"), floor=three) as made:
            await until(lambda: server_of(made.fay, three) == LONE, "fay is there", BACK_S)
            three.cut_off(LONE)
            await made.ada.floor.sign_on(replace(made.ada.place, extension="777"))
            await asyncio.sleep(SHORT_S)
            three.heal()
            begun = asyncio.get_running_loop().time()
            await until(lambda: made.fay.bridge._desk.facts.desks.get("ada") == "777", "fay knows", BACK_S)
            await until(lambda: made.ada.bridge._desk.facts.present, "and she is there for ada", BACK_S)
            print(f"known {asyncio.get_running_loop().time() - begun:.1f} s after")

    with far_cluster("ada", "fay") as three:
        asyncio.run(play(three))


def is_up(seat: Seat) -> bool:
    return bool(seat.bridge._desk.facts.floor_up)


def on_the_two(seat: Seat, three: Far) -> bool:
    assert isinstance(seat.floor, LooseFloor)
    return seat.floor._session is not None and is_up(seat) and server_of(seat, three) != LONE
