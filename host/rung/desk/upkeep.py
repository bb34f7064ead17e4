"""What a desk does with its record once a day: what has been kept long enough is erased."""

import asyncio
from collections.abc import Callable

from rung.desk.happening import Teller
from rung.desk.privacy import Privacy, Retention
from rung.journal.format import JournalError

EVERY_S = 24 * 3600.0
AGAIN_S = 60.0  # while a call is up, or the disk fails


class Upkeep:
    """`run` until cancelled. It waits for a pause between calls, so that no press waits for it."""

    def __init__(self, privacy: Privacy, retention: Retention, teller: Teller, busy: Callable[[], bool]) -> None:
        self._privacy = privacy
        self._retention = retention
        self._teller = teller
        self._busy = busy

    async def run(self) -> None:
        while True:
            await asyncio.sleep(AGAIN_S)  # a desk that has just started has better things to do
            done = not self._busy() and await asyncio.to_thread(self._retain)
            if done:
                await asyncio.sleep(EVERY_S)

    def _retain(self) -> bool:
        try:
            self._privacy.retain(self._retention)
        except JournalError as error:
            self._teller.tell("trouble", text=f"nothing is erased although its time is over: {error}")
            return False
        return True
