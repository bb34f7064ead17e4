"""An eye on a story: never two owners of a case, and none for a moment at most."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from tests.floor.office import Office

NOBODY_S = 5.0  # so long a living call may have no owner once the network is whole


class Watch:
    """How long the case of a living call has had no owner at a stretch, while the network was whole.

    ``whole_s`` tells since when it is, on the monotonic clock; infinity: it is not.
    """

    def __init__(self, made: Office, whole_s: Callable[[], float]) -> None:
        self.longest_s = 0.0
        self._made, self._whole_s = made, whole_s
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        since = time.monotonic()
        while True:
            now = time.monotonic()
            if any(seat.has_case for seat in self._made.seats) or not self._made.caller.living:
                since = now
            self.longest_s = max(self.longest_s, now - max(since, self._whole_s()))
            self._made.check_owners()
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        if self._task.done():
            await self._task
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
