"""A telephone exchange in memory, for stories and tests: its stations, the calls between them, and who hears whom.

A call is two legs, one at each station, each the other's `far` end. Whoever is brought into a call hangs, by their own
`far`, on the leg that invited them. When a leg ends, so do all that hang on it. A leg has one far end for its whole
life: where calls are spliced the old legs end by TRANSFER and new ones begin, as SIP phones do it. Everything here
happens at once; what takes time is the telephones' affair (`rung.sim.phone`).
"""

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from rung.phone.base import PhoneError
from rung.phone.sip_calls import KEPT_ENDED
from rung.phone.sip_reading import outcome
from rung.words import Call, CallState, EndedBy, Listening

DECLINED, BUSY, NOT_FOUND, FORBIDDEN = "603 Decline", "486 Busy Here", "404 Not Found", "403 Forbidden"
NO_ANSWER, GONE, CANCELLED = "480 Temporarily Unavailable", "481 No Such Call", "487 Request Terminated"
MAX_CALLS = 4  # at one station; a further one hears that it is busy

UP, HELD, RINGING, DIALLING, ENDED = (
    CallState.UP, CallState.HELD, CallState.RINGING, CallState.DIALLING, CallState.ENDED,
)  # fmt: skip


def number_of(target: str) -> str:
    """``target`` as people write it: a number, or an address of this exchange that begins with it."""
    return target.removeprefix("sip:").partition("@")[0]


@dataclass(eq=False)
class Leg:
    """One station's end of a call."""

    id: str
    station: "Station"
    direction: Literal["in", "out"]
    state: CallState
    peer: str
    far: "Leg | None" = None
    consult_for: str | None = None
    queue: str = ""
    case: str = ""
    invited: str = ""  # of one who was brought in: the target, as it was written
    how: Listening | None = None  # and only to listen
    recording: str = ""
    cause: str = ""
    doing: Literal["", "ending", "transferring"] = ""
    rang: bool = False
    instead: "Leg | None" = None  # when this one is answered, that leg's blind transfer has come about

    @property
    def answered(self) -> bool:
        return self.state in (UP, HELD)

    @property
    def lives(self) -> bool:
        return self.state != ENDED


@dataclass(eq=False)
class Station:
    """A telephone's place in the exchange."""

    number: str
    tell: Callable[[Call], None] = lambda call: None  # every change of a call here, in order
    tone_hz: int = 0  # by which others know whom they hear
    busy: bool = False
    ended: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT_ENDED))


@dataclass(frozen=True)
class Played:
    """What was played to the far end of a call."""

    call: str
    to: str
    text: str
    language: str


