"""What every floor keeps to in telling supervisors what goes on at the desks; see `contract`."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from tests.floor.contract import World, boss

from rung import words as w
from rung.floor.base import DesksAre, Doing, FloorError, Place, Status


async def a_supervisor_is_told_what_goes_on_at_every_desk_and_since_when(world: World) -> None:
    talks = replace(world.ada.place, status=Status.ON_A_CALL, doing=Doing.TALKS, since_ms=1_700_000_000_000)
    await world.ada.floor.sign_on(talks)
    told = await world.eve.told(DesksAre, lambda n: n.desks.get("ada") == talks)
    assert told.desks == {d.name: talks if d is world.ada else d.place for d in world.desks}
    holds = replace(talks, doing=Doing.HOLDS, since_ms=talks.since_ms + 5)
    await world.ada.floor.sign_on(holds)
    for desk in (world.eve, world.gus):
        await desk.told(DesksAre, lambda n: n.desks["ada"] == holds)
    mark = len(world.eve.news)
    await world.ada.stop()
    await world.eve.told(DesksAre, lambda n: "ada" not in n.desks, mark)


async def an_agent_is_never_told_and_a_supervisor_who_goes_no_more(world: World) -> None:
    await world.eve.told(DesksAre, lambda n: len(n.desks) == len(world.desks))
    await world.eve.floor.sign_on(Place(extension="603-eve", person=w.Person("ida")))
    await world.eve.told(DesksAre, lambda n: n == DesksAre())
    mark = len(world.eve.news)
    await world.fay.floor.sign_on(boss("fay", Status.ON_A_CALL))
    await world.gus.told(DesksAre, lambda n: n.desks["fay"].status == Status.ON_A_CALL)
    await world.eve.floor.sign_on(boss("eve"))
    told = await world.eve.told(DesksAre, since=mark)
    assert told.desks["fay"].status == Status.ON_A_CALL, "nothing was told in between"
    assert not [n for n in world.ada.news if isinstance(n, DesksAre)]


async def what_goes_on_is_unknown_while_the_line_is_lost(world: World) -> None:
    await world.eve.told(DesksAre, lambda n: len(n.desks) == len(world.desks))
    mark = len(world.eve.news)
    world.rig.lose(world.eve.floor)
    await world.eve.told(DesksAre, lambda n: n == DesksAre(), mark)
    mark = len(world.eve.news)
    world.rig.find(world.eve.floor)
    await world.eve.told(DesksAre, lambda n: len(n.desks) == len(world.desks), mark)


async def a_case_is_shown_to_the_desk_that_it_is_for_and_to_no_other(world: World) -> None:
    for state in ('{"ü":1}', ""):
        await world.ada.floor.show("eve", state)
        await world.eve.told(w.CaseShown, lambda n, state=state: n == w.CaseShown("ada", state))
    assert not [n for desk in (world.fay, world.ada) for n in desk.news if isinstance(n, w.CaseShown)]
    await world.eve.stop()
    with pytest.raises(FloorError):
        await world.ada.floor.show("eve", "{}")


DESKS: tuple[Callable[[World], Awaitable[None]], ...] = (
    a_supervisor_is_told_what_goes_on_at_every_desk_and_since_when,
    an_agent_is_never_told_and_a_supervisor_who_goes_no_more,
    what_goes_on_is_unknown_while_the_line_is_lost,
    a_case_is_shown_to_the_desk_that_it_is_for_and_to_no_other,
)
