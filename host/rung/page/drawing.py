"""A value that is told on any thread and drawn on the event loop; changes of one moment are drawn at once."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Drawing(Generic[T]):
    """``gather_s``: how long after a change whoever watches is called, with the newest value."""

    def __init__(self, first: T, gather_s: float) -> None:
        self.value = first
        self._gather_s = gather_s
        self._watchers: list[Callable[[T], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due = False  # a drawing is due already; written under no lock: at worst one is drawn twice

    def begin(self) -> None:
        """From now on, on this event loop."""
        self._loop = asyncio.get_running_loop()

    def show(self, value: T) -> None:
        """From any thread."""
        self.value = value
        if self._loop is not None and not self._due:
            self._due = True
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody looks any more
                self._loop.call_soon_threadsafe(self._loop.call_later, self._gather_s, self._draw)

    def _draw(self) -> None:
        self._due = False
        for watcher in tuple(self._watchers):
            watcher(self.value)

    def watch(self, watcher: Callable[[T], None]) -> Callable[[], None]:
        """Call it with the value after each change; returns how to stop."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher) if watcher in self._watchers else None
