"""What the hand does, out of what the contacts do.

A press counts from its first edge, once the contact has stayed closed for PULSE_MS: what is shorter was no hand, but
noise on the wire. A letting go counts at its first edge that the pin bears out. After each the contacts may chatter for
DEBOUNCE_MS before the pin is looked at again. Nothing is polled, so the shortest tap is seen.
"""

from rung_wire import ticks

PULSE_MS = 3  # in whole ticks: a pulse of less than 1 ms never looks so long, even if the interrupt is 1 ms late
DEBOUNCE_MS = 15  # good buttons chatter for less than 5 ms; no hand taps twice in 15


class Debounce:
    """One button: `gestures.down(button, epoch, ms)` and `up(button, ms)` as the hand presses and lets go.

    `held` is its level now: what is held at the start has not been pressed.
    """

    def __init__(self, gestures, button: int, held: bool) -> None:
        self.held = held
        self._gestures = gestures
        self._button = button
        self._level = held  # the newest known, and since when
        self._level_ms = 0
        self._first_ms: "int | None" = (
            None  # when the chatter began that a press may come of, and the call of that moment
        )
        self._epoch = 0
        self._doubt_ms: "int | None" = None  # since when the pin and the last latched edge disagree
        self._chatter_until: "int | None" = None

    def pass_time(self, ms: int) -> None:
        """Let the time up to `ms` pass, in which no edge came."""
        while True:
            if self._chatter_until is not None:
                if ticks.diff(ms, self._chatter_until) < 0:
                    return
                self._chatter_until = None
                if self.held and not self._level:
                    self._accept()
            elif self._level == self.held or ticks.diff(ms, self._level_ms) < self._least_ms():
                return  # a shorter letting go, which the pin did not bear out, is a contact's glitch
            else:
                self._accept()

    def edge(self, level: bool, epoch: int, ms: int) -> None:
        """A latched edge, after `pass_time` until it. It may be long past."""
        self._note(level, epoch, ms)

    def forget(self) -> None:
        """Edges were lost: only somebody who has held on for long enough counts, from what the pin says next."""
        if not self.held:
            self._level = False
            self._first_ms = None
            self._doubt_ms = None

    def settle(self, level: bool, epoch: int, now: int) -> None:
        """No latched edge is left, and the pin's level is `level` now."""
        if self._level and not level and not self.held:
            # The edge of its letting go is on its way from the interrupt, with its own time: wait for it, not for ever.
            if self._doubt_ms is None:
                self._doubt_ms = now
            if ticks.diff(now, self._doubt_ms) < DEBOUNCE_MS:
                return
        self._doubt_ms = None
        self._note(level, epoch, now)
        self.pass_time(now)
        if self.held and not self._level and self._chatter_until is None:
            self._accept()

    def next_due(self, now: int):
        """Milliseconds until `settle` must look at the pin; None: not before the next edge."""
        if self._doubt_ms is not None:
            return 1
        if self._chatter_until is not None:
            return max(0, ticks.diff(self._chatter_until, now))
        return max(0, PULSE_MS - ticks.diff(now, self._level_ms)) if self._level and not self.held else None

    def _note(self, level: bool, epoch: int, ms: int) -> None:
        if level == self._level:
            if ticks.diff(ms, self._level_ms) < 0:  # the pin was looked at before the interrupt had latched its edge
                self._level_ms = ms
                if self._first_ms is not None and ticks.diff(ms, self._first_ms) < 0:
                    self._first_ms = ms
            return
        # Contacts that close chatter: a press began with their first edge. But noise long before it is no part of it.
        if level and (self._first_ms is None or ticks.diff(ms, self._first_ms) >= DEBOUNCE_MS):
            self._first_ms = ms
            self._epoch = epoch
        self._level = level
        self._level_ms = ms

    def _least_ms(self) -> int:
        """How long a level must have lasted to count."""
        return DEBOUNCE_MS if self.held else PULSE_MS

    def _accept(self) -> None:
        self.held = self._level
        since = self._first_ms if self.held and self._first_ms is not None else self._level_ms
        self._chatter_until = since + DEBOUNCE_MS
        self._first_ms = None
        if self.held:
            self._gestures.down(self._button, self._epoch, since)
        else:
            self._gestures.up(self._button, since)
