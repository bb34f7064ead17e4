"""The adapter to a baresip that runs already, over its control line (module ctrl_tcp).

What Debian's 1.0.0 can: all that every phone can, without the case's name; a consult is completed by a blind transfer,
and if that fails it drops the caller, so whoever is to have the call is rung once before. From 1.1 on a consult that
began on hold is completed as an attended transfer. What ends or transfers a call
is aimed by a decoy (`baresip_decoy`), so that no other call is hit. A baresip that is silent for a second and a half
counts as lost until it speaks; what it is asked then is refused, so that nothing that ends a call waits in its line.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from rung.phone import baresip_hold as holds
from rung.phone.baresip_ask import dialled, snapshot, version_of
from rung.phone.baresip_calls import HELD, Book, Leg, Printed, is_decoy, printed
from rung.phone.baresip_decoy import DecoyPort
from rung.phone.base import CannotMore, Feed, PhoneError, PhoneUnsureError
from rung.phone.ctrl_tcp import Command, ControlLine, Event, Reply
from rung.phone.sip_control import plain
from rung.words import Call, CallIs, CallsAre, CallState, EndedBy, PhoneIs

log = logging.getLogger("rung.phone")

_PULSE_S = 1.0  # between two questions whether it still answers
_RETRY_S = 0.5
_SILENT = 3  # questions in a row without a reply, after which a new line is tried
_PROBE_S = 2.0  # for whoever is to have a call to begin to ring
PROBE = "probe"  # what a call to find that out is for
_TRANSFER_S = 40.0  # without a verdict by then a transfer counts as failed
_ATTENDED_SINCE = (1, 1)


class BaresipPhone(CannotMore):
    """A `rung.phone.base.Phone`. ``host``, ``port``: where its `ctrl_tcp_listen` is, on this computer."""

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
        anew = await self._is_another_life(line)

        def all_of_them(seen: list[Printed]) -> None:
            self._book.nothing_is_under_way()
            self._book.compare(seen, EndedBy.PHONE if anew else EndedBy.UNKNOWN, "baresip was started anew" * anew)
            self._line, self._told = line, ""
            self._feed(PhoneIs(up=True, can=frozenset({"attended", "returns"} if self._attended else ())))
            self._feed(CallsAre(tuple(call for call in self._book.calls() if call.consult_for != PROBE)))

        await self._snapshot(line, all_of_them)

    async def _is_another_life(self, line: ControlLine) -> bool:
        """Has baresip been started since we last knew it? Its calls have died with it then."""
        before = self._life
        try:
            self._decoys.end(await self._decoys.dial(line))
        except PhoneUnsureError:
            raise
        except PhoneError as error:  # without a decoy nothing can be aimed, but its calls are told
            log.warning("%s", error)
            return False
        self._life = self._decoys.life
        return bool(before) and before != self._life

    async def _snapshot(self, line: ControlLine, then: Callable[[list[Printed]], None]) -> None:
        await snapshot(line, then)
        await holds.turn_back(line, self._book)

    # -- what it says ----------------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        kind, id = str(event.get("type", "")), str(event.get("id", ""))
        if kind == "CALL_CLOSED":
            self._closes(id, str(event.get("peeruri", "")))
        changed, stale = self._book.saw(event)
        if stale:
            self._stale.set()
        if kind.endswith("TRANSFER_FAILED") and (leg := self._book.legs.get(id)) is not None:
            self._later(self._after_failure(leg))
        else:
            self._tell(changed)

    def _closes(self, id: str, peer: str) -> None:
        """Before the book hears of it: whom baresip may now take off hold, and what else that end means."""
        ended, consult = self._book.legs.get(id), None
        for leg in self._book.legs.values():
            if ended is not None and leg.id == ended.completing:
                consult = leg
        if ended is not None and ended.decoy:
            self._decoys.end(ended.decoy)
        if consult is not None:
            self._later(self._end_consult(consult, ended))
        if self._line is not None and (ended is not None or is_decoy(peer)):
            self._later(self._keep_holds(ended.consult_for if ended is not None else None))

    async def _keep_holds(self, let_go: str | None) -> None:
        """After an end: put back whom baresip has resumed by itself; ``let_go``: but not this call."""
        line = self._line
        if line is None or not any(leg.state is HELD for leg in self._book.legs.values()):
            return
        before = {leg.id: leg.answers for leg in self._book.legs.values()}
        found: list[Leg] = []

        def look(seen: list[Printed]) -> None:
            for leg in holds.resumed(self._book, seen):
                if leg.id != let_go and not (leg.transferring and leg.live_before):
                    leg.put_back = True
                    found.append(leg)
            self._compare(seen)

        with contextlib.suppress(PhoneError):
            await self._snapshot(line, look)
        for leg in found:
            await holds.put_back(line, self._book, leg, before.get(leg.id, leg.answers))
            leg.put_back = False
            self._stale.set()

    async def _after_failure(self, leg: Leg) -> None:
        """baresip puts a call on hold to transfer it; whoever was live before is so again, before it is told."""
        if leg.decoy:
            self._decoys.end(leg.decoy)
            leg.decoy = ""
        if self._line is not None:
            with contextlib.suppress(PhoneError):
                await self._snapshot(self._line, self._compare)
        if leg.live_before and self._line is not None and leg.id in self._book.legs:
            with contextlib.suppress(PhoneError):
                await holds.change(self._line, self._book, leg, hold=False)
                await holds.until(lambda: leg.asked_hold is None)
            leg.live_before = False
        if leg.id in self._book.legs:
            self._tell([leg.as_call()])
        self._stale.set()

    async def _end_consult(self, leg: Leg, line: Leg | None) -> None:
        """Of a blind transfer: the supervisor has answered the caller's own call."""
        if line is None or line.state is not CallState.ENDED:
            await asyncio.sleep(0)
        leg.completed = line is not None and self._ended_by_transfer(line)
        if leg.completed:
            with contextlib.suppress(PhoneError):  # it has ended meanwhile
                await self._aim(leg.id, ("hangup", ""))

    def _ended_by_transfer(self, line: Leg) -> bool:
        return any(call.id == line.id and call.ended_by is EndedBy.TRANSFER for call in self._book.ended)

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

    # -- commands --------------------------------------------------------------------------------

    async def recount(self) -> None:
        def tell(seen: list[Printed]) -> None:
            if not self._acting.locked():
                self._book.nothing_is_under_way()
            self._book.compare(seen)
            self._feed(CallsAre(tuple(call for call in self._book.calls() if call.consult_for != PROBE)))

        await self._snapshot(self._up(), tell)

    async def hold(self, call: str) -> None:
        await self._set_hold(self._answered(call), hold=True)

    async def resume(self, call: str) -> None:
        await self._set_hold(self._answered(call), hold=False)

    async def _set_hold(self, leg: Leg, *, hold: bool) -> None:
        leg.wanted = hold
        if leg.asked_hold is None and not leg.put_back and (leg.state is HELD) == hold:
            self._tell([leg.as_call()])
            return
        await holds.until(lambda: not leg.put_back)
        if not await holds.change(self._up(), self._book, leg, hold=hold):
            self._stale.set()

    async def consult(self, call: str, target: str, case: str = "") -> None:
        leg, uri = self._leg(call), dialled(target)
        attended = self._attended and leg.state is HELD
        made: list[Leg] = []
        first = 2 if attended else 0  # of the replies to what is asked here

        def begun(replies: list[Reply]) -> None:
            seen = printed(replies[first + 1].text)
            if replies[first].ok and seen is not None and seen.id not in self._book.legs and seen.direction == "out":
                made.append(self._book.begin(seen, leg.id))
                made[0].attended = attended
                self._tell([made[0].as_call()])

        if attended:
            replies = await self._aim(leg.id, ("atransferstart", uri), ("callstat", ""), then=begun)
        else:
            replies = await self._up().ask(("dial", uri), ("callstat", ""), then=begun)
        if not made:
            raise PhoneError(f"baresip does not dial {target!r}: {plain(replies[-2].text) or 'no call came of it'}")

    async def complete(self, call: str, consult: str) -> None:
        leg, other = self._answered(call), self._answered(consult)
        if leg is other:
            raise PhoneError("a call cannot be transferred to itself")
        if other.attended and self._attended:
            await self._transfer(leg, other, other.id, ("atransferexec", ""))
        else:
            await self._transfer(leg, other, leg.id, ("transfer", other.peer))

    async def take_back(self, call: str, consult: str | None) -> None:
        leg = self._answered(call)
        other = self._book.legs.get(consult) if consult is not None else None
        if other is not None:
            with contextlib.suppress(PhoneError):  # whatever became of it, the caller comes off hold
                await self._end(other)
        await self._set_hold(leg, hold=False)

    async def transfer(self, call: str, target: str) -> None:
        leg = self._answered(call)
        await self._transfer(leg, None, leg.id, ("transfer", dialled(target)))

    async def _probe(self, uri: str) -> None:
        """PhoneError unless whoever is at ``uri`` can be rung: a transfer that fails would cost the caller."""
        made: list[Leg] = []

        def begun(replies: list[Reply]) -> None:
            seen = printed(replies[1].text)
            if replies[0].ok and seen is not None and seen.id not in self._book.legs and seen.direction == "out":
                made.append(self._book.begin(seen, PROBE))

        await self._up().ask(("dial", uri), ("callstat", ""), then=begun)
        if made:
            probe = made[0]
            rings = await holds.until(lambda: probe.rang or probe.answered or probe.state is CallState.ENDED, _PROBE_S)
            if probe.state is not CallState.ENDED:
                await self._aim(probe.id, ("hangup", ""))
            if rings and (probe.rang or probe.answered):
                return
        raise PhoneError(f"{uri} cannot be rung a second time, and this baresip drops a caller whose transfer fails")

    async def _transfer(self, leg: Leg, consult: Leg | None, aimed_at: str, command: Command) -> None:
        if leg.transferring:
            raise PhoneError("a transfer of this call is under way")
        if not self._attended:
            await self._probe(command[1])
            self._answered(leg.id)

        def begun(decoy: str) -> None:
            leg.transfers += 1
            leg.transferring, leg.cause, leg.decoy = True, "", decoy
            leg.live_before = leg.state is not HELD
            leg.asked_hold = True if leg.live_before else leg.asked_hold  # it holds by itself
            leg.completing = consult.id if consult is not None else None
            self._decoys.keep(decoy)  # its end would take the call off hold
            self._tell([leg.as_call()])
            self._later(self._judge(leg, leg.transfers))

        reply = (await self._aim(aimed_at, command, begun=begun, keep=True))[-1]
        if not reply.ok and leg.transferring:
            self._book.transfer_failed(leg, plain(reply.text))
            self._later(self._after_failure(leg))
            raise PhoneError(f"baresip does not transfer: {plain(reply.text)}")

    async def _judge(self, leg: Leg, transfer: int) -> None:
        await asyncio.sleep(_TRANSFER_S)
        if leg.id in self._book.legs and leg.transferring and leg.transfers == transfer:
            self._book.transfer_failed(leg, f"no verdict in {_TRANSFER_S:.0f} s")
            await self._after_failure(leg)

    async def hang_up(self, call: str) -> None:
        await self._end(self._leg(call))

    async def _end(self, leg: Leg) -> None:
        def begun(decoy: str) -> None:
            leg.ours = True
            self._tell([leg.as_call()])

        await self._aim(leg.id, ("hangup", ""), begun=begun)

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
