"""Each policy's stories, played on the agent's page and the supervisor's console in Chromium.

With real SIP phones where they can do all of it.

One of each policy by default, and every one with RUNG_LONG=1.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.page.acting import PageScene
from tests.page.browser import Chromium, looking
from tests.page.floor import floor

from rung.policy import Policy
from rung.sim.floor_stage import AGENT, SUPERVISOR, Parts
from rung.sim.floor_stories import FLOOR_STORIES
from rung.sim.scene import Story

REAL = [replace(story, parts=Parts.PAGES) for story in FLOOR_STORIES if story.parts == Parts.REAL]
FIRST = list({story.policy: story for story in reversed(REAL)}.values())
ALL = REAL + [story for story in FLOOR_STORIES if story.parts == Parts.VIRTUAL]
CHOSEN = ALL if os.environ.get("RUNG_LONG") == "1" else FIRST


# A mouse is slower than a story that presses by itself, and some refusals are about this very wait.
WAIT_S, LONG_WAIT_S = 1.5, 6.0
IN_THE_WAIT = ("advised", "leave-denied")


def unhurried(story: Story) -> Policy:
    rules = story.rules()
    wait = LONG_WAIT_S if story.name in IN_THE_WAIT else WAIT_S
    return replace(rules, times=replace(rules.times, wait=wait))


@pytest.mark.parametrize("story", CHOSEN, ids=lambda story: f"{story.policy}:{story.name}")
def test_a_story_comes_out_on_the_pages(story: Story, tmp_path: Path, chromium: Chromium) -> None:
    if story.parts == Parts.PAGES and find_spec("baresip") is None:
        pytest.skip("no embedded SIP phone: install rung[sip]")

    async def play() -> None:
        async with (
            looking(chromium) as browser,
            floor(tmp_path, unhurried(story), story.parts, trained=story.trained) as stage,
        ):
            pages = {desk: await browser.new_page() for desk in (AGENT, SUPERVISOR)}
            for desk, page in pages.items():
                await page.goto(stage.addresses[desk])
            scene = PageScene(stage, print, pages, stage.sites[SUPERVISOR])
            await story.play(scene)
            await scene.clicked()

    chromium.run(play())
