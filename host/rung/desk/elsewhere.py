"""The cases of all desks of the floor, at a supervisor's desk: told as they change, so that what is due is dealt with.

What is done about one stands in the record of the desk where it is done, and comes to the others by the floor.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from rung import words as w
from rung.desk.afterwards import Afterwards, Opened
from rung.desk.happening import Teller
from rung.floor.base import FloorError, Line
from rung.floor.nats_cases import HEADS_SERVICE, SERVICE, Changed, Since, Told, Whole, unpacked
from rung.journal.after.files import CaseFile

DAY_S = 24 * 3600.0
LOOK_S = 2.0  # between two looks at what has changed
ANSWER_S = 5.0  # the floor reads a call's entries from its disk
_EVENT = msgspec.json.Decoder(w.Event)
_FILE = msgspec.json.Decoder(CaseFile)
T = TypeVar("T")


class Asks(Protocol):
    """What this needs of `rung.floor.nats.NatsFloor`."""

    async def ask_steward(self, service: str, data: bytes, within_s: float) -> bytes: ...


class Elsewhere:
    """`run` on the event loop until cancelled."""

    def __init__(self, floor: Asks, after: Afterwards, teller: Teller, heads: Path | None = None) -> None:
        """``heads``: the file in which this desk keeps the signed ends of the others' records, a line each a day."""
        self._floor = floor
        self._heads = heads
        self._after = after
        self._teller = teller
        self._since = Since()
        self._loop = asyncio.get_running_loop()
        after.elsewhere = self.case

    async def run(self) -> None:
        while True:
            more = False
            with contextlib.suppress(FloorError, msgspec.MsgspecError):  # no floor now, or one of another release
                more = await self._look()
                await self._keep_heads()
            if not more:
                await asyncio.sleep(LOOK_S)

    async def _look(self) -> bool:
        """Whether there is more."""
        said = await self._ask(self._since, Changed)
        found = [_FILE.decode(filed.file) for filed in said.files]
        for file, filed in zip(found, said.files, strict=True):
            file.known = filed.caller
        self._since = Since(said.copies, said.number)
        if found:
            self._after.learn_cases(found)
            self._teller.tell("cases")
        return said.more

    async def _keep_heads(self) -> None:
        if self._heads is None or (self._heads.exists() and time.time() - self._heads.stat().st_mtime < DAY_S):
            return
        lines = unpacked(await self._floor.ask_steward(HEADS_SERVICE, b"", ANSWER_S), list[str])
        try:
            if lines:
                with self._heads.open("a", encoding="utf-8") as file:
                    file.writelines(f"{line.strip()}\n" for line in lines)
        except OSError as error:
            self._teller.tell("trouble", text=f"{self._heads}: the others' heads are not kept: {error.strerror}")
            self._heads = None

    def case(self, case: str) -> dict[str, list[Opened]]:
        """What the other desks' records say of it, by desk; nothing while the floor does not answer.

        On any thread but the loop's.
        """
        asking = asyncio.run_coroutine_threadsafe(self._ask(Whole(case), Told), self._loop)
        try:
            told = asking.result(ANSWER_S + 1)
        except (FloorError, msgspec.MsgspecError, TimeoutError):
            return {}
        found: dict[str, list[Opened]] = {}
        for copy in told.copies:
            if copy.journal != self._after.record:
                name = copy.desk if copy.desk not in found else f"{copy.desk}, {copy.journal}"  # it has begun anew
                found[name] = list(_opened(copy.lines))
        return found

    async def _ask(self, asked: Since | Whole, form: type[T]) -> T:
        return unpacked(await self._floor.ask_steward(SERVICE, msgspec.json.encode(asked), ANSWER_S), form)


def _opened(lines: tuple[Line, ...]) -> Iterator[Opened]:
    """What another release records, and this one does not know, is passed over."""
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError):
            yield Opened(line.at_ms, line.wall_ms, _EVENT.decode(line.body))
