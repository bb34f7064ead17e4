"""Where a phone listens for SIP."""

import contextlib
import secrets
import socket
from ipaddress import IPv4Address

from rung.phone.base import PhoneError

# Below those that systems hand out by themselves (32768 and more), so that nobody takes one meanwhile.
FREE_PORTS = range(20_000, 32_000)


def listen_at(listen: str) -> tuple[str, int]:
    """PhoneError unless it can be had. The stack itself would run on, and hear nobody."""
    host, _, port = listen.rpartition(":")
    try:
        IPv4Address(host)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind((host, int(port)))
        return host, int(port) or _free_port(host)
    except ValueError:
        raise PhoneError(f"listen {listen!r} is not an address:port, such as 127.0.0.1:5060") from None
    except (OSError, OverflowError) as error:
        raise PhoneError(f"listen {listen!r}: {error}") from error


def _free_port(host: str) -> int:
    """Free for UDP and TCP alike. Of those that systems do not hand out by themselves: nobody takes it meanwhile."""
    while True:
        port = FREE_PORTS.start + secrets.randbelow(len(FREE_PORTS))
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket() as tcp,
        ):
            udp.bind((host, port))
            tcp.bind((host, port))
            return port
