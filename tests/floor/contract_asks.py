"""What every floor keeps to where several ask, ask anew, or act on what they see; see `contract`."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from tests.floor.contract import BRIEF, LEAVE, Desk, World, boss

from rung import words as w
from rung.floor.base import DesksAre, FloorError
from rung.words import Outcome, Reply, Verdict, Want

HELP = (Reply.ACCEPT, Reply.BUSY)


async def what_two_desks_ask_under_one_number_stays_apart(world: World) -> None:
    await world.ask(world.eve)
    await world.fay.floor.do(w.AskFloor(1, 1, Want.PANIC, ("eve",), replace(BRIEF, case="fay-1"), HELP))
    await world.eve.sees(lambda asks: [(a.desk, a.brief.case) for a in asks] == [("ada", "ada-1"), ("fay", "fay-1")])
    with pytest.raises(FloorError):
        await world.eve.floor.reply("fay", 1, Reply.GRANT)
    await world.eve.floor.reply("fay", 1, Reply.ACCEPT)
    assert (await world.fay.told(w.Replied)).reply == Reply.ACCEPT
    assert not [n for n in world.ada.news if isinstance(n, w.Replied)]
    await world.fay.floor.do(w.CloseAsk(2, 1, Outcome.ACCEPTED))
    await world.eve.sees(lambda asks: any(a.over for a in asks))
    assert world.eve.open() == [("ada", 1)], "what the other desk asks goes on"


async def an_ask_that_is_put_anew_says_what_can_be_answered_now(world: World) -> None:
    await world.ask(world.eve, want=Want.PANIC, may=(Reply.JOIN, *HELP))
    await world.ada.floor.do(w.AskFloor(12, 1, Want.PANIC, ("eve",), BRIEF, HELP))
    await world.eve.sees(lambda asks: [a.may for a in asks] == [HELP])
    with pytest.raises(FloorError):
        await world.eve.floor.reply("ada", 1, Reply.JOIN)
    await world.eve.floor.reply("ada", 1, Reply.ACCEPT)
    await world.ada.told(w.Replied)


async def an_ask_that_one_has_taken_may_go_on_before_that_one_alone(world: World) -> None:
    """Closed for all, and put again under its number: as where somebody listens before giving leave."""
    await world.ask(world.eve, world.fay)
    await world.ada.floor.do(w.CloseAsk(12, 1, Outcome.JOINED))
    await world.ada.floor.do(w.AskFloor(13, 1, Want.LEAVE, ("eve",), BRIEF, LEAVE))
    await world.fay.sees(lambda asks: bool(asks) and asks[0].over == Outcome.JOINED)
    await world.eve.sees(lambda asks: any((a.to, a.over) == (("eve",), None) for a in asks))
    with pytest.raises(FloorError):
        await world.fay.floor.reply("ada", 1, Reply.GRANT)
    await world.eve.floor.reply("ada", 1, Reply.GRANT)
    assert (await world.ada.told(w.Replied)).desk == "eve"


async def the_end_of_an_ask_says_at_every_desk_whose_answer_it_was(world: World) -> None:
    """Of several who have answered at once."""
    await world.ask(world.eve, world.fay)
    for desk in (world.eve, world.fay):
        await desk.floor.reply("ada", 1, Reply.GRANT)
    await world.ada.floor.do(w.CloseAsk(12, 1, Outcome.GRANTED, "fay"))
    for desk in (world.eve, world.fay):
        over = await desk.sees(lambda asks: bool(asks) and asks[0].over is not None)
        assert [(asked.over, asked.by) for asked in over] == [(Outcome.GRANTED, "fay")]


async def what_is_over_is_no_longer_shown(world: World) -> None:
    await world.ask(world.eve)
    await world.ada.floor.do(w.CloseAsk(12, 1, Outcome.TAKEN_BACK))
    await world.eve.sees(lambda asks: any(a.over for a in asks))
    with pytest.raises(FloorError):
        await world.eve.floor.see("ada", 1)
    with pytest.raises(FloorError):
        await world.fay.floor.see("ada", 1)
    assert not [n for n in world.ada.news if isinstance(n, w.Seen)]


async def an_act_names_the_call_that_was_seen_where_it_is_done(world: World) -> None:
    """So that it is never taken for the next one."""
    await world.ada.floor.sign_on(replace(world.ada.place, case="ada-7", epoch=9))
    await world.eve.told(DesksAre, lambda n: n.desks["ada"].case == "ada-7")
    world.ada.answer = None
    assert (await world.eve.floor.act("ada", w.Calmed())).verdict == Verdict.NOTHING
    acted = await world.ada.told(w.FromDesk)
    assert (acted.case, acted.epoch) == ("ada-7", 9)


async def a_desk_that_has_ended_asks_nobody_and_is_greeted_when_it_is_back(world: World) -> None:
    await world.ask(world.eve)
    await world.ada.stop()
    await world.eve.sees(lambda asks: any(a.over == Outcome.INTERRUPTED for a in asks))
    with pytest.raises(FloorError):
        await world.ada.floor.do(w.AskFloor(12, 2, Want.LEAVE, ("eve",), BRIEF, LEAVE))
    again = Desk(world.rig, "ada", world.ada.place)
    await again.start()
    assert {p.person for p in (await again.shows("eve", "fay", "gus")).present} == {"eve", "fay", "gus"}
    assert world.eve.open() == []
    await again.stop()


async def who_signs_off_while_asked_answers_nothing_and_may_when_they_are_back(world: World) -> None:
    await world.ask(world.eve)
    await world.eve.floor.sign_on(replace(world.eve.place, person=None))
    with pytest.raises(FloorError):
        await world.eve.floor.reply("ada", 1, Reply.GRANT)
    await world.eve.floor.sign_on(boss("eve"))
    await world.eve.floor.reply("ada", 1, Reply.GRANT)
    await world.ada.told(w.Replied)


ASKS: tuple[Callable[[World], Awaitable[None]], ...] = (
    what_two_desks_ask_under_one_number_stays_apart,
    an_ask_that_is_put_anew_says_what_can_be_answered_now,
    an_ask_that_one_has_taken_may_go_on_before_that_one_alone,
    the_end_of_an_ask_says_at_every_desk_whose_answer_it_was,
    what_is_over_is_no_longer_shown,
    an_act_names_the_call_that_was_seen_where_it_is_done,
    a_desk_that_has_ended_asks_nobody_and_is_greeted_when_it_is_back,
    who_signs_off_while_asked_answers_nothing_and_may_when_they_are_back,
)
