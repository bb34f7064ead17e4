"""Milliseconds that wrap like MicroPython's `ticks_ms`, and the one kind of timer both ends use.

A box's clock wraps after 2**30 ms (12 days), other clocks later or never; counting modulo 2**30 is
right for all of them.
"""

from rung_wire import const

_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)
_JITTER_MS = const(1000)  # a clock read a little earlier than the moment it is compared with


def diff(later: int, earlier: int) -> int:
    """Milliseconds from `earlier` to `later`, negative the other way round; right up to six days."""
    ms = (later - earlier) & _MASK
    # Two subtractions: 2**30 itself would be a big integer on the heap of a 32-bit box.
    return ms - _MASK - 1 if ms >= _HALF else ms


def left(since: int, span_ms: int, now: int) -> int:
    """Milliseconds until `span_ms` have passed since `since`, or 0.

    A gap so long that it looks negative (a computer asleep for a week) has passed too.
    """
    ms = diff(now, since)
    return span_ms - ms if -_JITTER_MS < ms < span_ms else 0


class Repeat:
    """When to send a thing: at once, again after `first_ms`, then at gaps doubling to `most_ms`."""

    def __init__(self, first_ms: int, most_ms: int) -> None:
        self._first_ms = first_ms
        self._most_ms = most_ms
        self._since = 0
        self._gap_ms = 0

    def restart(self) -> None:
        """Be due at once."""
        self._gap_ms = 0

    def left(self, now: int) -> int:
        return left(self._since, self._gap_ms, now) if self._gap_ms else 0

    def sent(self, now: int) -> None:
        self._since = now
        self._gap_ms = min(self._gap_ms * 2, self._most_ms) if self._gap_ms else self._first_ms
