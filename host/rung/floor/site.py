"""A floor as its own computer keeps it: one folder with who may be on it, its keys, and what the server is told.

`site.json` is the truth; the server's configuration is made from it whenever it changes.
"""

import contextlib
import fcntl
import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from rung.floor import authority
from rung.floor.base import FloorError
from rung.floor.cluster import Node, Order, cluster_configuration
from rung.floor.enrolment import DESK
from rung.floor.nats_link import Enrolment
from rung.floor.nkey import is_key, new_seed, public
from rung.floor.site_server import (
    SERVER_CONFIGURATION,
    server_configuration,
    user_invited,
    user_of_desk,
    user_of_service,
    user_of_steward,
)
from rung.private import write_private
from rung.words import Role

STEWARD = "floor"  # its name among the desks; no desk can have it
INVITED_S = 24 * 3600.0  # so long a code can be used
USED_S = 60.0  # so long its desk may ask once more for what it got, if that was lost on the way
CALLERS_BYTES = 32
SITE = "site.json"
HERE = "node"  # the file that says which computer of a cluster this folder is of


class Invitation(Struct, frozen=True):
    """One code that has been handed out: who has it may enrol this desk, once, until then."""

    key: str  # the public half of what the code carries
    until: float  # seconds since 1970
    used: bool = False


class Account(Struct, frozen=True, kw_only=True):
    """A desk of this floor."""

    role: Role
    key: str = ""  # its public nkey; empty: not enrolled yet
    service: bool = False  # no desk, but a program of the site's: the broker beside the PBX
    invitation: Invitation | None = None
    config: str = ""  # its rung.toml, handed out when it enrols
    policies: dict[str, str] = {}  # files beside it, by name


class Shared(Struct, frozen=True, kw_only=True):
    """As much of a site as says which one is newer."""

    first: str = ""  # the computer at which it is changed
    term: int = 0  # counts those who became the first
    version: int = 0  # counts the changes


class Site(Shared, frozen=True, kw_only=True):
    """Everything that a floor's computer must not lose."""

    hosts: tuple[str, ...]  # names and addresses by which desks reach it, the best first
    port: int
    steward: str  # seeds of nkeys
    system: str
    callers: str = ""  # the site's secret, by which its desks know callers; empty: made by an older Rung
    listen: str = "0.0.0.0"
    desks: dict[str, Account] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()  # of a cluster; empty: the floor is this one computer

    @property
    def servers(self) -> tuple[str, ...]:
        if self.nodes:
            return tuple(f"tls://{node.address}:{node.port}" for node in self.nodes)
        return tuple(f"tls://{f'[{host}]' if ':' in host else host}:{self.port}" for host in self.hosts)


