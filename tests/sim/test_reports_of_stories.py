"""The report of every story's call says that the order was kept: it asks the policy anew, and never sees the desk."""

import asyncio
import os
import tempfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from rung.desk.report.page import page, private_page
from rung.sim.floor_stage import FloorStage, Parts
from rung.sim.floor_stories import FLOOR_STORIES
from rung.sim.scene import Scene, Story

# Those with a supervisor in the call or at the call's own desk, or with nobody at all: the hardest to read.
DAILY = {"supervisor-joins", "handed-back", "nobody-answers", "while-asking", "panic"}
CHOSEN = [s for s in FLOOR_STORIES if os.environ.get("RUNG_LONG") == "1" or s.name in DAILY]


@pytest.mark.parametrize("story", CHOSEN, ids=lambda story: f"{story.policy}/{story.name}")
def test_the_order_was_kept_and_the_report_finds_it_so(story: Story) -> None:
    story = replace(story, parts=Parts.VIRTUAL)

    async def play() -> None:
        with tempfile.TemporaryDirectory(prefix="rung-report-") as folder:
            async with FloorStage(Path(folder), story.rules(), Parts.VIRTUAL, trained=story.trained) as stage:
                scene = Scene(stage, lambda text: None)
                await story.play(scene)
                told = scene.report()
                assert told.order_kept, [(taken.rung, taken.lacked) for taken in told.rungs if taken.lacked]
                if story.name == "nobody-answers":
                    assert told.asks[0].silent == ("supervisor",)
                elif story.name == "handed-back":
                    assert [ask.silent for ask in told.asks] == [(), ()]
                assert page(told) and private_page(told, "agent-17")

    asyncio.run(play())
