"""The connection to one baresip: how it is kept, and how a command is aimed at one call.

A baresip that is silent for a second and a half counts as lost until it speaks; what it is asked then is refused, so
that nothing that ends a call waits in its line.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from rung.phone import baresip_hold as holds
from rung.phone.baresip_ask import snapshot, version_of
from rung.phone.baresip_calls import HELD, PROBE, Book, Leg, Printed
from rung.phone.baresip_decoy import DecoyPort
from rung.phone.base import Feed, PhoneError, PhoneUnsureError
from rung.phone.ctrl_tcp import Command, ControlLine, Event, Reply
from rung.words import Call, CallIs, CallsAre, EndedBy, PhoneIs

log = logging.getLogger("rung.phone")

_PULSE_S = 1.0  # between two questions whether it still answers
_RETRY_S = 0.5
_SILENT = 3  # questions in a row without a reply, after which a new line is tried
_ATTENDED_SINCE = (2, 0)  # Debian's 1.1.0 knows no atransferstart


class BaresipLine:
    """What `BaresipPhone` stands on. ``_heard`` is called for every event, in order."""

    def __init__(self, host: str, port: int) -> None:
        self._where = host, port
        self._book = Book()
        self._line: ControlLine | None = None  # while it answers
        self._feed: Feed = lambda news: None
        self._told = ""  # why the phone is down, as the desk has it
        self._decoys: DecoyPort
        self._acting = asyncio.Lock()  # one aimed command at a time
        self._stale = asyncio.Event()  # baresip must be asked how things stand
        self._attended = False
        self._life = ""
        self._tasks: set[asyncio.Task[None]] = set()

    # -- the connection --------------------------------------------------------------------------

    async def run(self, feed: Feed) -> None:
        self._feed = feed
        self._decoys = await DecoyPort.open()
        try:
            while True:
                try:
                    line = await ControlLine.connect(*self._where, self._heard)
                except PhoneError as error:
                    self._down(str(error))
                else:
                    try:
                        await self._serve(line)
                        self._down(line.lost or self._told)
                    finally:
                        self._line = None
                        await line.close()
                await asyncio.sleep(_RETRY_S)
        finally:
            self._decoys.close()
            for task in self._tasks:
                task.cancel()

    def _down(self, why: str) -> None:
        self._line = None
        if why != self._told:
            self._told = why
            self._feed(PhoneIs(up=False, why=why))

    async def _serve(self, line: ControlLine) -> None:
        """Until the line is lost, or silent too often: a baresip that has let go of a client may not say so."""
        silent = 0
        while not line.lost and silent < _SILENT:
            try:
                if self._line is None:
                    await self._greet(line)
                elif self._stale.is_set():
                    self._stale.clear()
                    await self._snapshot(line, self._compare)
                else:
                    await line.ask(("reginfo", ""))
            except PhoneError as error:
                silent += 1
                self._down(line.lost or str(error))
                continue
            silent = 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PULSE_S):
                    await self._stale.wait()

    async def _greet(self, line: ControlLine) -> None:
        self._attended = await version_of(line) >= _ATTENDED_SINCE
        at_first: list[Printed] = []
        await snapshot(line, at_first.extend)
        anew = await self._is_another_life(line, at_first)

        def all_of_them(seen: list[Printed]) -> None:
            self._book.nothing_is_under_way()
            self._book.compare(seen, EndedBy.PHONE if anew else EndedBy.UNKNOWN, "baresip was started anew" * anew)
            self._line, self._told = line, ""
            self._feed(PhoneIs(up=True, can=frozenset({"attended", "returns"} if self._attended else ())))
            self._feed(CallsAre(tuple(call for call in self._book.calls() if call.consult_for != PROBE)))

        await self._snapshot(line, all_of_them)

    async def _is_another_life(self, line: ControlLine, seen: list[Printed]) -> bool:
        """Has baresip been started since we last knew it? Its calls have died with it then."""
        if any(call.state is HELD for call in seen):
            return False  # a decoy's end would take it off hold; and most likely we know that call
        before = self._life
        try:
            self._decoys.end(await self._decoys.dial(line))
        except PhoneUnsureError:
            raise
        except PhoneError as error:  # without a decoy nothing can be aimed, but its calls are told
            log.warning("%s", error)
            return False
        self._life = self._decoys.life
        return bool(before) and before != self._life and not any(call.id in self._book.legs for call in seen)

    async def _snapshot(self, line: ControlLine, then: Callable[[list[Printed]], None]) -> None:
        await snapshot(line, then)
        await holds.turn_back(line, self._book)

    def _heard(self, event: Event) -> None:
        raise NotImplementedError

    def _compare(self, seen: list[Printed]) -> None:
        self._tell(self._book.compare(seen))

    def _tell(self, calls: list[Call]) -> None:
        if self._line is not None:
            for call in calls:
                if call.consult_for != PROBE:
                    self._feed(CallIs(call))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- aiming ----------------------------------------------------------------------------------

    async def _aim(
        self,
        call: str,
        *commands: Command,
        begun: Callable[[str], None] = lambda decoy: None,
        then: Callable[[list[Reply]], None] | None = None,
        keep: bool = False,
    ) -> list[Reply]:
        """Make ``call`` the current one and act, in one write; if it has just ended, only our decoy is hit.

        ``keep``: the decoy stays, and is ended by whoever follows what was begun.
        """
        async with self._acting:
            line = self._up()
            self._leg(call)
            decoy = await self._decoys.dial(line)
            try:
                self._leg(call)  # nothing is awaited between this look and the write
                begun(decoy)
                replies = await line.ask(("callfind", decoy), ("callfind", call), *commands, then=then)
                await holds.turn_back(line, self._book)
            except BaseException:
                self._decoys.end(decoy)
                raise
            gone = "not found" in replies[1].text
            if gone or not keep:
                self._decoys.end(decoy)
        if gone:
            raise PhoneError(f"cannot aim: call {call!r} has just ended")
        return replies[2:]

    def _up(self) -> ControlLine:
        if self._line is None:
            raise PhoneError("the phone does not answer")
        return self._line

    def _leg(self, call: str) -> Leg:
        self._up()
        leg = self._book.legs.get(call)
        if leg is None:
            raise PhoneError(f"no living call {call!r}")
        return leg

    def _answered(self, call: str) -> Leg:
        leg = self._leg(call)
        if not leg.answered:
            raise PhoneError(f"call {call!r} is not answered")
        return leg
