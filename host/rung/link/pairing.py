"""Pairing: a new key for a box, put on both ends. mpremote's own transport talks to the box, whatever runs on it."""

import contextlib
import io
from pathlib import Path

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from rung.link.keys import keep_key, new_key
from rung.link.port import why_not_open

READ_S = 10.0  # a board that says nothing for so long runs no MicroPython

# The watchdog of a firmware runs on under the raw REPL: this gives it ten minutes, and the reset ends them.
_WHO = """
import binascii, machine
machine.WDT(timeout=600000)
print(binascii.hexlify(machine.unique_id()).decode())
"""
# littlefs takes a file's new content whole or not at all, when it is closed.
_KEEP = """
file = open("/key", "w")
file.write("{key}\\n")
file.close()
"""


class PairError(Exception):
    """The box could not be paired; one line with the mend."""


def pair(port: str, keys: Path) -> str:
    """Draw a key, and write it to the box behind the port and into the folder ``keys``; the box's id.

    The key goes over the cable once, in the clear: pair where nobody else has a hand on it. The box is reset.
    Raises PairError, KeysError.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # mpremote prints what it did not understand
        try:
            board = SerialTransport(port, timeout=READ_S)
        except Exception as error:
            raise PairError(why_not_open(port, error)) from None
        try:
            return _pair(board, port, keys)
        finally:
            with contextlib.suppress(OSError):
                board.close()


def _pair(board: SerialTransport, port: str, keys: Path) -> str:
    key = new_key()
    try:
        board.enter_raw_repl(soft_reset=False)
        box = str(board.exec(_WHO).decode().strip())
    except (TransportError, OSError, serial.SerialException):
        mend = "if it is one that runs MicroPython, reset it and try again"
        raise PairError(f"{port}: no board answers; {mend}") from None
    try:
        board.exec(_KEEP.format(key=key))
    except (TransportError, OSError, serial.SerialException):  # its text might echo the key
        raise PairError(f"{port}: box {box} did not keep its key; is its flash full? Pair it again") from None
    keep_key(keys, box, key)
    with contextlib.suppress(TransportError, OSError, serial.SerialException):
        board.exec_raw_no_follow("machine.reset()")
    return box
