"""After the call, on the console: what is due is done by its form, refused with the reason, and read on record."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect
from tests.page.browser import looking
from tests.page.console_floor import ConsoleFloor, card, consoles, fair

from rung import words as w
from rung.sim.floor_stage import Parts
from rung.words import Button

WHY = "She was insulted in four languages."


async def an_incident(stage: ConsoleFloor, page: Page) -> str:
    """Eve has taken the caller, who insulted her and left; the case."""
    await stage.call()
    await stage.ada.press(Button.ESCALATE)
    await card(page, "ada").get_by_role("button", name="I take the call").click()
    await page.locator("#mine [data-key=p]").click()
    await stage.eve.until(lambda: stage.eve.has(w.GroundDeclared, person="p-eve"), "eve was insulted")
    await stage.caller.hang_up()
    await stage.eve.until(lambda: stage.eve.has(w.CaseClosed), "the call is over")
    return next(event.case for event in stage.eve.record if isinstance(event, w.CaseArrived))


def test_what_is_due_is_done_by_its_form_or_refused_with_the_reason(tmp_path: Path, chromium: str) -> None:
    async def test() -> None:
        async with looking(chromium) as browser, consoles(tmp_path, "advise-and-warn", Parts.VIRTUAL) as stage:
            page = await browser.new_page()
            await page.goto(stage.addresses["eve"])
            case = await an_incident(stage, page)
            await page.get_by_role("link", name="After the call").click()
            wrap_up = page.get_by_role("article", name=f"Wrap-up: {case}")
            await wrap_up.get_by_text("Wrap up", exact=True).click()
            await wrap_up.get_by_label("Code").fill("abuse")
            await wrap_up.get_by_label("Reason").fill(WHY)
            await wrap_up.get_by_role("button", name="Do it").click()
            await expect(wrap_up).to_have_count(0)

            await page.get_by_text(f"{case} ·").click()
            await page.get_by_text("The caller complains", exact=True).click()
            await page.get_by_label("In the caller's words").locator("visible=true").fill("He was rude to me.")
            await page.get_by_role("button", name="Do it").locator("visible=true").click()
            complaint = page.get_by_role("article", name=f"Complaint: {case}")
            # That is a manager's: said so, and what was typed is still there.
            await complaint.get_by_text("Find on the complaint", exact=True).click()
            await complaint.get_by_label("Reason").fill(WHY)
            await complaint.get_by_role("button", name="Do it").click()
            await expect(page.locator(".answer")).to_contain_text("manager")
            await expect(complaint.get_by_label("Reason")).to_have_value(WHY)
            acts = [event.act for event in stage.eve.record if isinstance(event, w.Attended)]
            assert acts[0] == w.WrappedUp(case=case, code="abuse", reason=WHY)
            assert isinstance(acts[1], w.Complained) and acts[1].text == "He was rude to me." and len(acts) == 2

            await complaint.get_by_role("button", name="Read the report").click()
            await expect(complaint).to_contain_text("caller left")
            await expect(complaint).not_to_contain_text("1970")  # it began at ada's desk: not known here
            assert stage.eve.has(w.ClearTextSeen, case=case, person="p-eve"), "the reading is on record"
            await page.get_by_role("button", name="Draw them").click()
            plot = page.get_by_role("table", name="Incidents, by how the call ended")
            await expect(plot).to_contain_text("caller left")
            await page.get_by_role("button", name="Show the block list").click()
            await expect(page.get_by_text("No number was ever blocked.")).to_be_visible()
            await fair(page, "after the call, with everything open")

    asyncio.run(test())
