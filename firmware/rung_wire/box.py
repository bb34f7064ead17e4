"""The box's end of the link: `link.py` tells how it works."""

from rung_wire import codes, const, ticks
from rung_wire.frame import encode, pack, text_of
from rung_wire.link import Link

TYPE_CHECKING = const(0)  # MicroPython has no `typing`; type checkers take this name for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from rung_wire.frame import Frame
    from rung_wire.link import Event
    from rung_wire.seal import Key, Session

SEEKING = "seeking"  # no host: greets
UP = "up"  # in a session

_COUNTER_MAX = const(0xFFFF)


class _Press:
    """A press on its way. Its age is added up: it outlives a turn of the clock."""

    def __init__(self, number: int, buttons: str, gesture: str, epoch: int, edge_ms: int) -> None:
        self.number = number
        self.buttons = buttons
        self.gesture = gesture
        self.epoch = epoch
        self._age_ms = 0
        self._aged_at = edge_ms

    def age_ms(self, now: int) -> int:
        passed = ticks.diff(now, self._aged_at)
        if passed > 0:
            self._age_ms = min(self._age_ms + passed, codes.AGE_MAX_MS)
            self._aged_at = now
        return self._age_ms


class BoxLink(Link):
    """`box` is the unique id and `boot` random at every boot, both hexadecimal text.

    `key` is the box's key; without one it is unpaired, and no bridge can welcome it. `nonce` gives ten
    random hexadecimal digits at every call. `cause` is one of `codes.RESET_CAUSES`. `caught` tells how
    many unconfirmed presses the last reset caught: they are reported until a bridge has welcomed the box,
    never sent. `troubles`: pairs of one of `names.TROUBLES` and what it is, told after each HELLO.
    `dropped` counts presses refused for a full queue.
    """

    openings = codes.WHO + codes.WELCOME

    def __init__(
        self,
        box: str,
        boot: str,
        firmware: str,
        cause: str,
        key: "Key | None",
        nonce: "Callable[[], str]",
        caught: int = 0,
        troubles: "tuple[tuple[str, str], ...]" = (),
    ) -> None:
        super().__init__(SEEKING, codes.HOST_FRAMES, codes.HOST_FRAME_MAX_BYTES)
        self.dropped = 0
        self._boot = boot
        self._identity = (box, boot, codes.PROTOCOL, firmware, cause)
        self._key = key
        self._draw = nonce
        self._nonce = ""  # of the last HELLO, while a WELCOME to it may come
        self._nonce_at = 0
        self._caught = min(caught, 15)
        self._troubles = troubles
        self._number = 0
        self._presses: "list[_Press]" = []
        self._press_again = ticks.Repeat(codes.PRESS_FIRST_MS, codes.PRESS_MOST_MS)
        self._hello_again = ticks.Repeat(codes.HELLO_MS, codes.HELLO_MS)
        self._asked = False  # who it is, while it is in session
        self._got: "int | None" = None  # sequence to be confirmed with the next pump
        self._hello(0)  # an illegal identity fails here, not on the line

    def unconfirmed(self) -> "list[tuple[int, str]]":
        """Number and buttons of every press not yet acknowledged, oldest first."""
        return [(press.number, press.buttons) for press in self._presses]

    def press(self, buttons: str, gesture: str, epoch: int, edge_ms: int, now: int) -> "int | None":
        """Take a press for delivery; its number, or None when PRESS_QUEUE_MAX already wait.

        `epoch` is the one latched at the first edge, `edge_ms` the tick of the edge that completed
        the gesture.
        """
        if len(self._presses) >= codes.PRESS_QUEUE_MAX:
            self.dropped += 1
            return None
        press = _Press(self._number + 1, buttons, gesture, epoch, edge_ms)
        self._press_payload(press, now)  # an illegal press fails here, and takes no number
        self._number = press.number
        self._presses.append(press)
        if len(self._presses) == 1:
            self._press_again.restart()
        return press.number

    def pump(self, now: int) -> bytes:
        """What to send now."""
        for press in self._presses:
            press.age_ms(now)
        out = b""
        if self._greets(now):
            self._asked = False
            self._hello_again.sent(now)
            out += self._hello(now)
            for trouble in self._troubles:
                out += self._greeting(codes.TROUBLE, self._identity[:1] + trouble)
        at = self._at
        if at is None:
            return out
        if self._got is not None:
            out += at.frame(codes.GOT, pack(codes.GOT, (self._got,)))
            self._got = None
        if self._presses and not self._press_again.left(now):
            self._press_again.sent(now)
            out += at.frame(codes.PRESS, self._press_payload(self._presses[0], now))
        if not self._alive.left(now):
            self._alive.sent(now)
            out += at.frame(codes.BOX_ALIVE, pack(codes.BOX_ALIVE, self._counters()))
        return out

    def bye(self) -> bytes:
        """What to send last: the box leaves, and does nothing more until it starts again."""
        return b"" if self._at is None else self._at.frame(codes.BOX_BYE)

    def next_due(self, now: int) -> int:
        """Milliseconds until `receive` and `pump` must be called even if nothing arrives."""
        if self.state == SEEKING:
            return self._hello_again.left(now)
        if self._got is not None:
            return 0
        due = min(self._alive.left(now), self._patience(now))
        if self._asked:
            due = min(due, self._hello_again.left(now))
        return min(due, self._press_again.left(now)) if self._presses else due

    def _greets(self, now: int) -> bool:
        return (self.state == SEEKING or self._asked) and not self._hello_again.left(now)

    def _hello(self, now: int) -> bytes:
        # One nonce for several greetings, since the way may be long; but a WELCOME that somebody kept is soon void.
        if not self._nonce or not ticks.left(self._nonce_at, codes.SILENCE_MS, now):
            self._nonce = self._draw()
            self._nonce_at = now
        presses = (len(self._presses), self._caught, self._nonce)
        return self._greeting(codes.HELLO, self._identity + self._counters() + presses)

    def _greeting(self, kind: str, fields: "tuple[Any, ...]") -> bytes:
        text = text_of(kind, 0, self.session, pack(kind, fields))
        return encode(text, "" if self._key is None else self._key.greeting_tag(text))

    def _answered(self, number: int, host_nonce: str, now: int) -> "Session | None":
        """The session that a WELCOME to the last HELLO would open; None where none can."""
        if self._key is None or not self._nonce or not number:
            return None
        if not ticks.left(self._nonce_at, codes.SILENCE_MS, now):
            return None
        return self._key.session(number, self._boot, self._nonce, host_nonce)

    def _counters(self) -> "tuple[int, int]":
        bad = self.bad_frames + self.strays + self.unproven + self.illegal
        return min(bad, _COUNTER_MAX), min(self.dropped, _COUNTER_MAX)

    def _press_payload(self, press: _Press, now: int) -> str:
        return pack(
            codes.PRESS,
            (press.number, press.buttons, press.gesture, press.epoch, press.age_ms(now)),
        )

    # -- handlers: frame, now, whether it is fresh, events ---------------------------------------------

    def _who(self, _: "Frame", __: int, ___: bool, ____: "list[Event]") -> None:
        """Somebody asks who is here; nothing proves who."""
        self._asked = True

    def _welcome(self, frame: "Frame", now: int, _: bool, events: "list[Event]") -> None:
        number = frame[2]
        host_nonce, last = frame[3]
        session = self._answered(number, host_nonce, now)
        if session is None or not session.is_opened_by(frame):
            self.unproven += 1
            return
        self._nonce = ""  # it has had its answer: the same one again is void
        self._caught = 0  # the bridge has heard of them
        self._at = session
        self._heard_at = now
        self.state = UP
        self._asked = False
        self._got = None
        self._alive.restart()
        self._press_again.restart()
        events.append(("welcome", number))
        while self._presses and self._presses[0].number <= last:
            events.append(("acked", self._presses.pop(0).number))

    def _ack(self, frame: "Frame", _: int, __: bool, events: "list[Event]") -> None:
        if self._presses and self._presses[0].number == frame[3][0]:
            events.append(("acked", self._presses.pop(0).number))
            self._press_again.restart()

    def _lamps(self, frame: "Frame", _: int, is_fresh: bool, events: "list[Event]") -> None:
        self._got = frame[1]
        if is_fresh:
            epoch, escalate, warn, release, fill_ds = frame[3]
            lamps = tuple((lamp[0], lamp[1]) for lamp in (escalate, warn, release))
            events.append(("lamps", epoch, lamps, fill_ds))

    def _result(self, frame: "Frame", _: int, is_fresh: bool, events: "list[Event]") -> None:
        self._got = frame[1]
        if is_fresh:
            number, verdict, next_button = frame[3]
            events.append(("result", number, verdict, next_button))

    def _nothing(self, _: "Frame", __: int, ___: bool, ____: "list[Event]") -> None:
        """ALIVE: that it was heard is all."""

    def _maintain(self, _: "Frame", __: int, ___: bool, events: "list[Event]") -> None:
        events.append(("maintain",))

    def _bye(self, _: "Frame", __: int, ___: bool, events: "list[Event]") -> None:
        self._lose(events)

    def _lose(self, events: "list[Event]") -> None:
        self.state = SEEKING
        self._at = None
        self._got = None
        self._hello_again.restart()
        events.append(("lost",))


HANDLERS = {
    (SEEKING, codes.WHO): BoxLink._who,
    (UP, codes.WHO): BoxLink._who,
    (SEEKING, codes.WELCOME): BoxLink._welcome,
    (UP, codes.WELCOME): BoxLink._welcome,
    (UP, codes.ACK): BoxLink._ack,
    (UP, codes.LAMPS): BoxLink._lamps,
    (UP, codes.RESULT): BoxLink._result,
    (UP, codes.HOST_ALIVE): BoxLink._nothing,
    (UP, codes.MAINTAIN): BoxLink._maintain,
    (UP, codes.BYE): BoxLink._bye,
}
BoxLink.handlers = HANDLERS
