"""Ports of other kinds: one whose modem lines drive the circuit of a usual board, and one behind an RFC 2217 server."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import serial
from serial.rfc2217 import PortManager
from tests.link.box_end import BoxEnd, pty_at

HIGH, LOW = True, False


class Wired(serial.Serial):
    """A pseudo-terminal with modem lines: the system raises both as it opens a port, and drops both as it closes it."""

    raises_both: ClassVar[bool] = True  # Linux and macOS; else as the two are set, in whatever order
    changes: ClassVar[list[tuple[bool, bool]]]  # DTR and RTS, since the test began

    def open(self) -> None:
        if self.raises_both:
            self._become(HIGH, HIGH)
        super().open()

    def close(self) -> None:
        if self.is_open:
            self._become(LOW, LOW)
        super().close()

    def _update_dtr_state(self) -> None:
        self._become(self._dtr_state, self.changes[-1][1])

    def _update_rts_state(self) -> None:
        self._become(self.changes[-1][0], self._rts_state)

    def _become(self, dtr: bool, rts: bool) -> None:
        if (dtr, rts) != self.changes[-1]:
            self.changes.append((dtr, rts))

    cts = dsr = ri = cd = property(lambda self: True)


class WiredRtsFirst(Wired):
    """A driver that, as the port is opened, sets RTS before DTR."""

    raises_both = False

    def open(self) -> None:
        self._become(self.changes[-1][0], self._rts_state)
        super().open()


class WiredDtrFirst(Wired):
    raises_both = False


def resets(changes: list[tuple[bool, bool]]) -> bool:
    """What a board's two transistors make of them (the other odd pair, DTR alone, asks for the bootloader)."""
    return (LOW, HIGH) in changes


class Server:
    """Serves one port to one client at a time, as `rfc2217://`."""

    def __init__(self, port: str) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._client: socket.socket | None = None
        self._stopping = False
        self.url = f"rfc2217://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """What the port manager says by itself."""
        assert self._client is not None
        self._client.sendall(data)

    def drop(self) -> None:
        """The network between this server and its client has failed."""
        if self._client is not None:
            with suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._stopping = True
        self.drop()
        self._thread.join()
        self._listening.close()

    def _run(self) -> None:
        while not self._stopping:
            if not select.select([self._listening], [], [], 0.05)[0]:
                continue
            self._client, _ = self._listening.accept()
            with self._client, suppress(OSError), Wired(self._port, timeout=0) as port:
                self._serve(self._client, port, PortManager(port, self))

    def _serve(self, client: socket.socket, port: serial.Serial, manager: Any) -> None:
        while True:
            ready, _, _ = select.select([client, port.fileno()], [], [])
            if client in ready:
                data = client.recv(1024)
                if not data:
                    return
                port.write(b"".join(manager.filter(data)))
            if port.fileno() in ready:
                client.sendall(b"".join(manager.escape(port.read(1024))))


@contextmanager
def rfc2217_port(folder: Path) -> Iterator[tuple[Server, BoxEnd]]:
    """A port of pyserial's kind `rfc2217://`, and the box behind it."""
    Wired.changes = [(LOW, LOW)]
    with pty_at(folder / "far") as box:
        server = Server(str(folder / "far"))
        try:
            yield server, box
        finally:
            server.close()
