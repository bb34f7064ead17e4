"""Who sits at a desk: signing on and off, the change of shifts, and what a call allows of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from tests.desk.rig import Desk
from tests.desk.scripted_phone import LINE

from rung import words as w
from rung.desk.seat import SHIFT_H, Seat
from rung.floor.base import FloorError, Place, Status
from rung.floor.people import WRONG, Known, Refusal
from rung.words import CallState, Job, Person, Role

ANN = Known(id="ann", jobs=(Job.AGENT,), trained_until="2030-06-01")
BOB = Known(id="bob", jobs=(Job.AGENT,))
EVE = Known(id="eve", jobs=(Job.SUPERVISOR,))
MAX = Known(id="max", jobs=(Job.MANAGER,))


class Door:
    """A directory in which everybody's password is their name."""

    def __init__(self) -> None:
        self.people = {known.id: known for known in (ANN, BOB, EVE, MAX)}
        self.gone = False

    async def check(self, name: str, password: str) -> Known | Refusal:
        if self.gone:
            raise FloorError("the floor is out of reach")
        return self.people[name] if name == password and name in self.people else Refusal(WRONG)

    async def find(self, name: str) -> Known | None:
        if self.gone:
            raise FloorError("the floor is out of reach")
        return self.people.get(name)

    def sits(self, name: str | None) -> None:
        self.sitting = name


class Shift:
    """A desk on which people sign on."""

    def __init__(self, desk: Desk, seat: Seat, door: Door) -> None:
        self.desk, self.seat, self.door = desk, seat, door
        self.now = datetime(2030, 5, 1, 8, 0, tzinfo=UTC)

    def who(self) -> str | None:
        return self.desk.now._desk.facts.who.id

    async def look(self) -> None:
        await self.seat.look()

    def call(self, state: CallState) -> None:
        self.desk.phone.now(LINE, state, w.EndedBy.THEM if state == CallState.ENDED else None)

    async def told(self, kind: type[w.Event], count: int = 1) -> list[w.Event]:
        await self.desk.until(lambda: len(self.desk.of(kind)) >= count)
        return self.desk.of(kind)


@asynccontextmanager
async def shift(role: Role = Role.SUPERVISOR) -> AsyncIterator[Shift]:
    desk, door = Desk(), Door()
    async with desk.bridge():
        made = Shift(desk, None, door)  # type: ignore[arg-type]  # one line further on
        made.seat = Seat(desk.now, door, Place(extension="1001"), role, now=lambda: made.now)
        desk.now.sit(made.seat.place)
        yield made


def test_one_signs_on_and_off_and_both_are_on_record() -> None:
    async def story() -> None:
        async with shift() as s:
            assert await s.seat.sign_on("ann", "ann") == Person("ann", Role.AGENT, True)
            assert s.who() == "ann"
            assert await s.seat.sign_off() is None and s.who() is None
            (on,) = await s.told(w.PersonSignedOn)
            assert isinstance(on, w.PersonSignedOn) and (on.person, on.role, on.trained) == ("ann", Role.AGENT, True)
            assert await s.told(w.PersonSignedOff) == [w.PersonSignedOff("ann", "signed off")]
            assert await s.seat.sign_off() == Refusal("nobody is signed on here")

    asyncio.run(story())


REFUSED = [
    ("ann", "wrong", Role.AGENT, WRONG),
    ("nobody", "nobody", Role.AGENT, WRONG),
    ("eve", "eve", Role.AGENT, "eve is supervisor, and cannot sit at a desk of agents"),
    ("max", "max", Role.SUPERVISOR, "max is manager, and cannot sit at a desk of supervisors"),
]


@pytest.mark.parametrize(("name", "word", "role", "why"), REFUSED)
def test_who_may_not_sit_here_is_refused_and_recorded(name: str, word: str, role: Role, why: str) -> None:
    async def story() -> None:
        async with shift(role) as s:
            assert await s.seat.sign_on(name, word) == Refusal(why)
            assert s.who() is None and await s.told(w.SignOnRefused) == [w.SignOnRefused(name, why)]

    asyncio.run(story())


def test_between_calls_the_next_one_just_signs_on() -> None:
    async def story() -> None:
        async with shift() as s:
            await s.seat.sign_on("ann", "ann")
            await s.seat.sign_on("eve", "eve")
            assert s.who() == "eve" and s.desk.now._desk.facts.who.role == Role.SUPERVISOR
            assert await s.told(w.PersonSignedOff) == [w.PersonSignedOff("ann", "eve has signed on")]

    asyncio.run(story())