class SiteFolder:
    """The folder. One change at a time, each durable before it returns. A `rung.floor.cluster.Kept`."""

    subject = "rung.site"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def set_up(self, hosts: tuple[str, ...], port: int, listen: str) -> Site:
        """Make what is not there yet; what is there stays, but for where the floor is reached."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority.make_authority(self.folder)
        with self._locked() as there:
            site = there or Site(hosts=(), port=port, steward=new_seed(), system=new_seed())
            if not site.callers:
                site = replace(site, callers=secrets.token_hex(CALLERS_BYTES))
            made = site if site.nodes else replace(site, hosts=hosts, port=port, listen=listen)
            if made != there:
                made = self._keep(made)
            self._prepare(made)
        return made

    def set_up_cluster(self, nodes: tuple[Node, ...], here: str, listen: str) -> Site:
        """Make this the first computer of a cluster; a floor that was one computer keeps its desks."""
        hosts = tuple(node.host for node in nodes)
        self.set_up(hosts, nodes[0].port, listen)
        with self._locked() as site:
            assert site is not None
            write_private(self.folder / HERE, here.encode())
            made = self._keep(replace(site, nodes=nodes, hosts=hosts, port=nodes[0].port, listen=listen, first=here))
        return made

    def here(self) -> str:
        """The name of this computer in a cluster; empty: it has none."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / HERE).read_text()
        return ""

    def node(self) -> Node | None:
        """This computer. None: the floor is this one alone; FloorError if a cluster knows none of that name."""
        site, here = self.read(), self.here()
        if not site.nodes:
            return None
        found = next((node for node in site.nodes if node.name == here), None)
        if found is None:
            names = ", ".join(node.name for node in site.nodes)
            raise FloorError(f"say which of the floor's computers this is: rung floor --here NAME; there are: {names}")
        return found

    def be(self, here: str) -> None:
        """This folder is of that computer. FloorError if the cluster has none of that name."""
        write_private(self.folder / HERE, here.encode())
        self.node()

    def be_first(self) -> None:
        """From now on the site is changed here: for when the computer at which it was is gone for good."""
        with self._locked() as site:
            if site is not None and site.first != self.here():
                self._keep(replace(site, first=self.here(), term=site.term + 1))

    def is_first(self) -> bool:
        """Desks and people are changed here: the floor is this one computer, or of three the first."""
        return self.read().first == self.here()

    def must_be_first(self) -> None:
        """FloorError, with the mend, where it is another."""
        self._must_be_first(self.read())

    def _must_be_first(self, site: Site) -> None:
        if site.first != self.here():
            mend = "or, if that computer is gone for good, first start this one with: rung floor --first"
            raise FloorError(f"desks and people are changed at the floor's computer {site.first!r}; {mend}")

    def data(self) -> bytes:
        return msgspec.json.encode(self.read())

    def order(self, data: bytes) -> Order:
        said = msgspec.json.decode(data, type=Shared)
        return said.term, said.version

    def adopt(self, data: bytes) -> str:
        """The first computer's site instead of this one's; what is lost by that, in one line."""
        with self._locked() as own:
            site = msgspec.json.decode(data, type=Site)
            if own == site:
                return ""
            self._write(site)
        lost = own is not None and own.first == self.here() != site.first
        return f"{site.first} is the first computer now; what was changed here alone is given up" if lost else ""

    def read(self) -> Site:
        """FloorError, with the mend, if there is none."""
        try:
            return msgspec.json.decode((self.folder / SITE).read_bytes(), type=Site)
        except FileNotFoundError:
            raise FloorError(f"{self.folder}: no floor is there; start one: rung floor") from None
        except (OSError, msgspec.MsgspecError) as error:
            raise FloorError(f"{self.folder / SITE}: cannot be read: {error}") from None

    def invite(
        self,
        desk: str,
        role: Role,
        now: float,
        config: str = "",
        policies: dict[str, str] | None = None,
        service: bool = False,
    ) -> str:
        """A desk may enrol from now on; the seed that its code carries. A desk that is enrolled stays so until then."""
        if DESK.fullmatch(desk) is None or desk == STEWARD:
            raise FloorError(f"{desk!r} cannot be a desk's name; use letters, digits, - and _, and not {STEWARD!r}")
        seed = new_seed()
        with self._changing() as site:
            if site is None:
                raise FloorError(f"{self.folder}: no floor is there; start one: rung floor")
            there = site.desks.get(desk, Account(role=role, service=service))
            if there.service != service:
                raise FloorError(f"{desk!r} is {'a service' if there.service else 'a desk'}; take another name")
            if there.role != role:
                raise FloorError(f"{desk!r} is of a {there.role}; take it out first: rung floor remove-desk {desk}")
            invitation = Invitation(public(seed), now + INVITED_S)
            account = replace(there, invitation=invitation, config=config, policies=policies or {})
            self._keep(replace(site, desks={**site.desks, desk: account}))
        return seed

    def enrol(self, desk: str, key: str, now: float) -> Account:
        """Its key is known from now on, and its code is used up."""
        with self._changing() as site:
            account = None if site is None else site.desks.get(desk)
            if site is None or account is None or account.invitation is None or account.invitation.until < now:
                raise FloorError(f"the code for the desk {desk!r} is used up or too old; ask for another one")
            if not is_key(key):
                raise FloorError("that is no nkey of a user")
            if account.invitation.used and account.key != key:
                raise FloorError(f"the code for the desk {desk!r} is used up; ask for another one")
            until = min(account.invitation.until, now + USED_S)
            account = replace(account, key=key, invitation=replace(account.invitation, used=True, until=until))
            self._keep(replace(site, desks={**site.desks, desk: account}))
        return account

    def remove(self, desk: str) -> None:
        """Its key is worth nothing any more."""
        with self._changing() as site:
            if site is None or desk not in site.desks:
                raise FloorError(f"no desk of this floor is called {desk!r}")
            self._keep(replace(site, desks={name: a for name, a in site.desks.items() if name != desk}))

    def key_of(self, desk: str) -> str:
        """Its public nkey; empty: no such desk has enrolled."""
        account = self.read().desks.get(desk)
        return "" if account is None else account.key

    def standing(self) -> dict[str, str]:
        """Every desk that has enrolled, with its key."""
        return {desk: a.key for desk, a in self.read().desks.items() if a.key and not a.service}

    def ca(self) -> str:
        return (self.folder / authority.CERTIFICATE).read_text()

    def steward(self) -> tuple[Enrolment, Enrolment]:
        """With what the floor's own program reaches the server: as a steward, and as the server's system."""
        site, node = self.read(), self.node()
        servers = (f"tls://127.0.0.1:{site.port if node is None else node.port}",)
        ca = self.ca()
        return (
            Enrolment(desk=STEWARD, role=Role.SUPERVISOR, servers=servers, ca=ca, seed=site.steward),
            Enrolment(desk=STEWARD, role=Role.SUPERVISOR, servers=servers, ca=ca, seed=site.system),
        )

    # -- on disk -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _locked(self) -> Iterator[Site | None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.read() if (self.folder / SITE).exists() else None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Site | None]:
        """At one computer alone, so that no two changes can contradict each other."""
        with self._locked() as site:
            if site is not None:
                self._must_be_first(site)
            yield site

    def _keep(self, site: Site) -> Site:
        site = replace(site, version=site.version + 1)
        self._write(site)
        return site

    def _write(self, site: Site) -> None:
        write_private(self.folder / SITE, msgspec.json.format(msgspec.json.encode(site), indent=1))
        self._prepare(site)

    def _prepare(self, site: Site) -> None:
        """What the server is told."""
        authority.make_server_certificate(self.folder, ("127.0.0.1", "localhost", *site.hosts))
        write_private(self.folder / SERVER_CONFIGURATION, self._configuration(site))

    def _configuration(self, site: Site) -> bytes:
        users = [user_of_steward(public(site.steward))]
        for desk, account in site.desks.items():
            if account.key and account.service:
                users.append(user_of_service(desk, account.key))
            elif account.key:
                users.append(user_of_desk(desk, account.role, account.key))
            if account.invitation is not None:
                users.append(user_invited(desk, account.invitation.key))
        node = next((node for node in site.nodes if node.name == self.here()), None)
        if node is None:
            return server_configuration(self.folder, f"{site.listen}:{site.port}", users, public(site.system))
        cluster = cluster_configuration(self.folder, node, site.nodes, site.listen)
        listen = f"{site.listen}:{node.port}"
        return server_configuration(self.folder, listen, users, public(site.system), node.name, cluster)
