"""Single keys from a terminal, or from a pipe."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator

if sys.platform != "win32":
    import termios
    import tty


@contextlib.contextmanager
def keys_of_stdin(key: Callable[[str], None]) -> Iterator[None]:
    """Call ``key`` on the running event loop for every character typed, without Enter. Ctrl-C still ends."""
    loop = asyncio.get_running_loop()
    with _raw():
        threading.Thread(target=_read, args=(loop, key), name="keys", daemon=True).start()
        yield


def _read(loop: asyncio.AbstractEventLoop, key: Callable[[str], None]) -> None:
    with contextlib.suppress(OSError, ValueError, RuntimeError):  # terminal or loop are gone, and so are the keys
        while data := os.read(sys.stdin.fileno(), 64):
            for char in data.decode(errors="replace"):
                loop.call_soon_threadsafe(key, char)


@contextlib.contextmanager
def _raw() -> Iterator[None]:
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
