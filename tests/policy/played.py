"""Many calls, over all the cores of this machine: what they came to, and the first stories that failed."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from typing import TypeVar

from tests.policy import moves
from tests.policy.deep import Deep
from tests.policy.session import Session

CHUNK = 500
Job = tuple[str, int, int]  # policy, first seed, how many
Came = tuple[Counter[tuple[str, str]], list[str]]
Asked = TypeVar("Asked")
Told = TypeVar("Told")


def over_the_cores(work: Callable[[Asked], Told], jobs: Iterable[Asked]) -> Iterable[Told]:
    """In processes that are started afresh, so that no thread of ours is copied in the middle of something."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, jobs)


def jobs(seeds: int, chunk: int = CHUNK) -> list[Job]:
    """That many seeds, spread over the five policies."""
    each = max(1, seeds // len(moves.POLICIES))
    return [(told, first, min(chunk, each - first)) for first in range(0, each, chunk) for told in moves.POLICIES]


def play(job: Job) -> Came:
    return _play(job, Session)


def play_deep(job: Job) -> Came:
    """Held against the sentences too, and finished whatever has happened."""
    return _play(job, Deep)


def _play(job: Job, make: type[Session]) -> Came:
    told, first, count = job
    calls = moves.of(told, make)
    came: Counter[tuple[str, str]] = Counter()
    failed: list[str] = []
    for seed in range(first, first + count):
        try:
            session = calls.by_seed(seed)
            came.update(zip(repeat(told), session.came, strict=False))
            if isinstance(session, Deep):
                session.finish()
        except Exception as error:
            story = getattr(error, "__notes__", ["in the making of a beginning"])[0]
            failed.append(f"{told}, seed {seed}: {type(error).__name__}: {error}\n  {story}")
    return came, failed[:3]


def every_pair(told: str) -> Came:
    """Every move from every beginning."""
    calls = moves.of(told)
    came: Counter[tuple[str, str]] = Counter()
    failed: list[str] = []
    for which, move in calls.pairs():
        try:
            came.update(zip(repeat(told), calls.one(which, move).came, strict=False))
        except Exception as error:
            failed.append(f"{told}: {type(error).__name__}: {error}\n  {getattr(error, '__notes__', [move])[0]}")
    return came, failed[:3]


def all_of(work: Callable[[Asked], Came], jobs: list[Asked]) -> Came:
    came: Counter[tuple[str, str]] = Counter()
    failed: list[str] = []
    for some, wrong in over_the_cores(work, jobs):
        came += some
        failed += wrong
    return came, failed
