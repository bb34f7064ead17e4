"""The desk's record goes to the floor as well: what is missing there is sent as soon as the floor is in reach.

So somebody keeps the chain whom the desk's user does not control; its signed end goes there too.
"""

import asyncio
import threading
from itertools import islice

from rung.desk.happening import Teller
from rung.desk.heads import HeadKeeper
from rung.floor.base import Copied, Floor, FloorError, Line
from rung.journal.format import JournalError
from rung.journal.signing import Signer
from rung.journal.store import Journal

AT_ONCE = 100  # entries in one part; the largest (a case that is offered) take some ten thousand bytes
AT_ONCE_BYTES = 400_000  # the server takes a megabyte, and JSON makes more of it
AGAIN_S = 2.0  # after the floor did not take it, or the record could not be read


class Copier:
    """`run` until cancelled; `wake` when the record has grown, `reached` when the floor is, `close` at the end."""

    def __init__(
        self, journal: Journal, lock: threading.Lock, floor: Floor | None, teller: Teller, signer: Signer | None = None
    ) -> None:
        self._journal = journal
        self._lock = lock
        self._floor = floor
        self._teller = teller
        self._woken = asyncio.Event()
        self._told = ""
        self._heads = None if signer is None else HeadKeeper(journal, lock, signer, floor, teller)

    def wake(self) -> None:
        """On the event loop."""
        self._woken.set()

    def reached(self) -> None:
        """On the event loop."""
        self._woken.set()
        if self._heads is not None:
            self._heads.wake()

    def close(self) -> None:
        """The last end of the record is signed."""
        if self._heads is not None:
            self._heads.sign()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            if self._floor is not None:
                group.create_task(self._copy(self._floor))
            if self._heads is not None:
                group.create_task(self._heads.run())

    async def _copy(self, floor: Floor) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._catch_up(floor)
                self._told = ""
            except (FloorError, JournalError) as error:
                self._tell(error)
                await asyncio.sleep(AGAIN_S)
                self._woken.set()

    def _tell(self, error: Exception) -> None:
        if not isinstance(error, FloorError) and str(error) != self._told:
            self._told = str(error)
            self._teller.tell("trouble", text=f"the record is not copied to the floor: {error}")

    async def _catch_up(self, floor: Floor) -> None:
        with self._lock:
            head, journal = self._journal.head, self._journal.id
        copied = await floor.copied(Copied(journal=journal, seq=head.seq, hash=head.hash))
        after = copied.seq if copied.journal == journal else 0
        while lines := self._next(after):
            await floor.copy(journal, lines)
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
