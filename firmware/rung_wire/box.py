"""The box's end of the link: `link.py` tells how it works."""

from rung_wire import codes, ticks
from rung_wire.frame import encode, pack
from rung_wire.link import Link

TYPE_CHECKING = False  # MicroPython has no `typing`; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any

    from rung_wire.frame import Fields
    from rung_wire.link import Event

SEEKING = "seeking"  # no host: greets
UP = "up"  # in a session

_COUNTER_MAX = 0xFFFF


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

    `cause` is one of `codes.RESET_CAUSES`. `caught` tells how many unconfirmed presses the last
    reset caught: they are reported, never sent. `dropped` counts presses refused for a full queue.
    """

    opening = codes.WELCOME

    def __init__(self, box: str, boot: str, firmware: str, cause: str, caught: int = 0) -> None:
        super().__init__(SEEKING, codes.HOST_FRAMES, codes.HOST_FRAME_MAX_BYTES)
        self.dropped = 0
        self._boot = boot
        self._identity = (box, boot, codes.PROTOCOL, firmware, cause)
        self._caught = min(caught, 15)
        self._number = 0
        self._presses: "list[_Press]" = []
        self._press_again = ticks.Repeat(codes.PRESS_FIRST_MS, codes.PRESS_MOST_MS)
        self._hello_again = ticks.Repeat(codes.HELLO_MS, codes.HELLO_MS)
        self._got: "int | None" = None  # sequence to be confirmed with the next pump
        self._sessions = [0] * 4  # the latest: a welcome that the line repeats must not revive one
        self._taken = 0  # sequence of the last reliable frame taken
        self._hello()  # an illegal identity fails here, not on the line

    def up(self, now: int) -> bool:
        """Whether the host has been heard lately (what lamps to show, only `lamps` tells)."""
        return self.state == UP and self._patience(now) != 0

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
        if self.state == SEEKING:
            if self._hello_again.left(now):
                return b""
            self._hello_again.sent(now)
            return encode(codes.HELLO, 0, 0, self._hello())
        out = b""
        if self._got is not None:
            out += encode(codes.GOT, self._got, self.session)
            self._got = None
        if self._presses and not self._press_again.left(now):
            self._press_again.sent(now)
            out += encode(codes.PRESS, 0, self.session, self._press_payload(self._presses[0], now))
        if not self._alive.left(now):
            self._alive.sent(now)
            out += encode(codes.BOX_ALIVE, 0, self.session, pack(codes.BOX_ALIVE, self._counters()))
        return out

    def next_due(self, now: int) -> int:
        """Milliseconds until `receive` and `pump` must be called even if nothing arrives."""
        if self.state == SEEKING:
            return self._hello_again.left(now)
        if self._got is not None:
            return 0
        due = min(self._alive.left(now), self._patience(now))
        return min(due, self._press_again.left(now)) if self._presses else due

    def _hello(self) -> str:
        presses = (len(self._presses), self._caught)
        return pack(codes.HELLO, self._identity + self._counters() + presses)

    def _counters(self) -> "tuple[int, int]":
        bad = self.bad_frames + self.strays + self.illegal
        return min(bad, _COUNTER_MAX), min(self.dropped, _COUNTER_MAX)

    def _press_payload(self, press: _Press, now: int) -> str:
        return pack(
            codes.PRESS,
            (press.number, press.buttons, press.gesture, press.epoch, press.age_ms(now)),
        )

    # -- handlers: sequence, session, fields, events -----------------------------------------------

    def _welcome(self, sequence: int, session: int, fields: "Fields", events: "list[Event]") -> None:
        boot, last = fields
        if boot != self._boot or session in self._sessions:
            return  # for an earlier boot, or an old welcome again
        del self._sessions[0]
        self._sessions.append(session)
        self.state = UP
        self.session = session
        self._taken = sequence
        self._got = None
        self._alive.restart()
        self._press_again.restart()
        events.append(("welcome", session))
        while self._presses and self._presses[0].number <= last:
            events.append(("acked", self._presses.pop(0).number))

    def _ack(self, _: int, __: int, fields: "Fields", events: "list[Event]") -> None:
        if self._presses and self._presses[0].number == fields[0]:
            events.append(("acked", self._presses.pop(0).number))
            self._press_again.restart()

    def _is_new(self, sequence: int) -> bool:
        """Confirm a reliable frame; whether it is not one taken before."""
        self._got = sequence
        # Sequences are modulo 256: half of all lie ahead.
        if not 0 < (sequence - self._taken) & 0xFF < 0x80:
            return False
        self._taken = sequence
        return True

    def _lamps(self, sequence: int, _: int, fields: "Fields", events: "list[Event]") -> None:
        if self._is_new(sequence):
            epoch, escalate, warn, release, fill_ds = fields
            lamps = tuple((lamp[0], lamp[1]) for lamp in (escalate, warn, release))
            events.append(("lamps", epoch, lamps, fill_ds))

    def _result(self, sequence: int, _: int, fields: "Fields", events: "list[Event]") -> None:
        if self._is_new(sequence):
            number, verdict, next_button = fields
            events.append(("result", number, verdict, next_button))

    def _nothing(self, _: int, __: int, ___: "Fields", ____: "list[Event]") -> None:
        """ALIVE: that it was heard is all."""

    def _bye(self, _: int, __: int, ___: "Fields", events: "list[Event]") -> None:
        self._lose(events)

    def _lose(self, events: "list[Event]") -> None:
        self.state = SEEKING
        self.session = 0
        self._got = None
        self._hello_again.restart()
        events.append(("lost",))

    def _handlers(self) -> "dict[tuple[str, str], Any]":
        return HANDLERS


HANDLERS = {
    (SEEKING, codes.WELCOME): BoxLink._welcome,
    (UP, codes.WELCOME): BoxLink._welcome,
    (UP, codes.ACK): BoxLink._ack,
    (UP, codes.LAMPS): BoxLink._lamps,
    (UP, codes.RESULT): BoxLink._result,
    (UP, codes.HOST_ALIVE): BoxLink._nothing,
    (UP, codes.BYE): BoxLink._bye,
}
