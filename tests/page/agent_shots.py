"""The agent's page in each of its main states, as pictures for the documents."""

import tempfile
from pathlib import Path

from playwright.async_api import Page, expect
from tests.page.browser import looking
from tests.page.floor import QUICK, Pages, floor

from rung import words as w
from rung.sim.floor_stage import Parts
from rung.words import Button, Gesture, Ground, Marker


async def shoot(where: str, folder: Path) -> None:
    """``where`` Chromium is; into ``folder`` as agent-STATE-THEME.png."""
    for theme in ("light", "dark"):
        with tempfile.TemporaryDirectory(prefix="rung-shots-") as state:
            async with (
                looking(where, color_scheme=theme, reduced_motion="reduce") as browser,
                floor(Path(state), "warm-transfer", Parts.VIRTUAL, times=QUICK) as stage,
            ):
                page = await browser.new_page()
                await page.goto(stage.addresses["agent"])
                await _states(stage, page, folder, theme)


async def _states(stage: Pages, page: Page, folder: Path, theme: str) -> None:
    async def shot(name: str) -> None:
        await page.wait_for_timeout(600)
        await page.screenshot(path=folder / f"agent-{name}-{theme}.png")

    ada = stage.agent
    await stage.supervisor.handset.answers(None)
    await stage.caller.dial(ada.handset.address)
    await ada.until(lambda: ada.lamps.epoch > 0, "caller and agent talk")
    ada.act(w.Noted(matter="a bill that is wrong", offered="a refund"))
    await shot("call")
    await ada.press(Button.RELEASE, Gesture.TAP)
    await shot("refused")
    ada.act(w.Declared(Ground.PROFANITY))
    await ada.until(lambda: ada.may_press(Button.WARN), "the agent may warn")
    await ada.press(Button.WARN)
    await shot("warned")
    await ada.until(lambda: ada.may_press(Button.ESCALATE), "the agent may escalate")
    await ada.press(Button.ESCALATE)
    await ada.until(lambda: ada.has(w.AskOpened), "a supervisor is asked")
    await shot("asked")
    ada.act(w.AskTakenBack())
    await ada.until(lambda: ada.has(w.AskClosed), "it is taken back")
    ada.act(w.Marked(Marker.CRISIS))
    await shot("crisis")
    await page.set_viewport_size({"width": 420, "height": 400})
    await shot("compact")
    await page.set_viewport_size({"width": 1280, "height": 720})
    await stage.caller.hang_up()
    await ada.until(lambda: ada.has(w.CaseClosed), "the call is over")
    await expect(page.locator(".after")).to_be_visible()
    await shot("after")
