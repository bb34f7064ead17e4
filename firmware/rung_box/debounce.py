"""What the hand does, out of what the contacts do.

A press counts at its first edge, and a letting go at its first edge that the pin bears out; then the contacts may
chatter for DEBOUNCE_MS before the pin is looked at again. Nothing is polled, so the shortest tap is seen.
"""

from rung_wire import ticks

DEBOUNCE_MS = 15  # good buttons chatter for less than 5 ms; no hand taps twice in 15


class Debounce:
    """One button: `gestures.down(button, epoch, ms)` and `up(button, ms)` as the hand presses and lets go.

    `held` is its level now: what is held at the start has not been pressed.
    """

    def __init__(self, gestures, button: int, held: bool) -> None:
        self.held = held
        self._gestures = gestures
        self._button = button
        self._level = held  # the newest known; since when, and the epoch of that moment
        self._level_ms = 0
        self._epoch = 0
        self._chatter_until: "int | None" = None

    def pass_time(self, ms: int) -> None:
        """Let the time up to `ms` pass, in which no edge came."""
        while True:
            if self._chatter_until is not None:
                if ticks.diff(ms, self._chatter_until) < 0:
                    return
                self._chatter_until = None
                if self._level == self.held:
                    return
            elif self._level == self.held or ticks.diff(ms, self._level_ms) < DEBOUNCE_MS:
                return  # a shorter letting go, which the pin did not bear out, is a contact's glitch
            self._accept()

    def edge(self, level: bool, epoch: int, ms: int) -> None:
        """A latched edge, after `pass_time` until it. It may be long past."""
        self._note(level, epoch, ms)
        if level and not self.held and self._chatter_until is None:
            self._accept()

    def settle(self, level: bool, epoch: int, now: int) -> None:
        """No latched edge is left, and the pin's level is `level` now."""
        self._note(level, epoch, now)
        self.pass_time(now)
        if self._level != self.held and self._chatter_until is None:
            self._accept()

    def next_due(self, now: int):
        """Milliseconds until `settle` must look at the pin; None: not before the next edge."""
        if self._chatter_until is None:
            return None
        return max(0, ticks.diff(self._chatter_until, now))

    def _note(self, level: bool, epoch: int, ms: int) -> None:
        if level != self._level:
            self._level = level
            self._level_ms = ms
            self._epoch = epoch

    def _accept(self) -> None:
        self.held = self._level
        self._chatter_until = self._level_ms + DEBOUNCE_MS
        if self.held:
            self._gestures.down(self._button, self._epoch, self._level_ms)
        else:
            self._gestures.up(self._button, self._level_ms)
