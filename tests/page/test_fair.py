"""axe-core finds nothing in any state of the pages that no other test walks through, in German, light and dark.

The rest is looked at where it is tested; together they are every state, in both languages.
"""

from pathlib import Path

from playwright.async_api import Page, expect
from tests.page.browser import Chromium, looking
from tests.page.console_floor import GERMAN, PATIENT, card, consoles, fair
from tests.page.floor import floor
from tests.page.test_agent import held, tapped
from tests.page.test_console_people import signs_on, with_people

from rung import words as w
from rung.sim.floor_stage import Parts
from rung.words import Button, Gesture, Ground


async def each_form(page: Page, where: str) -> None:
    """Whatever asks for words, opened; it is closed by a key, and the focus is where it was."""
    for form in await page.locator(f"{where} details.asks").all():
        if await form.is_visible():
            await form.locator("summary").click()
            await expect(form.locator("input")).to_be_focused()
            await fair(page, f"form {await form.locator('summary').inner_text()}")
            await page.keyboard.press("Escape")
            await expect(form.locator("summary")).to_be_focused()


def test_the_agents_page_with_each_form_and_when_it_is_gone(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with looking(chromium) as browser:
            await browser.add_cookies([GERMAN])
            page = await browser.new_page()
            async with floor(tmp_path, "end-with-care", times=PATIENT) as stage:
                ada = stage.agent
                await page.goto(stage.addresses["agent"])
                await expect(page.get_by_text("Kein Gespräch.")).to_be_visible()
                await fair(page, "no call")
                await stage.caller.dial(ada.handset.address)
                await expect(page.get_by_text("im Gespräch mit")).to_be_visible()
                await page.keyboard.press("h")
                await tapped(stage, page, Button.WARN)
                await expect(page.locator(".ticks .tick").first).to_be_visible()
                await tapped(stage, page, Button.RELEASE)
                await expect(page.locator(".answer")).to_contain_text("✖")
                await fair(page, "de-escalated, refused")
                await each_form(page, "main")
                await page.locator(".menu summary").click()
                await fair(page, "its look")
                await page.locator(".menu summary").click()
                await tapped(stage, page, Button.ESCALATE)
                await expect(page.get_by_role("button", name="Zurücknehmen", exact=True)).to_be_visible()
                await fair(page, "asked")
                await held(page, Button.ESCALATE, 2.1)
                await expect(page.get_by_role("button", name="Fehlalarm")).to_be_visible()
                await page.keyboard.press("!")
                await expect(page.locator(".card-crisis")).to_be_visible()
                await fair(page, "panic and crisis")
                await stage.caller.hang_up()
                await expect(page.locator(".wrap")).to_be_visible()
                await fair(page, "after the call")
                await each_form(page, ".after")
            await expect(page.locator("#gone")).to_be_visible()
            await fair(page, "the bridge is gone")

    chromium.run(test())


def test_signing_on_and_the_console(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with (
            looking(chromium) as browser,
            consoles(tmp_path, parts=Parts.VIRTUAL, recording="announced") as stage,
        ):
            await browser.add_cookies([GERMAN])
            where, page = with_people(stage, tmp_path), await browser.new_page()
            await page.goto(f"{where}/sign-on")
            await fair(page, "signing on")
            await signs_on(page, where, "eva", "guessed by somebody")
            await fair(page, "a wrong password")
            await signs_on(page, where, "eva")
            await expect(page.get_by_text("Die Etage antwortet.")).to_be_visible()
            await stage.call()
            stage.ada.act(w.Noted(matter="a bill that is wrong"))
            for ground in Ground:
                stage.ada.act(w.Declared(ground, "barks"))
            await stage.ada.press(Button.WARN)
            await expect(card(page, "ada").first).to_contain_text("Drohung")
            english = ("harassment", "hate", "Redirect", "redirect", "slur", "sexual", "remarks", "calls")
            seen = (await card(page, "ada").first.inner_text()).replace("a bill that is wrong", "")
            assert [word for word in english if word in seen] == [], seen
            await stage.ada.press(Button.ESCALATE, Gesture.HOLD)
            await page.wait_for_function("document.title.startsWith('⚠ ')")
            await page.locator(".menu summary").click()
            await fair(page, "panic, asks and its look")
            await page.locator(".menu summary").click()
            await card(page, "ada").first.locator("[data-answer=j]").click()
            await expect(page.locator("#mine")).to_be_visible()
            await fair(page, "in the call of an agent")
            await each_form(page, "#mine")
            await stage.caller.hang_up()
            await expect(page.locator("#mine")).to_be_hidden()

    chromium.run(test())


def test_the_page_that_stays_above_others_follows_and_its_buttons_work(tmp_path: Path, chromium: Chromium) -> None:
    """Document Picture-in-Picture, opened by a real click."""

    async def test() -> None:
        async with looking(chromium) as browser:
            page = await browser.new_page()
            async with floor(tmp_path, times=PATIENT) as stage:
                await page.goto(stage.addresses["agent"])
                await page.locator(".menu summary").click()
                async with browser.expect_page() as opened:
                    await page.get_by_role("button", name="Small window").click()
                above = await opened.value
                assert await page.evaluate("documentPictureInPicture.window !== null")
                await above.set_viewport_size({"width": 420, "height": 300})
                await stage.caller.dial(stage.agent.handset.address)
                small = above.frames[-1]
                await expect(small.get_by_text("in a call with 0151-5551")).to_be_visible()
                await fair(above, "around it")
                await fair(small, "above others")
                high = await small.evaluate("document.documentElement.scrollHeight - innerHeight")
                assert high <= 0, f"{high} pixels are out of sight"
                await small.locator("[data-button=warn]").click()
                await expect(small.locator(".script")).to_contain_text("if the language stops")
                await expect(page.locator(".script")).to_contain_text("if the language stops")
                await above.keyboard.press("3")
                await expect(small.get_by_role("alert")).to_contain_text("first: give the final notice")
            await expect(small.locator("#gone")).to_be_visible()

    chromium.run(test())
