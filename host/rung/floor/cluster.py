"""A floor of three computers: which they are, what their servers are told, and how they come to have the same site.

One of them is the first: there desks are added and removed, and people made known. The others take over what it says,
by a stream of the floor's own, which no desk can read. Whatever else they keep the servers agree on among themselves,
and two of three are enough for that.
"""

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from nats.aio.msg import Msg
from nats.js.api import DeliverPolicy, StreamConfig

from rung.floor import authority
from rung.floor.base import FloorError
from rung.floor.nats_keeping import Heard, Read, erase_before, on_disk
from rung.floor.nats_link import CONNECT_S, Link
from rung.floor.nats_places import keep

NODES = 3  # two of three agree; with two, the loss of either would stop the floor
PORT, ROUTES = 4222, 6222  # NATS' own
STREAM = "SITE"
_NODE = re.compile(r"(?P<name>[A-Za-z0-9_-]{1,40})=(?P<host>[^:\s]+|\[[^\]\s]+\])(:(?P<port>\d+)(:(?P<routes>\d+))?)?")


class Node(Struct, frozen=True, kw_only=True):
    """One computer of the floor."""

    name: str
    host: str  # by which desks and the other two reach it
    port: int = PORT  # for desks
    routes: int = ROUTES  # for the other two

    @property
    def address(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def read_nodes(texts: list[str]) -> tuple[Node, ...]:
    """FloorError, with the mend, unless they are three of their own."""
    nodes = tuple(_node(text) for text in texts)
    if len(nodes) != NODES or len({node.name for node in nodes}) != NODES:
        raise FloorError(f"a cluster is {NODES} computers, each with a name of its own: a=HOST b=HOST c=HOST")
    return nodes


def _node(text: str) -> Node:
    found = _NODE.fullmatch(text)
    if found is None:
        raise FloorError(f"{text!r} names no computer of the floor; write a=floor-a.example.com, or a=HOST:4222:6222")
    port, routes = int(found["port"] or PORT), int(found["routes"] or ROUTES)
    return Node(name=found["name"], host=found["host"].strip("[]"), port=port, routes=routes)


def cluster_configuration(folder: Path, here: Node, nodes: tuple[Node, ...], listen: str) -> dict[str, object]:
    """What is added to the server's configuration: the others are believed that the floor's authority vouches for."""
    at = folder.resolve()
    return {
        "name": "rung-floor",
        "listen": f"{listen}:{here.routes}",
        "routes": [f"nats-route://{node.address}:{node.routes}" for node in nodes if node != here],
        "no_advertise": True,  # desks know them all from their enrolment
        "tls": {
            "cert_file": str(at / authority.SERVER_CERTIFICATE),
            "key_file": str(at / authority.SERVER_KEY),
            "ca_file": str(at / authority.CERTIFICATE),
            "verify": True,
            "timeout": 5,
        },
    }


Order = tuple[int, int]


class Kept(Protocol):
    """One thing in the floor's folder that all three computers have, as the first one says."""

    subject: str

    def data(self) -> bytes:
        """As it stands here; empty: not at all."""

    def order(self, data: bytes) -> Order:
        """The higher one is the newer one."""

    def adopt(self, data: bytes) -> str:
        """Have this instead; what is lost by that, in one line."""


class SharedFolder:
    """A `rung.floor.nats_keeping.Keeping`: what the first computer has, at all of them."""

    def __init__(self, is_first: Callable[[], bool], kept: tuple[Kept, ...], tell: Callable[[str], None]) -> None:
        """``kept`` begins with what says which computer is the first."""
        self._is_first = is_first
        self._kept = {each.subject: each for each in kept}
        self._tell = tell
        self._link: Link | None = None
        self._there: dict[str, tuple[int, Order]] = {}  # what stands in the stream: its number, and which it is

    def streams(self) -> list[StreamConfig]:
        return [on_disk(STREAM, *self._kept)]

    def reads(self) -> list[Read]:
        return [Read(STREAM, subject, self._heard, DeliverPolicy.LAST_PER_SUBJECT) for subject in self._kept]

    def answers(self) -> dict[str, Heard]:
        return {}

    async def begin(self, link: Link) -> None:
        self._link, self._there = link, {}

    async def _heard(self, msg: Msg) -> None:
        """What stands in the stream stands, but at the first computer that has gone on since."""
        kept, data = self._kept[msg.subject], zlib.decompress(msg.data)
        self._there[msg.subject] = msg.metadata.sequence.stream, kept.order(data)
        own = kept.data()
        goes_on = self._is_first() and own and kept.order(own) > kept.order(data)
        if not goes_on and own != data and (given_up := kept.adopt(data)):
            self._tell(given_up)
        if self._link is not None:
            await erase_before(self._link, msg)

    async def publish(self) -> None:
        """At the first computer: whatever has changed goes to the others. FloorError if it could not yet."""
        if self._link is None or not self._is_first():
            return
        for subject, kept in self._kept.items():
            number, there = self._there.get(subject, (0, (-1, -1)))
            data = kept.data()
            if data and kept.order(data) > there:
                seq = await keep(self._link, subject, zlib.compress(data), number, CONNECT_S)
                if seq is not None:
                    self._there[subject] = seq, kept.order(data)
