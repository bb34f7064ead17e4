"""The policies' stories on the real Asterisk 22, with real SIP phones for agent, caller and supervisor."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.real.asterisk_stage import ENDPOINTS, AsteriskStage, House
from tests.real.peers import asterisk as pbx

from rung.sim.floor_stage import Parts
from rung.sim.floor_stories import FLOOR_STORIES
from rung.sim.scene import Scene, Story

pytestmark = pytest.mark.xdist_group("asterisk-stories")

# Every day: those that are real elsewhere too, and those that only a PBX makes real (join, play).
DAILY = {story for story in FLOOR_STORIES if story.parts is Parts.REAL or story.plays or "join" in story.name}
CHOSEN = FLOOR_STORIES if os.environ.get("RUNG_LONG") == "1" else tuple(s for s in FLOOR_STORIES if s in DAILY)

Played = tuple[House, asyncio.Runner]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("asterisk")
    with pbx.running(folder, endpoints=ENDPOINTS) as asterisk, asyncio.Runner() as runner:
        made = House(asterisk, folder)
        runner.run(made.begin())
        try:
            yield made, runner
        finally:
            runner.run(made.end())


@pytest.mark.parametrize("story", CHOSEN, ids=lambda story: f"{story.policy}-{story.name}")
def test_on_asterisk(story: Story, house: Played, tmp_path: Path) -> None:
    made, runner = house
    on_pbx = replace(story, parts=Parts.PBX)
    lines: list[str] = []

    async def play() -> None:
        async with AsteriskStage(made, tmp_path, on_pbx.rules(), Parts.PBX, trained=story.trained) as stage:
            await story.play(Scene(stage, lines.append))

    try:
        runner.run(play())
    finally:
        print("\n".join(lines))
        runner.run(made.quiet())
