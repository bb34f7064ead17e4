"""baresip's calls, out of its events and of what it prints when it is asked.

Its events name a call by its SIP Call-ID, which is the id here too. They tell neither of a hold nor of a call that we
dial until it rings; for both baresip is asked: `listcalls` and `callstat`, all in one write (`Snapshot`).
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rung.phone.baresip_decoy import USER
from rung.phone.sip_control import plain
from rung.phone.sip_reading import outcome, status_of
from rung.words import Call, CallState, EndedBy, Outcome

KEPT_ENDED = 20
FAILED = "transfer failed"
PROBE = "probe"  # what a call is for that only finds out whether its target can be rung
UP, HELD, RINGING, DIALLING, ENDED = (
    CallState.UP, CallState.HELD, CallState.RINGING, CallState.DIALLING, CallState.ENDED,
)  # fmt: skip

_LINE = re.compile(r"^\s*(>?)\s*\[line (\d+)[^\]]*\]\s+\S+\s+(\w+)\s+(\(on hold\))?", re.MULTILINE)
_STATE = re.compile(r"Call debug \((\w+)\)")
_ID = re.compile(r"\bid=(\S+)")
_PEER = re.compile(r"peer_uri:\s*<?([^>\s]+)")
_DIRECTION = re.compile(r"direction:\s*(\w+)", re.IGNORECASE)
_LOCAL = re.compile(r"local_uri:\s*<?sips?:([^@>\s]*)@")
_STATES = {"INCOMING": RINGING, "ESTABLISHED": UP, "TRANSFER": UP}  # any other: dialling


@dataclass(frozen=True)
class Printed:
    """One call as baresip prints it."""

    id: str
    state: CallState
    direction: str
    peer: str
    queue: str


def lines_of(listcalls: str) -> dict[int, bool]:
    """Every line's number, and whether it is on hold."""
    return {int(number): bool(held) for _, number, _, held in _LINE.findall(listcalls)}


def current_of(listcalls: str) -> int | None:
    """The number of the current line."""
    return next((int(number) for mark, number, _, _ in _LINE.findall(listcalls) if mark), None)


def printed(callstat: str, held: bool = False) -> Printed | None:
    """The call in a `callstat`; None if there is none, or it is a decoy of ours."""
    state, id, peer = (pattern.search(callstat) for pattern in (_STATE, _ID, _PEER))
    if not (state and id and peer) or is_decoy(peer[1]):
        return None
    now = _STATES.get(state[1], DIALLING)
    direction, local = _DIRECTION.search(callstat), _LOCAL.search(callstat)
    incoming = direction is not None and direction[1].lower() == "incoming"
    queue = local[1] if local and incoming else ""
    return Printed(id[1], HELD if held and now is UP else now, "in" if incoming else "out", peer[1], queue)


def is_decoy(peer: str) -> bool:
    return peer.removeprefix("sip:").startswith(f"{USER}@")


def ended_by(text: str, *, ours: bool) -> EndedBy:
    """Who ended a call that closed with ``text``, as baresip words it."""
    low = text.lower()
    if low.startswith("call transfer"):  # with one r or two
        return EndedBy.TRANSFER
    if "by user" in low:
        return EndedBy.US
    if status_of(text) is not None or "reset by peer" in low:
        return EndedBy.THEM
    if any(sign in low for sign in ("timed out", "timeout", "refused", "unreachable", "no route", "rtp")):
        return EndedBy.NETWORK
    return EndedBy.US if ours else EndedBy.UNKNOWN


@dataclass
class Leg:
    """One living call."""

    id: str
    state: CallState
    direction: str
    peer: str
    queue: str = ""
    cause: str = ""
    consult_for: str | None = None
    attended: bool = False  # of a consult: begun so that it can be completed as an attended transfer
    rang: bool = False
    answered: bool = False
    ours: bool = False  # we asked baresip to end it
    asked_hold: bool | None = None  # a change of hold that its peer has not answered yet
    wanted: bool | None = None  # on hold or not, as the desk has last said; None: a person at the phone has
    answers: int = 0  # of its peer to changes of hold, whoever made them
    put_back: bool = False  # baresip has taken it off hold by itself, and that is being undone
    transferring: bool = False
    transfers: int = 0
    completing: str | None = None  # the consult that the transfer is about
    live_before: bool = False  # it was not on hold when its transfer began
    decoy: str = ""  # of its transfer, which ends with it
    completed: bool = False  # the far ends are joined; its end is on the way
    withheld: str | None = None  # how it closed while the transfer that it is for is open

    def as_call(self) -> Call:
        return Call(
            id=self.id,
            state=self.state,
            direction="in" if self.direction == "in" else "out",
            peer=plain(self.peer),
            consult_for=self.consult_for,
            cause=plain(self.cause),
            doing="transferring" if self.transferring else "ending" if self.ours else "",
            queue=plain(self.queue),
        )


