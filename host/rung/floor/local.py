"""A floor in one process: all desks on one event loop, nothing on disk.

For stories, drills and tests, and what every other floor is measured by. What can be late, doubled or out of order on
a network is so here when ``carry`` makes it so.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import date

from rung import words as w
from rung.floor.base import (
    Asked,
    AsksAre,
    Copied,
    DesksAre,
    Feed,
    FloorError,
    FloorNews,
    FloorUnsureError,
    HandedDown,
    Line,
    Place,
    Status,
    asked_by,
    supervises,
)
from rung.words import Outcome, Presence, Role

ANSWER_S = 3.0  # another desk answers an act as soon as it is on its record

Carry = Callable[[Callable[[], None]], None]  # delivers what is handed to it, on the event loop


def at_once(deliver: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_soon(deliver)


class LocalFloor:
    """Hands out its desks' handles, and keeps what is asked and which incidents were upheld."""

    def __init__(self, carry: Carry = at_once) -> None:
        self.carry = carry
        self._desks: dict[str, LocalDesk] = {}  # in reach
        self._asks: dict[tuple[str, int], w.AskFloor] = {}  # open, oldest first
        self._reported: dict[str, tuple[str, w.Earlier]] = {}  # by case: whose, and what
        self._reporters: dict[str, str] = {}  # by case: the desk that has reported it
        self._upheld: dict[str, date] = {}  # by case: until when
        self.copies: dict[str, list[tuple[str, Line]]] = {}  # by desk: of which record, and what
        self.handed: dict[type, HandedDown] = {}  # of each kind the last
        self.heads: dict[str, list[str]] = {}  # by desk: the signed ends of its record

    def desk(self, name: str) -> "LocalDesk":
        """A handle for the desk of that name; only one at a time can `run`."""
        return LocalDesk(self, name)

    def hand_down(self, whole: HandedDown) -> None:
        """To every desk, now and whenever it comes."""
        self.handed[type(whole)] = whole
        for desk in self._desks.values():
            desk.put(whole)

    def uphold(self, case: str, until: date = date.max) -> None:
        """A review has found that this incident was one: look-ups find it, up to and with that day."""
        self._upheld[case] = until

    # -- for its desks -----------------------------------------------------------------------------------------------

    def enter(self, desk: "LocalDesk") -> None:
        if desk.desk in self._desks:
            raise FloorError(f"another desk on this floor is called {desk.desk!r}; give each its own name")
        self._desks[desk.desk] = desk
        self.changed()

    def leave(self, desk: "LocalDesk") -> None:
        """It is out of reach, and so is everything that it asks."""
        if self._desks.get(desk.desk) is desk:
            del self._desks[desk.desk]
            for name, ask in [key for key in self._asks if key[0] == desk.desk]:
                self.close(name, w.CloseAsk(0, ask, Outcome.INTERRUPTED))
            self.changed()

    def reach(self, name: str) -> "LocalDesk":
        if name not in self._desks:
            raise FloorError(f"the desk {name!r} is out of reach")
        return self._desks[name]

    def send(self, to: str, news: FloorNews) -> None:
        """FloorError if that desk is out of reach now; if it is when the news arrives, they are lost."""
        self.reach(to)
        self.carry(lambda: self._desks[to].put(news) if to in self._desks else None)

    def changed(self) -> None:
        """Every desk learns who is there and what is asked of it."""
        for desk in self._desks.values():
            desk.look()

    def floor_is(self, name: str) -> w.FloorIs:
        others = [desk for desk in self._desks.values() if desk.desk != name]
        present = tuple(found for desk in others if (found := _presence(desk)) is not None)
        return w.FloorIs(up=True, present=present, desks={d.desk: d.place.extension for d in self._desks.values()})

    def desks_are(self) -> DesksAre:
        return DesksAre({desk.desk: desk.place for desk in self._desks.values()})

    # -- asks --------------------------------------------------------------------------------------------------------

    def ask(self, name: str, effect: w.AskFloor) -> None:
        self._asks[name, effect.ask] = effect
        self.changed()

    def close(self, name: str, closed: w.CloseAsk) -> None:
        effect = self._asks.pop((name, closed.ask), None)
        for to in effect.to if effect is not None else ():
            if to in self._desks and effect is not None:
                self._desks[to].over.append(asked_by(name, effect, closed))
        self.changed()

    def asks_of(self, name: str) -> tuple[Asked, ...]:
        """What is put before that desk."""
        return tuple(asked_by(desk, effect) for (desk, _), effect in self._asks.items() if name in effect.to)

    # -- incidents ---------------------------------------------------------------------------------------------------

    def report(self, desk: str, caller: str, incident: w.Earlier) -> None:
        self._reporters[incident.case] = desk
        self._reported[incident.case] = (caller, incident)

    def forget(self, desk: str, case: str) -> None:
        if self._reporters.get(case) == desk:
            self._reported.pop(case, None)

    def earlier(self, caller: str) -> tuple[w.Earlier, ...]:
        """Upheld and unexpired."""
        found = [incident for whose, incident in self._reported.values() if whose == caller]
        return tuple(i for i in found if i.case in self._upheld and self._upheld[i.case] >= date.today())


