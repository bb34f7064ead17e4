"""Each duty is done from end to end, and the table of them is whole."""

import asyncio
import tempfile
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from rung import words as w
from rung.policy.language import Duty
from rung.sim.duty_stories import DUTIES
from rung.sim.floor_stage import FloorStage
from rung.sim.scene import Scene, Story

done: dict[str, set[type]] = {}  # by story: the acts that were taken
due: dict[str, set[str]] = {}  # and the duties that a policy asked for, or that were open


def play(story: Story) -> None:
    async def played() -> None:
        with tempfile.TemporaryDirectory(prefix="rung-duty-") as folder:
            async with FloorStage(Path(folder), story.rules(), story.parts, trained=story.trained) as stage:
                scene = Scene(stage, lambda text: None)
                await story.play(scene)
                record = [line.event for desk in (stage.agent, stage.supervisor) for line in desk.bridge.after.lines()]
                done[story.name] = {type(e.act) for e in record if isinstance(e, w.Attended)}
                due[story.name] = {e.duty for e in record if isinstance(e, w.DutyDue)}

    asyncio.run(played())


@pytest.mark.parametrize("sentence", DUTIES)
def test_a_duty_is_done_from_end_to_end(sentence: str) -> None:
    play(DUTIES[sentence])


def test_no_duty_and_no_act_is_without_its_story() -> None:
    for story in DUTIES.values():  # as one test alone may be asked for
        if story.name not in done:
            play(story)
    assert set().union(*done.values()) == set(get_args(w.AfterAct))
    literal = next(f.type for f in msgspec.structs.fields(Duty) if f.name == "do")
    assert set().union(*due.values()) == set(get_args(literal))
    assert len({story.name for story in DUTIES.values()}) == len(DUTIES)
