"""The serial port as the host sees it: a pseudo-terminal under a name that stays."""

from __future__ import annotations

import os
import select
import termios
import tty
from pathlib import Path
from typing import Final

_HELD_MAX: Final = 64 * 1024  # bytes kept for a host that has the port open but does not read


class Port:
    """A plugged-in port. Output is dropped while no host has it open, as a USB cable does."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self._name = os.ttyname(slave)
        os.close(slave)  # from now on the kernel says whether a host has it open
        os.set_blocking(self.master, False)
        self._state = select.poll()
        self._state.register(self.master, 0)
        self._held = bytearray()
        self._stale = False  # the kernel may still hold output that a host left unread
        fresh = link.with_name(link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self._name)
        fresh.replace(link)

    def close(self) -> None:
        """Pull the cable: the name vanishes and the host's descriptor reports a hang-up."""
        self._link.unlink(missing_ok=True)
        os.close(self.master)

    def is_open(self) -> bool:
        """Whether a host has the port open now."""
        return not any(event & select.POLLHUP for _, event in self._state.poll(0))

    def read(self) -> bytes:
        """What the host has sent; empty when there is nothing."""
        try:
            return os.read(self.master, 4096)
        except OSError:  # EAGAIN: nothing there; EIO: no host has it open
            return b""

    def write(self, data: bytes) -> None:
        """Send to the host; what it will not take is held, up to a limit, then dropped."""
        if not self.is_open():
            self.forget()
            return
        self._held += data[: _HELD_MAX - len(self._held)]
        self.flush()

    def flush(self) -> None:
        """Send what is held, as far as the host takes it."""
        self._stale = True
        while self._held:
            try:
                sent = os.write(self.master, self._held)
            except BlockingIOError:
                return
            del self._held[:sent]

    def forget(self) -> None:
        """Drop what a host that has gone left unread, so that the next one does not get it."""
        self._held.clear()
        if self._stale:
            self._stale = False
            slave = os.open(self._name, os.O_RDWR | os.O_NOCTTY)
            termios.tcflush(slave, termios.TCIFLUSH)
            os.close(slave)