class LocalDesk:
    """One desk's handle on a `LocalFloor`: its `rung.floor.base.Floor`."""

    def __init__(self, floor: LocalFloor, desk: str) -> None:
        self.desk = desk
        self.place = Place(extension="")
        self.over: deque[Asked] = deque()  # to be told once more
        self._floor = floor
        self._news: asyncio.Queue[Callable[[Feed], object]] = asyncio.Queue()
        self._told: w.FloorIs | None = None
        self._told_asks: AsksAre | None = None
        self._told_desks = DesksAre()
        self._lost = False
        self._runs = False

    async def run(self, feed: Feed) -> None:
        self._news = asyncio.Queue()
        if self._lost:
            self.put(w.FloorIs())
        else:
            self._connect()
        self._runs = True
        try:
            while True:
                deliver = await self._news.get()
                deliver(feed)
        finally:
            self._runs = False
            self._floor.leave(self)

    @property
    def is_lost(self) -> bool:
        """Has its line been cut by `lose`?"""
        return self._lost

    def lose(self) -> None:
        """The floor is out of reach of this desk, and the other way round."""
        self._lost = True
        self._floor.leave(self)
        self._told = self._told_asks = None
        self.over.clear()
        self.put(w.FloorIs())
        self.put(AsksAre())
        if self._told_desks != DesksAre():
            self._told_desks = DesksAre()
            self.put(self._told_desks)

    def find(self) -> None:
        """It is in reach again."""
        self._lost = False
        if self._runs:
            self._connect()

    def _connect(self) -> None:
        self._told = self._told_asks = None
        self._floor.enter(self)
        self.look()
        for whole in self._floor.handed.values():
            self.put(whole)

    # -- news, for the floor -----------------------------------------------------------------------------------------

    def put(self, news: FloorNews) -> None:
        self._news.put_nowait(lambda feed: feed(news))

    def look(self) -> None:
        """Tell what has changed of presence and asks; as it is when it is told."""
        self._news.put_nowait(self._look)

    def _look(self, feed: Feed) -> None:
        if self._lost:
            return
        floor = self._floor.floor_is(self.desk)
        if floor != self._told:
            self._told = floor
            feed(floor)
        asks = AsksAre((*self._floor.asks_of(self.desk), *self.over))
        self.over.clear()
        if asks != self._told_asks:
            self._told_asks = asks
            feed(asks)
        desks = self._floor.desks_are() if supervises(self.place) else DesksAre()
        if desks != self._told_desks:
            self._told_desks = desks
            feed(desks)

    def acted(self, act: w.FromDesk, answered: asyncio.Future[w.Answer]) -> None:
        """Somebody acts here from another desk; whoever it is learns what came of it."""

        def deliver(feed: Feed) -> None:
            answer = feed(act)
            if not answered.done():
                answered.set_result(answer or w.Answer(verdict=w.Verdict.NOTHING, why="Nothing came of it."))

        self._news.put_nowait(deliver)

    # -- what a desk asks of its floor -------------------------------------------------------------------------------

    async def sign_on(self, place: Place) -> None:
        self.place = place
        self._floor.changed()

    async def do(self, effect: w.FloorEffect) -> None:
        floor, here = self._reached(), self.desk
        match effect:
            case w.AskFloor():
                floor.ask(here, effect)
            case w.CloseAsk():
                floor.close(here, effect)
            case w.LookUp(call=call, caller=caller):
                floor.send(here, w.EarlierAre(call, floor.earlier(caller)))
            case w.Offer(id=offer, to=to, case=case, state=state, policy=policy):
                floor.send(to, w.CaseOffered(case=case, desk=here, state=state, policy=policy, offer=offer))
            case w.Reclaim(id=number, to=to, case=case):
                floor.send(to, w.CaseReclaimed(case, here, number))
            case w.AnswerOffer(to=to, case=case, accepted=accepted, why=why, offer=offer):
                floor.send(to, w.OfferAnswered(case, accepted, why, offer, here))

    async def see(self, desk: str, ask: int) -> None:
        self._asked(desk, ask)
        self._reached().send(desk, w.Seen(ask, self.desk))

    async def reply(self, desk: str, ask: int, reply: w.Reply, word: str = "") -> None:
        asked, person = self._asked(desk, ask), self._person()
        if reply not in asked.may:
            raise FloorError(f"{reply} is no answer to that; there are: {', '.join(asked.may)}")
        said = w.Replied(ask=ask, desk=self.desk, person=person.id, reply=reply, word=word)
        self._reached().send(desk, said)

    async def act(self, desk: str, act: w.Act) -> w.Answer:
        there = self._reached().reach(desk)
        seen = there.place
        said = w.FromDesk(self.desk, self._person(), act, seen.case, seen.epoch)
        answered: asyncio.Future[w.Answer] = asyncio.get_running_loop().create_future()
        self._floor.carry(lambda: there.acted(said, answered))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answered
        except TimeoutError:
            raise FloorUnsureError(f"the desk {desk!r} does not say what came of it") from None

    async def show(self, desk: str, state: str) -> None:
        self._reached().send(desk, w.CaseShown(self.desk, state))

    async def copied(self, head: Copied) -> Copied:
        copies = self._reached().copies.get(self.desk)
        return Copied() if not copies else Copied(journal=copies[-1][0], seq=copies[-1][1].seq, hash=copies[-1][1].hash)

    async def copy(self, journal: str, lines: tuple[Line, ...]) -> None:
        there = await self.copied(Copied())
        if lines[0].seq != (there.seq + 1 if there.journal == journal else 1):
            raise FloorError(f"entry {lines[0].seq} is not the next of this record")
        self._reached().copies.setdefault(self.desk, []).extend((journal, line) for line in lines)

    async def keep_head(self, head: str) -> None:
        self._reached().heads.setdefault(self.desk, []).append(head)

    async def report(self, caller: str, incident: w.Earlier) -> None:
        self._reached().report(self.desk, caller, incident)

    async def forget(self, case: str) -> None:
        self._reached().forget(self.desk, case)

    async def erased(self, order: str) -> None:
        """Nobody orders that here."""
        self._reached()

    def _reached(self) -> LocalFloor:
        if self._lost or not self._runs:
            raise FloorError("the floor is out of reach")
        return self._floor

    def _person(self) -> w.Person:
        if self.place.person is None:
            raise FloorError("nobody is signed on at this desk")
        return self.place.person

    def _asked(self, desk: str, ask: int) -> Asked:
        for asked in self._reached().asks_of(self.desk):
            if (asked.desk, asked.ask) == (desk, ask):
                return asked
        raise FloorError("that is over, or was not asked of this desk")


def _presence(desk: LocalDesk) -> Presence | None:
    """As others see whoever sits there; None: not as somebody to be asked."""
    place = desk.place
    person = place.person
    if person is None or person.role != Role.SUPERVISOR or place.status == Status.AWAY:
        return None
    return Presence(
        desk=desk.desk,
        person=person.id,
        extension=place.extension,
        group=place.group,
        free=place.status == Status.FREE,
    )
