"""The frame of every page: it follows the desk, and when the desk is gone it says so and shows nothing."""

import time
from pathlib import Path

from playwright.async_api import expect
from tests.page.browser import Chromium, looking
from tests.page.floor import floor

from rung import words as w


def test_a_page_follows_and_says_when_the_bridge_is_gone(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with looking(chromium) as browser:
            page = await browser.new_page()
            outside: list[str] = []
            async with floor(tmp_path) as stage:
                page.on("request", lambda asked: outside.append(asked.url))
                await page.goto(stage.addresses["agent"])
                await expect(page.get_by_text("no call", exact=True)).to_be_visible()
                await stage.caller.dial(stage.agent.handset.address)
                await expect(page.get_by_text("in a call with 0151-5551")).to_be_visible()
                await expect(page.get_by_role("alert")).to_be_hidden()
                # The bridge, in this very loop, stands still for a moment: what is half typed is typed on in its field.
                note = page.locator(".notes details.asks").first
                await note.locator("summary").click()
                await page.keyboard.type("a bill of the pow")
                await page.evaluate("document.addEventListener('rung-gone', () => (window.away = true))")
                time.sleep(2)
                await page.wait_for_function("window.away && !rung.gone()")
                await page.keyboard.type("er plant")
                await expect(note.locator("input")).to_have_value("a bill of the power plant")
                assert not stage.agent.has(w.GroundDeclared), "no letter of it was a key"
            await expect(page.get_by_role("alert")).to_contain_text("The bridge is gone", timeout=2000)
            await expect(page.get_by_text("0151-5551")).to_be_hidden()
            own = stage.addresses["agent"].split("/enter/")[0]
            assert [url for url in outside if not url.startswith((own, "data:"))] == []

    chromium.run(test())
