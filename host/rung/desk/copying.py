"""The desk's record goes to the floor as well: what is missing there is sent as soon as the floor is in reach.

So somebody keeps the head of the chain whom the desk's user does not control.
"""

import asyncio
import threading
from itertools import islice

from rung.desk.happening import Teller
from rung.floor.base import Copied, Floor, FloorError, Line
from rung.journal.format import JournalError
from rung.journal.store import Journal

AT_ONCE = 100  # entries in one part; the largest (a case that is offered) take some ten thousand bytes
AT_ONCE_BYTES = 400_000  # the server takes a megabyte, and JSON makes more of it
AGAIN_S = 2.0  # after the floor did not take it, or the record could not be read


class Copier:
    """`run` until cancelled; `wake` when the record has grown, or the floor has come."""

    def __init__(self, journal: Journal, lock: threading.Lock, floor: Floor, teller: Teller) -> None:
        self._journal = journal
        self._lock = lock
        self._floor = floor
        self._teller = teller
        self._woken = asyncio.Event()
        self._told = ""

    def wake(self) -> None:
        """On the event loop."""
        self._woken.set()

    async def run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._catch_up()
                self._told = ""
            except (FloorError, JournalError) as error:
                self._tell(error)
                await asyncio.sleep(AGAIN_S)
                self._woken.set()

    def _tell(self, error: Exception) -> None:
        if not isinstance(error, FloorError) and str(error) != self._told:
            self._told = str(error)
            self._teller.tell("trouble", text=f"the record is not copied to the floor: {error}")

    async def _catch_up(self) -> None:
        with self._lock:
            head, journal = self._journal.head, self._journal.id
        copied = await self._floor.copied(Copied(journal=journal, seq=head.seq, hash=head.hash))
        after = copied.seq if copied.journal == journal else 0
        while lines := self._next(after):
            await self._floor.copy(journal, lines)
            after = lines[-1].seq

    def _next(self, after: int) -> tuple[Line, ...]:
        with self._lock:
            entries = list(islice(self._journal.entries(after), AT_ONCE))
        lines: list[Line] = []
        size = 0
        for e in entries:
            size += len(e.body)
            if lines and size > AT_ONCE_BYTES:
                break
            lines.append(Line(e.seq, e.at_ms, e.wall_ms, e.kind, e.body, e.hash))
        return tuple(lines)
