"""Single keys from a terminal, or from a pipe."""

import asyncio
import codecs
import contextlib
import os
import select
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
        threading.Thread(target=_read, args=(loop, key, os.dup(sys.stdin.fileno())), name="keys", daemon=True).start()
        yield


def _read(loop: asyncio.AbstractEventLoop, key: Callable[[str], None], file: int) -> None:
    """``file`` is this thread's own: a number that was closed elsewhere may by now be another file."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode  # a read may end inside a character
    with contextlib.suppress(OSError, ValueError, RuntimeError):  # terminal or loop are gone, and so are the keys
        while data := _wait_and_read(file):
            for char in decode(data):
                loop.call_soon_threadsafe(key, char)
    os.close(file)


def _wait_and_read(file: int) -> bytes:
    """What was typed; empty at the end. Whoever shares the terminal may have made it non-blocking for all."""
    while True:
        try:
            return os.read(file, 64)
        except BlockingIOError:
            select.select([file], [], [])


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
