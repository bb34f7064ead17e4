"""Fingers for virtual boxes that another process runs: a named pipe beside their ports takes what to press.

One line a movement: the port's name, `press` or `let_go`, and the button.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rung.sim.box import DEVKITC, BoxError, VirtualBox

PIPE: Final = "hands"
TAP_S: Final = 0.2
_MOVEMENTS: Final = {"press": VirtualBox.press, "let_go": VirtualBox.let_go}
_LOOK_S: Final = 0.1  # how often whether it is over


@contextmanager
def hands(folder: Path, boxes: Mapping[str, VirtualBox]) -> Iterator[None]:
    """Do what the pipe in the folder says, to the box whose port has that name, as long as the context lasts."""
    pipe = folder / PIPE
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe, 0o600)
    file = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # writable too: else it would end with each writer
    over = threading.Event()
    thread = threading.Thread(target=_serve, args=(file, boxes, over), name="hands", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        os.close(file)
        pipe.unlink(missing_ok=True)


def tap(port: Path, button: str) -> None:
    """Tap a button of the box behind this port. FileNotFoundError or OSError where nobody has hands for it."""
    file = os.open(port.parent / PIPE, os.O_WRONLY | os.O_NONBLOCK)
    try:
        os.write(file, f"{port.name} press {button}\n".encode())
        time.sleep(TAP_S)
        os.write(file, f"{port.name} let_go {button}\n".encode())
    finally:
        os.close(file)


def _serve(file: int, boxes: Mapping[str, VirtualBox], over: threading.Event) -> None:
    rest = b""
    while not over.is_set():
        if not select.select([file], [], [], _LOOK_S)[0]:
            continue
        *lines, rest = (rest + os.read(file, 4096)).split(b"\n")
        for line in lines:
            with suppress(BoxError):
                _move(line.decode(errors="replace").split(), boxes)


def _move(words: list[str], boxes: Mapping[str, VirtualBox]) -> None:
    """What is no movement of a box that is there does nothing."""
    if len(words) == 3 and words[0] in boxes and words[1] in _MOVEMENTS and words[2] in DEVKITC:
        _MOVEMENTS[words[1]](boxes[words[0]], words[2])
