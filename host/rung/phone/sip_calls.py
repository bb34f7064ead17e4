"""The embedded phone's calls: states from the stack's events alone, never from commands.

The stack names a call by a handle; we give each an id that no other life of this process repeats.
`CallBook.saw` takes one event and returns the calls that changed by it, as the desk shall see them.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field

import msgspec

from rung.phone.sip_reading import ended_by, outcome, outcome_of_failed_transfer
from rung.words import Call, CallState, EndedBy, Outcome

KEPT_ENDED = 20  # a bridge that was dead meanwhile learns from these how its calls ended


@dataclass
class Line:
    """One living call, with what the desk need not know."""

    id: str
    handle: int
    direction: str
    peer: str
    state: CallState
    cause: str = ""
    consult_for: str | None = None
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
        return Call(
            id=self.id,
            state=self.state,
            direction="in" if self.direction == "in" else "out",
            peer=self.peer,
            consult_for=self.consult_for,
            cause=self.cause,
            doing="transferring" if self.transferring else "ending" if self.ours else "",
        )


@dataclass
class Attempt:
    """A dialling of ours under way. The stack reports the call before it answers the command."""

    consult_for: str | None = None
    line: Line | None = None


@dataclass
class CallBook:
    """Every living call, and the last ended ones."""

    prefix: str = field(default_factory=lambda: secrets.token_hex(4))
    lines: dict[int, Line] = field(default_factory=dict)  # by handle
    ended: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT_ENDED))
    attempt: Attempt | None = None  # at most one at a time
    _numbers: int = 0

    def calls(self) -> tuple[Call, ...]:
        return (*self.ended, *(line.as_call() for line in self.lines.values()))

    def find(self, call: str) -> Line | None:
        """The living call of that id; a consult whose end is withheld no longer counts."""
        for line in self.lines.values():
            if line.id == call and line.withheld is None:
                return line
        return None

    def saw(self, event: str, handle: int, text: str = "", peer: str = "") -> list[Call]:
        """Take in one event of the stack, by its name; returns the calls that changed."""
        if event in ("CALL_INCOMING", "CALL_OUTGOING"):
            return [self._begin(event, handle, peer).as_call()]
        line = self.lines.get(handle)
        if line is None or line.withheld is not None:
            return []
        match event:
            case "CALL_RINGING" | "CALL_PROGRESS" if line.state is CallState.DIALLING:
                changed = not line.rang
                line.rang, line.cause = True, "ringing"
                return [line.as_call()] if changed else []
            case "CALL_ESTABLISHED":
                line.answered, line.state, line.cause = True, CallState.UP, ""
                return [line.as_call()]
            case "CALL_LOCAL_SDP" if text == "offer" and line.answered:
                hold, line.hold_asked = line.hold_asked, None
                line.offered = line.state is CallState.HELD if hold is None else hold
                return []
            case "CALL_REMOTE_SDP" if text == "answer" and line.answered:
                return self._offer_answered(line)
            case "CALL_TRANSFER_FAILED" if line.transferring:
                return self.transfer_failed(line, text)
            case "CALL_CLOSED":
                return self._closed(line, text)
        return []

    def transfer_failed(self, line: Line, why: str) -> list[Call]:
        """The verdict on a REFER is no, or none came; the line itself goes on."""
        line.cause = f"transfer failed: {why or 'no reason given'}"
        settled = self._settle(line, why)
        return [line.as_call(), *settled]

    def transfer_refused(self, line: Line) -> list[Call]:
        """No REFER was sent. If the consult closed at that very moment, that was its own end."""
        consult = next((c for c in self.lines.values() if c.id == line.completing), None)
        line.transferring, line.completing = False, None
        if consult is None or consult.withheld is None:
            return []
        text, consult.withheld = consult.withheld, None
        return self._closed(consult, text)

    def _begin(self, event: str, handle: int, peer: str) -> Line:
        self._numbers += 1
        incoming = event == "CALL_INCOMING"
        line = Line(
            id=f"{self.prefix}-{self._numbers}",
            handle=handle,
            direction="in" if incoming else "out",
            peer=peer.partition(";")[0],
            state=CallState.RINGING if incoming else CallState.DIALLING,
        )
        self.lines[handle] = line
        if not incoming and self.attempt and self.attempt.line is None:
            self.attempt.line, line.consult_for = line, self.attempt.consult_for
        return line

    def _offer_answered(self, line: Line) -> list[Call]:
        held, line.offered = line.offered, None
        state = CallState.HELD if held else CallState.UP
        if held is None or state is line.state:
            return []
        line.state, line.cause = state, ""
        return [line.as_call()]

    def _closed(self, line: Line, text: str) -> list[Call]:
        by = EndedBy.NETWORK if line.given_up else ended_by(text, ours=line.ours)
        if line.completed:
            by = EndedBy.TRANSFER
        if by is not EndedBy.US and self._completion_of(line):
            # The far phones join before the verdict comes; until then this end may be that joining
            # or a supervisor who hung up, and nobody shall read it as a decline.
            line.withheld = text
            return []
        found = None
        if line.consult_for is not None:
            found = outcome(by, text, answered=line.answered, rang=line.rang)
        changed = [self._end(line, by, line.cause if line.given_up else text, found)]
        return changed + self._settle(line, None if by is EndedBy.TRANSFER else text)

    def _completion_of(self, consult: Line) -> Line | None:
        for line in self.lines.values():
            if line.transferring and line.completing == consult.id:
                return line
        return None

    def _settle(self, line: Line, failure: str | None) -> list[Call]:
        """The verdict on ``line``'s transfer is known: end the consult that was withheld for it."""
        consult = next((c for c in self.lines.values() if c.id == line.completing), None)
        line.transferring, line.completing = False, None
        if consult is None:
            return []
        if consult.withheld is None:
            consult.completed = failure is None
            return []
        if failure is None:
            return [self._end(consult, EndedBy.TRANSFER, consult.withheld, None)]
        found = outcome_of_failed_transfer(failure)
        return [self._end(consult, ended_by(consult.withheld, ours=False), consult.withheld, found)]

    def _end(self, line: Line, by: EndedBy, cause: str, found: Outcome | None) -> Call:
        del self.lines[line.handle]
        line.state, line.cause = CallState.ENDED, cause
        call = msgspec.structs.replace(line.as_call(), ended_by=by, outcome=found, doing="")
        self.ended.append(call)
        return call
