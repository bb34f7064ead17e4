"""The bridge is killed at each step of half of the stories; the others are in test_kill_rest.py, for another worker."""

import asyncio
import re
from pathlib import Path

import pytest
from tests.real.kill_rig import Performance, every_step

from rung.sim.stories import STORIES


@pytest.mark.parametrize("story", list(STORIES)[::2])
def test_killed_at_every_step(story: str, tmp_path: Path) -> None:
    asyncio.run(every_step(story, tmp_path))


@pytest.mark.parametrize(
    ("canary", "step", "found"),
    [
        ("acknowledges early", "GroundDeclared: press tap warn", "not on record"),
        ("hangs up again", "release taken: command HangUp", "a restart told the phone|decided by a restart"),
    ],
)
def test_a_bridge_with_a_mistake_is_found_out(canary: str, step: str, found: str, tmp_path: Path) -> None:
    performance = Performance("no-supervisor", (step,), False, tmp_path / "canary")
    performance.canary = canary
    with pytest.raises((ExceptionGroup, AssertionError)) as caught:
        asyncio.run(performance.play())
    assert performance.died_at == [step]
    error = caught.value
    assert re.search(found, repr(error.exceptions if isinstance(error, ExceptionGroup) else error))
