"""A telephone in the hands of a story's caller, agent or supervisor, be it a SIP phone or a virtual one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from rung.phone.base import PhoneError
from rung.sim.exchange import BUSY
from rung.sim.telephone import Telephone
from rung.words import Call, CallState

PATIENCE_S = 20.0  # for anything that ought to happen at once on a busy computer


class StageError(Exception):
    """What was expected did not happen; one line."""


@contextlib.asynccontextmanager
async def patience(what: str, seconds: float = PATIENCE_S) -> AsyncIterator[None]:
    """StageError with ``what`` if it has not come after so long."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise StageError(f"waited {seconds:g} s in vain: {what}") from None


class Handset(Protocol):
    """What a person can do with a telephone, and what they hear."""

    name: str

    @property
    def address(self) -> str:
        """What to dial for it."""

    @property
    def calls(self) -> dict[str, Call]:
        """The recently ended ones, and all that live, by id."""

    @property
    def living(self) -> list[Call]: ...

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """StageError with ``what`` if it never becomes so."""

    async def hears(self, *hz: int) -> None:
        """Wait until just these voices are heard on the one living call; a SIP phone tells one at most, or silence."""

    async def dial(self, target: str) -> str: ...

    async def answers(self, after_ms: int | None) -> None:
        """From the next call on it is answered after so long; None: it rings."""

    async def decline(self) -> None:
        """Every call that rings here, as busy."""

    async def hang_up(self) -> None:
        """Every answered call."""


class VirtualHandset:
    """A `Handset` at a virtual exchange."""

    def __init__(self, name: str, telephone: Telephone) -> None:
        self.name = name
        self._telephone = telephone
        self._changed = asyncio.Event()
        telephone.watchers.append(lambda call: self._changed.set())

    @property
    def address(self) -> str:
        return self._telephone.number

    @property
    def calls(self) -> dict[str, Call]:
        return {call.id: call for call in self._telephone.calls}

    @property
    def living(self) -> list[Call]:
        return self._telephone.living

    async def until(self, true: Callable[[], bool], what: str) -> None:
        async with patience(f"{self.name}: {what}"):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def hears(self, *hz: int) -> None:
        async with patience(f"{self.name}: hears {hz} Hz"):
            while self._heard() != set(hz) - {0}:
                await asyncio.sleep(0.002)

    def _heard(self) -> set[int]:
        return {self._telephone.exchange.stations[number].tone_hz for number in self._telephone.hears()}

    async def dial(self, target: str) -> str:
        return self._telephone.dial(target)

    async def answers(self, after_ms: int | None) -> None:
        self._telephone.habit("ring" if after_ms is None else "answer", after_ms or 0)

    async def decline(self) -> None:
        for call in self.living:
            if call.state == CallState.RINGING:
                self._telephone.decline(call.id, BUSY)

    async def hang_up(self) -> None:
        for call in self.living:
            with contextlib.suppress(PhoneError):  # it ended with the one before
                self._telephone.end(call.id)
