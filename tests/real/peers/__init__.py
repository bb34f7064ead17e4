"""Real telephones and a real PBX, started for one test and stopped with it."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
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


def peers() -> Path:
    """Where `make peers` unpacks what is not installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("RUNG_PEERS_DIR") or cache / "rung-peers")


def _in_an_order_of_our_own() -> Iterator[int]:
    """Tens below the range of outgoing connections, each once before any comes again; no other worker has the same."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    tens = list(range(20_000, 32_000, 10))[worker::workers]
    random.SystemRandom().shuffle(tens)
    return itertools.cycle(tens)


_TENS = _in_an_order_of_our_own()


def free_port(run: int = 1) -> int:
    """The first of `run` ports in a row that are free on 127.0.0.1, for UDP and for TCP.

    Whoever asks again before that port is taken is given another: a control line and SIP on one port would be a
    telephone that takes every connection and answers nothing.
    """
    for first in itertools.islice(_TENS, 200):
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
            process.wait(2)  # a baresip in mid-call would wait for its peer
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
