"""Three hundred people come to work at once, and a password's check keeps the processor for a tenth of a second.

They are checked one after the other, in the order in which their desks asked. Whoever waits is told so, and asks again
with the same words; that does not cost them their place. A desk has one place, so none can hold up the others.
"""

import asyncio
import time
from collections.abc import Callable

from msgspec import Struct

from rung.floor.people_service import LATER, SignOn, read_asked

TOLD_S = 2.0  # after so long somebody who waits is told that they do
KEPT_S = 30.0  # so long what came of it is there for a desk to collect


class _Place(Struct, frozen=True):
    data: bytes
    until: float  # monotonic; it may last longer while it is not checked
    task: asyncio.Task[bytes]


class SignOnQueue:
    """``check`` is what `SignOns.answer` does; it may take its time."""

    def __init__(self, check: Callable[[str, bytes], bytes]) -> None:
        self._check = check
        self._turn = asyncio.Lock()  # whoever came first is next
        self._places: dict[str, _Place] = {}  # by desk

    async def answer(self, desk: str, data: bytes) -> bytes:
        """Raises MsgspecError for nonsense."""
        asked = read_asked(data)
        if not isinstance(asked, SignOn):  # no password is checked
            return await asyncio.to_thread(self._check, desk, data)
        place = self._places.get(desk)
        if place is None or (place.task.done() and (place.data != data or time.monotonic() > place.until)):
            task = asyncio.get_running_loop().create_task(self._in_turn(desk, data))
            place = self._places[desk] = _Place(data, time.monotonic() + KEPT_S, task)
        elif place.data != data:
            return LATER
        try:
            async with asyncio.timeout(TOLD_S if asked.waits else None):
                said = await asyncio.shield(place.task)
        except TimeoutError:
            return LATER
        if self._places.get(desk) is place:
            del self._places[desk]
        return said

    async def _in_turn(self, desk: str, data: bytes) -> bytes:
        async with self._turn:
            return await asyncio.to_thread(self._check, desk, data)
