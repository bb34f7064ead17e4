"""The hardware's watchdog: fed only while every task shows that it is well. Starved, it resets the box."""

import machine

from rung_wire import ticks

WATCHDOG_MS = 8000  # longer than a write to the flash or a collection takes, many times over
FEED_MS = 1000
MAINTENANCE_MS = 600_000  # it cannot be stopped, only be put off: a box that is left at the prompt comes back by itself

BUTTONS, HOST = 1, 2  # the tasks beside the one that feeds
_ALL = BUTTONS | HOST


class Watchdog:
    """Running from its making on, over a soft reset too."""

    def __init__(self, now: int) -> None:
        self._wdt = machine.WDT(timeout=WATCHDOG_MS)
        self._fed_at = now
        self._well = 0  # tasks that have shown themselves since

    def feed(self, now: int) -> None:
        """For a moment in which no tasks run yet."""
        self._wdt.feed()
        self._fed_at = now
        self._well = 0

    def is_hungry(self, now: int) -> bool:
        """Whether every task should show itself now."""
        return ticks.diff(now, self._fed_at) >= FEED_MS

    def is_well(self, task: int) -> None:
        """A task has done its work since it was last asked."""
        self._well |= task

    def turn(self, now: int) -> None:
        """Feed, if it is time and all are well."""
        if self._well == _ALL and self.is_hungry(now):
            self.feed(now)

    def put_off(self) -> None:
        """Leave the board to the host's tools for ten minutes."""
        machine.WDT(timeout=MAINTENANCE_MS)
