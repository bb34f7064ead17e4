"""The bridge's end of the link: `link.py` tells how it works."""

from rung_wire import codes, names, ticks
from rung_wire.frame import encode, pack, text_of
from rung_wire.link import Link

TYPE_CHECKING = False  # MicroPython has no `typing`; type checkers take this name for True
if TYPE_CHECKING:
    from rung_wire.frame import Frame
    from rung_wire.link import Event
    from rung_wire.seal import Key, Session

    LampPairs = tuple[tuple[str, str], ...]  # (state, mark) of escalate, warn, release

LISTENING = "listening"  # no box yet, or lost
UP = "up"
CLOSED = "closed"  # the owner said bye

# -- limits and timers that the box needs not know --------------------------------------------------
RESULT_QUEUE_MAX = 4  # results that wait; the oldest is dropped: LAMPS tell the state anyway
RELIABLE_FIRST_MS = 60  # first repetition of LAMPS or RESULT; a slow adapter needs about 30
RELIABLE_MOST_MS = 480  # repetitions grow up to this: four fit into SILENCE_MS
RESULT_KEEP_MS = 5000  # an answer this old would only puzzle the person who pressed

_DARK = ((codes.OFF, codes.NO_MARK),) * 3
_OFFERS_MAX = 4  # one is the rule; more when somebody tells old HELLOs again


class _Offer:
    """A session that a box may enter."""

    def __init__(
        self, hello: "tuple[str, str, str]", session: "Session", welcome: bytes, last_number: int, now: int
    ) -> None:
        self.hello = hello  # box, boot, nonce
        self.session = session
        self.welcome = welcome
        self.last_number = last_number
        self._made_at = now

    def holds(self, now: int) -> bool:
        """Not for ever: else what a box said in it could be kept back for as long."""
        return bool(ticks.left(self._made_at, codes.SILENCE_MS, now))


