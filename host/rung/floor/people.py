"""Who is known at a site: people with their jobs, passwords and training, in one private file.

A desk without a floor has this file itself. Where there is a floor, the file is the floor's and its computer alone
checks passwords (`people_service`): no desk ever has the hash of somebody who has not signed on at it.
"""

import contextlib
import fcntl
import re
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from msgspec.structs import replace

from rung.clock import wall_ms
from rung.floor.base import FloorError
from rung.floor.people_limit import Attempts
from rung.private import write_private
from rung.words import Job, Person, Role, Training

PEOPLE = "people.json"  # in the floor's folder, or in a desk's state folder
NAME = re.compile(r"[\w.@-]{1,60}")
SHORTEST = 10  # characters of a password
LONGEST = 500  # more only keeps the processor busy
ACKNOWLEDGED = -1  # in place of when a training was given: the floor says that it holds, so nothing more is asked
WRONG = "name or password is wrong"


class Refusal(Struct, frozen=True):
    """Not let in. One line for whoever typed it; it does not tell which names exist."""

    why: str


class Known(Struct, frozen=True, kw_only=True):
    """Somebody whose password was right, or who was let in before. Days are ISO 8601, each the last one of it."""

    id: str
    jobs: tuple[Job, ...]
    trained_until: str = ""  # of the training that some endings ask for; empty: none, or it is not acknowledged
    acknowledges: str = ""  # one that would hold until then, once they acknowledge that every ending is reviewed
    offline: bool = False  # the floor was out of reach, and this desk knew them from an earlier time

    def trained(self, today: date) -> bool:
        return today.isoformat() <= self.trained_until

    def may_acknowledge(self, today: date) -> bool:
        return today.isoformat() <= self.acknowledges

    def at(self, desk: Role, today: date) -> Person | Refusal:
        """As whom they sit at a desk; ``desk`` is the most that anybody can be there."""
        role = Role.SUPERVISOR if desk == Role.SUPERVISOR and Job.SUPERVISOR in self.jobs else Role.AGENT
        if role == Role.AGENT and Job.AGENT not in self.jobs:
            what = f"a desk of {'agents' if desk == Role.AGENT else 'supervisors'}"
            return Refusal(f"{self.id} is {' and '.join(self.jobs) or 'nothing'}, and cannot sit at {what}")
        return Person(self.id, role, self.trained(today))


class Entry(Struct, frozen=True, kw_only=True):
    """One person in the file."""

    jobs: tuple[Job, ...]
    hash: str = ""  # of the password (argon2id); empty: none was given yet
    password_until: str = ""  # the last day of it; empty: it does not end
    trained_until: str = ""
    trained_ms: int = 0  # when that was said, Unix time
    active: bool = True
    kept_s: float = 0.0  # at a desk of a floor: when the floor last let them in there, since 1970
    ticket: str = ""  # at a desk of a floor: the last pass that it gave for them


class File(Struct, frozen=True, kw_only=True):
    """All of it."""

    people: dict[str, Entry]  # by name
    version: int = 0  # counts the changes


