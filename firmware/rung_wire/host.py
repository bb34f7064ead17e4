"""The bridge's end of the link: `link.py` tells how it works."""

from rung_wire import codes, ticks
from rung_wire.frame import encode, pack
from rung_wire.link import Link

TYPE_CHECKING = False  # MicroPython has no `typing`; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any

    from rung_wire.frame import Fields
    from rung_wire.link import Event

    LampPairs = tuple[tuple[str, str], ...]  # (state, mark) of escalate, warn, release

LISTENING = "listening"  # no box yet, or lost
GREETED = "greeted"  # a box greeted; the owner has not welcomed it
WELCOMED = "welcomed"  # the box has not yet been heard in the new session
UP = "up"
CLOSED = "closed"  # the owner said bye

_DARK = ((codes.OFF, codes.NO_MARK),) * 3


class HostLink(Link):
    """One per opened port. `box` and `boot` are those of the last HELLO, "" before."""

    opening = codes.HELLO

    def __init__(self) -> None:
        super().__init__(LISTENING, codes.BOX_FRAMES, codes.BOX_FRAME_MAX_BYTES)
        self.box = ""
        self.boot = ""
        self.box_bad = 0  # the box's own counters, as last told
        self.box_dropped = 0
        self.results_dropped = 0
        self._given = 0  # highest press number of this boot given to the owner
        self._acked = 0  # highest one that the owner called durable
        self._greeting: "bytes | None" = None  # WELCOME to be sent
        self._closing: "bytes | None" = None  # BYE to be sent
        self._ack: "int | None" = None
        self._sequence = 0
        self._flight: "str | None" = None  # kind of the reliable frame in flight
        self._result = ""  # payload of a RESULT in flight
        self._again = ticks.Repeat(codes.RELIABLE_FIRST_MS, codes.RELIABLE_MOST_MS)
        self._lamps: "tuple[int, LampPairs, int]" = (0, _DARK, 0)  # what the box is to show
        self._lamps_at = 0  # since when
        self._lamps_wait = False  # not yet sent in this session
        self._results: "list[tuple[int, str]]" = []  # since when, payload

    # -- what the owner does -----------------------------------------------------------------------

    def up(self, now: int) -> bool:
        """Whether a box is in session and has been heard lately."""
        return self.state == UP and self._patience(now) != 0

    def welcome(self, session: int, last_number: int, now: int) -> None:
        """Answer a `hello`; the lamps last told to this link follow by themselves.

        `session`: 1 to 0xFFFF, best a random one. `last_number`: the highest press of `boot` in the
        record, 0 if none. ValueError for others, or when no box has greeted.
        """
        if self.state not in (GREETED, WELCOMED):
            raise ValueError("no box to welcome: " + self.state)
        if not 0 < session <= 0xFFFF:
            raise ValueError("no session: %r" % session)
        payload = pack(codes.WELCOME, (self.boot, last_number))
        self._greeting = encode(codes.WELCOME, self._sequence, session, payload)
        self._closing = None
        self.session = session
        self.state = WELCOMED
        self._heard_at = now
        self._given = max(self._given, last_number)
        self._acked = max(self._acked, last_number)
        self._ack = None
        self._flight = None
        self._lamps_wait = True
        self._alive.restart()

    def ack(self, boot: str, number: int, now: int) -> None:
        """The press is durable: let the box stop repeating it. An answer to an earlier boot is ignored."""
        if boot == self.boot and number <= self._given:
            self._acked = max(self._acked, number)
            self._ack = number

    def lamps(self, epoch: int, lamps: "LampPairs", fill_ds: int, now: int) -> None:
        """What the box is to show from now on: (state, mark) of escalate, warn, release.

        `fill_ds`: tenths of a second, counted from now, that the mark `filling` still takes.
        """
        _lamps_payload(epoch, lamps, fill_ds)  # illegal lamps fail here, not on the line
        self._lamps = (epoch, lamps, fill_ds)
        self._lamps_at = now
        self._lamps_wait = True

    def result(self, boot: str, number: int, verdict: str, next_button: str, now: int) -> None:
        """What became of a press: kept for RESULT_KEEP_MS, ignored when of an earlier boot."""
        payload = pack(codes.RESULT, (number, verdict, next_button))
        if boot != self.boot:
            return
        self._results.append((now, payload))
        if len(self._results) > codes.RESULT_QUEUE_MAX:
            del self._results[0]
            self.results_dropped += 1

    def bye(self) -> None:
        """Leave in an orderly way: pump once more, then no more."""
        if self.session:
            self._closing = encode(codes.BYE, 0, self.session)
        self.state = CLOSED
        self.session = 0
        self._greeting = None

    def pump(self, now: int) -> bytes:
        """What to send now."""
        out = b""
        if self._closing is not None:
            out += self._closing
            self._closing = None
        if self._greeting is not None:
            out += self._greeting
            self._greeting = None
        if self.state != UP:
            return out
        if self._ack is not None:
            out += encode(codes.ACK, 0, self.session, pack(codes.ACK, (self._ack,)))
            self._ack = None
        out += self._reliable(now)
        if not self._alive.left(now):
            self._alive.sent(now)
            out += encode(codes.HOST_ALIVE, 0, self.session)
        return out

    def next_due(self, now: int) -> int:
        """Milliseconds until `receive` and `pump` must be called even if nothing arrives."""
        if self._closing is not None or self._greeting is not None:
            return 0
        if self.state != UP:
            return self._patience(now) if self.session else codes.SILENCE_MS
        if self._ack is not None:
            return 0
        due = min(self._alive.left(now), self._patience(now))
        if self._flight is not None:
            return min(due, self._again.left(now))
        return 0 if self._lamps_wait or self._results else due

    # -- the reliable frame in flight --------------------------------------------------------------

    def _reliable(self, now: int) -> bytes:
        if self._flight is not None and self._again.left(now):
            return b""
        if self._flight is None or (self._flight == codes.LAMPS and self._lamps_wait):
            self._flight = self._next_reliable(now)
            if self._flight is None:
                return b""
            self._sequence = (self._sequence + 1) & 0xFF
            self._again.restart()
        self._again.sent(now)
        payload = self._result if self._flight == codes.RESULT else self._fresh_lamps(now)
        return encode(self._flight, self._sequence, self.session, payload)

    def _next_reliable(self, now: int) -> "str | None":
        """Lamps first: they tell the state, a result only how it came about."""
        if self._lamps_wait:
            self._lamps_wait = False
            return codes.LAMPS
        while self._results:
            since, self._result = self._results.pop(0)
            if ticks.left(since, codes.RESULT_KEEP_MS, now):
                return codes.RESULT
            self.results_dropped += 1
        return None

    def _fresh_lamps(self, now: int) -> str:
        """The present lamps, less what they have filled since they were told."""
        epoch, lamps, fill_ds = self._lamps
        return _lamps_payload(epoch, lamps, ticks.left(self._lamps_at, fill_ds * 100, now) // 100)

    # -- handlers: sequence, session, fields, events -----------------------------------------------

    def _hello(self, _: int, __: int, fields: "Fields", events: "list[Event]") -> None:
        box, boot = fields[:2]
        if (box, boot) != (self.box, self.boot):
            self.box = box
            self.boot = boot
            self._given = 0
            self._acked = 0
            self._results = []
        self.box_bad, self.box_dropped = fields[5:7]
        self._take_back(events)
        self._leave()
        self.state = GREETED
        events.append(("hello",) + fields)  # noqa: RUF005 - MicroPython cannot (x, *y)

    def _press(self, _: int, __: int, fields: "Fields", events: "list[Event]") -> None:
        self._confirm(events)
        number, buttons, gesture, epoch, age_ms = fields
        event = ("press", self.boot, number, buttons, gesture, epoch, age_ms)
        if number <= self._acked:
            self._ack = number
        elif number > self._given:
            self._given = number
            events.append(event)
        else:
            _refresh(events, event)

    def _got(self, sequence: int, _: int, __: "Fields", events: "list[Event]") -> None:
        self._confirm(events)
        if self._flight is None or sequence != self._sequence:
            return
        # Lamps that wait have replaced those in flight: nobody asks any more what the box took.
        if self._flight == codes.LAMPS and not self._lamps_wait:
            epoch, lamps, fill_ds = self._lamps
            events.append(("shown", epoch, lamps, fill_ds))
        self._flight = None

    def _box_alive(self, _: int, __: int, fields: "Fields", events: "list[Event]") -> None:
        self._confirm(events)
        self.box_bad, self.box_dropped = fields

    def _take_back(self, events: "list[Event]") -> None:
        """Forget what came before a HELLO in the same bytes.

        After a stall of the bridge a press may have lain in a buffer for long, looking young. The
        box sends it again in the new session with its true age; if it was reset, it has told the
        person that the press did not count.
        """
        for event in events:
            if event[0] == "press":
                self._given = min(self._given, event[2] - 1)
        events.clear()

    def _confirm(self, events: "list[Event]") -> None:
        if self.state == WELCOMED:
            self.state = UP
            events.append(("up",))

    def _leave(self) -> None:
        self.session = 0
        self._greeting = None
        self._closing = None
        self._ack = None
        self._flight = None

    def _lose(self, events: "list[Event]") -> None:
        self._leave()
        self.state = LISTENING
        events.append(("lost",))

    def _stray(self, session: int) -> None:
        if self.state == LISTENING and session:
            self._closing = encode(codes.BYE, 0, session)

    def _handlers(self) -> "dict[tuple[str, str], Any]":
        return HANDLERS


def _refresh(events: "list[Event]", press: "Event") -> None:
    """Of the repetitions that arrive together only the last knows the age."""
    for place, event in enumerate(events):
        if event[:3] == press[:3]:
            events[place] = press


def _lamps_payload(epoch: int, lamps: "LampPairs", fill_ds: int) -> str:
    escalate, warn, release = [state + mark for state, mark in lamps]
    return pack(codes.LAMPS, (epoch, escalate, warn, release, fill_ds))


HANDLERS = {
    (LISTENING, codes.HELLO): HostLink._hello,
    (GREETED, codes.HELLO): HostLink._hello,
    (WELCOMED, codes.HELLO): HostLink._hello,
    (UP, codes.HELLO): HostLink._hello,
    (WELCOMED, codes.PRESS): HostLink._press,
    (UP, codes.PRESS): HostLink._press,
    (WELCOMED, codes.GOT): HostLink._got,
    (UP, codes.GOT): HostLink._got,
    (WELCOMED, codes.BOX_ALIVE): HostLink._box_alive,
    (UP, codes.BOX_ALIVE): HostLink._box_alive,
}
