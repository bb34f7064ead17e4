"""The floor's directory: its computer alone knows the passwords, and a desk asks it.

A desk keeps of those who have signed on at it what it needs to let them in while the floor is out of reach, for
KNOWN_S at the most since they last came: their jobs and training, and a hash that it has made itself.
"""

import asyncio
import time
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from rung.floor.base import FloorError, FloorUnsureError
from rung.floor.people import Known, People, Refusal

KNOWN_S = 14 * 24 * 3600.0
SIGN_ON_S = 5.0  # checking a password takes the floor's computer a while; many may come at once

REACH_S = 3.0


class SignOn(Struct, frozen=True, tag=True):
    """Is that their password?"""

    name: str
    password: str


class Stands(Struct, frozen=True, tag=True):
    """How does somebody stand who has signed on before?"""

    name: str


class LetIn(Struct, frozen=True, tag=True):
    known: Known


class NotIn(Struct, frozen=True, tag=True):
    why: str


_read_asked = msgspec.json.Decoder(SignOn | Stands).decode
_read_said = msgspec.json.Decoder(LetIn | NotIn).decode


def answer(people: People, data: bytes) -> bytes:
    """The floor's answer to a desk; it may take as long as a password's check. Raises MsgspecError for nonsense."""
    asked = _read_asked(data)
    try:
        if isinstance(asked, SignOn):
            found: Known | Refusal | None = people.check(asked.name, asked.password)
        else:
            found = people.find(asked.name)
    except FloorError as error:
        found = Refusal(str(error))
    if isinstance(found, Known):
        return msgspec.json.encode(LetIn(found))
    return msgspec.json.encode(NotIn(found.why if found is not None else f"nobody is called {asked.name} any more"))


class Line(Protocol):
    """What this needs of `NatsFloor`."""

    async def ask_steward(self, service: str, data: bytes, within_s: float) -> bytes: ...


class FloorDirectory:
    """As `rung.desk.seat.Directory` asks for it. ``kept`` is this desk's own file of those whom it has seen."""

    def __init__(self, floor: Line, kept: People) -> None:
        self._floor = floor
        self._kept = kept
        self._one = asyncio.Lock()

    async def check(self, name: str, password: str) -> Known | Refusal:
        async with self._one:
            try:
                said = await self._reached(SignOn(name, password))
            except FloorError as error:
                return await asyncio.to_thread(self._known_here, name, password, str(error))
            if isinstance(said, LetIn):
                await asyncio.to_thread(self._kept.keep, said.known, password)
                return said.known
            return Refusal(said.why)

    async def find(self, name: str) -> Known | None:
        said = await self._ask(Stands(name))
        if isinstance(said, LetIn):
            return said.known
        await asyncio.to_thread(self._kept.forget, name)
        return None

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
        answer = await self._floor.ask_steward("people", msgspec.json.encode(asked), SIGN_ON_S)
        try:
            said: LetIn | NotIn = _read_said(answer)
            return said
        except msgspec.MsgspecError as error:
            raise FloorError(f"the floor's steward is of another release: {error}") from None

    def _known_here(self, name: str, password: str, why: str) -> Known | Refusal:
        entry = self._kept.read().get(name)
        if entry is None or time.time() - entry.kept_s > KNOWN_S:
            return Refusal(f"{why}; until it is back only those can sign on who have done so here lately")
        found = self._kept.check(name, password)
        return replace(found, offline=True) if isinstance(found, Known) else found
