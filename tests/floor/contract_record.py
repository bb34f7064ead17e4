"""What every floor keeps to with the desks' records; see `contract`."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.floor.contract import PATIENCE_S, World

from rung import words as w
from rung.floor.base import Copied, Floor, FloorError, Line


async def a_record_is_copied_line_by_line_and_none_out_of_its_order(world: World) -> None:
    lines = tuple(Line(seq, 1, 2, "ü", b"\xff{}", bytes([seq])) for seq in range(1, 8))
    floor, head = world.ada.floor, Copied(journal="j-1", seq=7, hash=bytes([7]))
    assert await floor.copied(head) == Copied(), "nothing yet"
    await floor.copy("j-1", lines[:2])
    await floor.copy("j-1", lines[2:5])
    await is_copied(floor, head, Copied(journal="j-1", seq=5, hash=bytes([5])))
    mark = len(world.ada.news)
    world.rig.lose(floor)
    await world.ada.told(w.FloorIs, lambda n: not n.up, mark)
    with pytest.raises(FloorError):
        await floor.copy("j-1", lines[5:])
    mark = len(world.ada.news)
    world.rig.find(floor)
    await world.ada.told(w.FloorIs, lambda n: n.up, mark)
    await is_copied(floor, head, Copied(journal="j-1", seq=5, hash=bytes([5])))
    await floor.copy("j-1", lines[5:])
    await is_copied(floor, head, head)
    await floor.copy("j-2", lines[:1])
    await is_copied(floor, head, Copied(journal="j-2", seq=1, hash=bytes([1])))
    assert await world.eve.floor.copied(head) == Copied(), "each desk's own"


async def is_copied(floor: Floor, head: Copied, wanted: Copied) -> None:
    """What has just been copied may be known a moment later."""
    async with asyncio.timeout(PATIENCE_S):
        while await floor.copied(head) != wanted:
            await asyncio.sleep(0.002)


async def a_signed_end_of_a_record_is_kept_while_the_floor_is_in_reach(world: World) -> None:
    floor = world.ada.floor
    await floor.keep_head("rung-head-v1 ü 1")
    await floor.keep_head("rung-head-v1 ü 1")
    await floor.keep_head("rung-head-v1 ü 2")
    mark = len(world.ada.news)
    world.rig.lose(floor)
    await world.ada.told(w.FloorIs, lambda n: not n.up, mark)
    with pytest.raises(FloorError):
        await floor.keep_head("rung-head-v1 ü 3")


RECORD: tuple[Callable[[World], Awaitable[None]], ...] = (
    a_record_is_copied_line_by_line_and_none_out_of_its_order,
    a_signed_end_of_a_record_is_kept_while_the_floor_is_in_reach,
)
