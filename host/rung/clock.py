"""The wall clock, for people: the one spelling of it."""

import time


def wall_ms() -> int:
    """Unix time, in milliseconds."""
    return time.time_ns() // 1_000_000
