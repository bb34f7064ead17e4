"""What every floor keeps to with what it hands down to all desks; see `contract`."""

from collections.abc import Awaitable, Callable

from tests.floor.contract import World

from rung.floor.base import Blocked, BlocksAre, HandedOut, PoliciesAre

POLICIES = PoliciesAre((HandedOut(instead_of="ü", version="2-ab", policy='{"x":1}'),))
BLOCKS = BlocksAre((Blocked(caller="ab12", case="ada-1", until_ms=7, decided=True),))


async def what_is_handed_down_reaches_every_desk_and_whoever_comes_later(world: World) -> None:
    await world.fay.stop()
    mark = len(world.eve.news)
    await world.rig.hand_down(POLICIES)
    await world.rig.hand_down(BLOCKS)
    for desk in (world.ada, world.eve):
        assert await desk.told(PoliciesAre, lambda n: n == POLICIES) and await desk.told(BlocksAre)
    world.rig.find(world.fay.floor)
    await world.fay.start()
    await world.fay.told(BlocksAre, lambda n: n == BLOCKS)
    await world.fay.told(PoliciesAre, lambda n: n == POLICIES)
    await world.rig.hand_down(PoliciesAre())
    await world.eve.told(PoliciesAre, lambda n: n == PoliciesAre(), mark)


async def a_desk_that_was_cut_off_learns_what_has_changed(world: World) -> None:
    await world.rig.hand_down(POLICIES)
    await world.eve.told(PoliciesAre, lambda n: n == POLICIES)
    world.rig.lose(world.eve.floor)
    await world.rig.hand_down(PoliciesAre())
    mark = len(world.eve.news)
    world.rig.find(world.eve.floor)
    await world.eve.told(PoliciesAre, lambda n: n == PoliciesAre(), mark)


HANDED: tuple[Callable[[World], Awaitable[None]], ...] = (
    what_is_handed_down_reaches_every_desk_and_whoever_comes_later,
    a_desk_that_was_cut_off_learns_what_has_changed,
)
