"""The bridge's end of the link: `link.py` tells how it works."""

from rung_wire import codes, ticks
from rung_wire.frame import encode, pack
from rung_wire.link import Link

TYPE_CHECKING = False  # MicroPython has no `typing`; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any

    from rung_wire.frame import Fields
    from rung_wire.link import Event

    LampsFields = tuple[int, tuple[tuple[str, str], ...], int]

LISTENING = "listening"  # no box yet, or lost
GREETED = "greeted"  # a box greeted; the owner has not welcomed it
WELCOMED = "welcomed"  # the box has not yet been heard in the new session
UP = "up"
CLOSED = "closed"  # the owner said bye


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
        self._opening: "bytes | None" = None  # WELCOME to be sent
        self._closing: "bytes | None" = None  # BYE to be sent
        self._ack: "int | None" = None
        self._sequence = 0
        self._flight: "tuple[str, str, Any] | None" = None  # reliable frame in flight: kind, payload, event
        self._again = ticks.Repeat(codes.RELIABLE_FIRST_MS, codes.RELIABLE_MOST_MS)
        self._lamps: "LampsFields | None" = None  # what the box is to show
        self._lamps_wait = False  # not yet sent in this session
        self._results: "list[tuple[int, str]]" = []  # since when, payload

    # -- what the owner does ------------------------------------------------------------------------------------------

    def up(self, now: int) -> bool:
        """Whether a box is in session and has been heard lately."""
        return self.state == UP and self._patience(now) != 0

    def welcome(self, session: int, last_number: int, now: int) -> None:
        """Answer a `hello`. `last_number`: the highest press of this boot in the record, 0 when there is none.

        `session` is 1 to 0xFFFF and another than the last one; ValueError otherwise, or when no box has greeted.
        The lamps last told to this link are sent again by itself.
        """
        if self.state not in (GREETED, WELCOMED):
            raise ValueError("no box to welcome: " + self.state)
        if not 0 < session <= 0xFFFF or session == self.session:
            raise ValueError("no new session: %r" % session)
        payload = pack(codes.WELCOME, (self.boot, last_number))
        self._opening = encode(codes.WELCOME, 0, session, payload)
        self._closing = None
        self.session = session
        self.state = WELCOMED
        self._heard_at = now
        self._given = max(self._given, last_number)
        self._acked = max(self._acked, last_number)
        self._ack = None
        self._flight = None
        self._sequence = 0
        self._lamps_wait = self._lamps is not None
        self._alive.restart()

    def ack(self, boot: str, number: int, now: int) -> None:
        """The press is durable: let the box stop repeating it. An answer to an earlier boot is ignored."""
        if boot == self.boot and number <= self._given:
            self._acked = max(self._acked, number)
            self._ack = number

    def lamps(self, epoch: int, lamps: "tuple[tuple[str, str], ...]", fill_ds: int, now: int) -> None:
        """What the box is to show from now on: (state, mark) of escalate, warn, release. Newest wins."""
        pack(codes.LAMPS, _lamps_fields(epoch, lamps, fill_ds))  # illegal lamps fail here, not on the line
        self._lamps = (epoch, lamps, fill_ds)
        self._lamps_wait = True

    def result(self, boot: str, number: int, verdict: str, next_button: str, now: int) -> None:
        """What became of a press. Kept for RESULT_KEEP_MS at most; an answer to an earlier boot is ignored."""
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
        self._opening = None

    def pump(self, now: int) -> bytes:
        """What to send now."""
        out = b""
        if self._closing is not None:
            out += self._closing
            self._closing = None
        if self._opening is not None:
            out += self._opening
            self._opening = None
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
        if self._closing is not None or self._opening is not None:
            return 0
        if self.state != UP:
            return self._patience(now) if self.session else codes.SILENCE_MS
        if self._ack is not None:
            return 0
        due = min(self._alive.left(now), self._patience(now))
        if self._flight is not None:
            return min(due, self._again.left(now))
        return 0 if self._lamps_wait or self._results else due

    # -- the reliable frame in flight -----------------------------------------------------------------------------------

    def _reliable(self, now: int) -> bytes:
        if self._flight is not None and self._again.left(now):
            return b""
        stale = self._flight is not None and self._flight[0] == codes.LAMPS and self._lamps_wait
        if self._flight is None or stale:
            self._flight = self._next_reliable(now)
            if self._flight is None:
                return b""
            self._sequence = (self._sequence + 1) & 0xFF
            self._again.restart()
        self._again.sent(now)
        return encode(self._flight[0], self._sequence, self.session, self._flight[1])

    def _next_reliable(self, now: int) -> "tuple[str, str, Any] | None":
        """Lamps first: they tell the state, a result only how it came about."""
        if self._lamps_wait and self._lamps is not None:
            self._lamps_wait = False
            payload = pack(codes.LAMPS, _lamps_fields(*self._lamps))
            return codes.LAMPS, payload, ("shown",) + self._lamps
        while self._results:
            since, payload = self._results.pop(0)
            if ticks.left(since, codes.RESULT_KEEP_MS, now):
                return codes.RESULT, payload, None
            self.results_dropped += 1
        return None

    # -- handlers: sequence, session, fields, events ------------------------------------------------------------------

    def _hello(self, _: int, __: int, fields: "Fields", events: "list[Event]") -> None:
        box, boot = fields[:2]
        if (box, boot) != (self.box, self.boot):
            self.box = box
            self.boot = boot
            self._given = 0
            self._acked = 0
            self._results = []
        self._leave()
        self.state = GREETED
        events.append(("hello",) + fields)

    def _press(self, _: int, __: int, fields: "Fields", events: "list[Event]") -> None:
        self._confirm(events)
        number = fields[0]
        if number <= self._acked:
            self._ack = number
        elif number > self._given:
            self._given = number
            events.append(("press", self.boot) + fields)

    def _got(self, sequence: int, _: int, __: "Fields", events: "list[Event]") -> None:
        self._confirm(events)
        if self._flight is not None and sequence == self._sequence:
            if self._flight[2] is not None:
                events.append(self._flight[2])
            self._flight = None

    def _box_alive(self, _: int, __: int, fields: "Fields", events: "list[Event]") -> None:
        self._confirm(events)
        self.box_bad, self.box_dropped = fields

    def _confirm(self, events: "list[Event]") -> None:
        if self.state == WELCOMED:
            self.state = UP
            events.append(("up",))

    def _leave(self) -> None:
        self.session = 0
        self._opening = None
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


def _lamps_fields(epoch: int, lamps: "tuple[tuple[str, str], ...]", fill_ds: int) -> "Fields":
    return (epoch,) + tuple(state + mark for state, mark in lamps) + (fill_ds,)


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
