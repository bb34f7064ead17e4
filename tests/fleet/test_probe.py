"""A port is asked politely: whatever hangs on it gets a carriage return, and no Ctrl-C ever."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.link.box_end import BOX, BoxEnd, pty_at

from rung.fleet.probe import BOX as A_BOX
from rung.fleet.probe import EMPTY, MICROPYTHON, There, probe
from rung.link.port import Port, PortError

BANNER = b"MicroPython v1.29.0 on 2026-05-01; Generic ESP32 module with ESP32\r\n>>> "
GPS = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
BOOTLOOP = b"rst:0x10 (RTCWDT_RTC_RESET),boot:0x13\r\ninvalid header: 0xffffffff\r\n"


class Device:
    """Answers each byte as told, and keeps what it heard."""

    def __init__(self, end: BoxEnd, answer: Callable[[bytes], bytes], says: bytes) -> None:
        self.heard = b""
        self._fd, self._answer, self._says = end.fd, answer, says
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.05):
            try:
                if self._says:
                    os.write(self._fd, self._says)
                data = os.read(self._fd, 100)
            except OSError:  # nobody has it open, or nothing came
                continue
            self.heard += data
            for byte in data:
                os.write(self._fd, self._answer(bytes([byte])))


@contextmanager
def device(port: Path, answer: Callable[[bytes], bytes] = lambda _: b"", says: bytes = b"") -> Iterator[Device]:
    with pty_at(port) as end:
        running = Device(end, answer, says)
        try:
            yield running
        finally:
            running.stop()


def prompt(byte: bytes) -> bytes:
    return b"\r\n>>> " if byte == b"\r" else byte


def raw(byte: bytes) -> bytes:
    """A board that a killed flash has left in the raw REPL."""
    return BANNER if byte == b"\x02" else b""


def echo(byte: bytes) -> bytes:
    return byte


@pytest.mark.parametrize(
    ("answer", "says", "there"),
    [
        (prompt, b"", There(MICROPYTHON)),
        (raw, b"", There(MICROPYTHON)),
        (echo, b"", None),
        (lambda _: b"", b"", None),
        (lambda _: b"", GPS, None),
        (lambda _: b"OK\r\n", b"", None),
        (lambda _: b"", BOOTLOOP, There(EMPTY)),
    ],
    ids=["prompt", "raw REPL", "echo", "silent", "GPS", "modem", "empty chip"],
)
def test_what_is_there_is_known_without_ctrl_c(
    tmp_path: Path, answer: Callable[[bytes], bytes], says: bytes, there: There | None
) -> None:
    with device(tmp_path / "ttyX0", answer, says) as running:
        assert probe(str(tmp_path / "ttyX0")) == there
        running.stop()
        assert running.heard in (b"\r", b"\r\x02\r")


@pytest.mark.parametrize("key", ["c4" * 32, ""])
def test_a_box_greets_by_itself_and_tells_which_it_is(tmp_path: Path, key: str) -> None:
    with pty_at(tmp_path / "ttyX0", key=key) as end:
        over = threading.Event()
        thread = threading.Thread(target=lambda: end.run(over.is_set))
        thread.start()
        assert probe(str(tmp_path / "ttyX0")) == There(A_BOX, BOX)
        over.set()
        thread.join()
        assert b"\x03" not in end.heard


def test_a_port_that_another_program_holds_is_an_error_with_the_mend(tmp_path: Path) -> None:
    with device(tmp_path / "ttyX0"):
        holder = Port(str(tmp_path / "ttyX0"))
        with pytest.raises(PortError, match=r"another program holds it.*; end that program"):
            probe(str(tmp_path / "ttyX0"))
        holder.close()
