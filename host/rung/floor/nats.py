"""A floor over computers, on NATS: one desk's handle on it.

What is asked and whose a case is stands with the desks; the server carries, and keeps who is here. So a server that is
lost, or comes back with nothing, takes nothing along: each desk says anew where it sits and what it asks.
"""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from rung import words as w
from rung.floor import nats_letters as letters
from rung.floor.base import (
    Asked,
    AsksAre,
    Copied,
    DesksAre,
    Feed,
    FloorError,
    FloorNews,
    FloorUnsureError,
    Line,
    Place,
    supervises,
)
from rung.floor.grants import Granted, Grants, Sender, grant, refused
from rung.floor.nats_asks import Asking, Before
from rung.floor.nats_handed import Hearing
from rung.floor.nats_letters import Board, Letter, Letterbox, News, NotYet, Sat, Taken, Who
from rung.floor.nats_link import Enrolment, Link, NameTaken, Unreachable, connected, go_on
from rung.floor.nats_places import Places, keep, put, store
from rung.floor.nkey import public
from rung.words import Role

LETTER_S = 4.0  # a letter without an answer is sent again for so long; a dead desk's place is gone by then
COPY_S = 1.0  # between two copies of it
NOT_YET_S = 0.02  # until a desk has heard of one that has just come
AGAIN_S, AGAIN_MAX_S = 0.1, 2.0  # between two attempts to reach the floor, the second half of it by chance
NAME_S = 1.0  # whoever has this name answers within that
GATHER_S = 0.02  # between two tellings of who is here
LEARN_S = 5.0  # before what is handed down is asked for again
SERVICE_S = 2.0  # so long a steward may take for an answer
Answer = TypeVar("Answer")


class NatsFloor:
    """One desk's `rung.floor.base.Floor`, over the servers that its enrolment names."""

    def __init__(self, enrolment: Enrolment, within_s: float = LETTER_S) -> None:
        """``within_s`` is how long another desk may take to answer a letter."""
        self.desk = enrolment.desk
        self.signed_on = False  # people sign on at this site: once known, it stays so
        self.ticket = ""  # the floor's pass for whoever has signed on here
        self.why = ""  # of a floor that is out of reach: one line
        self._who = enrolment
        self._within_s = within_s
        self._place = Place(extension="")
        self._moved = asyncio.Event()  # the place is another than the server has
        self._session: _Session | None = None
        self._part = 0  # the server's number of the last part of our record

    async def run(self, feed: Feed) -> None:
        wait_s, told_down = AGAIN_S, False
        while True:
            session = None
            try:
                async with connected(self._who) as link:
                    session = _Session(self, link, feed)
                    await session.enter()
                    self.why, self._session, wait_s, told_down = "", session, AGAIN_S, False
                    await session.stay()
            except NameTaken:
                raise
            except FloorError as error:
                self.why = str(error)
            finally:
                self._session = None
                if session is not None:
                    session.stop()
            if not told_down:
                told_down = True
                feed(w.FloorIs())
                feed(AsksAre())
                if supervises(self._place):
                    feed(DesksAre())
            go_on()
            await asyncio.sleep(wait_s * (1 + secrets.randbelow(1000) / 1000) / 2)
            wait_s = min(2 * wait_s, AGAIN_MAX_S)

    async def sign_on(self, place: Place) -> None:
        self._place = place
        self._moved.set()

    async def do(self, effect: w.FloorEffect) -> None:
        session, here = self._reached(), self.desk
        match effect:
            case w.AskFloor():
                session.asking.ask(effect)
            case w.CloseAsk(ask=ask, outcome=outcome):
                session.asking.close(ask, outcome)
            case w.LookUp(call=call, caller=caller):
                found = await session.service("look_up", caller.encode(), letters.read_looked_up)
                session.feed(w.EarlierAre(call, found.incidents))
            case w.Offer(id=offer, to=to, case=case, state=state, policy=policy):
                said = w.CaseOffered(case=case, desk=here, state=state, policy=policy, offer=offer)
                await session.send(to, said)
            case w.Reclaim(id=number, to=to, case=case):
                await session.send(to, w.CaseReclaimed(case, here, number))
            case w.AnswerOffer(to=to, case=case, accepted=accepted, why=why, offer=offer):
                await session.send(to, w.OfferAnswered(case, accepted, why, offer, here))

    async def see(self, desk: str, ask: int) -> None:
        self._asked(desk, ask)
        await self._reached().send(desk, w.Seen(ask, self.desk))

    async def reply(self, desk: str, ask: int, reply: w.Reply, word: str = "") -> None:
        asked, person = self._asked(desk, ask), self._person()
        if reply not in asked.may:
            raise FloorError(f"{reply} is no answer to that; there are: {', '.join(asked.may)}")
        said = w.Replied(ask=ask, desk=self.desk, person=person.id, reply=reply, word=word)
        session = self._reached()
        signed = grant(self._who.seed, self.ticket, asked.brief, ask, desk, said)
        answer = await session.send(desk, signed if session.reads_signed(desk) else said)
        if answer is not None:
            raise FloorError(answer.why)

    async def act(self, desk: str, act: w.Act) -> w.Answer:
        answer = await self._reached().send(desk, w.FromDesk(self.desk, self._person(), act))
        return answer or w.Answer(verdict=w.Verdict.NOTHING, why="Nothing came of it.")

    async def show(self, desk: str, state: str) -> None:
        await self._reached().send(desk, w.CaseShown(self.desk, state))

    async def copied(self, head: Copied) -> Copied:
        stood = await self._reached().service("copied", letters.encode(head), letters.read_stood)
        self._part = stood.number
        return stood.copied

    async def copy(self, journal: str, lines: tuple[Line, ...]) -> None:
        data = letters.encode(letters.Part(journal, lines))
        number = await keep(self._reached().link, f"rung.journal.{self.desk}", data, self._part, SERVICE_S)
        if number is None:
            raise FloorError("these are not the next entries of this record")
        self._part = number

    async def keep_head(self, head: str) -> None:
        await store(self._reached().link, f"rung.head.{self.desk}", head, head.encode())

    async def report(self, caller: str, incident: w.Earlier) -> None:
        said = letters.encode(letters.Reported(caller, incident))
        await self._reached().service("report", said, letters.read_answer)

    async def forget(self, case: str) -> None:
        await self._reached().service("forget", case.encode(), letters.read_answer)

    async def ask_steward(self, service: str, data: bytes, within_s: float) -> bytes:
        """What a steward says to this desk. Raises as `service` does."""
        return await self._reached().service(service, data, bytes, within_s)

    def _reached(self) -> "_Session":
        if self._session is None:
            raise FloorError("the floor is out of reach")
        return self._session

    def _person(self) -> w.Person:
        if self._place.person is None:
            raise FloorError("nobody is signed on at this desk")
        return self._place.person

    def _asked(self, desk: str, ask: int) -> Asked:
        return self._reached().before.find(desk, ask)


