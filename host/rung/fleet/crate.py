"""Many boards side by side, a thread each: whatever one of them does or fails to do, the others go on."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Generic, TypeVar

from rung.fleet.flashing import Builds, Done, Failed, Met, Stopped, Tell, Wanted, bring, meet
from rung.fleet.ports import Candidate, LeftAlone

_T = TypeVar("_T")


def meet_all(
    candidates: Sequence[Candidate], ids: Sequence[str] = (), may_be_empty: bool = False
) -> list[Met | LeftAlone | Failed]:
    """What is behind each of these ports, in their order."""
    found = dict(_SideBySide([(c.port, partial(meet, c, ids, may_be_empty)) for c in candidates]))
    return [found[candidate.port] for candidate in candidates]


class Crate:
    """Boards on their way to the wanted state, each at the desk named beside it. Iterate over them as they get done."""

    def __init__(self, boards: Sequence[tuple[Met, str]], wanted: Wanted, tell: Tell) -> None:
        self._tell = tell
        self._stopping = threading.Event()
        builds = Builds()
        jobs = [(met.port, partial(bring, met, desk, wanted, builds, self._told)) for met, desk in boards]
        self._outcomes = _SideBySide(jobs)

    def __iter__(self) -> Iterator[Done | Failed]:
        return (outcome for _, outcome in self._outcomes)

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        """Leave every board that is not done yet with what it had; the iteration goes on until all have ended."""
        self._stopping.set()

    def _told(self, port: str, stage: str, done: int = 0, all: int = 0) -> None:
        if self._stopping.is_set():
            raise Stopped("stopped before it was done; it is safe to flash it again")
        self._tell(port, stage, done, all)


class _SideBySide(Generic[_T]):
    """Jobs that have been started, each in a thread, by the names of their ports; their results as they come."""

    def __init__(self, jobs: Sequence[tuple[str, Callable[[], _T]]]) -> None:
        self._done: queue.SimpleQueue[tuple[str, _T | Failed]] = queue.SimpleQueue()
        self._left = len(jobs)
        for port, job in jobs:  # daemons: an impatient second Ctrl-C need not wait, and no cut harms a board
            threading.Thread(target=self._work, args=(port, job), name=port, daemon=True).start()

    def __iter__(self) -> Iterator[tuple[str, _T | Failed]]:
        """May be broken off and begun again."""
        while self._left:
            result = self._done.get()
            self._left -= 1
            yield result

    def _work(self, port: str, job: Callable[[], _T]) -> None:
        try:
            self._done.put((port, job()))
        except Exception as error:  # a mistake of this program: it must not take the other boards along
            what = f"{type(error).__name__}: {error}; this is a mistake in Rung, please tell"
            self._done.put((port, Failed(port, what)))