class VirtualExchange:
    """Connects the stations that were `plug`ged in. Calls' ids begin with ``prefix``, by default a random one."""

    def __init__(self, prefix: str = "") -> None:
        self.stations: dict[str, Station] = {}
        self.queues: dict[str, tuple[str, ...]] = {}  # a queue's number: whom it rings, the first who is free
        self.legs: list[Leg] = []  # all that live
        self.played: list[Played] = []
        self.open_lines: set[str] = set()  # numbers that everybody reaches, blocked or not
        self.blocked: dict[str, int] = {}  # numbers that reach nobody, each with the second of its end
        self._prefix = prefix or secrets.token_hex(4)
        self._numbers = 0

    def plug(self, number: str, tone_hz: int = 0) -> Station:
        """ValueError if that number is taken."""
        if number in self.stations or number in self.queues:
            raise ValueError(f"the number {number!r} is taken")
        station = self.stations[number] = Station(number, tone_hz=tone_hz)
        return station

    # -- what there is ---------------------------------------------------------------------------

    def calls(self, station: Station) -> tuple[Call, ...]:
        """The recently ended ones, and all that live."""
        return (*station.ended, *(self.as_call(leg) for leg in self.legs if leg.station is station))

    def find(self, station: Station, call: str) -> Leg:
        """PhoneError if no such call lives there."""
        for leg in self.legs:
            if leg.station is station and leg.id == call:
                return leg
        raise PhoneError(f"no living call {call!r}")

    def together(self, leg: Leg) -> list[Leg]:
        """All answered legs of the conversation that ``leg`` is in, in the order of their beginning; who only
        listens is in none."""
        found = [leg]
        for each in found if leg.how is None else ():
            found += [
                other
                for other in self.legs
                if other.answered and other.how is None and other not in found
                and (other.far is each or each.far is other)
            ]  # fmt: skip
        return [each for each in self.legs if each in found and each.answered]

    def listening(self, host: Leg) -> list[Leg]:
        """Who listens to this leg's call."""
        return [leg for leg in self.legs if leg.how is not None and leg.far is host and leg.answered]

    def hears(self, leg: Leg) -> list[Station]:
        """Whose voices reach this leg."""
        if leg.state != UP:
            return []
        if leg.how is not None and leg.far is not None:
            return [other.station for other in self.together(leg.far) if other.state == UP]
        inside = self.together(leg)
        heard = [other.station for other in inside if other is not leg and other.state == UP]
        for host in inside:
            hearers = {"listen": (), "coach": (host,), "barge": inside}
            heard += [ear.station for ear in self.listening(host) if ear.how and leg in hearers[ear.how]]
        return heard

    def as_call(self, leg: Leg) -> Call:
        others = [other for other in self.together(leg) if other not in (leg, leg.far)] if leg.answered else []
        return Call(
            id=leg.id,
            state=leg.state,
            direction=leg.direction,
            peer=leg.peer,
            consult_for=leg.consult_for,
            cause=leg.cause,
            doing=leg.doing,
            queue=leg.queue,
            case=leg.case,
            parties=tuple(other.invited or other.station.number for other in others),
            recording=leg.recording,
            listeners={ear.invited: ear.how for ear in self.listening(leg) if ear.how},
        )

    def told(self, *legs: Leg) -> None:
        """Each of these is told as it now is."""
        for leg in legs:
            if leg.lives:
                leg.station.tell(self.as_call(leg))

    # -- one call --------------------------------------------------------------------------------

    def dial(self, station: Station, target: str, consult_for: str | None = None) -> Leg:
        """Nothing rings before `ring`."""
        if self._full(station):
            raise PhoneError(f"there are {MAX_CALLS} calls already")
        leg = self._begin(station, "out", DIALLING, target, consult_for=consult_for)
        self.told(leg)
        return leg

    def ring(self, dialled: Leg, case: str = "") -> None:
        """The telephone that was dialled rings, or the attempt ends."""
        there = self._reach(dialled, dialled.peer, case)
        if isinstance(there, str):
            self._close(dialled, EndedBy.THEM, there)
            self._not_instead(dialled, there)
            return
        dialled.far, dialled.rang, dialled.cause = there, True, "ringing"
        self.told(dialled, there)

    def invite(self, host: Leg, target: str, case: str, how: Listening | None = None) -> None:
        """Ring ``target`` into the conversation of ``host``, which goes on meanwhile; or only to listen."""
        if host.cause:
            host.cause = ""
            self.told(host)
        there = self._reach(host, target, case)
        if isinstance(there, str):
            self.not_joined(host, there, how)
            return
        there.invited, there.how = target, how
        self.told(there)

    def listen_as(self, host: Leg, ear: Leg, how: Listening) -> None:
        ear.how = how
        self.told(host)

    def record(self, host: Leg, name: str) -> None:
        """Empty: no more."""
        host.recording = name
        self.told(host)

    def guest(self, host: Leg, target: str) -> Leg | None:
        """Whoever was invited by that name and is still ringing or in the call."""
        return next((leg for leg in self.legs if leg.far is host and leg.invited == target), None)

    def answer(self, leg: Leg) -> None:
        """PhoneError if it does not ring."""
        if leg.state != RINGING or leg.far is None:
            raise PhoneError(f"call {leg.id!r} is not ringing here")
        leg.state, leg.far.cause = UP, ""
        if leg.invited:
            self.told(*self._told_of(leg))
            return
        leg.far.state = UP
        self.told(leg.far, leg)
        if leg.far.instead is not None:
            self._replaced(leg.far.instead)

    def decline(self, leg: Leg, cause: str = DECLINED) -> None:
        """PhoneError if it does not ring."""
        if leg.state != RINGING or leg.far is None:
            raise PhoneError(f"call {leg.id!r} is not ringing here")
        far = leg.far
        self._close(leg, EndedBy.US, cause)
        if leg.invited:
            self.not_joined(far, cause, leg.how)
        else:
            self._close(far, EndedBy.THEM, cause)
            self._not_instead(far, cause)

    def hold(self, leg: Leg, *, held: bool) -> None:
        if leg.answered:
            leg.state, leg.cause = HELD if held else UP, ""
            self.told(leg)

    def end(self, leg: Leg, by: EndedBy = EndedBy.US, cause: str = "") -> None:
        """It ends, and all that hang on it; ``by`` as its own station sees it."""
        if not leg.lives:
            return
        if leg.state == RINGING and by == EndedBy.US:
            self.decline(leg)
            return
        others = self._told_of(leg)
        self._close(leg, by, cause)
        self._end_those_on(leg, EndedBy.THEM if by == EndedBy.US else by)
        if leg.instead is not None:
            self._not_instead(leg, cause or CANCELLED)
        self.told(*others)

    def withdraw(self, host: Leg) -> None:
        """Nobody who was invited and has not answered is rung any more."""
        for leg in [leg for leg in self.legs if leg.far is host and leg.invited and leg.state == RINGING]:
            self._close(leg, EndedBy.THEM, CANCELLED)

    # -- others take our place -------------------------------------------------------------------

    def complete(self, line: Leg, consult: Leg) -> None:
        """Splice the far ends of the two; if one has left meanwhile, the line is told that it failed."""
        if not line.lives:
            return
        if line.far is None or consult.far is None or not consult.answered:
            self.not_transferred(line, GONE)
            return
        self._splice(line.far, consult.far, (line, consult))

    def leave(self, host: Leg) -> None:
        """Those who were brought in have the caller now; the first who knows the case is the new far end."""
        guests = [leg for leg in self.legs if leg.far is host and leg.invited and leg.answered and leg.how is None]
        if host.far is None or not guests:
            self.not_transferred(host, GONE)
            return
        self._splice(host.far, min(guests, key=lambda guest: not guest.case), (host,))

    def transfer(self, line: Leg, target: str) -> None:
        """Blind: the far end dials ``target``, and leaves the line once that is answered."""
        if line.far is None or not line.lives:
            return
        dialled = self._begin(line.far.station, "out", DIALLING, target)
        dialled.instead = line
        self.told(dialled)
        self.ring(dialled)

    def _told_of(self, leg: Leg) -> list[Leg]:
        """Whose calls change as ``leg`` comes into a conversation or leaves it."""
        return self.together(leg) if leg.how is None else [each for each in (leg, leg.far) if each is not None]

    def not_joined(self, host: Leg, cause: str, how: Listening | None = None) -> None:
        host.cause = f"{'join' if how is None else 'listen'} failed: {cause}"
        self.told(host)

    def not_transferred(self, line: Leg, cause: str) -> None:
        line.doing, line.cause = "", f"transfer failed: {cause}"
        self.told(line)

    def _replaced(self, line: Leg) -> None:
        leaving = [leg for leg in self.together(line) if leg in (line, line.far)]
        for leg in leaving:
            self._close(leg, EndedBy.TRANSFER)
        for leg in leaving:
            self._end_those_on(leg, EndedBy.THEM)

    def _not_instead(self, dialled: Leg, cause: str) -> None:
        if dialled.instead is not None and dialled.instead.lives:
            self.not_transferred(dialled.instead, cause)

    def _splice(self, one: Leg, other: Leg, leaving: tuple[Leg, ...]) -> None:
        staying = [leg for left in leaving for leg in self.together(left) if leg not in leaving]
        for leg in (*leaving, *staying):
            self._close(leg, EndedBy.TRANSFER)
        for leg in leaving:  # those who were still being rung in
            self._end_those_on(leg, EndedBy.THEM)
        new = {leg: self._begin(leg.station, "in", RINGING, "", queue=leg.queue, case=leg.case) for leg in staying}
        new[one].direction, new[one].state = "out", DIALLING
        for leg, now in new.items():
            far = other if leg is one else one if leg is other else leg.far
            now.far = new.get(far, new[other]) if far is not None else None
            now.peer = now.far.station.number if now.far else ""
            now.invited = "" if leg in (one, other) else leg.invited
        self.told(*new.values())
        for now in new.values():
            now.state = UP
        self.told(*new.values())

    # -- legs ------------------------------------------------------------------------------------

    def _full(self, station: Station) -> bool:
        return sum(leg.station is station for leg in self.legs) >= MAX_CALLS

    def _reach(self, caller: Leg, target: str, case: str) -> Leg | str:
        """The leg that rings, or why none does."""
        number = number_of(target)
        if number not in self.open_lines and self.blocked.get(caller.station.number, 0) > time.time():
            return FORBIDDEN
        there = [self.stations[n] for n in self.queues.get(number, (number,)) if n in self.stations]
        free = [station for station in there if not station.busy and not self._full(station)]
        if not free:
            return BUSY if there else NOT_FOUND
        peer = caller.station.number
        return self._begin(free[0], "in", RINGING, peer, far=caller, queue=number, case=case)

    def _begin(
        self,
        station: Station,
        direction: Literal["in", "out"],
        state: CallState,
        peer: str,
        *,
        far: Leg | None = None,
        consult_for: str | None = None,
        queue: str = "",
        case: str = "",
    ) -> Leg:
        self._numbers += 1
        id = f"{self._prefix}-{self._numbers}"
        leg = Leg(id, station, direction, state, peer, far, consult_for, queue, case)
        self.legs.append(leg)
        return leg

    def _close(self, leg: Leg, by: EndedBy, cause: str = "") -> None:
        was_answered = leg.answered
        self.legs.remove(leg)
        leg.state, leg.cause, leg.doing = ENDED, cause, ""
        found = None
        if leg.consult_for is not None:
            found = outcome(by, cause, answered=was_answered, rang=leg.rang)
        call = Call(
            id=leg.id,
            state=ENDED,
            direction=leg.direction,
            peer=leg.peer,
            consult_for=leg.consult_for,
            ended_by=by,
            cause=cause,
            outcome=found,
            queue=leg.queue,
            case=leg.case,
        )
        leg.station.ended.append(call)
        leg.station.tell(call)

    def _end_those_on(self, leg: Leg, by: EndedBy) -> None:
        for other in [other for other in self.legs if other.far is leg]:
            if other.lives:  # it may have ended with the one before
                self.end(other, by, "" if other.answered else CANCELLED)
