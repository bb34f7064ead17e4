"""The letters of one desk over one connection: sent until they are taken, and taken once."""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping

import msgspec

from rung import words as w
from rung.floor import nats_letters as letters
from rung.floor.acts import Acted, Acts, acted
from rung.floor.base import FloorError, FloorNews, FloorUnsureError
from rung.floor.grants import Granted, Grants, grant
from rung.floor.nats_letters import Board, Letter, News, Taken
from rung.floor.nats_link import Enrolment, Link, Unreachable
from rung.floor.nats_places import Places
from rung.floor.vouching import Sender
from rung.words import Verdict

COPY_S = 1.0  # between two copies of a letter
NOT_YET_S = 0.02  # until a desk has heard of one that has just come


class Post:
    """Sends, and says what another desk's letter comes to."""

    def __init__(
        self, who: Enrolment, link: Link, places: Places, feed: Callable[[FloorNews], w.Answer | None], within_s: float
    ) -> None:
        """``within_s`` is how long another desk may take to answer a letter."""
        self._who = who
        self._link = link
        self._places = places
        self._feed = feed
        self._within_s = within_s
        self._numbers = itertools.count(1)
        self._grants, self._acts = Grants(who.desk, who.ca, True), Acts(who.desk, who.ca, True, link.name)

    def know(self, signed_on: bool) -> None:
        """Whether people sign on at this site: then whoever answers or acts must show the floor's pass."""
        who = self._who
        self._grants = Grants(who.desk, who.ca, signed_on)
        self._acts = Acts(who.desk, who.ca, signed_on, self._link.name)

    async def send(self, to: str, body: News | Board) -> w.Answer | None:
        """Until that desk has taken it. FloorError: it certainly has not; FloorUnsureError: perhaps."""
        loop, id = asyncio.get_running_loop(), f"{self._link.name}.{next(self._numbers)}"
        subject, until, unsure = f"rung.to.{to}.{self._who.desk}", loop.time() + self._within_s, ""
        while (there := self._places.get(to)) is not None:
            if unsure and there.connection != unsure:
                break
            letter = letters.encode(Letter(id, there.connection, body))
            try:
                left = max(NOT_YET_S, until - loop.time())
                answer = letters.read_answer((await self._link.request(subject, letter, min(COPY_S, left))).data)
            except Unreachable:
                break
            except (FloorUnsureError, msgspec.MsgspecError):
                unsure = there.connection
            else:
                if isinstance(answer, Taken):
                    return answer.answer
                await asyncio.sleep(NOT_YET_S)
            if loop.time() >= until:
                raise FloorUnsureError(f"the desk {to!r} does not say what came of it")
        if unsure:
            raise FloorUnsureError(f"the desk {to!r} went out of reach before it said what came of it")
        raise FloorError(f"the desk {to!r} is out of reach")

    # A desk of the release before shows no key, and reads nothing that is signed.

    def granted(self, to: str, ticket: str, asked: w.Brief, said: w.Replied) -> News:
        """An answer to the ask of the desk ``to``."""
        sat = self._places.get(to)
        return said if sat is not None and not sat.key else grant(self._who.seed, ticket, asked, said.ask, to, said)

    def acted(self, to: str, ticket: str, person: w.Person, act: w.Act) -> News:
        """An act on the call that is seen at the desk ``to``."""
        sat = self._places.get(to)
        if sat is None:
            raise FloorError(f"the desk {to!r} is out of reach")
        done = w.FromDesk(self._who.desk, person, act, sat.place.case, sat.place.epoch)
        return acted(self._who.seed, ticket, to, sat.connection, done) if sat.key else done

    def taken(self, sender: str, body: News, asks: Mapping[int, w.AskFloor]) -> Taken:
        """What a letter of this desk, which is on the floor, comes to. ``asks``: what is open here, by number."""
        sat = self._places.get(sender)
        who = Sender(desk=sender, role=self._places.role(sender), key="" if sat is None else sat.key)
        said: FloorNews
        match body:
            case Granted() | w.Replied():
                said = self._grants.heard(body, who, asks, time.time())
            case Acted() | w.FromDesk():
                said = self._acts.heard(body, who, time.time())
            case _:
                said = body
        answer = self._feed(said)
        if isinstance(said, w.GrantRefused | w.ActRefused):
            return Taken(w.Answer(verdict=Verdict.REFUSED, why=said.why))
        return Taken(None if isinstance(said, w.Replied) else answer)
