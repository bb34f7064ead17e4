"""What the floor folds from the copies of all desks' records: nothing of it is kept, and all of it can be made anew.

What an entry means is not the floor's to know: a `Fold` is handed in. Of it the floor takes who is blocked, for all
desks, and which incidents were upheld, for look-ups.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import msgspec
from msgspec import Struct
from nats.aio.msg import Msg
from nats.js.api import StreamConfig
from nats.js.errors import Error as JetStreamError

from rung import words as w
from rung.floor import nats_letters as letters
from rung.floor.base import Blocked, BlocksAre, FloorError, Line
from rung.floor.nats_cases import MOST, SERVICE, Changed, Copy, Filed, Since, Told, packed, read_asked
from rung.floor.nats_copies import JOURNALS
from rung.floor.nats_handed import BLOCKS, Handed
from rung.floor.nats_incidents import Incidents
from rung.floor.nats_keeping import Heard, Read, read
from rung.floor.nats_link import BROKEN, CONNECT_S, Enrolment, Link, connected

GATHER_S = 0.2  # between two looks at what has come of new entries
EXPIRE_S = 10.0  # and at what has expired meanwhile


class Fold(Protocol):
    """All records so far. Pure but for what it remembers."""

    def take(self, record: str, line: Line) -> tuple[str, bool]:
        """The next entry of this record; records may come in any order, and between each other.

        Returns the case that it concerns, and whether it is a part of that call.
        """

    def blocked(self) -> list[tuple[str, int, bool]]:
        """Whoever is kept away now: by case, until when (Unix ms), and whether a second person has decided it."""

    def upheld(self, case: str) -> bool:
        """Whether this incident counts when its caller rings again."""

    def training(self, person: str) -> w.Training:
        """The newest of this person, and when they have acknowledged."""

    def filed(self, case: str) -> bytes:
        """The case, as JSON; empty: it is nobody's business any more, or none that is dealt with afterwards."""

    def beside(self, case: str) -> list[Line]:
        """Entries of no case that are needed to read this one's."""


class Views:
    """A `rung.floor.nats_keeping.Keeping`. It reads beside the steward's start: whoever comes does not wait for it."""

    def __init__(self, fold: Callable[[], Fold], incidents: Incidents, handed: Handed) -> None:
        self._make = fold
        self._incidents = incidents
        self._handed = handed
        self._task: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self.told: Telling | None = None  # once all that was there has been read

    def streams(self) -> list[StreamConfig]:
        return []

    def reads(self) -> list[Read]:
        return []

    def answers(self) -> dict[str, Heard]:
        return {SERVICE: self._answer}

    async def begin(self, link: Link) -> None:
        if self._task is not None:
            self._task.cancel()
        self.told, self._link = None, link
        self._task = asyncio.create_task(self._run(link))

    async def _run(self, link: Link) -> None:
        told = Telling(self._make())
        with contextlib.suppress(FloorError, JetStreamError, *BROKEN):  # the steward's next connection begins anew
            config = await link.client.jetstream(timeout=CONNECT_S).stream_info(JOURNALS)
            told.copies = str(config.created)
            await read(link, told.part())
            self._incidents.upheld, self.told = told.fold.upheld, told
            while not link.client.is_closed:
                told.more.clear()
                await self._handed.put(BLOCKS, self._blocks(told.fold))
                await asyncio.sleep(GATHER_S)
                with contextlib.suppress(asyncio.TimeoutError):
                    async with asyncio.timeout(EXPIRE_S):
                        await told.more.wait()

    async def _answer(self, msg: Msg) -> None:
        """Whoever asks before all is read is not answered, and asks again."""
        if not letters.from_whom(msg) or self.told is None or self._link is None:
            return
        with contextlib.suppress(msgspec.MsgspecError, JetStreamError):
            asked = read_asked(msg.data)
            if isinstance(asked, Since):
                said: Changed | Told = self._changed(self.told, asked)
            else:
                said = Told(tuple([copy async for copy in self.told.whole(self._link, asked.case)]))
            await msg.respond(packed(said))

    def _changed(self, told: "Telling", since: Since) -> Changed:
        number = since.number if since.copies == told.copies else 0
        cases = told.since(number)
        files = [Filed(msgspec.Raw(f), self._incidents.caller_of(c)) for c in cases[:MOST] if (f := told.fold.filed(c))]
        more = len(cases) > MOST
        number = told.changed[cases[MOST - 1]] if more else max(number, told.last)
        return Changed(told.copies, number, tuple(files), more)

    def _blocks(self, fold: Fold) -> BlocksAre:
        """Callers whom no desk has reported have no number, and nobody is kept away for them."""
        found = [
            Blocked(caller=caller, case=case, until_ms=until_ms, decided=decided)
            for case, until_ms, decided in fold.blocked()
            if (caller := self._incidents.caller_of(case))
        ]
        return BlocksAre(tuple(sorted(found, key=lambda each: each.case)))


class Span(Struct):
    """Which parts of a desk's record tell of a call: from one of the server's numbers to another."""

    subject: str
    first: int
    last: int


class Telling:
    """Tells a fold what stands in the copies: each entry once, where it continues what was told before."""

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.more = asyncio.Event()
        self.copies = ""  # which they are: a floor that has lost its store begins to number anew
        self.changed: dict[str, int] = {}  # by case, the last to change at the end: the server's number of that part
        self.last = 0
        self._spans: dict[str, dict[str, Span]] = {}  # by case and record
        self._told: dict[str, int] = {}  # by record: its last entry

    def part(self) -> Read:
        return Read(JOURNALS, "rung.journal.>", self._heard)

    def since(self, number: int) -> list[str]:
        """The cases that have changed after that, in the order in which they last did."""
        later = itertools.takewhile(lambda case: self.changed[case] > number, reversed(self.changed))
        return list(later)[::-1]

    async def whole(self, link: Link, case: str) -> AsyncIterator[Copy]:
        """All that the copies say of it, with what stands between."""
        js = link.client.jetstream(timeout=CONNECT_S)
        beside = tuple(self.fold.beside(case))
        if beside:
            yield Copy("", "", beside)
        for journal, span in self._spans.get(case, {}).items():
            lines: list[Line] = []
            number = span.first
            while number <= span.last:
                msg = await js.get_msg(JOURNALS, seq=number, subject=span.subject, next=True)
                lines += letters.read_part(msg.data or b"").lines
                number = (msg.seq or span.last) + 1
            yield Copy(span.subject.rpartition(".")[2], journal, tuple(lines))

    async def _heard(self, msg: Msg) -> None:
        self.last = number = msg.metadata.sequence.stream
        with contextlib.suppress(msgspec.MsgspecError):  # `Copies` says so
            part = letters.read_part(msg.data)
            for line in part.lines:
                if line.seq == self._told.get(part.journal, 0) + 1:
                    self._told[part.journal] = line.seq
                    case, is_part = self.fold.take(part.journal, line)
                    if case:
                        self.changed.pop(case, None)
                        self.changed[case] = number
                    if is_part:
                        spans = self._spans.setdefault(case, {})
                        spans.setdefault(part.journal, Span(msg.subject, number, number)).last = number
            self.more.set()


async def rebuilt(who: Enrolment, fold: Fold) -> None:
    """Tell ``fold`` everything that the floor has of the records. FloorError if it is out of reach."""
    async with connected(who) as link:
        try:
            await read(link, Telling(fold).part())
        except (JetStreamError, TimeoutError) as error:
            why = str(error) or "nothing more comes"
            raise FloorError(f"the copies of the records cannot be read: {why}") from None
