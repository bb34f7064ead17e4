"""The adapter to a baresip that runs already, over its control line (module ctrl_tcp).

What Debian's 1.0.0 and 1.1.0 can: all that every phone can, without the case's name; a consult is completed by a blind
transfer, and if that fails it drops the caller, so whoever is to have the call is rung once before. From 2.0 on a
consult that began on hold is completed as an attended transfer. What ends or transfers a call is aimed by a decoy
(`baresip_decoy`), so that no other call is hit.
"""

import asyncio
import contextlib

from rung.phone import baresip_hold as holds
from rung.phone.baresip_ask import dialled
from rung.phone.baresip_calls import HELD, PROBE, Leg, Printed, is_decoy, printed
from rung.phone.baresip_line import BaresipLine
from rung.phone.base import CannotMore, PhoneError
from rung.phone.ctrl_tcp import Command, Event, Reply
from rung.phone.sip_control import plain
from rung.words import CallsAre, CallState, EndedBy

_PROBE_S = 2.0  # for whoever is to have a call to begin to ring
_TRANSFER_S = 40.0  # without a verdict by then a transfer counts as failed


class BaresipPhone(BaresipLine, CannotMore):
    """A `rung.phone.base.Phone`. ``host``, ``port``: where its `ctrl_tcp_listen` is, on this computer."""

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
            changed = [call for call in changed if call.id != id]
        self._tell(changed)

    def _closes(self, id: str, peer: str) -> None:
        """Before the book hears of it: whom baresip may now take off hold, and what else that end means."""
        ended, consult = self._book.legs.get(id), None
        for leg in self._book.legs.values():
            if ended is not None and leg.id == ended.completing:
                consult = leg
        if ended is not None and ended.decoy:
            self._decoys.end(ended.decoy)
        if consult is not None and not consult.attended:
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
