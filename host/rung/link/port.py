"""One opened serial port behind three methods: read with a wake-up, write, close.

Opened so that a board is not reset by it: DTR and RTS change together, and on closing RTS goes first (the usual circuit
resets with RTS alone, and asks for the bootloader with DTR alone). A reset is assumed all the same: HELLO tells of it.
"""

import contextlib
import select
import socket
import sys
import threading
import time

import serial

from rung.link.refusal import why

BAUD = 115_200
WRITE_TIMEOUT_S = 1.0  # a port that takes no frame for so long is dead: open it anew
BURST_BYTES = 1 << 16  # of one turn; a box's own traffic of ten minutes
POLL_S = 0.01  # where a port has no file descriptor (Windows, rfc2217://), look this often


class PortError(Exception):
    """The port cannot be opened, or was lost; one line that names it."""


class Port:
    """Any pyserial port or URL. `wake` may be called from any thread, the rest from the link's own."""

    def __init__(self, url: str) -> None:
        """Open exclusively. Raises PortError."""
        has_patience = url.lower().startswith("rfc2217:")  # of its own, five seconds; it refuses any other
        patience_s = None if has_patience else WRITE_TIMEOUT_S
        try:
            self._serial = serial.serial_for_url(url, BAUD, do_not_open=True, timeout=0, write_timeout=patience_s)
            with contextlib.suppress(ValueError, AttributeError):  # sockets have neither locks nor modem lines
                self._serial.exclusive = True
                # Windows may raise one before the other in opening: there they rise afterwards, DTR first.
                self._serial.dtr = self._serial.rts = sys.platform != "win32"
            self._serial.open()
            if sys.platform == "win32":
                self._serial.dtr = True
                self._serial.rts = True
        except Exception as error:  # termios has an error of its own, other ports have others: none may end the link
            raise PortError(f"{url}: cannot be opened: {why(url, error)}") from None
        self.url = url
        self._selectable = sys.platform != "win32" and _has_descriptor(self._serial)
        self._bell, self._ringer = socket.socketpair()  # pipes cannot be made non-blocking everywhere
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        self._wake_lock = threading.Lock()
        self._open = True

    def read(self, wait_s: float) -> bytes:
        """What has arrived; waits at most ``wait_s``, less when woken. Raises PortError when the port is gone."""
        try:
            if self._selectable:
                select.select([self._serial.fileno(), self._bell], [], [], wait_s)
                self._drain_wake()
            elif not self._serial.in_waiting and not self._drain_wake():
                time.sleep(min(wait_s, POLL_S))
            return self._all_that_came()
        except (serial.SerialException, OSError, ValueError, TypeError) as error:
            raise PortError(f"{self.url}: lost: {error}") from None

    def write(self, data: bytes) -> None:
        """Raises PortError when the port is gone or takes nothing for WRITE_TIMEOUT_S."""
        try:
            self._serial.write(data)
        except (serial.SerialException, OSError, ValueError) as error:
            raise PortError(f"{self.url}: lost: {error}") from None

    def wake(self) -> None:
        with self._wake_lock, contextlib.suppress(BlockingIOError):  # full: it is awake already
            if self._open:
                self._ringer.send(b"!")

    def close(self) -> None:
        with contextlib.suppress(serial.SerialException, OSError, ValueError, AttributeError):
            self._serial.rts = False
            self._serial.dtr = False
        with contextlib.suppress(serial.SerialException, OSError):
            self._serial.close()
        with self._wake_lock:
            self._open = False
            self._bell.close()
            self._ringer.close()

    def _all_that_came(self) -> bytes:
        """Leave nothing for the next turn: of a press's repetitions that came together, the last tells its age."""
        data = bytearray()
        while len(data) < BURST_BYTES and (more := self._serial.read(4096)):
            data += more
        return bytes(data)

    def _drain_wake(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            return bool(self._bell.recv(64))
        return False


def why_not_open(url: str, error: Exception) -> str:
    """In one line. mpremote does not tell why it cannot open a port (its ``error``); our own way to open it does."""
    try:
        Port(url).close()
    except PortError as reason:
        return str(reason)
    return f"{url}: {error}; try again"


def _has_descriptor(port: serial.SerialBase) -> bool:
    try:
        return bool(port.fileno() >= 0)
    except (OSError, AttributeError, ValueError):
        return False