def test_in_mid_call_nobody_signs_off_and_who_takes_over_says_from_whom() -> None:
    async def story() -> None:
        async with shift() as s:
            await s.seat.sign_on("ann", "ann")
            s.call(CallState.UP)
            await s.told(w.CaseOpened)
            refused = await s.seat.sign_off()
            assert isinstance(refused, Refusal) and "a call is open here" in refused.why and s.who() == "ann"
            for relieves in ("", "eve"):
                refused = await s.seat.sign_on("bob", "bob", relieves)
                assert isinstance(refused, Refusal) and "it is ann's" in refused.why and s.who() == "ann"
            assert isinstance(await s.seat.sign_on("ann", "ann"), Person), "who sits here may sign on anew"
            assert await s.seat.sign_on("bob", "bob", "ann") == Person("bob", Role.AGENT, False)
            on = (await s.told(w.PersonSignedOn, 3))[-1]
            assert isinstance(on, w.PersonSignedOn) and (on.person, on.relieves) == ("bob", "ann")
            assert s.desk.of(w.PersonSignedOff) == [w.PersonSignedOff("ann", "bob has taken over")]

    asyncio.run(story())


def test_a_sign_on_that_is_over_ends_with_the_call_and_not_before() -> None:
    async def story() -> None:
        async with shift() as s:
            await s.seat.sign_on("ann", "ann")
            s.call(CallState.UP)
            await s.told(w.CaseOpened)
            s.now += timedelta(hours=SHIFT_H)
            await s.look()
            assert s.who() == "ann"
            s.call(CallState.ENDED)
            await s.told(w.CaseClosed)
            await s.look()
            assert s.who() is None
            assert await s.told(w.PersonSignedOff) == [w.PersonSignedOff("ann", "the sign-on has come to its end")]

    asyncio.run(story())


CHANGES = [
    (None, "may no longer sit here"),
    (Known(id="ann", jobs=(Job.MANAGER,)), "ann is manager, and cannot sit at a desk of supervisors"),
]


@pytest.mark.parametrize(("now", "why"), CHANGES)
def test_who_may_no_longer_is_signed_off(now: Known | None, why: str) -> None:
    async def story() -> None:
        async with shift() as s:
            await s.seat.sign_on("ann", "ann")
            s.door.people = {} if now is None else {"ann": now}
            await s.look()
            assert s.who() is None and await s.told(w.PersonSignedOff) == [w.PersonSignedOff("ann", why)]

    asyncio.run(story())


def test_training_that_ends_in_a_shift_is_known_to_the_policy() -> None:
    async def story() -> None:
        async with shift() as s:
            await s.seat.sign_on("ann", "ann")
            assert s.desk.now._desk.facts.who.trained
            s.door.people["ann"] = Known(id="ann", jobs=(Job.AGENT,), trained_until="2030-04-30")
            await s.look()
            assert s.who() == "ann" and not s.desk.now._desk.facts.who.trained

    asyncio.run(story())


def test_nobody_is_thrown_out_because_the_floor_is_gone() -> None:
    async def story() -> None:
        async with shift() as s:
            await s.seat.sign_on("ann", "ann")
            s.door.gone = True
            await s.look()
            assert s.who() == "ann"
            assert await s.seat.sign_on("bob", "bob") == Refusal("the floor is out of reach")

    asyncio.run(story())


def test_a_bridge_that_comes_back_knows_who_sat_there() -> None:
    async def story() -> None:
        desk, door = Desk(), Door()
        for began in (True, False):
            async with desk.bridge():
                seat = Seat(desk.now, door, Place(extension="1001"), Role.AGENT)
                seat.resume()
                desk.now.sit(seat.place)
                if began:
                    assert isinstance(await seat.sign_on("ann", "ann"), Person)
                else:
                    assert desk.now._desk.facts.who.id == "ann"
                    await seat.look()
                    assert await seat.sign_off() is None
        async with desk.bridge():
            seat = Seat(desk.now, door, Place(extension="1001"), Role.AGENT)
            seat.resume()
            assert seat.known is None and seat.place.person is None

    asyncio.run(story())


def test_what_cannot_be_recorded_is_not_done() -> None:
    async def story() -> None:
        async with shift() as s:
            s.desk.disk_is(full=True)
            refused = await s.seat.sign_on("ann", "ann")
            assert isinstance(refused, Refusal) and "not recorded, so not done" in refused.why and s.who() is None
            s.desk.disk_is(full=False)
            await s.seat.sign_on("ann", "ann")
            s.desk.disk_is(full=True)
            assert isinstance(await s.seat.sign_off(), Refusal) and s.who() == "ann"
            s.desk.disk_is(full=False)

    asyncio.run(story())


def test_away_is_signed_on_and_not_to_be_asked() -> None:
    async def story() -> None:
        async with shift() as s:
            await s.seat.sign_on("eve", "eve")
            s.seat.go_away(True)
            assert s.seat.place.status == Status.AWAY and s.who() == "eve"
            s.seat.go_away(False)
            assert s.seat.place.status == Status.FREE

    asyncio.run(story())
