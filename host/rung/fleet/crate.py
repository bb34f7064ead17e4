"""Many boards side by side, a thread each: whatever one of them does or fails to do, the others go on."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from rung.fleet.flashing import Builds, Done, Failed, Met, Tell, Wanted, bring, meet
from rung.fleet.ports import Candidate, LeftAlone

_T = TypeVar("_T")


def meet_all(
    candidates: Sequence[Candidate], ids: Sequence[str] = (), may_be_empty: bool = False
) -> list[Met | LeftAlone | Failed]:
    """What is behind each of these ports, in their order."""
    found = dict(_side_by_side([(c.port, partial(meet, c, ids, may_be_empty)) for c in candidates]))
    return [found[candidate.port] for candidate in candidates]


def bring_all(boards: Sequence[tuple[Met, str]], wanted: Wanted, tell: Tell) -> Iterator[Done | Failed]:
    """Bring each board to the wanted state, at the desk named beside it; as they get done."""
    builds = Builds()
    jobs = [(met.port, partial(bring, met, desk, wanted, builds, tell)) for met, desk in boards]
    return (outcome for _, outcome in _side_by_side(jobs))


def _side_by_side(jobs: Sequence[tuple[str, Callable[[], _T]]]) -> Iterator[tuple[str, _T | Failed]]:
    done: queue.SimpleQueue[tuple[str, _T | Failed]] = queue.SimpleQueue()

    def work(port: str, job: Callable[[], _T]) -> None:
        try:
            done.put((port, job()))
        except Exception as error:  # a mistake of this program: it must not take the other boards along
            done.put((port, Failed(port, f"{type(error).__name__}: {error}; this is a mistake in Rung, please tell")))

    for port, job in jobs:  # daemons: who presses Ctrl-C need not wait, and no cut harms a board
        threading.Thread(target=work, args=(port, job), name=port, daemon=True).start()
    for _ in jobs:
        yield done.get()
