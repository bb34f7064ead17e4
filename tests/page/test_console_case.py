"""A call is handed over to the console, ended there by the supervisor's own ladder, and dealt with afterwards."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect
from tests.page.browser import Chromium, looking
from tests.page.console_floor import ConsoleFloor, card, consoles, fair, tile

from rung import words as w
from rung.sim.floor_stage import Parts
from rung.words import Button, Gesture, Ground, Outcome


async def press(page: Page, button: str, seconds: float = 0.05) -> None:
    found = page.locator(f"#mine [data-button={button}]")
    await expect(found).to_have_attribute("data-lamp", "breathing")
    await found.hover()
    await page.mouse.down()
    await asyncio.sleep(seconds)
    await page.mouse.up()


async def takes_and_ends(stage: ConsoleFloor, page: Page) -> None:
    await expect(page.locator("#mine")).to_be_hidden()
    await stage.ada.until(lambda: stage.ada.may_press(Button.ESCALATE), "ada may ask for a supervisor")
    await stage.ada.press(Button.ESCALATE)
    await card(page, "ada").get_by_role("button", name="I take the call").click()
    mine = page.locator("#mine")
    await expect(mine).to_be_visible()
    await stage.eve.until(lambda: stage.eve.has(w.CaseArrived), "the case is eve's")
    await expect(page.locator("[data-card]")).to_have_count(0)
    await expect(tile(page, "ada")).to_contain_text("free")
    await fair(page, "with a case of one's own")
    await page.set_viewport_size({"width": 320, "height": 720})  # as at 400 %
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.set_viewport_size({"width": 1280, "height": 720})
    await mine.locator("[data-key=p]").click()
    await press(page, "warn")
    await stage.eve.until(lambda: stage.eve.has(w.RungTaken, person="p-eve"), "eve has warned")
    await mine.locator("[data-key=p]").click()
    await press(page, "release")
    await stage.eve.until(lambda: stage.eve.has(w.Announced), "eve has announced the end")
    await asyncio.sleep(0.5)
    await press(page, "release", 1.8)
    await stage.eve.until(lambda: stage.eve.has(w.CaseClosed, how="released"), "eve has ended the call")
    await stage.caller.until(lambda: not stage.caller.living, "and the caller hears it")
    await expect(mine).to_be_hidden()


def test_a_supervisor_takes_a_call_and_ends_it_by_her_ladder(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with looking(chromium) as browser, consoles(tmp_path, "advise-and-warn") as stage:
            page = await browser.new_page()
            await page.goto(stage.addresses["eve"])
            await expect(page.get_by_text("The floor answers.")).to_be_visible()
            await stage.call()
            await takes_and_ends(stage, page)
            await page.get_by_role("link", name="After the call").click()
            case = next(event.case for event in stage.eve.record if isinstance(event, w.CaseArrived))
            await page.get_by_role("button", name="Read the report").first.click()
            report = page.get_by_role("article").first
            await expect(report).to_contain_text("released")
            await expect(report).not_to_contain_text("1970")  # it began at ada's desk: not known here
            for due in ("Reason of the ending", "Review"):
                await expect(page.get_by_role("article", name=f"{due}: {case}")).to_be_visible()

    chromium.run(test())


def test_a_supervisor_listens_coaches_and_lifts_a_crisis(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with (
            looking(chromium) as browser,
            consoles(tmp_path, "advise-and-warn", Parts.VIRTUAL, recording="announced") as stage,
        ):
            page = await browser.new_page()
            await page.goto(stage.addresses["eve"])
            await stage.call()
            place = tile(page, "ada")
            await place.get_by_role("button", name="Coach the agent").click()
            await expect(place).to_contain_text("Listening: eve (Coach the agent)")
            assert stage.ada.view is not None and "p-eve listens and speaks to you alone" in stage.ada.view.listening
            await fair(page, "coaching")
            await place.get_by_role("button", name="Stop listening").click()
            await expect(place.get_by_text("Listening: eve")).to_have_count(0)
            stage.ada.act(w.Marked(w.Marker.CRISIS))
            await expect(card(page, "ada")).to_contain_text("Somebody is in danger")
            await place.get_by_role("button", name="Lift the crisis").click()
            await stage.ada.until(lambda: stage.ada.has(w.MarkerLifted, by="p-eve"), "the crisis is lifted")
            await expect(page.locator("[data-card]")).to_have_count(0)
            await expect(place).to_contain_text("in a call")
            stage.ada.act(w.Declared(Ground.SLUR))
            await stage.caller.hang_up()
            await expect(place).to_contain_text("breather")
            await fair(page, "an agent has a breather")

    chromium.run(test())


def test_who_comes_into_a_call_after_a_panic_takes_it_and_hands_it_back(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with looking(chromium) as browser, consoles(tmp_path, parts=Parts.VIRTUAL) as stage:
            page = await browser.new_page()
            await page.goto(stage.addresses["eve"])
            await stage.call()
            await stage.ada.press(Button.ESCALATE, Gesture.HOLD)
            await card(page, "ada").get_by_role("button", name="I come into the call").click()
            await stage.ada.until(lambda: stage.ada.has(w.SupervisorJoined, person="p-eve"), "eve is in the call")
            place = tile(page, "ada")
            await expect(place).to_contain_text("emergency")
            # In the call she has her own ladder of ada's case before her, and acts there.
            mine = page.locator("#mine")
            await expect(mine.get_by_role("heading", name="You are in the call at ada")).to_be_visible()
            await expect(mine.locator(".ladder")).to_contain_text("name what you heard the caller do since you joined")
            await fair(page, "in the call of an agent")
            await mine.locator("[data-key=p]").click()
            await press(page, "warn")
            await stage.ada.until(lambda: stage.ada.has(w.RungTaken, person="p-eve"), "eve has warned at ada's desk")
            await expect(mine.locator(".script")).to_be_visible()
            await mine.get_by_role("button", name="Take the call now").click()
            await expect(mine.get_by_role("heading", name="The call that you have")).to_be_visible()
            await expect(mine).to_contain_text("in a call with 0151-5551")
            stage.eve.act(w.Marked(w.Marker.CRISIS))
            await expect(mine.locator(".card-crisis")).to_be_visible()
            await fair(page, "a crisis in the call that a supervisor has")
            stage.eve.act(w.Unmarked(w.Marker.CRISIS))
            await expect(mine.locator(".card-crisis")).to_be_hidden()
            hands_back = mine.get_by_role("button", name="Hand the caller back")
            stops = mine.get_by_role("button", name="Take it back", exact=True)
            await expect(stops).to_be_hidden()
            await hands_back.click()
            await stage.eve.until(lambda: stage.eve.has(w.AskOpened, rung=""), "ada is asked to take the caller back")
            await fair(page, "handing back")
            await expect(hands_back).to_be_hidden()
            await stops.click()
            taken_back = lambda: stage.eve.has(w.AskClosed, outcome=Outcome.TAKEN_BACK)  # noqa: E731
            await stage.eve.until(taken_back, "the caller stays with eve")
            await hands_back.click()
            await expect(mine.locator("[data-button=escalate]")).to_contain_text("Transfer the caller")
            await mine.locator("[data-button=escalate]").click()
            await stage.ada.until(lambda: stage.ada.has(w.CaseArrived), "ada has the caller again")
            await stage.eve.until(lambda: stage.eve.has(w.CaseClosed, how="transferred"), "and eve no more")
            await expect(mine).to_be_hidden()
            await stage.caller.hang_up()
            await stage.caller.dial(stage.eve.handset.address)  # of her own
            await expect(mine.get_by_role("heading", name="The call that you have")).to_be_visible()
            await expect(hands_back).to_be_hidden()

    chromium.run(test())


def test_where_the_site_lets_nobody_listen_nobody_is_offered_it(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with looking(chromium) as browser, consoles(tmp_path, parts=Parts.VIRTUAL) as stage:
            page = await browser.new_page()
            await page.goto(stage.addresses["eve"])
            await stage.call()
            stage.ada.act(w.Declared(Ground.THREAT))
            await expect(card(page, "ada")).to_contain_text("A threat was made")
            await expect(page.locator("[data-card]").get_by_role("button", name="Coming")).to_be_visible()
            for way in ("Listen", "Coach", "Barge in"):
                await expect(page.get_by_role("button", name=way)).to_have_count(0)

    chromium.run(test())
