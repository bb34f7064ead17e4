"""A telephone at one station of a virtual exchange, in the hands of a story's or a test's caller or supervisor."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from rung.phone.base import PhoneError
from rung.sim.exchange import BUSY, DECLINED, NO_ANSWER, RINGING, Leg, VirtualExchange
from rung.words import Call, CallState

Later = Callable[[int, Callable[[], object]], object]  # after so many milliseconds, by whatever clock
Habit = Literal["ring", "answer", "decline", "busy", "ignore"]

PATIENCE_S = 10.0
_CAUSES = {"decline": DECLINED, "busy": BUSY, "ignore": NO_ANSWER}


def on_the_loop(after_ms: int, do: Callable[[], object]) -> object:
    """By the running event loop's clock."""
    return asyncio.get_running_loop().call_later(after_ms / 1000, do)


class Telephone:
    """Dials, rings, answers, declines and hangs up. `habit` is what it does by itself with a call that comes in.

    ``tone_hz`` is the voice by which those who hear it know it.
    """

    def __init__(self, exchange: VirtualExchange, number: str, *, tone_hz: int = 0, later: Later = on_the_loop) -> None:
        self.exchange = exchange
        self.number = number
        self.seen: list[Call] = []  # every state that its calls have been in, in order
        self.watchers: list[Callable[[Call], None]] = []
        self.station = exchange.plug(number, tone_hz)
        self.station.tell = self._told
        self.later = later
        self._habit: Habit = "ring"
        self._after_ms = 0
        self._changed = asyncio.Event()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The recently ended ones, and all that live."""
        return self.exchange.calls(self.station)

    @property
    def living(self) -> list[Call]:
        return [call for call in self.calls if call.state != CallState.ENDED]

    def habit(self, habit: Habit, after_ms: int = 0) -> None:
        """From the next incoming call on: "ignore" lets it ring so long and then gives no answer."""
        self._habit, self._after_ms = habit, after_ms

    # -- by hand -----------------------------------------------------------------------------------------------------

    def dial(self, target: str) -> str:
        """The new call's id. PhoneError if it has too many calls already."""
        leg = self.exchange.dial(self.station, target)
        self.exchange.ring(leg)
        return leg.id

    def answer(self, call: str = "") -> str:
        """Without a call: the one that rings. PhoneError if it does not ring here."""
        leg = self._ringing(call)
        self.exchange.answer(leg)
        return leg.id

    def decline(self, call: str = "", cause: str = DECLINED) -> None:
        """Without a call: the one that rings. PhoneError if it does not ring here."""
        self.exchange.decline(self._ringing(call), cause)

    def end(self, call: str) -> None:
        """PhoneError if no such call lives here."""
        self.exchange.end(self.exchange.find(self.station, call))

    def end_all(self) -> None:
        for call in self.living:
            with suppress(PhoneError):  # it ended with the one before
                self.end(call.id)

    def hears(self) -> set[str]:
        """The numbers of all whose voices reach this telephone now."""
        legs = [leg for leg in self.exchange.legs if leg.station is self.station]
        return {station.number for leg in legs for station in self.exchange.hears(leg)}

    def heard_hz(self, call: str) -> int:
        """The one voice heard on this call; 0 for silence or several at once."""
        voices = [station.tone_hz for station in self.exchange.hears(self.exchange.find(self.station, call))]
        return voices[0] if len(voices) == 1 else 0

    async def until(self, wanted: Callable[[Call], bool], since: int = 0) -> Call:
        """The first state of any call, from the ``since``-th seen on, that is ``wanted``; AssertionError if none is."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    self._changed.clear()
                    if found := next((call for call in self.seen[since:] if wanted(call)), None):
                        return found
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"never seen at {self.number}; seen were {self.seen}") from None

    async def becomes(self, call: str, state: CallState, since: int = 0) -> Call:
        return await self.until(lambda c: c.id == call and c.state == state, since)

    async def rings(self, since: int = 0) -> Call:
        return await self.until(lambda c: c.state == CallState.RINGING, since)

    # -- by itself ---------------------------------------------------------------------------------------------------

    def _ringing(self, call: str) -> Leg:
        if call:
            return self.exchange.find(self.station, call)
        leg = next((leg for leg in self.exchange.legs if leg.station is self.station and leg.state == RINGING), None)
        if leg is None:
            raise PhoneError("nothing rings here")
        return leg

    def _told(self, call: Call) -> None:
        self.seen.append(call)
        self._changed.set()
        for watcher in self.watchers:
            watcher(call)
        if call.state == CallState.RINGING and self._habit != "ring":
            habit = self._habit
            self.later(self._after_ms, lambda: self._by_habit(call.id, habit))

    def _by_habit(self, call: str, habit: Habit) -> None:
        with suppress(PhoneError):  # it rings no more
            if habit == "answer":
                self.answer(call)
            else:
                self.decline(call, _CAUSES[habit])
