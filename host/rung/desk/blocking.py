"""What is decided of blocks is done at the phone system, where it can: a number is kept away, or gets through again.

The record says how things are to be; the phone is told whatever differs from what it was told before, again and again
until it has taken it. It forgets a block at its end by itself, so a bridge that is down then holds nobody back.
"""

import asyncio
import contextlib
from collections.abc import Callable

from rung.desk.afterwards import Afterwards
from rung.desk.happening import Teller
from rung.journal.after.blocks import Block, blocks
from rung.journal.format import JournalError
from rung.phone.base import Phone, PhoneError
from rung.policy.state import Facts

AGAIN_S = 5.0  # while the phone is away, or did not take it
LOOK_S = 3600.0  # for blocks that have come to their end: their numbers are erased
GOES_THROUGH = 0


class Blocker:
    """`run` on the event loop until cancelled."""

    def __init__(self, after: Afterwards, phone: Phone, facts: Callable[[], Facts], teller: Teller) -> None:
        self._after = after
        self._phone = phone
        self._facts = facts
        self._teller = teller
        self._told: dict[str, int] = {}  # by number: until when the phone keeps it away, in seconds since 1970
        self._trouble = ""

    async def run(self) -> None:
        woken, loop = asyncio.Event(), asyncio.get_running_loop()
        self._after.attended = lambda: loop.call_soon_threadsafe(woken.set)
        try:
            while True:
                woken.clear()
                wait_s = LOOK_S if await self._settle() else AGAIN_S
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await woken.wait()
        finally:
            self._after.attended = lambda: None

    async def _settle(self) -> bool:
        """Whether phone and record agree now, or this phone blocks nobody."""
        try:
            held = await _finished(self._held)
            wanted = wanted_of(held)
            facts = self._facts()
            if not facts.phone_up or "block" not in facts.can:
                return facts.phone_up or not wanted  # a person does it, as the task in the record says
            for number, until_s in wanted.items():
                if self._told.get(number) != until_s:
                    await self._tell(number, until_s)
        except (JournalError, PhoneError) as error:
            self._say(f"a block is not settled with the phone: {error}")
            return False
        self._trouble = ""
        return True

    def _held(self) -> list[Block]:
        if not self._after.anything():
            return []  # most desks: a long record need not be read for it
        held = blocks(self._after.files(), self._after.wall_ms())
        self._after.forget_numbers(block.case for block in held if block.over)
        return held

    async def _tell(self, number: str, until_s: int) -> None:
        if until_s == GOES_THROUGH:
            await self._phone.unblock(number)
        else:
            await self._phone.block(number, until_s)
        self._told[number] = until_s
        self._teller.tell("block", text="a number gets through" if until_s == GOES_THROUGH else "a number is kept away")

    def _say(self, text: str) -> None:
        if text != self._trouble:
            self._trouble = text
            self._teller.tell("trouble", text=text)


async def _finished(work: Callable[[], list[Block]]) -> list[Block]:
    """On a thread, and over before anybody can close the files under it: also when this is cancelled."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise


def wanted_of(held: list[Block]) -> dict[str, int]:
    """By number, until which second it is to be kept away; 0: it is to get through."""
    wanted: dict[str, int] = {}
    for block in held:
        if block.caller:
            until_s = block.until_ms // 1000 if block.live else GOES_THROUGH
            wanted[block.caller] = max(wanted.get(block.caller, GOES_THROUGH), until_s)
    return wanted
