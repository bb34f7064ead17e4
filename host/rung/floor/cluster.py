"""A floor of three computers: which they are, what their servers are told, and how they come to have the same site.

One of them is the first: there desks are added and removed. The others take over what it says, by a stream of the
floor's own. Whatever else they keep the servers agree on among themselves, and two of three are enough for that.
"""

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct
from nats.aio.msg import Msg
from nats.js.api import StreamConfig

from rung.floor import authority
from rung.floor.base import FloorError
from rung.floor.nats_keeping import Heard, Read, on_disk
from rung.floor.nats_link import CONNECT_S, Link
from rung.floor.nats_places import keep

NODES = 3  # two of three agree; with two, the loss of either would stop the floor
PORT, ROUTES = 4222, 6222  # NATS' own
SITE_STREAM, SUBJECT = "SITE", "rung.site"
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


class Shared(Struct, frozen=True, kw_only=True):
    """As much of a site as is looked at here."""

    first: str = ""  # the computer at which it is changed
    term: int = 0  # counts those who became the first
    version: int = 0  # counts the changes

    @property
    def order(self) -> tuple[int, int]:
        """The higher one stands."""
        return self.term, self.version


class SiteStore(Protocol):
    """The folder, as far as it is shared."""

    def read(self) -> Shared: ...

    def adopt(self, data: bytes) -> str: ...

    def here(self) -> str: ...


class SharedSite:
    """A `rung.floor.nats_keeping.Keeping`: the site as the first computer has it, at all of them."""

    def __init__(self, folder: SiteStore, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._tell = tell
        self._link: Link | None = None
        self._number = 0  # of what stands in the stream
        self._order = (0, 0)

    def streams(self) -> list[StreamConfig]:
        return [on_disk(SITE_STREAM, SUBJECT, last=1)]

    def reads(self) -> list[Read]:
        return [Read(SITE_STREAM, SUBJECT, self._heard)]

    def answers(self) -> dict[str, Heard]:
        return {}

    async def begin(self, link: Link) -> None:
        self._link = link

    async def _heard(self, msg: Msg) -> None:
        """What stands in the stream is the site, but at the first computer that has gone on since."""
        data = zlib.decompress(msg.data)
        said = msgspec.json.decode(data, type=Shared)
        self._number, self._order = msg.metadata.sequence.stream, said.order
        own = self._folder.read()
        goes_on = self._folder.here() == own.first and own.order > said.order
        if not goes_on and (given_up := self._folder.adopt(data)):
            self._tell(given_up)

    async def publish(self) -> None:
        """At the first computer: whatever has changed goes to the others. FloorError if it could not yet."""
        site = self._folder.read()
        if self._link is None or site.first != self._folder.here() or site.order <= self._order:
            return
        data = zlib.compress(msgspec.json.encode(site))
        if (seq := await keep(self._link, SUBJECT, data, self._number, CONNECT_S)) is not None:
            self._number, self._order = seq, site.order
