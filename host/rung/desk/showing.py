"""A desk's case in front of the supervisors who are in its call: whoever may act on it sees its ladder."""

import asyncio
import contextlib

import msgspec
from msgspec import Struct

from rung import words as w
from rung.floor.base import Floor, FloorError
from rung.policy import Desk, lamps
from rung.policy.book import Rules
from rung.policy.view import View, view


class Shown(Struct, frozen=True):
    """A case as one who is in its call may work on it."""

    view: View
    lamps: w.Lamps


_read = msgspec.json.Decoder(Shown).decode


def read(state: str) -> Shown | None:
    """What another desk shows; None where it shows nothing, or is of a release that shows it otherwise."""
    try:
        return _read(state)
    except msgspec.MsgspecError:
        return None


class Showing:
    """Tells each of them the newest, one telling at a time, so that a slow floor is never behind by more than one."""

    def __init__(self, floor: Floor | None) -> None:
        self._floor = floor
        self._newest: dict[str, str] = {}  # by desk: what it does not know yet
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._shown: set[str] = set()  # the desks that have it in front of them

    def change(self, rules: Rules, desk: Desk, now_ms: int) -> None:
        """Something may have changed; on the event loop."""
        joined = {} if desk.case is None else {j.desk: j.person for j in desk.case.joined if j.address and j.desk}
        for to, person in joined.items():
            who = desk.speaker(person)
            shown = Shown(view(rules, desk, now_ms, who), lamps(rules, desk, now_ms, who))
            self._tell(to, msgspec.json.encode(shown).decode())
        for gone in self._shown - joined.keys():
            self._tell(gone, "")
        self._shown = set(joined)

    def _tell(self, to: str, state: str) -> None:
        self._newest[to] = state
        if self._floor is not None and to not in self._tasks:
            self._tasks[to] = asyncio.create_task(self._catch_up(self._floor, to))

    async def _catch_up(self, floor: Floor, to: str) -> None:
        try:
            while to in self._newest:
                with contextlib.suppress(FloorError):  # it is gone, or the floor is: its own desk sees that
                    await floor.show(to, self._newest.pop(to))
        finally:
            del self._tasks[to]
