"""What both ends of the link share, and how the link works.

Theory of operation
-------------------
Two ends share a line that loses, repeats, breaks and invents bytes. Neither end has a clock or
does I/O: the owner hands in what arrived and the time (`receive`), sends what it is given (`pump`),
and does both again after `next_due` ms at the latest. Every turn is `receive`, also with no bytes,
then `pump`: silence is found in `receive`.

A *session* is one understanding between one boot of a box and one run of a bridge. The box greets
(HELLO) until it is welcomed; the WELCOME names the session, and every later frame of both ends
carries it. A frame of another session is a leftover: it is counted and thrown away. Either end
leaves the session when it hears nothing valid for SILENCE_MS; the box then greets again. A bridge
that is out of session and hears a box still talking in one says BYE to that session, so that a
restarted bridge need not wait until the box's patience ends.

What must not be lost goes one at a time, and is repeated until its answer comes:

- A *press* is repeated by the box until ACK, which the bridge sends only when the press is durable.
  Number and boot stay the same over all repetitions and sessions, so the bridge gives a press out
  once; its age is fresh each time. The WELCOME confirms what an earlier session recorded.
  A stalled bridge finds old bytes in its buffers: of repetitions that arrive together the last one
  tells the age, and what lies before a HELLO is forgotten, since the box will say it again. So the
  owner hands in all that has arrived at once.
- *LAMPS* and *RESULT* are repeated by the bridge until GOT. Their sequence numbers go on from one
  session to the next; the WELCOME says where they stand. New lamps replace lamps that still wait;
  also those in flight, but only when these would be repeated, so that never more than one such
  frame is on its way into the box's small input ring. What they still have to fill is fresh each
  time.

All that depends on the state stands in two tables, `box.HANDLERS` and `host.HANDLERS`: (state, kind
of frame) to handler. A frame that must not come in a state is a missing key: it is counted, changes
nothing, and is no sign of life either.
"""

from rung_wire import codes, ticks
from rung_wire.frame import Decoder

TYPE_CHECKING = False  # MicroPython has no `typing`; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any

    from rung_wire.frame import Frame, Frames

    Event = tuple[Any, ...]


class Link:
    """One end. `state` is the row of its table, `session` 0 while there is none.

    Counters: `bad_frames` and `noise_bytes` (see `Decoder`), `strays` (frames of another session),
    `illegal` (frames that may not come in this state).
    """

    opening = ""  # the kind of frame that is heard whatever its session

    def __init__(self, state: str, frames: "Frames", most_bytes: int) -> None:
        self.state = state
        self.session = 0
        self.strays = 0
        self.illegal = 0
        self._decoder = Decoder(frames, most_bytes)
        self._heard_at = 0
        self._alive = ticks.Repeat(codes.ALIVE_MS, codes.ALIVE_MS)

    @property
    def bad_frames(self) -> int:
        return self._decoder.bad_frames

    @property
    def noise_bytes(self) -> int:
        return self._decoder.noise_bytes

    def receive(self, data: bytes, now: int) -> "list[Event]":
        """What these bytes (or none), or too long a silence, mean to the owner. Never raises."""
        events: "list[Event]" = []
        for frame in self._decoder.feed(data):
            self._take(frame, now, events)
        # After the bytes: while the owner was stalled, they lay in a buffer, and there was no silence.
        if self._patience(now) == 0:
            self._lose(events)
        return events

    def _take(self, frame: "Frame", now: int, events: "list[Event]") -> None:
        kind, sequence, session, fields = frame
        if session != self.session and kind != self.opening:
            self.strays += 1
            self._stray(session)
            return
        handler = self._handlers().get((self.state, kind))
        if handler is None:
            self.illegal += 1
            return
        handler(self, sequence, session, fields, events)
        if session == self.session:
            self._heard_at = now

    def _patience(self, now: int) -> int:
        """Milliseconds until silence means that the link is lost; -1 where it means nothing."""
        return ticks.left(self._heard_at, codes.SILENCE_MS, now) if self.session else -1

    def _handlers(self) -> "dict[tuple[str, str], Any]":
        raise NotImplementedError

    def _lose(self, events: "list[Event]") -> None:
        raise NotImplementedError

    def _stray(self, session: int) -> None:
        """A frame of another session came."""
