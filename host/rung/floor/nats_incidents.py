"""Calls that were incidents, as desks have reported them, and which of them a review has upheld."""

import contextlib
from collections.abc import Callable
from datetime import date

import msgspec
from nats.aio.msg import Msg
from nats.js.api import StreamConfig
from nats.js.errors import Error as JetStreamError

from rung import words as w
from rung.floor import nats_letters as letters
from rung.floor.base import FloorError
from rung.floor.nats_keeping import Heard, Read, answer, erase, on_disk
from rung.floor.nats_link import Enrolment, Link, connected
from rung.floor.nats_places import store

INCIDENTS = "INCIDENTS"  # the stream


class Incidents:
    """A `rung.floor.nats_keeping.Keeping`."""

    def __init__(self) -> None:
        self._link: Link | None = None
        self._reported: dict[str, tuple[str, w.Earlier]] = {}  # by case: whose, and what
        self._kept: dict[tuple[str, str], set[int]] = {}  # by desk and case: under which numbers the server keeps it
        self._upheld: dict[str, date] = {}  # by case: until when
        self.upheld: Callable[[str], bool] = lambda case: False  # what the desks' records say of it

    def caller_of(self, case: str) -> str:
        """As the desk has reported them; empty: it has not, or they came without a number."""
        return self._reported[case][0] if case in self._reported else ""

    def streams(self) -> list[StreamConfig]:
        return [on_disk(INCIDENTS, "rung.incident.*", "rung.upheld.*", "rung.forgotten.*")]

    def reads(self) -> list[Read]:
        return [
            Read(INCIDENTS, "rung.incident.>", self._incident),
            Read(INCIDENTS, "rung.upheld.>", self._uphold),
            Read(INCIDENTS, "rung.forgotten.>", self._forget),
        ]

    def answers(self) -> dict[str, Heard]:
        return {"look_up": self._answer_look_up, "report": self._answer_report, "forget": self._answer_forget}

    async def begin(self, link: Link) -> None:
        self._link = link

    async def uphold(self, case: str, until: date) -> None:
        """As `uphold`; known here when it returns."""
        if self._link is None:
            raise FloorError("the floor is out of reach")
        await uphold(self._link, case, until)
        self._upheld[case] = until

    async def _answer_report(self, msg: Msg) -> None:
        """Answered once it is on the disk."""
        desk = letters.from_whom(msg)
        with contextlib.suppress(FloorError, msgspec.MsgspecError):
            reported = letters.read_incident(msg.data)
            said, case = (reported.caller, reported.incident), reported.incident.case
            assert self._link is not None  # nobody is answered before `begin`
            if self._reported.get(case) != said:  # a desk says it again when it is not sure
                await store(self._link, f"rung.incident.{desk}", "", msg.data)
                self._reported[case] = said
            await answer(msg, letters.Taken())

    async def _incident(self, msg: Msg) -> None:
        with contextlib.suppress(msgspec.MsgspecError):
            reported = letters.read_incident(msg.data)
            case = reported.incident.case
            self._reported[case] = (reported.caller, reported.incident)
            desk = msg.subject.rpartition(".")[2]
            self._kept.setdefault((desk, case), set()).add(msg.metadata.sequence.stream)

    async def _answer_forget(self, msg: Msg) -> None:
        """Answered once the server has written over it; the other stewards are told."""
        desk, case = letters.from_whom(msg), msg.data.decode(errors="replace")
        assert self._link is not None  # nobody is answered before `begin`
        with contextlib.suppress(FloorError, JetStreamError):
            await erase(self._link, INCIDENTS, *self._kept.get((desk, case), ()))
            if self._kept.pop((desk, case), None) is not None:
                await store(self._link, f"rung.forgotten.{desk}", f"forget {case}", case.encode())
                self._reported.pop(case, None)
            await answer(msg, letters.Taken())

    async def _forget(self, msg: Msg) -> None:
        case = msg.data.decode(errors="replace")
        if self._kept.pop((msg.subject.rpartition(".")[2], case), None) is not None:
            self._reported.pop(case, None)

    async def _uphold(self, msg: Msg) -> None:
        with contextlib.suppress(msgspec.MsgspecError, ValueError):
            said = letters.read_upheld(msg.data)
            self._upheld[said.case] = date.fromisoformat(said.until)

    async def _answer_look_up(self, msg: Msg) -> None:
        """Upheld and unexpired."""
        today, caller = date.today(), msg.data.decode()
        found = [incident for whose, incident in self._reported.values() if whose == caller]
        upheld = tuple(i for i in found if self._upheld.get(i.case, date.min) >= today or self.upheld(i.case))
        await answer(msg, letters.LookedUp(upheld))


async def uphold(link: Link | Enrolment, case: str, until: date) -> None:
    """A review has found that this incident was one: look-ups find it, up to and with that day."""
    if isinstance(link, Enrolment):
        async with connected(link) as made:
            await uphold(made, case, until)
    else:
        data = letters.encode(letters.Upheld(case, until.isoformat()))
        await store(link, "rung.upheld.floor", f"{case} {until}", data)
