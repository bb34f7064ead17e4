"""What every floor keeps to, whatever is behind it: one suite, played over each of them.

Only the protocol is spoken here, and what a `Rig` can do to the line of one desk.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Protocol, TypeVar

import pytest

from rung import words as w
from rung.floor.base import Asked, AsksAre, Floor, FloorError, FloorNews, FloorUnsureError, HandedDown, Place, Status
from rung.words import Outcome, Reply, Role, Want

PATIENCE_S = 30.0
BRIEF = w.Brief(case="ada-1", caller="+43 1", person="ann", matter="büro")
LEAVE = (Reply.GRANT, Reply.DENY, Reply.BUSY)
News = TypeVar("News")


class Rig(Protocol):
    """One floor of this kind."""

    def floor(self, desk: str) -> Floor:
        """A new handle for the desk of that name."""

    def lose(self, floor: Floor) -> None:
        """This desk's line to the floor is cut."""

    def find(self, floor: Floor) -> None:
        """It is mended."""

    async def uphold(self, case: str, until: date) -> None:
        """A review upholds this incident."""

    async def hand_down(self, whole: HandedDown) -> None:
        """To all desks."""


class Desk:
    """A desk that keeps what it is told. ``answer`` is what it says to an act from another desk."""

    def __init__(self, rig: Rig, name: str, place: Place) -> None:
        self.name = name
        self.rig = rig
        self.floor = rig.floor(name)
        self.place = place
        self.news: list[FloorNews] = []
        self.answer: w.Answer | None = w.Answer(verdict=w.Verdict.TAKEN, why="Done.")
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.floor.sign_on(self.place)
        self.task = asyncio.create_task(self.floor.run(self._feed))
        await self.told(w.FloorIs, lambda n: n.up)

    def _feed(self, news: FloorNews) -> w.Answer | None:
        self.news.append(news)
        return self.answer if isinstance(news, w.FromDesk) else None

    async def stop(self) -> None:
        """As a bridge that was killed."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def told(self, kind: type[News], wanted: Callable[[News], bool] = lambda n: True, since: int = 0) -> News:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not (found := [n for n in self.news[since:] if isinstance(n, kind) and wanted(n)]):
                    await asyncio.sleep(0.002)
        except TimeoutError:
            raise AssertionError(f"{self.name} was never told; told was {self.news[since:]}") from None
        return found[0]

    async def sees(self, wanted: Callable[[tuple[Asked, ...]], bool], since: int = 0) -> tuple[Asked, ...]:
        return (await self.told(AsksAre, lambda n: wanted(n.asks), since)).asks

    async def shows(self, *people: str) -> w.FloorIs:
        """Until just these supervisors are present, the last time it was told."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not (floor := self.floor_is()).up or {p.person for p in floor.present} != set(people):
                    await asyncio.sleep(0.002)
        except TimeoutError:
            raise AssertionError(f"{self.name} sees {floor.present}") from None
        return floor

    def floor_is(self) -> w.FloorIs:
        return [n for n in self.news if isinstance(n, w.FloorIs)][-1]

    def open(self) -> list[tuple[str, int]]:
        """What is open before this desk, the last time it was told."""
        asks = [n for n in self.news if isinstance(n, AsksAre)][-1].asks
        return [(a.desk, a.ask) for a in asks if a.over is None]


