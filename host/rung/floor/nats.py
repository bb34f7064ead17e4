"""A floor over computers, on NATS: one desk's handle on it.

What is asked and whose a case is stands with the desks; the server carries, and keeps who is here. So a server that is
lost, or comes back with nothing, takes nothing along: each desk says anew where it sits and what it asks.
"""

import asyncio
import secrets

from rung import words as w
from rung.floor import nats_letters as letters
from rung.floor.base import Asked, AsksAre, Copied, DesksAre, Feed, FloorError, Line, Place, supervises
from rung.floor.nats_link import Enrolment, connected, go_on
from rung.floor.nats_places import keep, store
from rung.floor.nats_session import SERVICE_S, Here, NameTaken, Session

LETTER_S = 4.0  # a letter without an answer is sent again for so long; a dead desk's place is gone by then
AGAIN_S, AGAIN_MAX_S = 0.1, 2.0  # between two attempts to reach the floor, the second half of it by chance


class NatsFloor:
    """One desk's `rung.floor.base.Floor`, over the servers that its enrolment names."""

    def __init__(self, enrolment: Enrolment, within_s: float = LETTER_S) -> None:
        """``within_s`` is how long another desk may take to answer a letter."""
        self.desk = enrolment.desk
        self.ticket = ""  # the floor's pass for whoever has signed on here
        self.why = ""  # of a floor that is out of reach: one line
        self._who = enrolment
        self._within_s = within_s
        self._here = Here()
        self._session: Session | None = None
        self._part = 0  # the server's number of the last part of our record

    async def run(self, feed: Feed) -> None:
        wait_s, told_down = AGAIN_S, False
        while True:
            session = None
            try:
                async with connected(self._who) as link:
                    session = Session(self._who, self._here, link, feed, self._within_s)
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
                if supervises(self._here.place):
                    feed(DesksAre())
            go_on()
            await asyncio.sleep(wait_s * (1 + secrets.randbelow(1000) / 1000) / 2)
            wait_s = min(2 * wait_s, AGAIN_MAX_S)

    async def sign_on(self, place: Place) -> None:
        self._here.place = place
        self._here.moved.set()

    async def do(self, effect: w.FloorEffect) -> None:
        session, here = self._reached(), self.desk
        match effect:
            case w.AskFloor():
                session.asking.ask(effect)
            case w.CloseAsk():
                session.asking.close(effect)
            case w.LookUp(call=call, caller=caller):
                found = await session.service("look_up", caller.encode(), letters.read_looked_up)
                session.feed(w.EarlierAre(call, found.incidents))
            case w.Offer(id=offer, to=to, case=case, state=state, policy=policy):
                said = w.CaseOffered(case=case, desk=here, state=state, policy=policy, offer=offer)
                await session.post.send(to, said)
            case w.Reclaim(id=number, to=to, case=case):
                await session.post.send(to, w.CaseReclaimed(case, here, number))
            case w.AnswerOffer(to=to, case=case, accepted=accepted, why=why, offer=offer):
                await session.post.send(to, w.OfferAnswered(case, accepted, why, offer, here))

    async def see(self, desk: str, ask: int) -> None:
        self._asked(desk, ask)
        await self._reached().post.send(desk, w.Seen(ask, self.desk))

    async def reply(self, desk: str, ask: int, reply: w.Reply, word: str = "") -> None:
        asked, person = self._asked(desk, ask), self._person()
        if reply not in asked.may:
            raise FloorError(f"{reply} is no answer to that; there are: {', '.join(asked.may)}")
        said = w.Replied(ask=ask, desk=self.desk, person=person.id, reply=reply, word=word)
        session = self._reached()
        answer = await session.post.send(desk, session.post.granted(desk, self.ticket, asked.brief, said))
        if answer is not None:
            raise FloorError(answer.why)

    async def act(self, desk: str, act: w.Act) -> w.Answer:
        session = self._reached()
        answer = await session.post.send(desk, session.post.acted(desk, self.ticket, self._person(), act))
        return answer or w.Answer(verdict=w.Verdict.NOTHING, why="Nothing came of it.")

    async def show(self, desk: str, state: str) -> None:
        await self._reached().post.send(desk, w.CaseShown(self.desk, state))

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

    async def erased(self, order: str) -> None:
        await self._reached().service("erased", order.encode(), letters.read_answer)

    async def ask_steward(self, service: str, data: bytes, within_s: float) -> bytes:
        """What a steward says to this desk. Raises as `service` does."""
        return await self._reached().service(service, data, bytes, within_s)

    def _reached(self) -> Session:
        if self._session is None:
            raise FloorError("the floor is out of reach")
        return self._session

    def _person(self) -> w.Person:
        if self._here.place.person is None:
            raise FloorError("nobody is signed on at this desk")
        return self._here.place.person

    def _asked(self, desk: str, ask: int) -> Asked:
        return self._reached().before.find(desk, ask)
