"""What is decided of blocks is done at the phone system, where it can: a number is kept away, or gets through again.

The record says how things are to be, and the floor what was decided at another desk; the phone is told whatever differs
from what it was told before, again and again until it has taken it. The number of an emergency line never reaches it,
whoever decided that. It forgets a block at its end by itself, so a
bridge that is down then holds nobody back.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import date

from msgspec.structs import replace

from rung import words as w
from rung.desk.afterwards import Afterwards
from rung.desk.commands import Commands
from rung.desk.happening import Teller
from rung.desk.policies import HandedHere
from rung.journal.after.blocks import Block, Standing, blocks
from rung.journal.after.files import CaseFile
from rung.journal.format import JournalError
from rung.phone.base import Phone, PhoneError
from rung.policy.state import Facts

AGAIN_S = 5.0  # while the phone is away, or did not take it
LOOK_S = 15.0  # for what the floor says, and for blocks that have come to their end: their numbers are erased
GOES_THROUGH = 0
Held = list[tuple[Block, CaseFile]]


class Blocker:
    """`run` on the event loop until cancelled."""

    def __init__(
        self,
        after: Afterwards,
        phone: Phone,
        facts: Callable[[], Facts],
        teller: Teller,
        handed: HandedHere,
        commands: Commands,
    ) -> None:
        """``handed`` has who is kept away by the records of all desks, as far as the floor has told; by ``commands``
        the floor learns of whose call that is: without it, it knows no caller to keep away.
        """
        self._after = after
        self._phone = phone
        self._facts = facts
        self._teller = teller
        self._handed = handed
        self._commands = commands
        self._lacks: set[str] = set()  # the cases with a block that the floor did not know at the last look
        self._on_floor: dict[str, int] = {}  # by case: until when the floor has said it is blocked, in ms; 0: no more
        self._told: dict[str, int] = {}  # by number: until when the phone keeps it away, in seconds since 1970
        self._trouble = ""

    async def run(self) -> None:
        woken, loop = asyncio.Event(), asyncio.get_running_loop()

        def attended(act: w.AfterAct) -> None:
            loop.call_soon_threadsafe(woken.set)

        self._after.attended.append(attended)
        try:
            while True:
                woken.clear()
                wait_s = LOOK_S if await self._settle() else AGAIN_S
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await woken.wait()
        finally:
            self._after.attended.remove(attended)

    async def _settle(self) -> bool:
        """Whether phone and record agree now, or this phone blocks nobody."""
        try:
            self._on_floor = dict.fromkeys(self._on_floor, 0) | {
                said.case: said.until_ms for said in self._handed.blocks
            }
            held = await _finished(self._held)
            self._tell_floor(held)
            wanted = wanted_of([block for block, _ in held])
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

    def _held(self) -> Held:
        if not self._after.anything():
            return []  # most desks: a long record need not be read for it
        now_ms, files = self._after.wall_ms(), self._after.files()
        held = [on_floor(block, self._on_floor.get(block.case), now_ms) for block in blocks(files, now_ms)]
        self._after.forget_numbers(block.case for block in held if block.over)
        open_to = self._after.rules.emergency
        held = [replace(block, standing=Standing.LIFTED) if open_to(block.caller) else block for block in held]
        return [(block, files.cases[block.case]) for block in held]

    def _tell_floor(self, held: Held) -> None:
        """Of a block that it does not know at two looks: it was out of reach, or the call was no incident."""
        lacks = {b.case: (b, file) for b, file in held if b.live and b.caller and b.case not in self._on_floor}
        for case in self._lacks & set(lacks):
            block, file = lacks[case]
            day = date.fromtimestamp((file.closed_ms or file.opened_ms) / 1000).isoformat()
            self._commands.report(block.caller, w.Earlier(case, day, tuple(file.named), file.how))
        self._lacks = set(lacks)

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


async def _finished(work: Callable[[], Held]) -> Held:
    """On a thread, and over before anybody can close the files under it: also when this is cancelled."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise


def on_floor(block: Block, until_ms: int | None, now_ms: int) -> Block:
    """The block as the floor knows it: decided, lifted or at its end by what stands in another desk's record.

    ``until_ms`` None: the floor has never told of it; 0: it did, and does no more. What this desk's own record has
    ended stays ended: the floor's list may be a moment behind.
    """
    if until_ms is None or block.over:
        return block
    if until_ms > now_ms:
        return replace(block, standing=Standing.GRANTED, until_ms=until_ms)
    return replace(block, standing=Standing.LIFTED)


def wanted_of(held: list[Block]) -> dict[str, int]:
    """By number, until which second it is to be kept away; 0: it is to get through."""
    wanted: dict[str, int] = {}
    for block in held:
        if block.caller:
            until_s = block.until_ms // 1000 if block.live else GOES_THROUGH
            wanted[block.caller] = max(wanted.get(block.caller, GOES_THROUGH), until_s)
    return wanted