class HostLink(Link):
    """One per opened port. `box` and `boot` are those of the session, "" before the first.

    `keys`: the key of every paired box, by its id.
    """

    openings = codes.HELLO + codes.TROUBLE

    def __init__(self, keys: "dict[str, Key]") -> None:
        super().__init__(LISTENING, codes.BOX_FRAMES, codes.BOX_FRAME_MAX_BYTES)
        self.box = ""
        self.boot = ""
        self.box_bad = 0  # the box's own counters, as last told
        self.box_dropped = 0
        self.results_dropped = 0
        self._keys = keys
        self._greeter: "tuple[str, str, str] | None" = None  # box, boot, nonce of a HELLO that may be welcomed
        self._offers: "list[_Offer]" = []
        self._given = 0  # highest press number of this boot given to the owner
        self._acked = 0  # highest one that the owner called durable
        self._greeting: "bytes | None" = None  # WELCOME to be sent
        self._asks = False  # who talks in a session that is not known
        self._ask_again = ticks.Repeat(codes.HELLO_MS, codes.HELLO_MS)
        self._closing: "bytes | None" = None  # BYE to be sent
        self._maintains = False  # MAINTAIN to be sent
        self._ack: "int | None" = None
        self._flight: "str | None" = None  # kind of the reliable frame in flight
        self._result = ""  # payload of a RESULT in flight
        self._again = ticks.Repeat(RELIABLE_FIRST_MS, RELIABLE_MOST_MS)
        self._lamps: "tuple[int, LampPairs, int]" = (0, _DARK, 0)  # what the box is to show
        self._lamps_at = 0  # since when
        self._lamps_wait = False  # not yet sent in this session
        self._results: "list[tuple[int, str]]" = []  # since when, payload

    # -- what the owner does -----------------------------------------------------------------------

    def up(self, now: int) -> bool:
        """Whether a box is in session and has been heard lately."""
        return self.state == UP and self._patience(now) != 0

    def welcome(self, session: int, nonce: str, last_number: int, now: int) -> None:
        """Offer a session to the box of the last `hello`; the lamps last told to this link follow by themselves.

        `session`: 1 to 0xFFFF, and `nonce`, twelve hexadecimal digits: both random. `last_number`: the highest
        press of this boot in the record, 0 if none. ValueError for others, or when no paired box has greeted.
        """
        if self._greeter is None:
            raise ValueError("no paired box to welcome")
        if not 0 < session <= 0xFFFF or session == self.session:
            raise ValueError("no new session: %r" % session)
        payload = pack(codes.WELCOME, (nonce, last_number))
        box, boot, box_nonce = self._greeter
        opened = self._keys[box].session(session, boot, box_nonce, nonce)
        self._offers.append(_Offer(self._greeter, opened, opened.welcome(payload), last_number, now))
        if len(self._offers) > _OFFERS_MAX:
            del self._offers[0]
        self._greeter = None
        self._greeting = self._offers[-1].welcome

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
        if len(self._results) > RESULT_QUEUE_MAX:
            del self._results[0]
            self.results_dropped += 1

    def maintain(self) -> None:
        """Ask the box to hand itself over to the host's tools. It says BYE (`left`) if it does; else ask again."""
        self._maintains = self._at is not None

    def bye(self) -> None:
        """Leave in an orderly way: pump once more, then no more."""
        closing = None if self._at is None else self._at.frame(codes.BYE)
        self._leave()
        self._closing = closing
        self.state = CLOSED
        self._greeter = None
        self._offers = []
        self._greeting = None

    def pump(self, now: int) -> bytes:
        """What to send now."""
        out = b""
        for frame in (self._closing, self._greeting):
            if frame is not None:
                out += frame
        self._closing = self._greeting = None
        if self._asks and not self._ask_again.left(now):
            self._ask_again.sent(now)
            self._asks = False
            out += encode(text_of(codes.WHO, 0, 0))
        at = self._at
        if at is None:
            return out
        if self._ack is not None:
            out += at.frame(codes.ACK, pack(codes.ACK, (self._ack,)))
            self._ack = None
        if self._maintains:
            out += at.frame(codes.MAINTAIN)
            self._maintains = False
        out += self._reliable(at, now)
        if not self._alive.left(now):
            self._alive.sent(now)
            out += at.frame(codes.HOST_ALIVE)
        return out

    def next_due(self, now: int) -> int:
        """Milliseconds until `receive` and `pump` must be called even if nothing arrives."""
        if self._closing is not None or self._greeting is not None:
            return 0
        due = self._ask_again.left(now) if self._asks else codes.SILENCE_MS
        if self.state != UP:
            return due
        if self._ack is not None or self._maintains:
            return 0
        due = min(due, self._alive.left(now), self._patience(now))
        if self._flight is not None:
            return min(due, self._again.left(now))
        return 0 if self._lamps_wait or self._results else due

    # -- the reliable frame in flight --------------------------------------------------------------

    def _reliable(self, at: "Session", now: int) -> bytes:
        if self._flight is not None and self._again.left(now):
            return b""
        again = self._flight == codes.RESULT or (self._flight == codes.LAMPS and not self._lamps_wait)
        if not again:
            self._flight = self._next_reliable(now)
            self._again.restart()
        if self._flight is None:
            return b""
        self._again.sent(now)
        payload = self._result if self._flight == codes.RESULT else self._fresh_lamps(now)
        return at.frame(self._flight, payload, again)

    def _next_reliable(self, now: int) -> "str | None":
        """Lamps first: they tell the state, a result only how it came about."""
        if self._lamps_wait:
            self._lamps_wait = False
            return codes.LAMPS
        while self._results:
            since, self._result = self._results.pop(0)
            if ticks.left(since, RESULT_KEEP_MS, now):
                return codes.RESULT
            self.results_dropped += 1
        return None

    def _fresh_lamps(self, now: int) -> str:
        """The present lamps, less what they have filled since they were told."""
        epoch, lamps, fill_ds = self._lamps
        return _lamps_payload(epoch, lamps, ticks.left(self._lamps_at, fill_ds * 100, now) // 100)

    # -- handlers: frame, now, whether it is fresh, events ---------------------------------------------

    def _hello(self, frame: "Frame", now: int, _: bool, events: "list[Event]") -> None:
        if self._at is not None and frame[2] == self.session:
            return  # somebody asked, and the box says that it is in this very session
        fields = frame[3]
        greeter = (fields[0], fields[1], fields[-1])
        self._take_back(events)
        trust = self._trust(frame)
        if trust == names.PAIRED:
            self.box_bad, self.box_dropped = fields[5:7]
            for offer in self._offers:
                if offer.hello == greeter and offer.holds(now):
                    self._greeting = offer.welcome
                    return
            self._greeter = greeter
            events[:] = [event for event in events if event[0] != "hello"]  # of several the last is to be welcomed
        events.append(("hello",) + fields + (trust,))  # noqa: RUF005 - MicroPython cannot (x, *y)

    def _trust(self, frame: "Frame") -> str:
        text, tag = frame[4:]
        key = self._keys.get(frame[3][0])
        if not tag:
            return names.UNPAIRED
        if key is None:
            return names.UNKNOWN
        return names.PAIRED if tag == key.greeting_tag(text) else names.WRONG_KEY

    def _press(self, frame: "Frame", _: int, __: bool, events: "list[Event]") -> None:
        number, buttons, gesture, epoch, age_ms = frame[3]
        event = ("press", self.boot, number, buttons, gesture, epoch, age_ms)
        if number <= self._acked:
            self._ack = number
        elif number > self._given:
            self._given = number
            events.append(event)
        else:
            _refresh(events, event)

    def _got(self, frame: "Frame", _: int, __: bool, events: "list[Event]") -> None:
        if self._at is None or self._flight is None or frame[3][0] != self._at.sequence:
            return
        # Lamps that wait have replaced those in flight: nobody asks any more what the box took.
        if self._flight == codes.LAMPS and not self._lamps_wait:
            epoch, lamps, fill_ds = self._lamps
            events.append(("shown", epoch, lamps, fill_ds))
        self._flight = None

    def _box_alive(self, frame: "Frame", _: int, __: bool, ___: "list[Event]") -> None:
        self.box_bad, self.box_dropped = frame[3]

    def _trouble(self, frame: "Frame", _: int, __: bool, events: "list[Event]") -> None:
        """What the box tells of itself. A box in safe mode has no key at hand: who shows it shows the trust as well."""
        events.append(("trouble",) + frame[3] + (self._trust(frame),))

    def _box_bye(self, _: "Frame", __: int, ___: bool, events: "list[Event]") -> None:
        events.append(("left",))
        self._lose(events)

    def _take_back(self, events: "list[Event]") -> None:
        """Forget the presses that came before a HELLO in the same bytes.

        After a stall of the bridge a press may have lain in a buffer for long, looking young. The
        box sends it again in the new session with its true age; if it was reset, it has told the
        person that the press did not count.
        """
        for event in events:
            if event[0] == "press":
                self._given = min(self._given, event[2] - 1)
        events[:] = [event for event in events if event[0] != "press"]

    def _session(self, number: int, now: int) -> "Session | None":
        for offer in self._offers:
            if offer.session.number == number and offer.holds(now):
                return offer.session
        return self._at if number == self.session else None

    def _enter(self, session: "Session", events: "list[Event]") -> None:
        [offer] = [offer for offer in self._offers if offer.session is session]
        box, boot, _ = offer.hello
        if (box, boot) != (self.box, self.boot):
            self.box = box
            self.boot = boot
            self._given = 0
            self._acked = 0
            self._results = []
        self._given = max(self._given, offer.last_number)
        self._acked = max(self._acked, offer.last_number)
        self._leave()
        self._at = session
        self._offers = []
        self.state = UP
        self._lamps_wait = True
        self._alive.restart()
        events.append(("up",))

    def _leave(self) -> None:
        self._at = None
        self._closing = None
        self._maintains = False
        self._asks = False
        self._ack = None
        self._flight = None

    def _lose(self, events: "list[Event]") -> None:
        self._leave()
        self.state = LISTENING
        events.append(("lost",))

    def _stray(self) -> None:
        self._asks = self.state != CLOSED


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
    (LISTENING, codes.TROUBLE): HostLink._trouble,
    (UP, codes.HELLO): HostLink._hello,
    (UP, codes.TROUBLE): HostLink._trouble,
    (UP, codes.PRESS): HostLink._press,
    (UP, codes.GOT): HostLink._got,
    (UP, codes.BOX_ALIVE): HostLink._box_alive,
    (UP, codes.BOX_BYE): HostLink._box_bye,
}
HostLink.handlers = HANDLERS
