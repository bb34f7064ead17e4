"""What the floor's supervisors are told of a desk: played between bridges."""

import asyncio

from msgspec.structs import replace
from tests.floor.office import Office, office

from rung import words as w
from rung.desk.presence import Presenter
from rung.floor.base import Doing, Place, Status
from rung.policy import Book, Desk, load
from rung.words import Call, CallState

BOOK = Book(load("warm-transfer"))
PLACE = Place(extension="500", person=w.Person("ann"))


def test_a_state_keeps_its_beginning_and_is_told_once() -> None:
    presenter, idle = Presenter(), Desk()
    first = presenter.change(PLACE, idle, BOOK, 1000)
    assert first == replace(PLACE, since_ms=1000, runs=BOOK.runs)
    assert presenter.change(PLACE, idle, BOOK, 2000) is None
    away = presenter.change(replace(PLACE, status=Status.AWAY), idle, BOOK, 3000)
    assert away is not None and (away.status, away.since_ms) == (Status.AWAY, 1000)
    rings = replace(idle, facts=replace(idle.facts, calls={"1": Call(id="1", state=CallState.RINGING, direction="in")}))
    rung = presenter.change(PLACE, rings, BOOK, 4000)
    assert rung is not None and (rung.doing, rung.since_ms, rung.status) == (Doing.RINGING, 4000, Status.FREE)
    talks = replace(idle, facts=replace(idle.facts, calls={"1": Call(id="1", state=CallState.UP, direction="in")}))
    talking = presenter.change(PLACE, talks, BOOK, 5000)
    assert talking is not None and (talking.doing, talking.status) == (Doing.TALKS, Status.ON_A_CALL)


def test_a_supervisor_sees_each_state_of_an_agents_desk() -> None:
    async def story() -> None:
        async with office("hang-up-protocol", only=("ada", "eve")) as made:
            await sees(made, Doing.IDLE)
            await made.call()
            await sees(made, Doing.TALKS)
            made.ada.press("escalate", "hold")  # panic
            await sees(made, Doing.EMERGENCY)
            made.ada.bridge.feed(w.Unmarked(w.Marker.EMERGENCY))
            await sees(made, Doing.TALKS)
            made.caller.end_all()
            await sees(made, Doing.IDLE)
            assert not made.ada.bridge.desks.desks, "an agent is told of nobody"

    asyncio.run(story())


def test_a_supervisor_hears_a_call_as_phone_and_site_allow_and_everybody_sees_it() -> None:
    async def story() -> None:
        async with office("hang-up-protocol", only=("ada", "eve", "fay")) as made:
            await made.call()
            await sees(made, Doing.TALKS)
            assert made.eve.bridge.desks.desks["ada"].ways == (), "the site's switch is `never`"
            answer = await made.eve.floor.act("ada", w.ListenIn("coach"))
            assert answer.verdict == w.Verdict.REFUSED
            made.ada.bridge._book.recording = "announced"
            made.ada.bridge.feed(w.Noted(matter="a bill"))
            await made.fay.until(lambda: "coach" in made.fay.bridge.desks.desks["ada"].ways)
            assert (await made.eve.floor.act("ada", w.ListenIn("coach"))).verdict == w.Verdict.TAKEN
            await made.fay.until(lambda: made.fay.bridge.desks.desks["ada"].listeners == {"eve": "coach"})
            assert made.ada.bridge.look().listening[0] == "p-eve listens and speaks to you alone"
            assert (await made.eve.floor.act("ada", w.ListenIn("listen"))).verdict == w.Verdict.TAKEN
            await made.fay.until(lambda: made.fay.bridge.desks.desks["ada"].listeners == {"eve": "listen"})
            assert (await made.eve.floor.act("ada", w.ListenOut())).verdict == w.Verdict.TAKEN
            await made.fay.until(lambda: not made.fay.bridge.desks.desks["ada"].listeners)
            assert not made.ada.bridge.look().listening

    asyncio.run(story())


async def sees(made: Office, doing: Doing) -> None:
    await made.eve.until(lambda: made.eve.bridge.desks.desks.get("ada", PLACE).doing == doing)
