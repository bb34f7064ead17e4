"""Real telephones and a real PBX, started for one test and stopped with it."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

T = TypeVar("T")

START_S = 20.0  # a loaded two-core machine; an idle one needs well under a second


def missing(what: str, how: str) -> NoReturn:
    """Skip the test and say how to get its peer; fail where RUNG_REQUIRE_PEERS=1 demands it."""
    message = f"{what} is not installed; get it with: {how}"
    if os.environ.get("RUNG_REQUIRE_PEERS") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def free_port(run: int = 1) -> int:
    """The first of `run` ports in a row that are free on 127.0.0.1, for UDP and for TCP."""
    for _ in range(200):
        first = random.randrange(20_000, 32_000, 10)  # below the range of outgoing connections
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + run):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    held.enter_context(socket.socket(type=kind)).bind(("127.0.0.1", port))
            return first
    raise RuntimeError("no free port on 127.0.0.1")


def start(command: list[str], log: Path, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a peer that dies with this test run, even when the run is killed."""
    with log.open("wb") as out:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a peer by its process id: politely, then surely."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def wait_for(
    what: str,
    probe: Callable[[], T | None],
    process: subprocess.Popen[bytes] | None = None,
    timeout_s: float = START_S,
) -> T:
    """Ask `probe` until it gives something true; OSError means "not yet".

    Raises RuntimeError when the time is over, or at once when `process` has ended.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        with contextlib.suppress(OSError):
            if found := probe():
                return found
        time.sleep(0.02)
    raise RuntimeError(f"waited in vain for {what}")
