"""How a press is read: clean downs and ups in, gestures out. Pure; time is handed in.

    escalate  let go before 2 s: tap      2 s, still held: hold, sent at that moment
    warn      let go before 1 s: tap      1 s, still held: names a ground, see below
    release   let go before 0.7 s: tap    before 1.5 s: nothing    until 5 s: hold, sent at the letting go
                                          longer: a stuck button, nothing

Escalate and warn going down within CHORD_MS are one chord, sent at the second of the two edges. So a tap of either is
withheld until no chord can come of it; its age counts from the letting go all the same.

Warn held for 1 s names a ground: from then on, while it is held, a tap of escalate or release is sent together with
it, as a hold of two buttons, and so is a tap of warn itself right after it was let go. Whoever lets go and does nothing
has done nothing. Panic stays panic; release, held meanwhile, is refused.
"""

from rung_wire import const, ticks

ESCALATE, WARN, RELEASE = 0, 1, 2
LETTERS = "EWR"

CHORD_MS = 150
TAP_MS = (2000, 1000, 700)  # let go before: a tap. Escalate and warn still held then: a hold
RELEASE_MIN_MS = 1500
RELEASE_MAX_MS = 5000  # longer is a cup on the button
REFUSED_MS = 1200  # how long a lamp says that nothing was sent: its rhythm once
AGAIN_MS = 600  # warn let go after it was held, and pressed again within: it names the ground of its own place
LATE_MS = 15  # contacts chatter: a down edge may be told so long after it was made
FILLING_AFTER_MS = 300  # a tap shall not make the lamp flicker

# PRESSED is a gesture in progress, NAMING warn held for long enough. SPENT waits for the letting go and has nothing
# more to say: the gesture was sent or cancelled. STUCK does so too, and shows a fault.
_IDLE = const(0)
_PRESSED = const(1)
_SPENT = const(2)
_STUCK = const(3)
_NAMING = const(4)

# Whether a press names a ground; VOID: it would have, but what it belongs to was cancelled.
_NO = const(0)
_NAMES = const(1)
_VOID = const(2)

_PARTNER = (WARN, ESCALATE, None)  # with which a button makes a chord


