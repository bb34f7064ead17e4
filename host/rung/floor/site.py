"""A floor as its own computer keeps it: one folder with who may be on it, its keys, and what the server is told.

`site.json` is the truth; the server's configuration is made from it whenever it changes.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from rung.floor import authority
from rung.floor.base import FloorError
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
from rung.words import Role

STEWARD = "floor"  # its name among the desks; no desk can have it
INVITED_S = 24 * 3600.0  # so long a code can be used
USED_S = 60.0  # so long its desk may ask once more for what it got, if that was lost on the way
SITE = "site.json"


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


class Site(Struct, frozen=True, kw_only=True):
    """Everything that a floor's computer must not lose."""

    hosts: tuple[str, ...]  # names and addresses by which desks reach it, the best first
    port: int
    steward: str  # seeds of nkeys
    system: str
    listen: str = "0.0.0.0"
    desks: dict[str, Account] = field(default_factory=dict)

    @property
    def servers(self) -> tuple[str, ...]:
        return tuple(f"tls://{f'[{host}]' if ':' in host else host}:{self.port}" for host in self.hosts)


class SiteFolder:
    """The folder. One change at a time, each durable before it returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def set_up(self, hosts: tuple[str, ...], port: int, listen: str) -> Site:
        """Make what is not there yet; what is there stays, but for where the floor is reached."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority.make_authority(self.folder)
        with self._changing() as site:
            seeds = (new_seed(), new_seed()) if site is None else (site.steward, site.system)
            desks = {} if site is None else site.desks
            made = Site(hosts=hosts, port=port, listen=listen, steward=seeds[0], system=seeds[1], desks=desks)
            self._keep(made)
        return made

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
        site = self.read()
        servers = (f"tls://127.0.0.1:{site.port}",)
        ca = self.ca()
        return (
            Enrolment(desk=STEWARD, role=Role.SUPERVISOR, servers=servers, ca=ca, seed=site.steward),
            Enrolment(desk=STEWARD, role=Role.SUPERVISOR, servers=servers, ca=ca, seed=site.system),
        )

    # -- on disk -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Site | None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.read() if (self.folder / SITE).exists() else None

    def _keep(self, site: Site) -> None:
        authority.make_server_certificate(self.folder, ("127.0.0.1", "localhost", *site.hosts))
        authority.write_secret(self.folder / SITE, msgspec.json.format(msgspec.json.encode(site), indent=1))
        authority.write_secret(self.folder / SERVER_CONFIGURATION, self._configuration(site))

    def _configuration(self, site: Site) -> bytes:
        users = [user_of_steward(public(site.steward))]
        for desk, account in site.desks.items():
            if account.key and account.service:
                users.append(user_of_service(desk, account.key))
            elif account.key:
                users.append(user_of_desk(desk, account.role, account.key))
            if account.invitation is not None:
                users.append(user_invited(desk, account.invitation.key))
        listen = f"{site.listen}:{site.port}"
        return server_configuration(self.folder, listen, users, public(site.system))