@dataclass
class Book:
    """Every living call, and the last ended ones. What changes a call returns it as the desk shall see it."""

    legs: dict[str, Leg] = field(default_factory=dict)
    ended: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT_ENDED))

    def calls(self) -> tuple[Call, ...]:
        return (*self.ended, *(leg.as_call() for leg in self.legs.values() if leg.withheld is None))

    def begin(self, seen: Printed, consult_for: str | None = None) -> Leg:
        leg = Leg(seen.id, seen.state, seen.direction, seen.peer, seen.queue, consult_for=consult_for)
        leg.answered = seen.state in (UP, HELD)
        self.legs[seen.id] = leg
        return leg

    def nothing_is_under_way(self) -> None:
        """What was asked and is not done by now will not be."""
        for leg in self.legs.values():
            leg.ours, leg.asked_hold, leg.put_back = False, None, False

    # -- events ----------------------------------------------------------------------------------

    def saw(self, event: dict[str, Any]) -> tuple[list[Call], bool]:
        """Take in one event; the calls that changed, and whether baresip must be asked how things stand."""
        kind, id = str(event.get("type", "")), str(event.get("id", ""))
        peer, text = str(event.get("peeruri", "")), str(event.get("param", ""))
        if not id or is_decoy(peer) or any(call.id == id for call in self.ended):
            return [], False
        leg = self.legs.get(id)
        if leg is None:
            if not kind.startswith("CALL_") or kind in ("CALL_CLOSED", "CALL_RTCP"):
                return [], False
            leg = self._new(event, id, peer)
            if kind in ("CALL_INCOMING", "CALL_OUTGOING"):
                return [leg.as_call()], False
        return self._of(leg, kind, text)

    def _new(self, event: dict[str, Any], id: str, peer: str) -> Leg:
        incoming = event.get("direction") == "incoming"
        account = re.match(r"sips?:([^@]*)@", str(event.get("accountaor", "")))
        queue = account[1] if account and incoming else ""
        return self.begin(
            Printed(id, RINGING if incoming else DIALLING, "in" if incoming else "out", peer.partition(";")[0], queue)
        )

    def _of(self, leg: Leg, kind: str, text: str) -> tuple[list[Call], bool]:
        match kind:
            case "CALL_RINGING" | "CALL_PROGRESS" if leg.state is DIALLING:
                changed, leg.rang, leg.cause = not leg.rang, True, "ringing"
                return ([leg.as_call()] if changed else []), False
            case "CALL_ESTABLISHED":
                leg.answered, leg.state, leg.cause = True, UP, ""
                return [leg.as_call()], False
            case "CALL_REMOTE_SDP" if text == "answer" and leg.answered:
                leg.answers += 1
                if leg.asked_hold is None:
                    return [], not leg.put_back  # by another hand than ours: only asking tells which way
                leg.state, leg.asked_hold, leg.cause = (HELD if leg.asked_hold else UP), None, ""
                return [leg.as_call()], False
            case "TRANSFER_FAILED" | "CALL_TRANSFER_FAILED" if leg.transferring:
                return self.transfer_failed(leg, text), False
            case "CALL_CLOSED":
                return self._closed(leg, text), False
        return [], False

    def transfer_failed(self, leg: Leg, why: str) -> list[Call]:
        """The verdict is no, or none came."""
        consult = self.legs.get(leg.completing or "")
        leg.transferring, leg.completing = False, None
        leg.cause = f"{FAILED}: {why or 'no reason given'}"
        if consult is None or consult.withheld is None:
            return [leg.as_call()]
        return [
            leg.as_call(),
            self.end(consult, ended_by(consult.withheld, ours=False), consult.withheld, Outcome.FAILED),
        ]

    def _closed(self, leg: Leg, text: str) -> list[Call]:
        by = EndedBy.TRANSFER if leg.completed else ended_by(text, ours=leg.ours)
        if leg.attended and by is not EndedBy.US and any(other.completing == leg.id for other in self.legs.values()):
            leg.withheld = text  # the far ends join before the verdict comes: until then nobody knows what this is
            return []
        found = None
        if leg.consult_for is not None and not any(other.completing == leg.id for other in self.legs.values()):
            found = outcome(by, text, answered=leg.answered, rang=leg.rang)
        changed = [self.end(leg, by, text, found)]
        consult = self.legs.get(leg.completing or "")
        if consult is not None and by is EndedBy.TRANSFER:
            consult.completed = True
        if consult is not None and consult.withheld is not None:
            by = EndedBy.TRANSFER if consult.completed else ended_by(consult.withheld, ours=False)
            changed.append(self.end(consult, by, consult.withheld))
        return changed

    def end(self, leg: Leg, by: EndedBy, cause: str, found: Outcome | None = None) -> Call:
        self.legs.pop(leg.id, None)
        leg.state, leg.cause = ENDED, cause
        call = msgspec.structs.replace(leg.as_call(), ended_by=by, outcome=found, doing="")
        self.ended.append(call)
        return call

    # -- what baresip prints ---------------------------------------------------------------------

    def compare(self, seen: Iterable[Printed], gone: EndedBy = EndedBy.UNKNOWN, why: str = "") -> list[Call]:
        """All that lives by baresip's own word. What it no longer names has ended, by ``gone``."""
        over = {call.id for call in self.ended}
        changed, there = [], {each.id: each for each in seen if each.id not in over}
        for leg in [leg for leg in self.legs.values() if leg.id not in there and leg.withheld is None]:
            if leg.cause.startswith(FAILED):  # Debian's 1.0.0 drops a call whose transfer has failed
                changed.append(self.end(leg, EndedBy.PHONE, f"{leg.cause}; this baresip drops the call then"))
            else:
                by = EndedBy.TRANSFER if leg.completed else gone
                changed.append(self.end(leg, by, why or "gone when baresip was asked"))
        for now in there.values():
            known = self.legs.get(now.id)
            if known is None:
                changed.append(self.begin(now).as_call())
            elif known.asked_hold is None and not known.put_back and now.state is not known.state:
                known.wanted = None
                known.state, known.answered = now.state, known.answered or now.state in (UP, HELD)
                changed.append(known.as_call())
        return changed
