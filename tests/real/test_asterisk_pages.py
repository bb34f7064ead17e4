"""Both pages in Chromium over real SIP phones at the real Asterisk: what only a PBX makes real.

With RUNG_LONG=1: a supervisor listens, coaches and barges in from the console; and every story of every policy, so that
what the embedded phone cannot do (somebody joins, words are played) is acted on the pages with real phones too.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect
from tests.page.acting import PageScene
from tests.page.browser import chromium as started
from tests.page.browser import looking
from tests.page.console_floor import tile
from tests.page.floor import Sites
from tests.page.test_stories_on_pages import unhurried
from tests.real.asterisk_stage import AsteriskStage, Housed

from rung.policy import Policy, load
from rung.policy.book import Recording
from rung.sim.floor_stage import AGENT, AGENT_HZ, CALLER_HZ, SUPERVISOR, SUPERVISOR_HZ, Parts
from rung.sim.floor_stories import FLOOR_STORIES
from rung.sim.scene import TIMES, Story

pytestmark = pytest.mark.skipif(os.environ.get("RUNG_LONG") != "1", reason="set RUNG_LONG=1")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started(tmp_path_factory.mktemp("chromium")) as where:
        yield where


@asynccontextmanager
async def scene(
    house: Housed,
    folder: Path,
    chromium: str,
    rules: Policy,
    *,
    trained: bool = True,
    recording: Recording = "never",
) -> AsyncIterator[PageScene]:
    """Both desks at the PBX, each with its page open."""
    sites = Sites()
    async with (
        looking(chromium) as browser,
        AsteriskStage(house[0], folder, rules, Parts.PBX, sites.told, trained=trained, recording=recording) as stage,
        sites.served(stage, folder) as addresses,
    ):
        pages: dict[str, Page] = {desk: await browser.new_page() for desk in (AGENT, SUPERVISOR)}
        for desk, page in pages.items():
            await page.goto(addresses[desk])
        yield PageScene(stage, print, pages, sites.by_desk[SUPERVISOR])


@pytest.mark.parametrize("story", FLOOR_STORIES, ids=lambda story: f"{story.policy}:{story.name}")
def test_a_story_comes_out_on_the_pages_at_asterisk(story: Story, house: Housed, tmp_path: Path, chromium: str) -> None:
    async def play() -> None:
        rules = unhurried(replace(story, parts=Parts.PBX))
        async with scene(house, tmp_path, chromium, rules, trained=story.trained) as made:
            await story.play(made)
            await made.clicked()

    made, runner = house
    try:
        runner.run(play())
    finally:
        runner.run(made.quiet())


def test_a_supervisor_listens_coaches_and_barges_in_from_the_console(
    house: Housed, tmp_path: Path, chromium: str
) -> None:
    async def play() -> None:
        rules = load("warm-transfer", TIMES[Parts.PBX])
        async with scene(house, tmp_path, chromium, rules, recording="announced") as s:
            console, agent = s.pages[SUPERVISOR], s.pages[AGENT]
            await s.call_in()
            place, boss = tile(console, AGENT), s.supervisor.handset
            for way, told, hears in (
                ("Listen", "supervisor-3 listens", {boss: (CALLER_HZ, AGENT_HZ)}),
                ("Coach the agent", "speaks to you alone", {s.agent.handset: (CALLER_HZ, SUPERVISOR_HZ)}),
                ("Barge in", "is heard by both", {s.caller: (AGENT_HZ, SUPERVISOR_HZ)}),
            ):
                await place.get_by_role("button", name=way).click()
                await expect(agent.locator(".inside")).to_contain_text(told)
                await expect(agent.locator(".inside")).to_contain_text("A colleague is listening to this call.")
                for who, tones in hears.items():
                    await who.hears(*tones)
                if way == "Coach the agent":
                    await s.caller.hears(AGENT_HZ)  # and nobody else
            await place.get_by_role("button", name="Stop listening").click()
            await expect(agent.locator(".inside")).not_to_contain_text("listening")
            await s.caller.hears(AGENT_HZ)
            await s.stays_up()

    made, runner = house
    try:
        runner.run(play())
    finally:
        runner.run(made.quiet())