class Gestures:
    """The three buttons. Calls `send(buttons, gesture, epoch, edge_ms)` in the turn that completes a gesture.

    Buttons and gesture are wire codes; `epoch` is that of the first edge, `edge_ms` the time of the completing one.
    """

    def __init__(self, send) -> None:
        self.epoch = 0  # the call now; interrupts read it
        self._send = send
        self._phase = [_IDLE] * 3
        self._since: list = [None] * 3  # the down edge, as long as it can matter
        self._epochs = [0] * 3  # at the down edge
        self._no_hold = [False] * 3
        self._tap_ms: list = [None] * 3  # when a withheld tap was let go
        self._chord = False  # until both are up, escalate and warn have nothing more to say
        self._chord_end: "int | None" = None  # when that was over last
        self._naming: list = [None, None]  # when warn began to name grounds, and was let go
        self._refused: list = [None] * 3  # since when the lamp says so
        self._names = [_NO] * 3
        self._has_named = False  # in this hold of warn
        self._again: "int | None" = None  # when warn was let go after it was held, and nothing had been named

    def held_at_boot(self, button: int) -> None:
        """Not a press: ignored until it is let go."""
        self._phase[button] = _STUCK

    def down(self, button: int, epoch: int, ms: int) -> None:
        """The hand pressed a button; `epoch` is that of this edge."""
        self.tick(ms)
        if self._tap_ms[button] is not None:
            self._end_press(button)  # pressed again: a chord would be of this second press
        self._epochs[button] = epoch
        self._names[button] = self._is_named_by(button, ms)
        self._no_hold[button] = button == RELEASE and self._names[button] != _NO
        self._has_named = self._has_named or (button != WARN and self._names[button] != _NO)
        self._again = None
        partner = _PARTNER[button]
        if partner is not None and self._is_late(ms, self._chord_end):
            self._chord = True  # it went down while the other was still held
        if partner is not None and (self._chord or self._is_recent(partner, ms)):
            self._phase[button] = _SPENT
            if not self._chord:
                self._begin_chord(button, partner, ms)
            return
        self._since[button] = ms
        self._phase[button] = _PRESSED
        if epoch != self.epoch and button != ESCALATE:
            self._cancel(button, ms)  # the call changed between the interrupt and now

    def up(self, button: int, ms: int) -> None:
        """The hand let go of a button."""
        self.tick(ms)
        phase = self._phase[button]
        self._phase[button] = _IDLE
        if phase == _NAMING:
            self._naming[1] = ms
            self._again = None if self._has_named else ms
        elif phase == _PRESSED:
            held_ms = ticks.diff(ms, self._since[button])
            if self._names[button]:
                self._name(button, held_ms, ms)
            elif held_ms < TAP_MS[button]:
                self._tap_ms[button] = ms
            elif held_ms < RELEASE_MIN_MS:
                self._refused[button] = ms
            else:
                self._send(LETTERS[button], "h", self._epochs[button], ms)
        if self._chord and self._phase[ESCALATE] == _IDLE and self._phase[WARN] == _IDLE:
            self._chord = False
            self._chord_end = ms
        self.tick(ms)

    def tick(self, now: int) -> None:
        """Let the time up to `now` pass."""
        for button in range(3):
            since = self._refused[button]
            if since is not None and ticks.diff(now, since) >= REFUSED_MS:
                self._refused[button] = None
            since = self._since[button]
            if since is not None:
                self._tick_press(button, ticks.diff(now, since), now)
        if self._again is not None and ticks.diff(now, self._again) >= AGAIN_MS:
            self._again = None

    def epoch_changed(self, epoch: int, now: int) -> None:
        """Another call, or none, has the agent's audio.

        Panic needs no call, so escalate goes on; its tap keeps the old epoch, and the host refuses it with the reason.
        """
        self.epoch = epoch
        for button in (WARN, RELEASE):
            if self._phase[button] in (_PRESSED, _NAMING):
                self._cancel(button, now)
        self._again = None

    def forbid_hold(self, button: int, now: int) -> None:
        """The link is lost, or the button's lamp went out: a hold in progress must not count, except panic.

        What is let go while it is still a tap does count: the host judges it.
        """
        if button != ESCALATE and self._phase[button] == _PRESSED:
            self._no_hold[button] = True
            self.tick(now)
        elif self._phase[button] == _NAMING:
            self._cancel(button, now)
        if button == WARN:
            self._again = None

    def refuse(self, buttons: str, now: int) -> None:
        """Say on the lamps of these buttons that a press came to nothing."""
        for button in range(3):
            if LETTERS[button] in buttons:
                self._refused[button] = now

    def next_due(self, now: int):
        """Milliseconds until `tick` has something to do or a lamp to change; None: not before the next edge."""
        soonest = None if self._again is None else max(0, AGAIN_MS - ticks.diff(now, self._again))
        for button in range(3):
            for since, span_ms in (
                (self._since[button], self._next_step_ms(button, now)),
                (self._refused[button], REFUSED_MS),
            ):
                if since is not None:
                    wait = max(0, span_ms - ticks.diff(now, since))
                    soonest = wait if soonest is None else min(soonest, wait)
        return soonest

    def stuck(self, button: int) -> bool:
        """Held since the start, or for too long."""
        return self._phase[button] == _STUCK

    def refused_since(self, button: int):
        """Since when the lamp says that nothing was sent; None: it does not."""
        return self._refused[button]

    def filling(self, button: int, now: int):
        """A hold in progress: since when, and how many milliseconds make it full; None: there is none."""
        if self._phase[button] != _PRESSED or self._no_hold[button]:
            return None
        since = self._since[button]
        if ticks.diff(now, since) < FILLING_AFTER_MS:
            return None
        return since, RELEASE_MIN_MS if button == RELEASE else TAP_MS[button]

    def naming(self, button: int) -> bool:
        """Whether this button, tapped now, names a ground."""
        return self._phase[WARN] == _NAMING or (button == WARN and self._again is not None)

    def _is_named_by(self, button: int, ms: int) -> int:
        """Whether a press of this button, which began at `ms`, names a ground."""
        if button == WARN:
            return _NAMES if self._again is not None else _NO
        begun, end = self._naming
        if begun is None or ticks.diff(ms, begun) < 0:
            return _NO
        return _NAMES if self._phase[WARN] == _NAMING or self._is_late(ms, end) else _NO

    def _is_late(self, ms: int, end) -> bool:
        """Whether a down edge, told only now, was made just before the `end` of what it belongs to."""
        return end is not None and -LATE_MS <= ticks.diff(ms, end) < 0

    def _name(self, button: int, held_ms: int, ms: int) -> None:
        """The end of a press that was begun to name a ground."""
        self._since[button] = None
        if self._names[button] == _VOID or held_ms >= TAP_MS[button]:
            self._refused[button] = ms
        else:
            self._send(LETTERS[WARN] + LETTERS[button], "h", self._epochs[WARN], ms)

    def _tick_press(self, button: int, held_ms: int, now: int) -> None:
        if self._phase[button] != _PRESSED:
            if button == RELEASE or held_ms > CHORD_MS + LATE_MS:
                self._end_press(button)
        elif held_ms < TAP_MS[button]:
            pass
        elif self._no_hold[button]:
            self._cancel(button, now)
        elif button == WARN:
            self._phase[button] = _NAMING
            self._naming = [self._since[button] + TAP_MS[button], None]
            self._has_named = False
            self._since[button] = None
        elif button == ESCALATE:
            hold_ms = self._since[button] + TAP_MS[button]
            self._phase[button] = _SPENT
            self._since[button] = None
            self._send(LETTERS[button], "h", self._epochs[button], hold_ms)
        elif held_ms > RELEASE_MAX_MS:
            self._phase[button] = _STUCK
            self._since[button] = None

    def _next_step_ms(self, button: int, now: int) -> int:
        """The age of the button's down edge at which something happens."""
        if self._phase[button] != _PRESSED:
            return CHORD_MS + LATE_MS + 1
        if self.filling(button, now) is None and not self._no_hold[button]:
            return FILLING_AFTER_MS
        if button == RELEASE and not self._no_hold[button]:
            return RELEASE_MAX_MS + 1
        return TAP_MS[button]

    def _is_recent(self, button: int, ms: int) -> bool:
        since = self._since[button]
        return since is not None and ticks.diff(ms, since) <= CHORD_MS

    def _begin_chord(self, button: int, partner: int, ms: int) -> None:
        """`button` went down at `ms`; of the two edges the partner's may be the second all the same."""
        first, since = partner, self._since[partner]
        if ticks.diff(since, ms) > 0:
            first, ms = button, since
        self._chord = True
        if self._phase[partner] == _PRESSED:
            self._phase[partner] = _SPENT
        self._since[partner] = None
        self._tap_ms[partner] = None
        self._send("EW", "c", self._epochs[first], ms)

    def _end_press(self, button: int) -> None:
        """The down edge matters no longer; send the tap that was withheld, if one was."""
        tap_ms = self._tap_ms[button]
        self._since[button] = None
        self._tap_ms[button] = None
        if tap_ms is not None:
            self._send(LETTERS[button], "t", self._epochs[button], tap_ms)

    def _cancel(self, button: int, now: int) -> None:
        self._phase[button] = _SPENT
        self._refused[button] = now
        if button == WARN:
            self._naming = [None, None]
            self._names = [_VOID if names else _NO for names in self._names]