class People:
    """The file, and who may come. One instance a process: it counts wrong passwords. Blocks: call it on a thread.

    A `rung.floor.cluster.Kept`: all three computers of a floor have it.
    """

    subject = "rung.people"

    def __init__(
        self,
        file: Path,
        hasher: PasswordHasher | None = None,
        attempts: Attempts | None = None,
        said: Callable[[str], Training] = lambda name: Training(),
    ) -> None:
        """``said``: what records tell of somebody's training. FloorError: they cannot be read now."""
        self.file = file
        self._said = said
        self._hasher = hasher or PasswordHasher()
        self._attempts = attempts or Attempts()
        self._nobody = self._hasher.hash("nobody")  # an unknown name takes as long as a known one

    def check(self, name: str, password: str, today: date | None = None) -> Known | Refusal:
        """Who they are, if they are. FloorError when the file cannot be read."""
        today = today or date.today()
        if why := self._attempts.must_wait(name):
            return Refusal(why)
        entry = self.read().get(name)
        right = self._is_right(entry.hash if entry is not None else "", password)
        if entry is None or not right or not entry.active:
            self._attempts.failed(name)
            return Refusal(WRONG)
        self._attempts.forget(name)
        if entry.password_until and today.isoformat() > entry.password_until:
            return Refusal(f"the password of {name} has expired; give a new one: rung people password {name}")
        with contextlib.suppress(FloorError):
            return _known(name, entry, self._said(name))
        return _known(name, entry, Training())  # let in, and untrained until the records are read

    def find(self, name: str) -> Known | None:
        """Without a password: as they stand now. None: not known, or retired."""
        entry = self.read().get(name)
        return None if entry is None or not entry.active else _known(name, entry, self._said(name))

    def _is_right(self, hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(hash or self._nobody, password[:LONGEST]) and bool(hash)
        except (VerificationError, InvalidHashError):
            return False

    # -- changes, each durable when it returns; FloorError with one line says why not ---------------------------------

    def add(self, name: str, jobs: tuple[Job, ...]) -> None:
        if NAME.fullmatch(name) is None:
            raise FloorError(f"{name!r} cannot be a person's name; use letters, digits, . - _ and @")
        with self._changing() as people:
            if name in people and people[name].active:
                raise FloorError(f"{name!r} is there already; change them: rung people role")
            # One who comes back has neither the old password nor the old training, wherever that stood.
            people[name] = Entry(jobs=jobs, trained_ms=wall_ms())

    def set_jobs(self, name: str, jobs: tuple[Job, ...]) -> None:
        with self._changing() as people:
            before = _one(people, name)
            people[name] = replace(before, jobs=jobs)
            _keep_an_admin(people)

    def set_password(self, name: str, password: str, until: str = "") -> None:
        if len(password) < SHORTEST or len(password) > LONGEST:
            raise FloorError(f"a password has {SHORTEST} to {LONGEST} characters; take a few words")
        if name.lower() in password.lower():
            raise FloorError("a password does not have the name in it")
        hash = self._hasher.hash(password)
        with self._changing() as people:
            people[name] = replace(_one(people, name), hash=hash, password_until=until)

    def set_trained(self, name: str, until: str) -> None:
        with self._changing() as people:
            people[name] = replace(_one(people, name), trained_until=until, trained_ms=wall_ms())

    def retire(self, name: str) -> None:
        """Never deleted: the record names them, and nobody else may get that name by chance."""
        with self._changing() as people:
            people[name] = replace(_one(people, name), active=False, hash="")
            _keep_an_admin(people)

    def keep(self, known: Known, password: str, ticket: str) -> None:
        """Somebody whom the floor has let in: while it is out of reach they may sign on here as well."""
        hash = self._hasher.hash(password[:LONGEST])
        with self._changing() as people:
            people[known.id] = Entry(
                jobs=known.jobs,
                hash=hash,
                trained_until=known.trained_until,
                trained_ms=ACKNOWLEDGED,
                kept_s=time.time(),
                ticket=ticket,
            )

    def renew(self, known: Known, ticket: str) -> None:
        """As the floor says that they stand now."""
        with self._changing() as people:
            if (there := people.get(known.id)) is not None:
                until = known.trained_until
                people[known.id] = replace(
                    there, jobs=known.jobs, trained_until=until, trained_ms=ACKNOWLEDGED, ticket=ticket
                )

    def forget(self, name: str) -> None:
        with self._changing() as people:
            people.pop(name, None)

    def read(self) -> dict[str, Entry]:
        """By name; empty where there is no file yet."""
        return self._read().people

    def _read(self) -> File:
        try:
            if self.file.stat().st_mode & 0o077:
                raise FloorError(f"{self.file}: can be read by others; chmod 600 {self.file}")
            return _file(self.file.read_bytes())
        except FileNotFoundError:
            return File(people={})
        except (OSError, msgspec.MsgspecError) as error:
            raise FloorError(f"{self.file}: cannot be read: {error}; put back a copy of it") from None

    def data(self) -> bytes:
        """Empty, too, where it cannot be read: then another computer's copy is put in its place."""
        with contextlib.suppress(FloorError):
            kept = self._read()
            return msgspec.json.encode(kept) if kept.version else b""
        return b""

    def order(self, data: bytes) -> tuple[int, int]:
        return 0, _file(data).version

    def adopt(self, data: bytes) -> str:
        with self._locked():
            self._write(_file(data))
        return ""

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Entry]]:
        with self._locked():
            before = self._read()
            yield before.people
            self._write(replace(before, version=before.version + 1))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, kept: File) -> None:
        write_private(self.file, msgspec.json.format(msgspec.json.encode(kept), indent=1))


def _file(data: bytes) -> File:
    """Before it was shared by three computers it had the people alone."""
    try:
        return msgspec.json.decode(data, type=File)
    except msgspec.ValidationError:
        return File(people=msgspec.json.decode(data, type=dict[str, Entry]), version=1)


def _known(name: str, entry: Entry, told: Training) -> Known:
    """One rule for both places in which a training stands: the newer counts, once it has been acknowledged."""
    given_ms, until = entry.trained_ms, entry.trained_until
    if told.given_ms > max(given_ms, 0):
        given_ms = told.given_ms
        until = datetime.fromtimestamp((told.until_ms - 1) / 1000).date().isoformat()
    if told.acknowledged(given_ms):
        return Known(id=name, jobs=entry.jobs, trained_until=until)
    return Known(id=name, jobs=entry.jobs, acknowledges=until)


def _one(people: dict[str, Entry], name: str) -> Entry:
    if name not in people or not people[name].active:
        raise FloorError(f"nobody here is called {name!r}; see: rung people list")
    return people[name]


def _keep_an_admin(people: dict[str, Entry]) -> None:
    if not any(entry.active and Job.ADMIN in entry.jobs for entry in people.values()):
        raise FloorError("then nobody could change anything any more; make somebody else admin first")
