"""The calls of one desk, read from Asterisk's channels after each event, as the desk shall see them.

A call is the agent's channel with one other: its id is the two unique ids. While the agent consults, one channel of
theirs has two calls: the caller, who hears music and waits for it, and the supervisor.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from rung.phone.asterisk.causes import LOST, ended_by, outcome, unanswered, words
from rung.phone.asterisk.channels import Channel, Channels, Invitation
from rung.phone.asterisk.wire import Message
from rung.words import Call, CallState, EndedBy, Listening, Outcome

KEPT_ENDED = 20  # a bridge that was dead meanwhile learns from these how its calls ended
HOWS: tuple[Listening, ...] = ("listen", "coach", "barge")


@dataclass
class Line:
    """One living call, with what the desk need not know."""

    own: Channel
    far: Channel
    direction: str
    consult_for: str | None = None
    case: str = ""
    state: CallState = CallState.RINGING
    cause: str = ""
    ours: bool = False  # we asked Asterisk to end it
    transferring: bool = False
    rejoins: bool = False  # a consult was dialled by the dialplan, which will bring agent and caller together by itself
    consulting: bool = False  # the dialplan has been sent to consult, and nobody's channel has been seen
    guests: set[str] = field(default_factory=set)  # who else has been in the call while its far end was
    told: Call | None = None
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)  # one change of hold or consult at a time

    @property
    def id(self) -> str:
        return f"{self.own.id}~{self.far.id}"


@dataclass
class Asked:
    """Somebody whom we have called into a line, until they are there or it is known that they do not come."""

    line: Line
    what: str
    target: str
    how: Listening = "listen"
    channel: Channel | None = None  # once there is one
    there: bool = False


@dataclass
class CallBook:
    """``device``: the agent's own, such as PJSIP/1001. `saw` takes an event and returns the calls that changed."""

    device: str
    channels: Channels = field(default_factory=Channels)
    lines: dict[str, Line] = field(default_factory=dict)
    ended: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT_ENDED))
    asked: dict[str, Asked] = field(default_factory=dict)  # by unique id of their channel
    _over: set[str] = field(default_factory=set)  # ids of calls that have ended

    def calls(self) -> tuple[Call, ...]:
        return (*self.ended, *(self._as_call(line) for line in self.lines.values()))

    def find(self, call: str) -> Line | None:
        return self.lines.get(call)

    def consult_of(self, line: Line) -> Line | None:
        return next((other for other in self.lines.values() if other.consult_for == line.id), None)

    def saw(self, event: Message) -> list[Call]:
        if event["Event"] == "OriginateResponse":
            return self._nobody_came(event) if event.get("Response") == "Failure" else []
        touched = self.channels.saw(event)
        told: list[Call] = []
        match event.get("UserEvent"):
            case "RungConsulted":
                told = self._nobody_rang(event)
            case "RungNotTaken":
                for line in [x for x in self.lines.values() if x.far.id in touched and x.transferring]:
                    told += self.failed(line, "transfer", "the other end was gone")
        return told + self.look(touched)

    def begin(self, channels: Channels) -> None:
        """Another connection, whose table this is: what Asterisk has now will be told anew."""
        self.channels = channels

    def resume(self, *, restarted: bool) -> None:
        """All is known again. A call whose channels are both there goes on; any other ended while nobody listened."""
        for line in list(self.lines.values()):
            own, far = self.channels.get(line.own.id), self.channels.get(line.far.id)
            if own is None or far is None:
                why = "Asterisk was restarted" if restarted else "ended while Asterisk was not reached"
                self._end(line, EndedBy.PHONE if restarted else EndedBy.UNKNOWN, why)
                continue
            for now, before in ((own, line.own), (far, line.far)):
                now.dialled_by = now.dialled_by or before.dialled_by
                now.on_hold, now.recorded, now.case = before.on_hold, before.recorded, now.case or before.case
            line.own, line.far = own, far
        self.look()
        for line in self.lines.values():
            line.told = self._as_call(line)

    def look(self, touched: Iterable[str] | None = None) -> list[Call]:
        """Read the calls anew where these channels matter; None: all of them."""
        if touched is not None and not any(map(self._matters, touched)):
            return []
        told: list[Call] = []
        for own in [c for c in self.channels.all.values() if c.device == self.device]:
            told += self._find_lines(own)
        for line in list(self.lines.values()):
            told += self._read(line)
        for id in list(self.asked):
            told += self._has_come(id, self.asked[id])
        return told

    def _matters(self, id: str) -> bool:
        """Asked for every event of the whole PBX, by every telephone of a broker: so it is quick."""
        channel = self.channels.all.get(id)
        if (channel is not None and channel.device == self.device) or id in self.asked:
            return True
        return any(id == line.own.id or id == line.far.id for line in self.lines.values())

    # -- which calls there are ----------------------------------------------------------------------------------------

    def _find_lines(self, own: Channel) -> list[Call]:
        told: list[Call] = []
        line = next((x for x in self.lines.values() if x.own is own and x.consult_for is None), None)
        if line is None:
            far, direction = self._first_far(own)
            if far is None:
                return []
            line = self._begin(Line(own, far, direction, case=self._case(own)))
            if line is None:
                return []
        elif (other := self._in_its_place(line)) is not None:
            told += self._end(line, EndedBy.TRANSFER)
            self._begin(Line(own, other, line.direction, case=line.case, state=CallState.UP))
        else:
            self._find_consult(line)
        return told

    def _begin(self, line: Line) -> Line | None:
        if line.id in self._over or line.id in self.lines:
            return None
        if line.direction == "out" and line.state is CallState.RINGING:
            line.state = CallState.DIALLING
        self.lines[line.id] = line
        return line

    def _first_far(self, own: Channel) -> tuple[Channel | None, str]:
        asked = own.invitation
        caller = self.channels.get(asked.agent if asked is not None else own.dialled_by)
        if caller is not None:
            return self.channels.real(caller), "in"
        called = [c for c in self.channels.all.values() if c.dialled_by == own.id]
        if called:
            return called[0], "out"
        waiting = [c for c in self.channels.all.values() if c.waits_for == own.id]
        found = next(iter(waiting + [c for c in self.channels.members(own) if not _invited(c, own)]), None)
        return found, "in" if found is None or _order(found.id) < _order(own.id) else "out"

    def _case(self, own: Channel) -> str:
        """Sent along to us, or to the pipe at whose other end we are."""
        caller = self.channels.get(own.dialled_by)
        for channel in (own, self.channels.half(caller) if caller is not None else None):
            if channel is not None and (case := channel.invitation.case if channel.invitation else channel.case):
                return case
        return ""

    def _in_its_place(self, line: Line) -> Channel | None:
        """Whoever talks with us now although it is not the far end that this call had."""
        own, far = line.own, line.far
        members = self.channels.members(own) if own.up else []
        consult = self.consult_of(line)
        if self._together(own, far) or far.waits_for == own.id or (consult and self._together(own, consult.far)):
            return None
        new = [other for other in members if other.id not in line.guests]
        if new:
            return new[0]
        return next(iter(members), None) if far.gone and own.invitation is not None else None  # who brought us has left

    def _find_consult(self, line: Line) -> None:
        for other in self.channels.all.values():
            asked = other.invitation
            dialled = asked is None and other.dialled_by == line.own.id
            invited = asked is not None and asked.what == "consult" and asked.agent == line.own.id
            if other is not line.far and (dialled or invited) and self.consult_of(line) is None:
                line.consulting, line.rejoins = False, dialled
                self._begin(Line(line.own, other, "out", consult_for=line.id))

    # -- how each stands ----------------------------------------------------------------------------------------------

    def _read(self, line: Line) -> list[Call]:
        own, far = line.own, line.far
        if (own.gone and not self._far_tells_more(line)) or (far.gone and not self._passed_on(line)):
            return self._end(line, self._who(line))
        if own.gone:
            return []
        state = self._state(line)
        if state is not line.state:
            line.state, line.cause = state, ""
            line.rejoins = line.rejoins and state is CallState.HELD
        members = self.channels.members(own)
        line.guests |= {other.id for other in members} if self._together(own, far) else set()
        return self.tell(line)

    def _state(self, line: Line) -> CallState:
        own, far = line.own, line.far
        if line.direction == "in" and not own.up:
            return CallState.RINGING
        if line.direction == "out" and not far.up:
            return CallState.DIALLING
        if far.bridge and self._together(own, far):
            return CallState.HELD if own.on_hold else CallState.UP
        if far.waits_for == own.id:
            return CallState.HELD
        guest = far if line.consult_for is not None else own
        invitation = guest.invitation
        if invitation is not None and invitation.what in ("consult", *HOWS) and guest.met:
            return CallState.UP
        return line.state  # on its way from one bridge to the next

    def _who(self, line: Line) -> EndedBy:
        own, far = line.own, line.far
        if own.gone and not far.gone and (own.transferred or line.transferring or self._with(far)):
            return EndedBy.TRANSFER
        return ended_by(own, far, ours=line.ours)

    def _far_tells_more(self, line: Line) -> bool:
        """The dialplan has ended our channel while the caller waited: they have just left, or they go on now."""
        line = self.lines.get(line.consult_for or "", line)
        own, far = line.own, line.far
        return far.waits_for == own.id and not far.gone and not own.hung_up and own.cause not in LOST

    def _passed_on(self, line: Line) -> bool:
        """Perhaps: whom we talked with was taken away, and another may come at once: we are alone in a bridge, or wait.

        Whoever waited for them, or was called for them, is between two bridges then; the dialplan ends that soon.
        """
        own, far = line.own, line.far
        waited = own.up and far.id in (own.waits_for, own.invitation.agent if own.invitation is not None else "")
        return not own.gone and (bool(own.bridge) or waited) and not far.hung_up and not self.channels.members(own)

    def _together(self, own: Channel, far: Channel) -> bool:
        """In one bridge, be it through pipes."""
        return (bool(far.bridge) and far.bridge == own.bridge) or far in self.channels.members(own)

    def _with(self, channel: Channel) -> list[Channel]:
        return [other for other in self.channels.in_bridge(channel.bridge) if other is not channel]

    def _end(self, line: Line, by: EndedBy, cause: str = "", found: Outcome | None = None) -> list[Call]:
        consult = self.consult_of(line)
        if consult is not None:
            consult.transferring = line.transferring  # it ends with it
        del self.lines[line.id]
        self._over.add(line.id)
        line.state = CallState.ENDED
        line.cause = cause or words(line.far if line.far.gone else line.own)
        if line.consult_for is not None and found is None:
            found = outcome(line.far, by)
        call = self._as_call(line, by, found)
        self.ended.append(call)
        return [call]

    def tell(self, line: Line, *, again: bool = False) -> list[Call]:
        """The call if it has changed since it was told; ``again``: in any case."""
        call = self._as_call(line)
        if call == line.told and not again:
            return []
        line.told = call
        return [call]

    def _as_call(self, line: Line, by: EndedBy | None = None, found: Outcome | None = None) -> Call:
        over = by is not None
        far = line.far
        return Call(
            id=line.id,
            state=line.state,
            direction="in" if line.direction == "in" else "out",
            peer=far.number or far.address,
            consult_for=line.consult_for,
            ended_by=by,
            cause=line.cause,
            outcome=found,
            doing="" if over else "transferring" if line.transferring else "ending" if line.ours else "",
            queue=self._queue(line),
            case=line.case if line.consult_for is None else "",
            parties=() if over else self._parties(line),
            recording="" if over else self._recording(line),
            listeners={} if over else self._listeners(line),
        )

    def _queue(self, line: Line) -> str:
        if line.direction == "out":
            return ""
        called = line.far.dialled_by or line.far.invitation or _invited(line.own, line.far)
        return line.own.address if called else line.far.dialled  # whoever was called themselves has called us directly

    def name(self, channel: Channel) -> str:
        """As whoever called them wrote it."""
        asked = (a for a in self.asked.values() if a.channel and channel in (a.channel, self.channels.real(a.channel)))
        return next((each.target for each in asked), channel.address)

    def _parties(self, line: Line) -> tuple[str, ...]:
        members = self.channels.members(line.own) if line.own.bridge else []
        if line.consult_for is not None or not self._together(line.own, line.far):
            return ()
        return tuple(self.name(other) for other in members if other is not line.far)

    def _listeners(self, line: Line) -> dict[str, Listening]:
        found: dict[str, Listening] = {}
        for id in sorted(line.own.spied_by) if line.consult_for is None else ():
            spy, invitation = self.channels.get(id), Invitation.read(id)
            if spy is None or (invitation is not None and invitation.what not in HOWS):
                continue
            asked = self.asked.get(id)
            meant = invitation.what if invitation is not None else "listen"
            found[self.name(spy)] = asked.how if asked is not None else next((h for h in HOWS if h == meant), "listen")
        return found

    def recorder(self, line: Line) -> Invitation | None:
        """The unique id of the channel that records this line for us."""
        found = (Invitation.read(id) for id in line.own.spied_by)
        return next((each for each in found if each is not None and each.what == "record"), None)

    def _recording(self, line: Line) -> str:
        recorder = self.recorder(line)
        if line.consult_for is not None or (recorder is None and not line.own.recorded):
            return ""
        return recorder.case if recorder is not None else "pbx"

    # -- those whom we have called ------------------------------------------------------------------------------------

    def _has_come(self, id: str, asked: Asked) -> list[Call]:
        asked.channel = channel = asked.channel or self.channels.get(id)
        if channel is None:
            return []
        own = asked.line.own
        if not channel.gone:
            asked.there = asked.there or id in own.spied_by or (bool(own.bridge) and channel.bridge == own.bridge)
            return []
        del self.asked[id]
        if asked.there or asked.what == "consult":
            return []
        return self.failed(asked.line, asked.what, words(channel))

    def failed(self, line: Line, what: str, why: str) -> list[Call]:
        """It came to nothing, and the line goes on."""
        if line.state is CallState.ENDED:
            return []
        line.transferring = line.transferring and what != "transfer"
        line.cause = f"{'listen' if what in HOWS else what} failed: {why}"
        return self.tell(line)

    def _nobody_came(self, event: Message) -> list[Call]:
        """Where there was not even a channel: that phone is not registered, say."""
        asked = self.asked.get(event.get("ActionID", ""))
        if asked is None or asked.channel is not None:
            return []
        del self.asked[event["ActionID"]]
        if asked.what == "consult":
            return self._consulted_nobody(asked.line, Outcome.ABSENT)
        return self.failed(asked.line, asked.what, "not registered")

    def _nobody_rang(self, event: Message) -> list[Call]:
        """The dialplan's consult is over. Mostly the channel of whoever was consulted has told us so."""
        told: list[Call] = []
        for line in list(self.lines.values()):
            if line.own.id == event["Uniqueid"] and line.consulting:
                line.consulting = False
                found = unanswered(event.get("Status", ""), int(event.get("Cause") or 0))
                told += self._consulted_nobody(line, found)
        return told

    def _consulted_nobody(self, line: Line, found: Outcome) -> list[Call]:
        nobody = Channel(f"nobody-{self.channels.events}")
        consult = Line(line.own, nobody, "out", consult_for=line.id, state=CallState.DIALLING)
        self.lines[consult.id] = consult
        return self.tell(consult) + self._end(consult, EndedBy.NETWORK, "nobody could be called", found)


def _invited(guest: Channel, host: Channel) -> bool:
    return guest.invitation is not None and guest.invitation.agent == host.id


def _order(id: str) -> tuple[float, int]:
    """Asterisk counts its channels; those that Rung made come last."""
    seconds, _, number = id.partition(".")
    try:
        return float(seconds.rpartition("-")[2]), int(number)
    except ValueError:
        return float("inf"), 0
