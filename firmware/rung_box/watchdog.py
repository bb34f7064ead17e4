"""The hardware's watchdog: fed only by turns in which everything has been done. Starved, it resets the box."""

import machine

from rung_wire import ticks

WATCHDOG_MS = 8000  # longer than a write to the flash or a collection takes, many times over
FEED_MS = 1000
MAINTENANCE_MS = 600_000  # it cannot be stopped, only be put off: a box that is left at the prompt comes back by itself


class Watchdog:
    """Running from its making on, over a soft reset too."""

    def __init__(self, now: int) -> None:
        self._wdt = machine.WDT(timeout=WATCHDOG_MS)
        self._fed_at = now

    def feed(self, now: int) -> None:
        """Now, whatever the rest does: for what takes its time before the loop runs."""
        self._wdt.feed()
        self._fed_at = now

    def turn(self, now: int) -> None:
        """The box has done all it had to do: feed, if it is time."""
        if ticks.diff(now, self._fed_at) >= FEED_MS:
            self.feed(now)

    def put_off(self) -> None:
        """Leave the board to the host's tools for ten minutes."""
        machine.WDT(timeout=MAINTENANCE_MS)
