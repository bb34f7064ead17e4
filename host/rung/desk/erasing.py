"""What the floor orders all desks to erase is erased here; then the floor is told, and waits for the others."""

import asyncio
import contextlib

from rung.desk.happening import Teller
from rung.desk.privacy import Privacy, PrivacyError
from rung.floor.base import Erasure, ErasuresAre, Floor, FloorError
from rung.journal.format import JournalError

AGAIN_S = 60.0  # while a call is still up, a case is held, the floor is gone or the record cannot be written


class Erasing:
    """`run` until cancelled; `heard` on the event loop."""

    def __init__(self, privacy: Privacy, floor: Floor, teller: Teller) -> None:
        self._privacy = privacy
        self._floor = floor
        self._teller = teller
        self._orders: tuple[Erasure, ...] = ()
        self._woken = asyncio.Event()
        self._told: set[str] = set()

    def heard(self, news: ErasuresAre) -> None:
        self._orders = news.erasures
        self._woken.set()

    async def run(self) -> None:
        while True:
            self._woken.clear()
            for order in self._orders:
                if self._floor.desk in order.waits and await asyncio.to_thread(self._carry_out, order):
                    with contextlib.suppress(FloorError):
                        await self._floor.erased(order.id)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await self._woken.wait()

    def _carry_out(self, order: Erasure) -> bool:
        """Whether nothing of that caller is left here."""
        try:
            left = self._privacy.erase_known(order.caller, order.person, order.why)
        except (PrivacyError, JournalError) as error:
            left = [str(error)]
        for why in set(left) - self._told:
            self._teller.tell("trouble", text=f"the floor orders an erasure, and it waits: {why}")
        self._told = set(left)
        return not left
