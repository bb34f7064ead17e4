"""The end of the desk's record, signed now and then, and given to the floor: somebody else's, not the desk user's."""

import asyncio
import contextlib
import threading

from rung.clock import wall_ms
from rung.desk.happening import Teller
from rung.floor.base import Floor, FloorError
from rung.journal.format import JournalError
from rung.journal.heads import SignedHead
from rung.journal.signing import Signer
from rung.journal.store import Journal

HEAD_EVERY_S = (
    600.0  # what was written since the last one could be written anew unseen, if the copies were gone as well
)
AGAIN_S = 5.0  # after the floor did not take it


class HeadKeeper:
    """`run` until cancelled; `wake` when the floor has come."""

    def __init__(
        self, journal: Journal, lock: threading.Lock, signer: Signer, floor: Floor | None, teller: Teller
    ) -> None:
        self._journal = journal
        self._lock = lock
        self._signer = signer
        self._floor = floor
        self._teller = teller
        self._woken = asyncio.Event()
        self._signed: SignedHead | None = None
        self._is_kept = False  # by the floor

    def wake(self) -> None:
        """On the event loop."""
        self._woken.set()

    async def run(self) -> None:
        while True:
            self._woken.clear()
            await asyncio.to_thread(self.sign)
            wait_s = HEAD_EVERY_S if await self._give() else AGAIN_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()

    def sign(self) -> None:
        """The end as it is now, unless that has been signed. From any thread."""
        with self._lock:
            journal, head = self._journal.id, self._journal.head
        before = self._signed
        if not head.seq or (before is not None and before.head == head):
            return
        try:
            self._signed = self._signer.sign(journal, head, wall_ms())
            self._is_kept = False
        except JournalError as error:
            self._teller.tell("trouble", text=str(error))

    async def _give(self) -> bool:
        """Whether nothing is left to be given to a floor that is in reach."""
        if self._floor is None or self._signed is None or self._is_kept:
            return True
        try:
            await self._floor.keep_head(str(self._signed))
        except FloorError:
            return False
        self._is_kept = True
        return True
