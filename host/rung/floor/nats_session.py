"""One connection of a desk: it takes the desk's place, and tells what it hears, until the floor is lost."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

import msgspec

from rung import words as w
from rung.floor import nats_letters as letters
from rung.floor.base import DesksAre, Feed, FloorError, FloorNews, FloorUnsureError, Place, supervises
from rung.floor.nats_asks import Asking, Before
from rung.floor.nats_handed import Hearing
from rung.floor.nats_letters import Board, Letter, Letterbox, News, NotYet, Sat, Taken, Who
from rung.floor.nats_link import Enrolment, Link, Unreachable
from rung.floor.nats_places import Places, put
from rung.floor.nats_post import Post
from rung.floor.nkey import public
from rung.words import Role

AGAIN_S = 0.1  # before the place is told again that was not kept
NAME_S = 1.0  # whoever has this name answers within that
GATHER_S = 0.02  # between two tellings of who is here
LEARN_S = 5.0  # before what is handed down is asked for again
SERVICE_S = 2.0  # so long a steward may take for an answer
SILENT_S = 15.0  # of a server cut off from the others; while those choose a leader, up to 9 s, none tells anything
Answer = TypeVar("Answer")


class Here:
    """What a desk is on the floor, over all its connections."""

    def __init__(self) -> None:
        self.place = Place(extension="")
        self.moved = asyncio.Event()  # the place is another than the server has
        self.signed_on = False  # people sign on at this site: once known, it stays so


class NameTaken(FloorError):
    """Another bridge with this desk's name is on the floor."""


class Session:
    """What a desk knows and asks over one connection."""

    def __init__(self, who: Enrolment, here: Here, link: Link, feed: Feed, within_s: float) -> None:
        """``within_s`` is how long another desk may take to answer a letter."""
        self.feed: Callable[[FloorNews], w.Answer | None] = feed
        self.link = link
        self._who = who
        self._here = here
        self._places = Places(self._place_changed)
        self.post = Post(who, link, self._places, self.feed, within_s)
        self.asking = Asking(who.desk, link.name, self.post.send)
        self.before = Before()
        self._subject = f"rung.place.{who.role}.{who.desk}"
        self._seq = 0  # of our place, as the server has it
        self._seen: dict[str, str] = {}  # by desk: its connection
        self._handed = Hearing(feed)
        self._letterbox = Letterbox(link.name, self._take)
        self._key = public(who.seed)
        self._told: FloorNews | None = None
        self._told_asks: FloorNews | None = None
        self._told_desks = DesksAre()
        self._changed = asyncio.Event()  # presence has changed
        self._asked = asyncio.Event()  # what is asked has changed, after the first telling of presence
        self._evicted = asyncio.Event()  # somebody else has the name now

    async def enter(self) -> None:
        """Take the desk's place. Raises NameTaken, or FloorError while it cannot be had."""
        desk = self._who.desk
        await self.link.listen("rung.places.>", self._places.told)
        await self.link.listen("rung.handing.>", self._handed.told)
        await self.link.settle()  # from here on every change is heard
        await self._places.load(self.link, desk)
        self._here.signed_on |= self._places.signed_on
        self.post.know(self._here.signed_on)
        there = self._places.get(desk)
        if there is not None:
            await self._ask_who_is_there()
        await self.link.listen(f"rung.to.{desk}.*", self._letterbox.opened)
        await self.link.settle()
        self._here.moved.clear()
        kept = await put(self.link, self._subject, self._sat(), self._places.seq(self._subject), SERVICE_S)
        if kept is None:
            raise FloorError(f"somebody else has just taken the name {desk!r}")
        self._seq = kept

    async def _ask_who_is_there(self) -> None:
        """A bridge that is gone does not answer; one that was cut off is thrown out by the server after a while."""
        desk = self._who.desk
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
                for work in (
                    self._tell_floor(),
                    self._tell_asks(),
                    self._keep_place(),
                    self._learn(),
                    self._load_what_is_missing(),
                )
            ]
            ends = [
                group.create_task(end) for end in (self.link.until_lost(), self._until_evicted(), self._until_silent())
            ]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in (*works, *ends):
                task.cancel()

    async def _until_evicted(self) -> None:
        await self._evicted.wait()

    async def _until_silent(self) -> None:
        """Our server is cut off from the other two of a cluster; those who are not are always told something."""
        with contextlib.suppress(TimeoutError):
            while True:
                self._places.heard.clear()
                async with asyncio.timeout(SILENT_S if self._places.beats else None):
                    await self._places.heard.wait()

    async def _load_what_is_missing(self) -> None:
        """Our server was cut off from the others for a while."""
        while True:
            await self._places.missing.wait()
            self._places.missing.clear()
            try:
                await self._places.load(self.link, self._who.desk)
            except FloorError:
                self._places.missing.set()
                await asyncio.sleep(SERVICE_S)

    def stop(self) -> None:
        self.asking.stop()

    def _sat(self) -> Sat:
        return Sat(place=self._here.place, connection=self.link.name, key=self._key)

    # -- who is here -------------------------------------------------------------------------------------------------

    def _place_changed(self, desk: str) -> None:
        sat = self._places.get(desk)
        connection = "" if sat is None else sat.connection
        if self._seen.get(desk, "") != connection:
            self._seen[desk] = connection
            self.before.gone(desk)
            if connection:
                self.asking.came(desk)
        if desk == self._who.desk and self._seq and self._places.seq(self._subject) > self._seq:
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
            self._here.moved.set()

    async def _learn(self) -> None:
        """What the floor hands down to all; what changes since comes by itself."""
        while True:
            with contextlib.suppress(FloorError, msgspec.MsgspecError):  # no steward, or an older one
                return await self._handed.load(self.link, self._who.desk)
            await asyncio.sleep(LEARN_S)

    async def _keep_place(self) -> None:
        while True:
            await self._here.moved.wait()
            self._here.moved.clear()
            try:
                last = self._places.seq(self._subject)
                kept = await put(self.link, self._subject, self._sat(), max(self._seq, last), SERVICE_S)
            except FloorError:
                kept = None
            if kept is None:
                self._here.moved.set()
                await asyncio.sleep(AGAIN_S)
            else:
                self._seq = max(self._seq, kept)

    async def _tell_floor(self) -> None:
        """Presence as it is when it is told: where hundreds of desks come at once, not once for each."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._who.desk not in self._places.desks():
                continue  # the server is about to tell of us
            floor = self._places.floor_is(self._who.desk)
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
        role, place = self._who.role, self._here.place
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

    # -- what comes, and what is asked of a steward -----------------------------------------------------------------

    def _take(self, sender: str, body: News | Board) -> Taken | NotYet:
        sat = self._places.get(sender)
        if self._told is None or sat is None or (isinstance(body, Board) and body.connection != sat.connection):
            return NotYet()
        if isinstance(body, Board):
            self.before.take(sender, body)
            self._asked.set()
            return Taken()
        return self.post.taken(sender, body, self.asking.open)

    async def service(
        self, name: str, data: bytes, read: Callable[[bytes], Answer], within_s: float = SERVICE_S
    ) -> Answer:
        """What a steward answers."""
        try:
            answer = await self.link.request(f"rung.floor.{name}.{self._who.desk}", data, within_s)
            return read(answer.data)
        except Unreachable:
            raise FloorError("no steward of the floor is in reach") from None
        except msgspec.MsgspecError as error:
            raise FloorUnsureError(f"the floor's steward is of another release: {error}") from None
