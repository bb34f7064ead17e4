"""What the floor folds from the copies of all desks' records: nothing of it is kept, and all of it can be made anew.

What an entry means is not the floor's to know: a `Fold` is handed in. Of it the floor takes who is blocked, for all
desks, and which incidents were upheld, for look-ups.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

import msgspec
from nats.aio.msg import Msg
from nats.js.api import StreamConfig
from nats.js.errors import Error as JetStreamError

from rung import words as w
from rung.floor import nats_letters as letters
from rung.floor.base import Blocked, BlocksAre, FloorError, Line
from rung.floor.nats_copies import JOURNALS
from rung.floor.nats_handed import BLOCKS, Handed
from rung.floor.nats_incidents import Incidents
from rung.floor.nats_keeping import Heard, Read, read
from rung.floor.nats_link import BROKEN, Enrolment, Link, connected

GATHER_S = 0.2  # between two looks at what has come of new entries
EXPIRE_S = 10.0  # and at what has expired meanwhile


class Fold(Protocol):
    """All records so far. Pure but for what it remembers."""

    def take(self, record: str, line: Line) -> None:
        """The next entry of this record; records may come in any order, and between each other."""

    def blocked(self) -> list[tuple[str, int, bool]]:
        """Whoever is kept away now: by case, until when (Unix ms), and whether a second person has decided it."""

    def upheld(self, case: str) -> bool:
        """Whether this incident counts when its caller rings again."""

    def training(self, person: str) -> w.Training:
        """The newest of this person, and when they have acknowledged."""


class Views:
    """A `rung.floor.nats_keeping.Keeping`. It reads beside the steward's start: whoever comes does not wait for it."""

    def __init__(self, fold: Callable[[], Fold], incidents: Incidents, handed: Handed) -> None:
        self._make = fold
        self._incidents = incidents
        self._handed = handed
        self._task: asyncio.Task[None] | None = None
        self.told: Telling | None = None  # once all that was there has been read

    def streams(self) -> list[StreamConfig]:
        return []

    def reads(self) -> list[Read]:
        return []

    def answers(self) -> dict[str, Heard]:
        return {}

    async def begin(self, link: Link) -> None:
        if self._task is not None:
            self._task.cancel()
        self.told = None
        self._task = asyncio.create_task(self._run(link))

    async def _run(self, link: Link) -> None:
        told = Telling(self._make())
        with contextlib.suppress(FloorError, JetStreamError, *BROKEN):  # the steward's next connection begins anew
            await read(link, told.part())
            self._incidents.upheld, self.told = told.fold.upheld, told
            while not link.client.is_closed:
                told.more.clear()
                await self._handed.put(BLOCKS, self._blocks(told.fold))
                await asyncio.sleep(GATHER_S)
                with contextlib.suppress(asyncio.TimeoutError):
                    async with asyncio.timeout(EXPIRE_S):
                        await told.more.wait()

    def _blocks(self, fold: Fold) -> BlocksAre:
        """Callers whom no desk has reported have no number, and nobody is kept away for them."""
        found = [
            Blocked(caller=caller, case=case, until_ms=until_ms, decided=decided)
            for case, until_ms, decided in fold.blocked()
            if (caller := self._incidents.caller_of(case))
        ]
        return BlocksAre(tuple(sorted(found, key=lambda each: each.case)))


class Telling:
    """Tells a fold what stands in the copies: each entry once, where it continues what was told before."""

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.more = asyncio.Event()
        self._told: dict[str, int] = {}  # by record: its last entry

    def part(self) -> Read:
        return Read(JOURNALS, "rung.journal.>", self._heard)

    async def _heard(self, msg: Msg) -> None:
        with contextlib.suppress(msgspec.MsgspecError):  # `Copies` says so
            part = letters.read_part(msg.data)
            for line in part.lines:
                if line.seq == self._told.get(part.journal, 0) + 1:
                    self._told[part.journal] = line.seq
                    self.fold.take(part.journal, line)
            self.more.set()


async def rebuilt(who: Enrolment, fold: Fold) -> None:
    """Tell ``fold`` everything that the floor has of the records. FloorError if it is out of reach."""
    async with connected(who) as link:
        try:
            await read(link, Telling(fold).part())
        except (JetStreamError, TimeoutError) as error:
            why = str(error) or "nothing more comes"
            raise FloorError(f"the copies of the records cannot be read: {why}") from None
