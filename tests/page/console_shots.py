"""The console in each of its main states, as pictures for the documents: one call on a floor of eleven desks."""

import tempfile
from pathlib import Path

from msgspec.structs import replace
from playwright.async_api import Page, expect
from tests.bench.console import Crowd
from tests.page.browser import looking
from tests.page.console_floor import ConsoleFloor, card, consoles
from tests.page.test_console import asks_leave
from tests.page.test_console_case import press

from rung import words as w
from rung.floor.base import Doing
from rung.floor.local import LocalFloor
from rung.sim.floor_stage import Parts
from rung.words import Button, Gesture

ALL = ("ada", "eve", "fay")
AROUND = (Doing.TALKS, Doing.IDLE, Doing.TALKS, Doing.RINGING, Doing.HOLDS, Doing.RESTS, Doing.TALKS, Doing.IDLE)


async def shoot(where: str, folder: Path) -> None:
    """``where`` Chromium is; into ``folder`` as console-STATE-THEME.png."""
    for theme in ("light", "dark"):
        with tempfile.TemporaryDirectory(prefix="rung-shots-") as state:
            floor = LocalFloor()
            async with (
                looking(where, color_scheme=theme, reduced_motion="reduce") as browser,
                consoles(
                    Path(state), parts=Parts.VIRTUAL, handle=floor.desk, names=ALL, recording="announced"
                ) as stage,
            ):
                page = await browser.new_page()
                await page.goto(stage.addresses["eve"])
                crowd = Crowd(floor, len(AROUND))
                for desk, doing in zip(crowd.desks, AROUND, strict=True):
                    crowd.places[desk.desk] = replace(crowd.places[desk.desk], extension="5")
                    await crowd.change(desk, doing)
                await _states(stage, page, folder, theme)
                for task in crowd.tasks:
                    task.cancel()


async def _states(stage: ConsoleFloor, page: Page, folder: Path, theme: str) -> None:
    async def shot(name: str) -> None:
        await page.wait_for_timeout(600)
        await page.screenshot(path=folder / f"console-{name}-{theme}.png")

    await stage.call()
    await asks_leave(stage)
    await expect(card(page, "ada")).to_be_visible()
    await shot("ask")
    await stage.ada.press(Button.ESCALATE, Gesture.HOLD)
    await expect(page.locator("#alarm")).to_contain_text("PANIC")
    await shot("panic")
    await card(page, "ada").first.get_by_role("button", name="I come into the call").click()
    await expect(page.locator("#mine")).to_be_visible()
    await shot("joined")
    await page.locator("#mine").get_by_role("button", name="Take the call now").click()
    await stage.eve.until(lambda: stage.eve.has(w.CaseArrived), "the case is eve's")
    await page.locator("#mine [data-key=p]").click()
    await press(page, "warn")
    await shot("own-call")
    await page.locator("#mine [data-key=p]").click()
    await press(page, "release")
    await stage.eve.until(lambda: stage.eve.has(w.Announced), "the end is announced")
    await page.wait_for_timeout(500)
    await press(page, "release", 1.8)
    await stage.eve.until(lambda: stage.eve.has(w.CaseClosed), "the call is over")
    await page.get_by_role("link", name="After the call").click()
    due = page.get_by_role("article").first
    await due.get_by_role("button", name="Read the report").click()
    await due.get_by_text("Wrap up", exact=True).click()
    await page.get_by_role("button", name="Draw them").click()
    await expect(page.get_by_role("table").first).to_be_visible()
    await shot("after")
