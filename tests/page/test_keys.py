"""A whole story by keys alone, on both pages: no mouse, and whoever cannot see is told where they are."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect
from tests.page.browser import Chromium, looking
from tests.page.console_floor import card, consoles

from rung import words as w
from rung.policy import Times
from rung.sim.floor_stage import Parts
from rung.words import Button

TIMES = Times(wait=0.5, say_time=0.5, answer_within=300, widen_after=200)
WHY = "He went on with the same insults."
FOCUSED = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.labels?.[0]?.textContent ?? ''"


async def tabs_to(page: Page, name: str) -> None:
    """Tab until that is in focus, which is to be seen."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        told = await page.evaluate(f"[{FOCUSED}, getComputedStyle(document.activeElement).outlineStyle]")
        if told[0].startswith(name):
            assert told[1] == "solid", f"{name}: the focus is not to be seen"
            return
    raise AssertionError(f"nothing called {name!r} is reached by Tab")


def test_a_call_is_led_to_its_end_without_a_mouse(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with (
            looking(chromium) as browser,
            consoles(tmp_path, parts=Parts.VIRTUAL, times=TIMES) as stage,
        ):
            ada, agent, boss = stage.ada, await browser.new_page(), await browser.new_page()
            await agent.goto(stage.addresses["ada"])
            await boss.goto(stage.addresses["eve"])
            await stage.call()

            async def press(button: Button, key: str, held_s: float = 0) -> None:
                tile = agent.locator(f"[data-button={button}]")
                await ada.until(lambda: ada.may_press(button), f"{button} may be pressed")
                lamp = getattr(ada.lamps, button)
                await expect(tile).to_have_attribute("data-lamp", str(lamp.state))
                before = len(ada.answers())
                await agent.keyboard.down(key)
                await asyncio.sleep(held_s)
                await agent.keyboard.up(key)
                await ada.until(lambda: len(ada.answers()) > before, f"{button} is answered")

            await press(Button.WARN, "2")
            await agent.keyboard.press("p")
            await press(Button.ESCALATE, "1")
            await expect(card(boss, "ada")).to_be_visible()
            await boss.keyboard.press("a")
            await expect(card(boss, "ada")).to_be_focused()
            await boss.keyboard.press("g")
            await ada.until(lambda: ada.has(w.LeaveGranted), "leave is granted")
            await press(Button.WARN, "2")
            await agent.keyboard.press("p")
            await press(Button.RELEASE, "3")
            await ada.until(lambda: ada.has(w.Announced), "the end is announced")
            await press(Button.RELEASE, "3", 1.7)
            await ada.until(lambda: ada.has(w.CaseClosed, how="released"), "the call is ended")
            await expect(agent.locator(".wrap")).to_be_visible()
            await tabs_to(agent, "Why you ended it")
            await agent.keyboard.type(WHY)
            await agent.keyboard.press("Enter")
            await expect(agent.locator(".wrap")).to_be_hidden()
            acts = [event.act for event in ada.record if isinstance(event, w.Attended)]
            assert isinstance(acts[0], w.WrappedUp) and acts[0].reason == WHY

    chromium.run(test())