class _Session:
    """What a desk knows and asks over one connection."""

    def __init__(self, floor: NatsFloor, link: Link, feed: Feed) -> None:
        self.feed: Callable[[FloorNews], w.Answer | None] = feed
        self.asking = Asking(floor.desk, link.name, self.send)
        self.before = Before()
        self._floor = floor
        self.link = link
        self._subject = f"rung.place.{floor._who.role}.{floor.desk}"
        self._seq = 0  # of our place, as the server has it
        self._seen: dict[str, str] = {}  # by desk: its connection
        self._places = Places(self._place_changed)
        self._handed = Hearing(feed)
        self._letterbox = Letterbox(link.name, self._take)
        self._numbers = itertools.count(1)
        self._key = public(floor._who.seed)
        self._grants: Grants | None = None  # once it is known whether people sign on
        self._told: FloorNews | None = None
        self._told_asks: FloorNews | None = None
        self._told_desks = DesksAre()
        self._changed = asyncio.Event()  # presence has changed
        self._asked = asyncio.Event()  # what is asked has changed, after the first telling of presence
        self._evicted = asyncio.Event()  # somebody else has the name now

    async def enter(self) -> None:
        """Take the desk's place. Raises NameTaken, or FloorError while it cannot be had."""
        desk = self._floor.desk
        await self.link.listen("rung.places.>", self._places.told)
        await self.link.listen("rung.handing.>", self._handed.told)
        await self.link.settle()  # from here on every change is heard
        await self._places.load(self.link, desk)
        self._floor.signed_on |= self._places.signed_on
        self._grants = Grants(desk, self._floor._who.ca, self._floor.signed_on)
        there = self._places.get(desk)
        if there is not None:
            await self._ask_who_is_there()
        await self.link.listen(f"rung.to.{desk}.*", self._letterbox.opened)
        await self.link.settle()
        self._floor._moved.clear()
        kept = await put(self.link, self._subject, self._sat(), self._places.seq(self._subject), SERVICE_S)
        if kept is None:
            raise FloorError(f"somebody else has just taken the name {desk!r}")
        self._seq = kept

    async def _ask_who_is_there(self) -> None:
        """A bridge that is gone does not answer; one that was cut off is thrown out by the server after a while."""
        desk = self._floor.desk
        try:
            await self.link.request(f"rung.to.{desk}.{desk}", letters.encode(Letter("", "", Who())), NAME_S)
        except Unreachable:
            return
        except FloorUnsureError:
            raise FloorError(f"the server still holds a connection of the desk {desk!r}") from None
        raise NameTaken(f"another desk on this floor is called {desk!r}; give each its own name")

    async def stay(self) -> None:
        """Until the floor is lost."""
        self._changed.set()
        async with asyncio.TaskGroup() as group:
            works = [
                group.create_task(work)
                for work in (self._tell_floor(), self._tell_asks(), self._keep_place(), self._learn())
            ]
            ends = [group.create_task(end) for end in (self.link.until_lost(), self._until_evicted())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in (*works, *ends):
                task.cancel()

    async def _until_evicted(self) -> None:
        await self._evicted.wait()

    def stop(self) -> None:
        self.asking.stop()

    def _sat(self) -> Sat:
        return Sat(place=self._floor._place, connection=self.link.name, key=self._key)

    # -- who is here -------------------------------------------------------------------------------------------------

    def _place_changed(self, desk: str) -> None:
        sat = self._places.get(desk)
        connection = "" if sat is None else sat.connection
        if self._seen.get(desk, "") != connection:
            self._seen[desk] = connection
            self.before.gone(desk)
            if connection:
                self.asking.came(desk)
        if desk == self._floor.desk and self._seq and self._places.seq(self._subject) > self._seq:
            self._own_place_changed(connection)
        self._changed.set()
        if self._told is not None:
            self._asked.set()

    def _own_place_changed(self, connection: str) -> None:
        if connection == self.link.name:
            self._seq = self._places.seq(self._subject)
        elif connection:
            self._evicted.set()
        else:  # a steward believed us gone
            self._floor._moved.set()

    async def _learn(self) -> None:
        """What the floor hands down to all; what changes since comes by itself."""
        while True:
            with contextlib.suppress(FloorError, msgspec.MsgspecError):  # no steward, or an older one
                return await self._handed.load(self.link, self._floor.desk)
            await asyncio.sleep(LEARN_S)

    async def _keep_place(self) -> None:
        while True:
            await self._floor._moved.wait()
            self._floor._moved.clear()
            try:
                last = self._places.seq(self._subject)
                kept = await put(self.link, self._subject, self._sat(), max(self._seq, last), SERVICE_S)
            except FloorError:
                kept = None
            if kept is None:
                self._floor._moved.set()
                await asyncio.sleep(AGAIN_S)
            else:
                self._seq = max(self._seq, kept)

    async def _tell_floor(self) -> None:
        """Presence as it is when it is told: where hundreds of desks come at once, not once for each."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._floor.desk not in self._places.desks():
                continue  # the server is about to tell of us
            floor = self._places.floor_is(self._floor.desk)
            if floor != self._told:
                first, self._told = self._told is None, floor
                self.feed(floor)
                if first:
                    self._asked.set()
            self._tell_desks()
            await asyncio.sleep(GATHER_S)

    def _tell_desks(self) -> None:
        if self._told_asks is None:
            return  # after that
        role, place = self._floor._who.role, self._floor._place
        desks = self._places.desks_are() if role == Role.SUPERVISOR and supervises(place) else DesksAre()
        if desks != self._told_desks:
            self._told_desks = desks
            self.feed(desks)

    async def _tell_asks(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            asks = self.before.told()
            if asks != self._told_asks:
                self._told_asks = asks
                self.feed(asks)
                self._changed.set()

    # -- letters -----------------------------------------------------------------------------------------------------

    async def send(self, to: str, body: News | Board) -> w.Answer | None:
        """Until that desk has taken it. FloorError: it certainly has not; FloorUnsureError: perhaps."""
        loop, id = asyncio.get_running_loop(), f"{self.link.name}.{next(self._numbers)}"
        subject, until, unsure = f"rung.to.{to}.{self._floor.desk}", loop.time() + self._floor._within_s, ""
        while (there := self._places.get(to)) is not None:
            if unsure and there.connection != unsure:
                break
            letter = letters.encode(Letter(id, there.connection, body))
            try:
                left = max(NOT_YET_S, until - loop.time())
                answer = letters.read_answer((await self.link.request(subject, letter, min(COPY_S, left))).data)
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

    def reads_signed(self, desk: str) -> bool:
        """One of the release before, which shows no key, does not."""
        return (sat := self._places.get(desk)) is None or bool(sat.key)

    def _take(self, sender: str, body: News | Board) -> Taken | NotYet:
        sat = self._places.get(sender)
        if self._told is None or sat is None or (isinstance(body, Board) and body.connection != sat.connection):
            return NotYet()
        if isinstance(body, Board):
            self.before.take(sender, body)
            self._asked.set()
            return Taken()
        if isinstance(body, Granted | w.Replied):
            assert self._grants is not None
            who = Sender(desk=sender, role=self._places.role(sender), key=sat.key)
            said = self._grants.heard(body, who, self.asking.open, time.time())
            self.feed(said)
            return Taken(refused(said))
        if isinstance(body, w.FromDesk) and self._places.role(sender) == Role.AGENT:
            body = replace(body, person=replace(body.person, role=Role.AGENT))
        return Taken(self.feed(body))

    async def service(
        self, name: str, data: bytes, read: Callable[[bytes], Answer], within_s: float = SERVICE_S
    ) -> Answer:
        """What a steward answers."""
        try:
            answer = await self.link.request(f"rung.floor.{name}.{self._floor.desk}", data, within_s)
            return read(answer.data)
        except Unreachable:
            raise FloorError("no steward of the floor is in reach") from None
        except msgspec.MsgspecError as error:
            raise FloorUnsureError(f"the floor's steward is of another release: {error}") from None
