"""Maintenance: a box in session hands itself over to mpremote, and its watchdog leaves it alone for ten minutes."""

import secrets
import time
from pathlib import Path

from rung.link.hello import Hello, Trouble
from rung.link.keys import read_keys
from rung.link.port import Port
from rung_wire import codes, names
from rung_wire.host import HostLink

PATIENCE_S = 10.0  # opening the port may reset the box
ASK_AGAIN_S = 0.5
WHILE_MINUTES = 10  # then its watchdog brings the firmware back


class MaintainError(Exception):
    """The box was not handed over; one line with the mend."""


def hand_over(url: str, keys_folder: Path) -> str:
    """Ask the box behind the port to hand itself over; its id. Raises MaintainError, PortError, KeysError."""
    keys = read_keys(keys_folder)
    link, port = HostLink(keys), Port(url)
    asked_at, end = 0.0, time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < end:
            for event in link.receive(port.read(0.1), _now_ms()):
                if event[0] == "left":
                    return link.box
                if event[0] == "trouble" and event[2] == codes.SAFE:
                    raise MaintainError(f"{url}: {Trouble(*event[1:])}; mpremote may be used at once")
                if event[0] == "hello":
                    hello = Hello(*event[1:])
                    if hello.trust != names.PAIRED:
                        raise MaintainError(hello.stranger(url, hello.box, keys_folder))
                    link.welcome(1 + secrets.randbelow(0xFFFF), secrets.token_hex(6), 0, _now_ms())
            if link.up(_now_ms()) and time.monotonic() - asked_at > ASK_AGAIN_S:
                asked_at = time.monotonic()
                link.maintain()
            port.write(link.pump(_now_ms()))
    finally:
        port.close()
    raise MaintainError(f"{url}: no box has answered; if it runs no firmware, mpremote may be used at once")


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
