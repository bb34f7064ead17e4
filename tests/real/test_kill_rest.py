"""The bridge is killed at each step of the stories that test_kill.py has left, and of all from outside."""

import asyncio
import random
from pathlib import Path

import pytest
from tests.real.kill_rig import DEATHS, SEED, Performance, every_step, together

from rung.sim.stories import STORIES


@pytest.mark.parametrize("story", list(STORIES)[1::2])
def test_killed_at_every_step(story: str, tmp_path: Path) -> None:
    asyncio.run(every_step(story, tmp_path))


def test_killed_from_outside_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    performances = []
    for number, story in enumerate(STORIES):
        performance = Performance(story, (), bool(number % 2), tmp_path / story)
        performance.moments = [chance.uniform(0, 2.5) for _ in range(DEATHS)]
        performances.append(performance)
    asyncio.run(together(performances))
    print(f"seed {SEED}: {[len(p.died_at) for p in performances]} deaths")
    assert all(p.died_at for p in performances)
