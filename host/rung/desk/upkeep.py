"""What a desk does with its record once a day: what has been kept long enough is erased, and the floor is told."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from rung.desk.happening import Teller
from rung.desk.privacy import Privacy, Retention
from rung.floor.base import Floor, FloorError
from rung.journal.format import JournalError

EVERY_S = 24 * 3600.0
LOOK_S = 60.0  # between two looks at whether there is something to do, and nothing in its way


class Upkeep:
    """`run` until cancelled. It waits for a pause between calls, so that no press waits for it."""

    def __init__(
        self, privacy: Privacy, retention: Retention, floor: Floor | None, teller: Teller, busy: Callable[[], bool]
    ) -> None:
        self._privacy = privacy
        self._retention = retention
        self._floor = floor
        self._teller = teller
        self._busy = busy

    async def run(self) -> None:
        due = 0.0
        while True:
            await asyncio.sleep(LOOK_S)  # a desk that has just started has better things to do
            if time.monotonic() >= due and not self._busy() and await asyncio.to_thread(self._retain):
                due = time.monotonic() + EVERY_S
            await self._tell_floor()

    def _retain(self) -> bool:
        try:
            self._privacy.retain(self._retention)
        except JournalError as error:
            self._teller.tell("trouble", text=f"nothing is erased although its time is over: {error}")
            return False
        return True

    async def _tell_floor(self) -> None:
        """The floor forgets the incidents of cases that were erased here, however long it was out of reach."""
        with contextlib.suppress(FloorError, JournalError):
            for case in self._privacy.owed():
                if self._floor is not None:
                    await self._floor.forget(case)
                self._privacy.settled(case)
