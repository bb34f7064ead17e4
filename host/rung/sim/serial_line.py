"""The speed of a serial line, on a virtual port that has none of its own."""

from __future__ import annotations

import ctypes
import os
import struct
from contextlib import suppress
from typing import Final

_BITS_A_BYTE: Final = 10  # with start and stop
_PORTION_BYTES: Final = 16  # as many go on at once when many wait: each portion costs the computer a wake-up
_FULL_BYTES: Final = 128  # waiting: what an ESP32's UART holds of its output
_NEARLY: Final = 1e-3  # of a byte: clocks are rounded
_CLOCK_MONOTONIC: Final = 1
_NONBLOCKING: Final = os.O_NONBLOCK | os.O_CLOEXEC
_libc: Final = ctypes.CDLL(None, use_errno=True)


class Lane:
    """One direction: bytes enter as they come and leave no faster than the line carries them; times are monotonic
    seconds. Without a speed they leave at once."""

    def __init__(self, baud: int | None) -> None:
        self._byte_s = _BITS_A_BYTE / baud if baud else 0.0
        self._waiting = bytearray()
        self._free_at = 0.0  # when the last byte that left had wholly passed

    def put(self, data: bytes, now: float) -> None:
        if not self._waiting:
            self._free_at = max(self._free_at, now)
        self._waiting += data

    def take(self, now: float) -> bytes:
        """What has wholly passed by now."""
        count = len(self._waiting)
        if self._byte_s:
            count = min(count, int((now - self._free_at) / self._byte_s + _NEARLY))
        passed = bytes(self._waiting[:count])
        del self._waiting[:count]
        self._free_at += count * self._byte_s
        return passed

    def due(self) -> float | None:
        """When to look again; None while nothing waits."""
        count = min(len(self._waiting), _PORTION_BYTES)
        return self._free_at + count * self._byte_s if count else None

    @property
    def is_full(self) -> bool:
        """Whether who sends has to wait."""
        return len(self._waiting) >= _FULL_BYTES

    def clear(self) -> None:
        self._waiting.clear()


class Timer:
    """Readable from a moment on: epoll's own timeout knows whole milliseconds only, a byte takes 0.09."""

    def __init__(self) -> None:
        self.fd: int = _libc.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCKING)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")

    def set(self, at: float | None) -> None:
        """Be readable at this monotonic time, or never."""
        ns = max(1, int(at * 1e9)) if at is not None else 0
        absolute = 1
        _libc.timerfd_settime(self.fd, absolute, struct.pack("qqqq", 0, 0, *divmod(ns, 10**9)), None)

    def clear(self) -> None:
        """It has been seen."""
        with suppress(BlockingIOError):
            os.read(self.fd, 8)

    def close(self) -> None:
        os.close(self.fd)
