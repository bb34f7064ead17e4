"""What both ends of the link share, and how the link works.

Theory of operation
-------------------
Two ends share a line that loses, repeats, breaks and invents bytes. Neither end has a clock or
does I/O: the owner hands in what arrived and the time (`receive`), sends what it is given (`pump`),
and does both again after `next_due` ms at the latest. Every turn is `receive`, also with no bytes,
then `pump`: silence is found in `receive`.

A *session* is one understanding between one boot of a box and one run of a bridge. The box greets
(HELLO, with a nonce) until it is welcomed; the WELCOME names the session, and every later frame of
both ends carries it. A frame of another session is a leftover: it is counted and thrown away. Either
end leaves the session when it hears nothing valid for SILENCE_MS; the box then greets again. A bridge
that hears a box talk in a session that it does not know asks WHO, so that a restarted bridge need not
wait until the box's patience ends.

Both ends hold the box's *key*. The tag of a HELLO proves that the box holds it. From the key and both
nonces each end makes the key of the session; the tag of every further frame proves, under that key,
what it says and its count: a frame that is altered, from another session, or told before is counted
as `unproven` and changes nothing. A HELLO that was told before does not end a session either: the
bridge only offers another one, and enters it when a frame proven under its new key comes, which only
a box can make that has the key and heard the offer. WHO is all that is heard without a proof: it
makes a box greet, at most each HELLO_MS, and a box that is in session says in which.

What must not be lost goes one at a time, and is repeated until its answer comes:

- A *press* is repeated by the box until ACK, which the bridge sends only when the press is durable.
  Number and boot stay the same over all repetitions and sessions, so the bridge gives a press out
  once; its age is fresh each time. The WELCOME confirms what an earlier session recorded.
  A stalled bridge finds old bytes in its buffers: of repetitions that arrive together the last one
  tells the age, and what lies before a HELLO is forgotten, since the box will say it again. So the
  owner hands in all that has arrived at once.
- *LAMPS* and *RESULT* are repeated by the bridge until GOT, under the count that they had; all other
  frames have one of their own at every transmission. New lamps replace lamps that still wait;
  also those in flight, but only when these would be repeated, so that never more than one such
  frame is on its way into the box's small input ring. What they still have to fill is fresh each
  time.

All that depends on the state stands in two tables, `box.HANDLERS` and `host.HANDLERS`: (state, kind
of frame) to handler. A frame that must not come in a state is a missing key: it is counted, changes
nothing, and is no sign of life either. Nor is a repetition: only what is proven and fresh is.
"""

from rung_wire import codes, const, ticks
from rung_wire.frame import Decoder
from rung_wire.seal import FRESH, UNPROVEN

TYPE_CHECKING = const(0)  # MicroPython has no `typing`; type checkers take this name for true
if TYPE_CHECKING:
    from typing import Any

    from rung_wire.frame import Frame, Frames
    from rung_wire.seal import Session

    Event = tuple[Any, ...]


class Link:
    """One end. `state` is the row of its table, `session` 0 while there is none.

    Counters: `bad_frames` and `noise_bytes` (see `Decoder`), `strays` (frames of another session),
    `unproven` (frames of this one whose tag does not prove them), `illegal` (frames that may not come
    in this state).
    """

    handlers: "dict[tuple[str, str], Any]" = {}  # of (state, kind of frame)
    openings = ""  # the kinds of frames that are heard whatever their session: their handlers see to the proof

    def __init__(self, state: str, frames: "Frames", most_bytes: int) -> None:
        self.state = state
        self.strays = 0
        self.unproven = 0
        self.illegal = 0
        self._decoder = Decoder(frames, most_bytes)
        self._at: "Session | None" = None
        self._part_at = 0  # when half a frame came
        self._heard_at = 0
        self._alive = ticks.Repeat(codes.ALIVE_MS, codes.ALIVE_MS)

    @property
    def session(self) -> int:
        return 0 if self._at is None else self._at.number

    @property
    def bad_frames(self) -> int:
        return self._decoder.bad_frames

    @property
    def noise_bytes(self) -> int:
        return self._decoder.noise_bytes

    def receive(self, data: bytes, now: int) -> "list[Event]":
        """What these bytes (or none), or too long a silence, mean to the owner. Never raises."""
        events: "list[Event]" = []
        for frame in self._frames(data, now):
            self._take(frame, now, events)
        # After the bytes: while the owner was stalled, they lay in a buffer, and there was no silence.
        if self._patience(now) == 0:
            self._lose(events)
        return events

    def _frames(self, data: bytes, now: int) -> "list[Frame]":
        decoder = self._decoder
        # Else a frame that has lost its newline would be completed by the next one that comes, whenever that is.
        if not ticks.left(self._part_at, codes.PART_MS, now):
            decoder.forget()
        frames = decoder.feed(data)
        if 0 <= decoder.kept_bytes < len(data):  # it has begun in these bytes
            self._part_at = now
        return frames

    def _take(self, frame: "Frame", now: int, events: "list[Event]") -> None:
        if frame[0] in self.openings:
            self._handle(frame, now, True, events)
            return
        session = self._session(frame[2], now)
        if session is None:
            self.strays += 1
            self._stray()
            return
        judged = session.judge(frame)
        if judged == UNPROVEN:
            self.unproven += 1
            return
        if session is not self._at:
            self._enter(session, events)
        self._handle(frame, now, judged == FRESH, events)

    def _handle(self, frame: "Frame", now: int, is_fresh: bool, events: "list[Event]") -> None:
        handler = self.handlers.get((self.state, frame[0]))
        if handler is None:
            self.illegal += 1
            return
        if is_fresh and frame[0] not in self.openings:
            self._heard_at = now
        handler(self, frame, now, is_fresh, events)

    def _patience(self, now: int) -> int:
        """Milliseconds until silence means that the link is lost; -1 where it means nothing."""
        return -1 if self._at is None else ticks.left(self._heard_at, codes.SILENCE_MS, now)

    def _session(self, number: int, _: int) -> "Session | None":
        """The session of that number, as far as this end knows it."""
        return self._at if number == self.session else None

    def _enter(self, session: "Session", events: "list[Event]") -> None:
        """The other end has proven that it is in a session which this end only offered."""

    def _lose(self, events: "list[Event]") -> None:
        raise NotImplementedError

    def _stray(self) -> None:
        """A frame of another session came."""
