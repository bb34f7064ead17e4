"""A phone without a network: a `rung.phone.base.Phone` at a virtual exchange, which can all that a phone can.

It behaves as the real ones do: a command is accepted, a few milliseconds later it is done, and only a call's state
confirms it. What goes wrong is set by command in `faults`, or with `lose`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from rung.phone.base import ALL, Feed, PhoneError, PhoneNews, PhoneUnsureError, cannot
from rung.sim.exchange import Leg, Played, VirtualExchange
from rung.sim.telephone import Later, Telephone, on_the_loop
from rung.words import CallIs, CallsAre, EndedBy, Listening, PhoneIs

CAN = frozenset(ALL)
DELAY_MS = 3  # between a command and what comes of it


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a command."""

    refuse: str = ""  # not accepted, for this reason
    done: bool = True  # False: accepted, and never done
    replies: bool = True  # False: whoever asked learns nothing (`PhoneUnsureError`)
    slow_ms: int = 0  # done so much later
    fails: str = ""  # of what others have a part in: it comes to nothing, for this cause


class VirtualPhone(Telephone):
    """``can``: of what only some phones can. ``later`` is by the event loop's clock, if it is not another."""

    def __init__(
        self,
        exchange: VirtualExchange,
        number: str,
        *,
        can: frozenset[str] = CAN,
        delay_ms: int = DELAY_MS,
        tone_hz: int = 0,
        later: Later = on_the_loop,
    ) -> None:
        super().__init__(exchange, number, tone_hz=tone_hz, later=later)
        self.can = can
        self.delay_ms = delay_ms
        self.faults: dict[str, Fault] = {}  # by command, until they are taken out
        self.asked: list[tuple[str, ...]] = []  # every command that reached this phone, in order
        self.paused = False
        self._lost: str | None = None
        self._feeds: list[Callable[[PhoneNews], None]] = []
        self.watchers.append(lambda call: self._news(CallIs(call)))

    async def run(self, feed: Feed) -> None:
        news: asyncio.Queue[PhoneNews] = asyncio.Queue()
        self._feeds.append(news.put_nowait)
        try:
            self._greet(news.put_nowait)
            while True:
                feed(await news.get())
        finally:
            self._feeds.remove(news.put_nowait)

    def lose(self, why: str = "the line to the phone is cut") -> None:
        """The phone is out of reach; its calls go on, and so does what it has accepted."""
        self._lost = why
        for feed in self._feeds:
            self._greet(feed)

    def find(self) -> None:
        """It is in reach again."""
        self._lost = None
        for feed in self._feeds:
            self._greet(feed)

    def _greet(self, feed: Callable[[PhoneNews], None]) -> None:
        if self._lost is not None:
            feed(PhoneIs(up=False, why=self._lost))
        else:
            feed(self._is())
            feed(CallsAre(self.calls))

    def _is(self) -> PhoneIs:
        return PhoneIs(up=True, can=self.can, paused=self.paused)

    def _news(self, news: PhoneNews) -> None:
        if self._lost is None:
            for feed in self._feeds:
                feed(news)

    # -- commands ----------------------------------------------------------------------------------------------------

    async def recount(self) -> None:
        self._do("recount", (), lambda: self._news(CallsAre(self.calls)), at_once=True)

    async def hold(self, call: str) -> None:
        leg = self._answered(call)
        self._do("hold", (call,), partial(self.exchange.hold, leg, held=True))

    async def resume(self, call: str) -> None:
        leg = self._answered(call)
        self._do("resume", (call,), partial(self.exchange.hold, leg, held=False))

    async def consult(self, call: str, target: str, case: str = "") -> None:
        self.consult_as(call, target, case)

    def consult_as(self, call: str, target: str, case: str = "") -> str:
        """As `consult`; returns the new call's id, or nothing where it is never made."""
        leg = self._leg(call)
        made: list[str] = []

        def dial() -> None:
            dialled = self.exchange.dial(self.station, target, consult_for=leg.id)
            made.append(dialled.id)
            self.later(self._delay("consult"), lambda: self.exchange.ring(dialled, case) if dialled.lives else None)

        self._do("consult", (call, target, case), dial, at_once=True)
        return made[0] if made else ""

    async def complete(self, call: str, consult: str) -> None:
        leg, other = self._answered(call), self._answered(consult)
        if leg is other:
            raise PhoneError("a call cannot be transferred to itself")
        self._transfer("complete", (call, consult), leg, partial(self.exchange.complete, leg, other))

    async def take_back(self, call: str, consult: str | None) -> None:
        leg = self._answered(call)

        def back() -> None:
            for other in [other for other in self.exchange.legs if other.id == consult]:
                self.exchange.end(other)
            self.exchange.withdraw(leg)
            self.exchange.hold(leg, held=False)

        self._do("take_back", (call, consult or ""), back)

    async def join(self, call: str, target: str, case: str = "") -> None:
        leg = self._answered(call)
        self._need("join", "bring anybody else into a call")
        if self.exchange.guest(leg, target):
            raise PhoneError(f"{target!r} is in that call, or being rung into it")
        fails = self._fault("join").fails
        invite = partial(self.exchange.invite, leg, target, case)
        self._do("join", (call, target, case), partial(self.exchange.not_joined, leg, fails) if fails else invite)

    async def leave(self, call: str) -> None:
        leg = self._answered(call)
        self._need("join", "leave a call to others")
        if not self.exchange.as_call(leg).parties:
            raise PhoneError(f"nobody else is in call {call!r}")
        self._transfer("leave", (call,), leg, partial(self.exchange.leave, leg))

    async def play(self, call: str, text: str, language: str) -> None:
        leg = self._answered(call)
        self._need("play", "play anything to a caller")
        played = Played(call, leg.peer, text, language)
        self._do("play", (call, text, language), lambda: self.exchange.played.append(played))

    async def transfer(self, call: str, target: str) -> None:
        leg = self._answered(call)
        self._transfer("transfer", (call, target), leg, partial(self.exchange.transfer, leg, target))

    async def hang_up(self, call: str) -> None:
        leg = self._leg(call)
        self._do("hang_up", (call,), partial(self.exchange.end, leg), (leg, "ending"))

    async def record(self, call: str, name: str) -> None:
        leg = self._answered(call)
        self._need("record", "record")
        self._do("record", (call, name), partial(self.exchange.record, leg, name))

    async def stop_recording(self, call: str) -> None:
        leg = self._answered(call)
        self._need("record", "record")
        self._do("stop_recording", (call,), partial(self.exchange.record, leg, ""))

    async def listen(self, call: str, target: str, how: Listening = "listen", case: str = "") -> None:
        leg = self._answered(call)
        self._need(how, "let anybody listen")
        ear = self.exchange.guest(leg, target)
        if ear is not None and ear.how is None:
            raise PhoneError(f"{target!r} is in that call, or being rung into it")
        new = partial(self.exchange.invite, leg, target, case, how)
        act = new if ear is None else partial(self.exchange.listen_as, leg, ear, how)
        self._do("listen", (call, target, how, case), act)

    async def stop_listening(self, call: str, target: str) -> None:
        ear = self.exchange.guest(self._answered(call), target)
        self._need("listen", "let anybody listen")
        if ear is None or ear.how is None:
            raise PhoneError(f"{target!r} does not listen to that call")
        self._do("stop_listening", (call, target), partial(self.exchange.end, ear, EndedBy.THEM))

    async def block(self, number: str, until_s: int) -> None:
        self._need("block", "block a number")
        self._do("block", (number, str(until_s)), lambda: self.exchange.blocked.update({number: until_s}), at_once=True)

    async def unblock(self, number: str) -> None:
        self._need("block", "block a number")
        self._do("unblock", (number,), lambda: self.exchange.blocked.pop(number, None), at_once=True)

    async def pause(self, paused: bool, why: str = "") -> None:
        self._need("pause", "pause an agent")

        def is_paused() -> None:
            self.paused = paused
            self._news(self._is())

        self._do("pause", (str(paused), why), is_paused)

    # -- how a command is taken --------------------------------------------------------------------------------------

    def _leg(self, call: str) -> Leg:
        if self._lost is not None:
            raise PhoneError("the phone does not answer")
        return self.exchange.find(self.station, call)

    def _need(self, what: str, in_words: str) -> None:
        if what not in self.can:
            cannot(in_words)

    def _answered(self, call: str) -> Leg:
        leg = self._leg(call)
        if not leg.answered:
            raise PhoneError(f"call {call!r} is not answered")
        return leg

    def _fault(self, command: str) -> Fault:
        return self.faults.get(command, Fault())

    def _delay(self, command: str) -> int:
        return self.delay_ms + self._fault(command).slow_ms

    def _transfer(self, command: str, args: tuple[str, ...], leg: Leg, act: Callable[[], None]) -> None:
        if leg.doing == "transferring":
            raise PhoneError("a transfer of this call is under way")
        fails = self._fault(command).fails
        act = partial(self.exchange.not_transferred, leg, fails) if fails else act
        self._do(command, args, act, (leg, "transferring"))

    def _do(
        self,
        command: str,
        args: tuple[str, ...],
        act: Callable[[], object],
        doing: tuple[Leg, Literal["ending", "transferring"]] | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        """Accept it and do it a moment later, or as the fault says."""
        if self._lost is not None:
            raise PhoneError("the phone does not answer")
        self.asked.append((command, *args))
        fault = self._fault(command)
        if fault.refuse:
            raise PhoneError(fault.refuse)
        if fault.done and doing is not None:
            leg, what = doing
            leg.doing, leg.cause = what, ""
            self.exchange.told(leg)
        if fault.done and at_once:
            act()
        elif fault.done:
            self.later(self._delay(command), act)
        if not fault.replies:
            raise PhoneUnsureError("the phone did not reply")
