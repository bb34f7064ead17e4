"""The floor's directory: its computer alone knows the passwords, and a desk asks it.

A desk keeps of those who have signed on at it what it needs to let them in while the floor is out of reach, for
KNOWN_S at the most since they last came: their jobs and training, and a hash that it has made itself.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from rung.floor.authority import CERTIFICATE, KEY
from rung.floor.base import FloorError, FloorUnsureError
from rung.floor.people import Known, People, Refusal
from rung.floor.ticket import TICKET_S, Ticket, TicketError, read_ticket, write_ticket

KNOWN_S = 14 * 24 * 3600.0
SIGN_ON_S = 5.0  # checking a password takes the floor's computer a while
QUEUE_S = 120.0  # many may come at once: some thousand are checked within that

REACH_S = 3.0
SHIFT_S = 13 * 3600.0  # for which a sign-on's pass can be renewed; the desk ends it sooner

STANDING = "rung.floor.standing"  # what a service asks: every desk of the floor, with its key


class SignOn(Struct, frozen=True, tag=True):
    """Is that their password? ``waits``: the desk knows what `Later` means."""

    name: str
    password: str
    waits: bool = False


class Stands(Struct, frozen=True, tag=True):
    """How does somebody stand who has signed on before, with this pass? It is renewed, if they still may."""

    name: str
    ticket: str = ""


class LetIn(Struct, frozen=True, tag=True):
    known: Known
    ticket: str = ""


class NotIn(Struct, frozen=True, tag=True):
    why: str


class Later(Struct, frozen=True, tag=True):
    """Others came before; ask again, the place in the queue stays."""


read_standing = msgspec.json.Decoder(dict[str, str]).decode
LATER = msgspec.json.encode(Later())
read_asked = msgspec.json.Decoder(SignOn | Stands).decode
_read_said = msgspec.json.Decoder(LetIn | NotIn | Later).decode


class SignOns:
    """The floor's side. ``key_of`` a desk is its public nkey; ``folder`` is the authority's."""

    def __init__(
        self, people: People, folder: Path, key_of: Callable[[str], str], now: Callable[[], float] = time.time
    ) -> None:
        self._people = people
        self._folder = folder
        self._key_of = key_of
        self._now = now

    def answer(self, desk: str, data: bytes) -> bytes:
        """It may take as long as a password's check. MsgspecError: nonsense; FloorError: it cannot be told now."""
        asked = read_asked(data)
        try:
            if isinstance(asked, SignOn):
                found: Known | Refusal | None = self._people.check(asked.name, asked.password)
                ends = self._now() + SHIFT_S
            else:
                found = self._people.find(asked.name)
                ends = self._ends(desk, asked)
        except FloorError as error:
            if isinstance(asked, Stands):  # nobody is thrown out for that
                raise
            found = Refusal(str(error))
        if isinstance(found, Known):
            return msgspec.json.encode(LetIn(found, self._ticket(desk, found, ends)))
        return msgspec.json.encode(NotIn(found.why if found is not None else f"{asked.name} is not known any more"))

    def _ends(self, desk: str, asked: Stands) -> float:
        """When the sign-on ends whose pass is shown; 0: it is none of this desk and person."""
        try:
            shown = read_ticket(asked.ticket, (self._folder / CERTIFICATE).read_text())
        except TicketError:
            return 0.0
        mine = (shown.desk, shown.person, shown.key) == (desk, asked.name, self._key_of(desk))
        return shown.ends if mine else 0.0

    def _ticket(self, desk: str, known: Known, ends: float) -> str:
        now, key = self._now(), self._key_of(desk)
        if now >= ends or not key:
            return ""
        until = min(now + TICKET_S, ends)
        ticket = Ticket(desk=desk, key=key, person=known.id, jobs=known.jobs, until=until, ends=ends)
        return write_ticket(ticket, (self._folder / KEY).read_bytes())


class Line(Protocol):
    """What this needs of `NatsFloor`."""

    ticket: str

    async def ask_steward(self, service: str, data: bytes, within_s: float) -> bytes: ...


class FloorDirectory:
    """As `rung.desk.seat.Directory` asks for it. ``kept`` is this desk's own file of those whom it has seen.

    ``present`` is told each pass, as the floor gives it; empty once nobody sits here.
    """

    def __init__(self, floor: Line, kept: People, present: Callable[[str], None] = lambda ticket: None) -> None:
        self._floor = floor
        self._kept = kept
        self._present = present
        self._one = asyncio.Lock()
        self._sitting: str | None = None

    async def check(self, name: str, password: str) -> Known | Refusal:
        async with self._one:
            try:
                said = await self._reached(SignOn(name, password, waits=True))
            except FloorError as error:
                return await asyncio.to_thread(self._known_here, name, password, str(error))
            if isinstance(said, LetIn):
                await asyncio.to_thread(self._kept.keep, said.known, password, said.ticket)
                return said.known
            return Refusal(said.why)

    async def find(self, name: str) -> Known | None:
        ticket = await asyncio.to_thread(self._ticket_of, name)
        try:
            said = await self._ask(Stands(name, ticket))
        except FloorError:
            self._show(name, ticket)
            raise
        if isinstance(said, LetIn):
            await asyncio.to_thread(self._kept.renew, said.known, said.ticket)
            self._show(name, said.ticket)
            return said.known
        await asyncio.to_thread(self._kept.forget, name)
        return None

    def sits(self, name: str | None) -> None:
        """Who has this desk now: their pass counts, and no other."""
        self._sitting = name
        self._show(name, "" if name is None else self._ticket_of(name))

    def _show(self, name: str | None, ticket: str) -> None:
        """Of whoever sits here, and of nobody else who only does something at this desk."""
        if name == self._sitting:
            self._floor.ticket = ticket
            self._present(ticket)

    def _ticket_of(self, name: str) -> str:
        """Empty, too, where this desk's file cannot be read: then it has no pass until the next sign-on."""
        with contextlib.suppress(FloorError):
            entry = self._kept.read().get(name)
            return "" if entry is None else entry.ticket
        return ""

    async def _reached(self, asked: SignOn) -> LetIn | NotIn:
        """A floor that is just being reached, as at a start, is waited for."""
        until = time.monotonic() + REACH_S
        while True:
            try:
                return await self._ask(asked)
            except FloorUnsureError:
                raise
            except FloorError:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(REACH_S / 20)

    async def _ask(self, asked: SignOn | Stands) -> LetIn | NotIn:
        until = time.monotonic() + QUEUE_S
        while isinstance(said := await self._said(asked), Later):
            if time.monotonic() > until:
                raise FloorError("too many sign on at once; try again")
        return said

    async def _said(self, asked: SignOn | Stands) -> LetIn | NotIn | Later:
        answer = await self._floor.ask_steward("people", msgspec.json.encode(asked), SIGN_ON_S)
        try:
            said: LetIn | NotIn | Later = _read_said(answer)
            return said
        except msgspec.MsgspecError as error:
            raise FloorError(f"the floor's steward is of another release: {error}") from None

    def _known_here(self, name: str, password: str, why: str) -> Known | Refusal:
        entry = self._kept.read().get(name)
        if entry is None or time.time() - entry.kept_s > KNOWN_S:
            return Refusal(f"{why}; until it is back only those can sign on who have done so here lately")
        found = self._kept.check(name, password)
        return replace(found, offline=True) if isinstance(found, Known) else found