class World:
    """An agent's desk and three supervisors': eve and fay are asked first, gus later."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.ada = Desk(rig, "ada", Place(extension="500", person=w.Person("ann")))
        self.eve, self.fay, self.gus = (Desk(rig, name, boss(name)) for name in ("eve", "fay", "gus"))
        self.desks = [self.ada, self.eve, self.fay, self.gus]

    async def start(self) -> None:
        for desk in self.desks:
            await desk.start()
        await self.ada.shows("eve", "fay", "gus")

    async def ask(self, *to: Desk, ask: int = 1, want: Want = Want.LEAVE, may: tuple[Reply, ...] = LEAVE) -> None:
        names = tuple(desk.name for desk in to)
        await self.ada.floor.do(w.AskFloor(10 + ask, ask, want, names, BRIEF, may))
        for desk in to:
            await desk.sees(lambda asks: any((a.ask, a.want) == (ask, want) for a in asks))

    async def offer(self, number: int = 5) -> w.CaseOffered:
        mark = len(self.eve.news)
        await self.ada.floor.do(w.Offer(number, "eve", "ada-1", '{"ä":1}', '{"p":2}'))
        return await self.eve.told(w.CaseOffered, since=mark)


def boss(name: str, status: Status = Status.FREE) -> Place:
    person = w.Person(name, Role.SUPERVISOR, trained=True)
    return Place(extension=f"60{len(name)}-{name}", person=person, group=int(name == "gus"), status=status)


# -- presence ----------------------------------------------------------------------------------------------------------


async def it_greets_with_the_floor_and_then_with_all_asks(world: World) -> None:
    for desk in world.desks:
        kinds = [type(n) for n in desk.news[:2]]
        assert kinds == [w.FloorIs, AsksAre] and desk.news[1] == AsksAre(())


async def supervisors_are_seen_with_extension_group_and_whether_they_are_free(world: World) -> None:
    floor = world.ada.floor_is()
    found = {(p.desk, p.person, p.extension, p.group, p.free) for p in floor.present}
    assert found == {
        ("eve", "eve", "603-eve", 0, True),
        ("fay", "fay", "603-fay", 0, True),
        ("gus", "gus", "603-gus", 1, True),
    }
    assert floor.desks == {"ada": "500", "eve": "603-eve", "fay": "603-fay", "gus": "603-gus"}
    await world.eve.shows("fay", "gus")  # never one's own


async def on_a_call_is_present_and_not_free_and_away_is_not_present(world: World) -> None:
    await world.eve.floor.sign_on(boss("eve", Status.ON_A_CALL))
    await world.ada.told(w.FloorIs, lambda n: any(p.person == "eve" and not p.free for p in n.present))
    await world.eve.floor.sign_on(boss("eve", Status.AWAY))
    floor = await world.ada.shows("fay", "gus")
    assert "eve" in floor.desks, "her desk is in reach all the same"
    await world.eve.floor.sign_on(boss("eve"))
    await world.ada.shows("eve", "fay", "gus")


async def who_signs_off_is_gone_and_an_agent_is_never_among_supervisors(world: World) -> None:
    await world.eve.floor.sign_on(Place(extension="603-eve"))
    await world.ada.shows("fay", "gus")
    await world.eve.floor.sign_on(Place(extension="603-eve", person=w.Person("ida")))
    await world.fay.floor.sign_on(Place(extension="603-fay"))
    await world.ada.shows("gus")


async def a_desk_that_dies_is_out_of_reach_for_the_others(world: World) -> None:
    await world.eve.stop()
    assert "eve" not in (await world.ada.shows("fay", "gus")).desks
    again = Desk(world.rig, "eve", boss("eve"))
    await again.start()
    await world.ada.shows("eve", "fay", "gus")
    await again.stop()


async def a_second_desk_of_the_same_name_is_refused(world: World) -> None:
    double = world.rig.floor("eve")
    with pytest.raises(FloorError, match="eve"):
        await asyncio.wait_for(double.run(lambda news: None), PATIENCE_S)
    await world.ask(world.eve)
    assert world.eve.open() == [("ada", 1)], "the first one works on"


async def a_lost_line_is_told_on_both_sides_and_heals(world: World) -> None:
    await world.ask(world.eve, ask=7)
    mark = len(world.eve.news)
    world.rig.lose(world.eve.floor)
    await world.eve.told(w.FloorIs, lambda n: not n.up, mark)
    await world.eve.sees(lambda asks: asks == (), mark)
    assert "eve" not in (await world.ada.shows("fay", "gus")).desks
    for work in (world.eve.floor.reply("ada", 7, Reply.GRANT), world.eve.floor.act("ada", w.Calmed())):
        with pytest.raises(FloorError):
            await work
    mark = len(world.eve.news)
    world.rig.find(world.eve.floor)
    await world.eve.told(w.FloorIs, lambda n: n.up, mark)
    await world.eve.sees(lambda asks: [a.ask for a in asks] == [7], mark)
    await world.ada.shows("eve", "fay", "gus")


# -- asks --------------------------------------------------------------------------------------------------------------


async def an_ask_reaches_those_it_names_with_brief_and_answers_and_nobody_else(world: World) -> None:
    await world.ask(world.eve, world.fay)
    (asked,) = await world.fay.sees(lambda asks: len(asks) == 1)
    assert asked == Asked(desk="ada", ask=1, want=Want.LEAVE, brief=BRIEF, may=LEAVE, to=("eve", "fay"))
    assert world.gus.open() == []


async def seen_and_the_reply_reach_the_desk_that_asked(world: World) -> None:
    await world.ask(world.eve)
    await world.eve.floor.see("ada", 1)
    assert await world.ada.told(w.Seen) == w.Seen(1, "eve")
    await world.eve.floor.reply("ada", 1, Reply.DENY, "not yet, grüezi")
    said = await world.ada.told(w.Replied)
    assert said == w.Replied(ask=1, desk="eve", person="eve", reply=Reply.DENY, word="not yet, grüezi")


async def once_one_takes_it_it_is_over_for_all_who_were_asked(world: World) -> None:
    await world.ask(world.eve, world.fay)
    await world.ada.floor.do(w.CloseAsk(12, 1, Outcome.GRANTED))
    for desk in (world.eve, world.fay):
        (over,) = await desk.sees(lambda asks: bool(asks) and asks[0].over is not None)
        assert (over.ask, over.over) == (1, Outcome.GRANTED)
        with pytest.raises(FloorError):
            await desk.floor.reply("ada", 1, Reply.GRANT)
        assert desk.open() == []
    assert not [n for n in world.ada.news if isinstance(n, w.Replied)]


async def an_ask_grows_wider_and_more_urgent_and_stays_one(world: World) -> None:
    await world.ask(world.eve, want=Want.COMPANY)
    await world.ask(world.eve, world.fay, world.gus, want=Want.PANIC)
    for desk in (world.eve, world.fay, world.gus):
        assert desk.open() == [("ada", 1)]


async def what_was_not_offered_as_an_answer_is_refused(world: World) -> None:
    await world.ask(world.eve)
    with pytest.raises(FloorError):
        await world.eve.floor.reply("ada", 1, Reply.TAKE)
    with pytest.raises(FloorError):
        await world.gus.floor.reply("ada", 1, Reply.GRANT)
    with pytest.raises(FloorError):
        await world.eve.floor.reply("ada", 2, Reply.GRANT)
    await world.eve.floor.sign_on(Place(extension="603-eve"))
    with pytest.raises(FloorError):
        await world.eve.floor.reply("ada", 1, Reply.GRANT)
    await world.ask(world.fay)
    await world.fay.floor.reply("ada", 1, Reply.BUSY)
    assert (await world.ada.told(w.Replied)).desk == "fay"


async def panic_reaches_those_who_are_on_a_call_too(world: World) -> None:
    await world.eve.floor.sign_on(boss("eve", Status.ON_A_CALL))
    await world.ask(world.eve, world.fay, world.gus, want=Want.PANIC, may=(Reply.ACCEPT, Reply.BUSY))
    await world.eve.floor.reply("ada", 1, Reply.ACCEPT)
    assert (await world.ada.told(w.Replied)).person == "eve"


async def an_ask_ends_with_the_desk_that_asks_and_may_be_put_again(world: World) -> None:
    await world.ask(world.eve)
    world.rig.lose(world.ada.floor)
    (over,) = await world.eve.sees(lambda asks: bool(asks) and asks[0].over is not None)
    assert over.over == Outcome.INTERRUPTED
    with pytest.raises(FloorError):
        await world.ada.floor.do(w.AskFloor(12, 2, Want.LEAVE, ("eve",), BRIEF, LEAVE))
    mark = len(world.ada.news)
    world.rig.find(world.ada.floor)
    await world.ada.told(w.FloorIs, lambda n: n.up, mark)
    mark = len(world.eve.news)
    await world.ada.floor.do(w.AskFloor(11, 1, Want.LEAVE, ("eve",), BRIEF, LEAVE))
    await world.eve.sees(lambda asks: [(a.ask, a.over) for a in asks] == [(1, None)], mark)


async def a_desk_that_comes_back_finds_what_is_asked_of_it(world: World) -> None:
    await world.eve.stop()
    await world.ada.shows("fay", "gus")
    await world.ada.floor.do(w.AskFloor(11, 1, Want.LEAVE, ("eve", "fay"), BRIEF, LEAVE))
    await world.fay.sees(lambda asks: len(asks) == 1)
    again = Desk(world.rig, "eve", boss("eve"))
    await again.start()
    await again.sees(lambda asks: [a.ask for a in asks] == [1])
    await again.stop()


# -- a case changes its desk -------------------------------------------------------------------------------------------


async def an_offer_its_answer_and_its_taking_back_carry_their_numbers(world: World) -> None:
    offered = await world.offer(5)
    assert offered == w.CaseOffered(case="ada-1", desk="ada", state='{"ä":1}', policy='{"p":2}', offer=5)
    await world.eve.floor.do(w.AnswerOffer(40, "ada", "ada-1", False, "nobody here", 5))
    assert await world.ada.told(w.OfferAnswered) == w.OfferAnswered("ada-1", False, "nobody here", 5, "eve")
    await world.ada.floor.do(w.Reclaim(6, "eve", "ada-1"))
    assert await world.eve.told(w.CaseReclaimed) == w.CaseReclaimed("ada-1", "ada", 6)
    assert (await world.offer(9)).offer == 9
    assert not [n for n in world.fay.news + world.gus.news if isinstance(n, w.CaseOffered | w.CaseReclaimed)]


async def a_dead_desk_is_an_error_and_gets_no_offer_later(world: World) -> None:
    await world.eve.stop()
    await world.ada.shows("fay", "gus")
    for effect in (
        w.Offer(5, "eve", "ada-1", "{}", "{}"),
        w.Reclaim(6, "eve", "ada-1"),
        w.AnswerOffer(7, "eve", "x", True),
    ):
        with pytest.raises(FloorError) as caught:
            await world.ada.floor.do(effect)
        assert not isinstance(caught.value, FloorUnsureError) and "\n" not in str(caught.value)
    again = Desk(world.rig, "eve", boss("eve"))
    await again.start()
    await world.ada.shows("eve", "fay", "gus")
    await world.ada.floor.do(w.Offer(8, "eve", "ada-1", "{}", "{}"))
    await again.told(w.CaseOffered)
    assert [n.offer for n in again.news if isinstance(n, w.CaseOffered)] == [8]
    await again.stop()


# -- acting from another desk ------------------------------------------------------------------------------------------


async def an_act_reaches_the_owner_who_answers_it(world: World) -> None:
    said = await world.eve.floor.act("ada", w.Declared(w.Ground.SLUR))
    assert said == world.ada.answer
    acted = await world.ada.told(w.FromDesk)
    assert acted == w.FromDesk("eve", w.Person("eve", Role.SUPERVISOR, trained=True), w.Declared(w.Ground.SLUR), "", 0)


async def an_act_at_a_dead_desk_or_by_nobody_is_an_error(world: World) -> None:
    with pytest.raises(FloorError):
        await world.eve.floor.act("zoe", w.Calmed())
    await world.eve.floor.sign_on(Place(extension="603-eve"))
    with pytest.raises(FloorError):
        await world.eve.floor.act("ada", w.Calmed())
    assert not [n for n in world.ada.news if isinstance(n, w.FromDesk)]


# -- earlier incidents -------------------------------------------------------------------------------------------------


async def only_upheld_and_unexpired_incidents_of_that_caller_are_found(world: World) -> None:
    today = date.today()
    incidents = {c: w.Earlier(c, "2031-02-03", (w.Ground.SLUR,), "released") for c in ("a", "b", "c", "d")}
    for case, incident in incidents.items():
        await world.ada.floor.report("+43 2" if case == "d" else "+43 1", incident)
    for case, until in (("a", today), ("b", today - timedelta(days=1)), ("d", today)):
        await world.rig.uphold(case, until)
    await world.fay.floor.do(w.LookUp(3, "line", "+43 1"))
    assert await world.fay.told(w.EarlierAre) == w.EarlierAre("line", (incidents["a"],))
    await world.gus.floor.do(w.LookUp(4, "line", "+43 9"))
    assert await world.gus.told(w.EarlierAre) == w.EarlierAre("line", ())


async def an_incident_is_forgotten_by_the_desk_that_has_reported_it_alone(world: World) -> None:
    incident = w.Earlier("a", "2031-02-03", (w.Ground.SLUR,), "released")
    await world.ada.floor.report("+43 1", incident)
    await world.rig.uphold("a", date.today())
    await world.eve.floor.forget("a")
    await world.fay.floor.do(w.LookUp(3, "line", "+43 1"))
    assert await world.fay.told(w.EarlierAre) == w.EarlierAre("line", (incident,))
    await world.ada.floor.forget("a")
    await world.ada.floor.forget("a")  # said again, it does nothing
    await world.gus.floor.do(w.LookUp(4, "line", "+43 1"))
    assert await world.gus.told(w.EarlierAre) == w.EarlierAre("line", ())


CONTRACT: tuple[Callable[[World], Awaitable[None]], ...] = (
    it_greets_with_the_floor_and_then_with_all_asks,
    supervisors_are_seen_with_extension_group_and_whether_they_are_free,
    on_a_call_is_present_and_not_free_and_away_is_not_present,
    who_signs_off_is_gone_and_an_agent_is_never_among_supervisors,
    a_desk_that_dies_is_out_of_reach_for_the_others,
    a_second_desk_of_the_same_name_is_refused,
    a_lost_line_is_told_on_both_sides_and_heals,
    an_ask_reaches_those_it_names_with_brief_and_answers_and_nobody_else,
    seen_and_the_reply_reach_the_desk_that_asked,
    once_one_takes_it_it_is_over_for_all_who_were_asked,
    an_ask_grows_wider_and_more_urgent_and_stays_one,
    what_was_not_offered_as_an_answer_is_refused,
    panic_reaches_those_who_are_on_a_call_too,
    an_ask_ends_with_the_desk_that_asks_and_may_be_put_again,
    a_desk_that_comes_back_finds_what_is_asked_of_it,
    an_offer_its_answer_and_its_taking_back_carry_their_numbers,
    a_dead_desk_is_an_error_and_gets_no_offer_later,
    an_act_reaches_the_owner_who_answers_it,
    an_act_at_a_dead_desk_or_by_nobody_is_an_error,
    only_upheld_and_unexpired_incidents_of_that_caller_are_found,
    an_incident_is_forgotten_by_the_desk_that_has_reported_it_alone,
)
