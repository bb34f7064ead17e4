"""The embedded phone's calls: states from the stack's events alone, never from commands.

The stack names a call by a handle; we give each an id that no other life of this process repeats.
`CallBook.saw` takes one event and returns the calls that changed by it, as the desk shall see them.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field

import msgspec

from rung.phone.sip_control import plain
from rung.phone.sip_reading import (
    REPLACED,
    REPLACES,
    case_of,
    ended_by,
    outcome,
    outcome_of_failed_transfer,
    queue_of,
)
from rung.words import Call, CallState, EndedBy, Outcome

KEPT_ENDED = 20  # a bridge that was dead meanwhile learns from these how its calls ended


@dataclass
class Leg:
    """One living call, with what the desk need not know."""

    id: str
    handle: int
    direction: str
    peer: str
    state: CallState
    cause: str = ""
    consult_for: str | None = None
    queue: str = ""
    case: str = ""
    took_over: bool = False  # its peer moved an answered call over to this one: no new ringing
    rang: bool = False
    answered: bool = False
    ours: bool = False  # we asked the stack to end it
    given_up: bool = False  # we ended the attempt because nobody replied
    hold_asked: bool | None = None  # handed to the stack, not yet on the wire
    offered: bool | None = None  # on the wire: hold (True) or not; until the peer answers
    held_in_stack: bool = False  # the stack's own flag, which it flips before the peer answers
    transferring: bool = False  # a REFER is out and its verdict is open
    transfers: int = 0  # how many were tried
    completing: str | None = None  # id of the consult that the REFER names
    withheld: str | None = None  # how this consult closed while its completion was open
    completed: bool = False  # the peers are joined; its BYE is on the way
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)  # one change of hold at a time

    def as_call(self) -> Call:
        """As it is told. Peers word their name and their causes as they like, so both are cleaned."""
        return Call(
            id=self.id,
            state=self.state,
            direction="in" if self.direction == "in" else "out",
            peer=plain(self.peer),
            consult_for=self.consult_for,
            cause=plain(self.cause),
            doing="transferring" if self.transferring else "ending" if self.ours else "",
            queue=self.queue,
            case=self.case,
        )


@dataclass
class Attempt:
    """A dialling of ours under way. The stack reports the call before it answers the command."""

    consult_for: str | None = None
    leg: Leg | None = None


@dataclass
class CallBook:
    """Every living call, and the last ended ones."""

    prefix: str = field(default_factory=lambda: secrets.token_hex(4))
    legs: dict[int, Leg] = field(default_factory=dict)  # by handle
    ended: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT_ENDED))
    attempt: Attempt | None = None  # at most one at a time
    replaced: tuple[str, Leg] | None = None  # the last words of a leg whose place the next incoming call takes
    _numbers: int = 0

    def calls(self) -> tuple[Call, ...]:
        return (*self.ended, *(leg.as_call() for leg in self.legs.values()))

    def find(self, call: str) -> Leg | None:
        """The living call of that id; a consult whose end is withheld no longer counts."""
        for leg in self.legs.values():
            if leg.id == call and leg.withheld is None:
                return leg
        return None

    def saw(
        self, event: str, handle: int, text: str = "", peer: str = "", headers: dict[str, str] | None = None
    ) -> list[Call]:
        """Take in one event of the stack, by its name; returns the calls that changed."""
        if event == "CALL_INCOMING":
            return [self._comes_in(handle, peer, headers or {}).as_call()]
        if event == "CALL_OUTGOING":
            return [self._goes_out(handle, peer).as_call()]
        leg = self.legs.get(handle)
        if leg is None or leg.withheld is not None:
            return []
        match event:
            case "CALL_RINGING" | "CALL_PROGRESS" if leg.state is CallState.DIALLING:
                changed = not leg.rang
                leg.rang, leg.cause = True, "ringing"
                return [leg.as_call()] if changed else []
            case "CALL_ESTABLISHED":
                leg.answered, leg.state, leg.cause = True, CallState.UP, ""
                return [leg.as_call()]
            case "CALL_LOCAL_SDP" if text == "offer" and leg.answered:
                hold, leg.hold_asked = leg.hold_asked, None
                leg.offered = leg.state is CallState.HELD if hold is None else hold
                return []
            case "CALL_REMOTE_SDP" if text == "answer" and leg.answered:
                return self._offer_answered(leg)
            case "CALL_TRANSFER_FAILED" if leg.transferring:
                return self.transfer_failed(leg, text)
            case "CALL_CLOSED":
                return self._closed(leg, text)
        return []

    def transfer_failed(self, leg: Leg, why: str) -> list[Call]:
        """The verdict on a REFER is no, or none came; the leg itself goes on."""
        leg.cause = f"transfer failed: {why or 'no reason given'}"
        settled = self._settle(leg, why)
        return [leg.as_call(), *settled]

    def transfer_refused(self, leg: Leg) -> list[Call]:
        """No REFER was sent. If the consult closed at that very moment, that was its own end."""
        consult = next((c for c in self.legs.values() if c.id == leg.completing), None)
        leg.transferring, leg.completing = False, None
        if consult is None or consult.withheld is None:
            return []
        text, consult.withheld = consult.withheld, None
        return self._closed(consult, text)

    def _comes_in(self, handle: int, peer: str, headers: dict[str, str]) -> Leg:
        leg = self._begin(handle, "in", peer, CallState.RINGING)
        leg.queue, leg.case = queue_of(headers), case_of(headers)
        replaced, self.replaced = self.replaced, None
        if replaced and replaced[0] == headers.get(REPLACES, "") + REPLACED:
            # Whoever calls now knows nothing of the case: it was sent along with the call that this one replaces.
            leg.queue, leg.case, leg.took_over = replaced[1].queue, replaced[1].case, replaced[1].answered
        return leg

    def _goes_out(self, handle: int, peer: str) -> Leg:
        leg = self._begin(handle, "out", peer, CallState.DIALLING)
        if self.attempt and self.attempt.leg is None:
            self.attempt.leg, leg.consult_for = leg, self.attempt.consult_for
        return leg

    def _begin(self, handle: int, direction: str, peer: str, state: CallState) -> Leg:
        self._numbers += 1
        leg = Leg(f"{self.prefix}-{self._numbers}", handle, direction, peer.partition(";")[0], state)
        self.legs[handle] = leg
        return leg

    def _offer_answered(self, leg: Leg) -> list[Call]:
        held, leg.offered = leg.offered, None
        state = CallState.HELD if held else CallState.UP
        if held is None or state is leg.state:
            return []
        leg.state, leg.cause = state, ""
        return [leg.as_call()]

    def _closed(self, leg: Leg, text: str) -> list[Call]:
        if text.endswith(REPLACED):
            self.replaced = text, leg
        by = EndedBy.NETWORK if leg.given_up else ended_by(text, ours=leg.ours)
        if leg.completed:
            by = EndedBy.TRANSFER
        if by is not EndedBy.US and self._completion_of(leg):
            # The far phones join before the verdict comes; until then this end may be that joining
            # or a supervisor who hung up, and nobody shall read it as a decline.
            leg.withheld = text
            return []
        found = None
        if leg.consult_for is not None:
            found = outcome(by, text, answered=leg.answered, rang=leg.rang)
        changed = [self._end(leg, by, leg.cause if leg.given_up else text, found)]
        return changed + self._settle(leg, None if by is EndedBy.TRANSFER else text)

    def _completion_of(self, consult: Leg) -> Leg | None:
        for leg in self.legs.values():
            if leg.transferring and leg.completing == consult.id:
                return leg
        return None

    def _settle(self, leg: Leg, failure: str | None) -> list[Call]:
        """The verdict on ``leg``'s transfer is known: end the consult that was withheld for it."""
        consult = next((c for c in self.legs.values() if c.id == leg.completing), None)
        leg.transferring, leg.completing = False, None
        if consult is None:
            return []
        if consult.withheld is None:
            consult.completed = failure is None
            return []
        if failure is None:
            return [self._end(consult, EndedBy.TRANSFER, consult.withheld, None)]
        found = outcome_of_failed_transfer(failure)
        return [self._end(consult, ended_by(consult.withheld, ours=False), consult.withheld, found)]

    def _end(self, leg: Leg, by: EndedBy, cause: str, found: Outcome | None) -> Call:
        del self.legs[leg.handle]
        leg.state, leg.cause = CallState.ENDED, cause
        call = msgspec.structs.replace(leg.as_call(), ended_by=by, outcome=found, doing="")
        self.ended.append(call)
        return call
