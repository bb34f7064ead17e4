"""After the call, on the console: each thing that is due is done by its form, by whoever may, or refused with why."""

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect
from tests.page.browser import Chromium, looking
from tests.page.console_floor import GERMAN, ConsoleFloor, consoles, fair
from tests.page.test_console_people import signs_on, with_people

from rung import words as w
from rung.sim.floor_stage import Parts
from rung.words import Amends, Button, Finding, Gesture, Ground, Job, Verdict

LEADS = (Job.SUPERVISOR, Job.MANAGER)
WHY = "She was insulted in four languages."
NUMBER = "0151-5551"


async def an_ending(stage: ConsoleFloor) -> str:
    """Whoever sits at eve's desk was harassed by a caller, warned and ended the call; the case."""
    eve = stage.eve
    await stage.caller.dial(eve.handset.address)
    await eve.until(lambda: eve.lamps.epoch > 0, "the caller has eve")
    for button in (Button.WARN, Button.RELEASE):
        eve.act(w.Declared(Ground.HARASSMENT))
        await eve.until(lambda button=button: eve.may_press(button), f"{button} may be pressed")
        await eve.press(button)
    while (await eve.press(Button.RELEASE, Gesture.HOLD)).verdict != Verdict.TAKEN:
        await asyncio.sleep(0.1)  # it has to be said first
    case = next(event.case for event in reversed(eve.record) if isinstance(event, w.CaseOpened))
    await eve.until(lambda: eve.has(w.CaseClosed, case=case, how="released"), "the call is ended")
    await eve.until(lambda: eve.lamps.epoch == 0, "and the lamps show none, before another call comes")
    return case


class Desk:
    """The page after the call, as the person who sits there uses it."""

    def __init__(self, page: Page, case: str) -> None:
        self._page = page
        self.case = case

    async def sits(self, where: str, name: str) -> None:
        await self._page.context.clear_cookies()
        await signs_on(self._page, where, name)
        await self._page.get_by_role("link", name="After the call").click()

    def due(self, duty: str) -> Locator:
        return self._page.get_by_role("article", name=f"{duty}: {self.case}")

    async def does(self, on: Locator, form: str, answer: str = "✔", **values: str) -> None:
        """Fill in a form that stands there and send it; ``answer`` is what is then told."""
        box = on.locator("details", has=self._page.get_by_text(form, exact=True)).last
        if not await box.evaluate("box => box.open"):
            await box.locator("summary").click()
        for label, value in values.items():
            field = box.get_by_label(label.replace("_", " "))
            options = await field.locator("option").count()
            await (field.select_option(value) if options else field.fill(value))
        told = self._page.locator(".answer")
        before = await told.inner_text()
        await box.get_by_role("button", name="Do it").click()
        await expect(told).not_to_have_text(before)
        await expect(told).to_contain_text(answer)

    async def of_the_incident(self, form: str, answer: str = "✔", **values: str) -> None:
        incident = self._page.locator("details.incident", has_text=self.case)
        if not await incident.evaluate("box => box.open"):
            await incident.locator("summary").first.click()
        await self.does(incident, form, answer, **values)


def test_every_form_is_filled_in_by_whoever_may_and_refused_to_others(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with looking(chromium) as browser, consoles(tmp_path, "end-with-care", Parts.VIRTUAL) as stage:
            where, page = with_people(stage, tmp_path), await browser.new_page()
            await signs_on(page, where, "eva")
            desk = Desk(page, await an_ending(stage))
            await desk.sits(where, "eva")
            await desk.does(desk.due("Reason of the ending"), "Wrap up", Code="abuse", Reason=WHY)
            await expect(desk.due("Reason of the ending")).to_have_count(0)
            await desk.of_the_incident("Propose to block the number", Reason=WHY)
            # A second person decides, and a manager reviews: said so, and what was typed is still there.
            block, review = desk.due("Block to be decided"), desk.due("Review")
            await desk.does(block, "Decide on the block", "a second person decides", Block_it="yes", Reason=WHY)
            await desk.does(review, "Review it", "A manager reviews it", Reason=WHY)
            await expect(review.get_by_label("Reason")).to_have_value(WHY)
            await review.get_by_role("button", name="Read the report").click()
            await expect(review).to_contain_text("harassment")
            await expect(review.locator(".kept")).to_contain_text("✔ The order was kept")
            assert stage.eve.has(w.ClearTextSeen, person="eva"), "the reading is on record"
            await page.get_by_role("button", name="Draw them").click()
            plot = page.get_by_role("table", name="Incidents, by how the call ended")
            await expect(plot).to_contain_text("released")
            await fair(page, "after the call, with its forms and plots")
            await page.context.add_cookies([GERMAN])
            await page.reload()
            await expect(page.get_by_role("article", name=f"Prüfung: {desk.case}")).to_be_visible()
            await page.evaluate("document.querySelectorAll('details').forEach(box => (box.open = true))")
            await fair(page, "in German, with every form open")

            await desk.sits(where, "mia")
            told = {"What_the_caller_was_told": "the call was ended", "What_will_be_done": "an engineer comes"}
            follow = desk.due("Follow-up")
            await desk.does(follow, "It was followed up", "for the reviewer", **told, Goodwill_was_offered="yes")
            month = {"Goodwill_that": "a month free"}
            await desk.does(review, "Review it", Finding="upheld", Reason="The order was kept.", **month)
            await expect(review).to_have_count(0)
            await desk.does(follow, "It was followed up", **told, Goodwill_was_offered="yes", By="email")
            await desk.does(block, "Decide on the block", Block_it="yes", For_how_many_days="30", Reason=WHY)
            await stage.eve.until(lambda: NUMBER in stage.exchange.blocked, "the phone system keeps the number away")
            await desk.of_the_incident("The caller complains", In_the_caller="She was rude to me.")
            unfair = {"Found_for": "caller", "Call_the_caller_back": "yes"}
            await desk.does(desk.due("Complaint"), "Find on the complaint", Reason="She was tired.", **unfair)
            await desk.does(desk.due("To call back"), "The caller was called back", How="by telephone, today")
            await expect(desk.due("To call back")).to_have_count(0)
            # What is typed stays while the record grows, here or at another desk.
            typed = page.locator("details.incident").get_by_label("Reason").first
            await typed.evaluate("field => field.closest('details').open = true")
            await typed.fill("half a sen")
            stage.eve.bridge.attend(w.OptedOut(case=desk.case, out=False), w.Actor("bob", (Job.AGENT,)))
            await stage.eve.until(lambda: stage.eve.has(w.Attended, by="bob"), "the record has grown")
            await page.wait_for_timeout(300)
            await expect(typed).to_have_value("half a sen")
            await desk.of_the_incident("The caller appeals against the block", In_the_caller="It was my brother.")
            lift = {"Lift_the_block": "yes", "Reason": "It is believable."}
            await desk.does(desk.due("Appeal"), "Decide on the appeal", "another manager decides", **lift)

            await desk.sits(where, "max")
            await desk.does(desk.due("Appeal"), "Decide on the appeal", **lift)
            await stage.eve.until(lambda: NUMBER not in stage.exchange.blocked, "the number gets through again")
            await page.get_by_role("button", name="Show the block list").click()
            await expect(page.locator(".past")).to_contain_text("lifted")
            await desk.of_the_incident("The caller does not want to be contacted", Not_to_be_contacted="yes")
            await expect(page.get_by_text("Nothing is due.")).to_be_visible()
            await fair(page, "nothing is due")
            done = [
                (event.by, type(event.act))
                for event in stage.eve.record
                if isinstance(event, w.Attended) and event.by != "bob"
            ]
            by_mia = (w.Reviewed, w.FollowedUp, w.BlockDecided, w.Complained, w.Found, w.PutRight, w.Appealed)
            by_others = (
                [("eva", w.WrappedUp), ("eva", w.BlockProposed)],
                [("max", w.AppealDecided), ("max", w.OptedOut)],
            )
            assert done == [*by_others[0], *(("mia", act) for act in by_mia), *by_others[1]], "by name, on record"
            acts = [event.act for event in stage.eve.record if isinstance(event, w.Attended) and event.by != "bob"]
            assert acts[2].finding == Finding.UPHELD and acts[2].goodwill == "a month free"  # type: ignore[union-attr]
            assert acts[6].amends == (Amends.CALL_BACK,)  # type: ignore[union-attr]

    chromium.run(test())


@pytest.mark.skipif("RUNG_LONG" not in os.environ, reason="set RUNG_LONG=1")
def test_who_is_let_be_and_blocks_that_are_lifted_without_an_appeal(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with looking(chromium) as browser, consoles(tmp_path, "end-with-care", Parts.VIRTUAL) as stage:
            where, page = with_people(stage, tmp_path), await browser.new_page()
            await signs_on(page, where, "eva")
            first, second = Desk(page, await an_ending(stage)), Desk(page, await an_ending(stage))
            eva, mia = w.Actor("eva", (Job.SUPERVISOR,)), w.Actor("mia", LEADS)
            for case in (first.case, second.case):
                assert stage.eve.bridge.attend(w.BlockProposed(case=case, reason=WHY), eva).verdict == "taken"
                decided = w.BlockDecided(case=case, granted=True, reason=WHY, days=30)
                assert stage.eve.bridge.attend(decided, mia).verdict == "taken"
            await stage.eve.until(lambda: NUMBER in stage.exchange.blocked, "the number is kept away")
            await first.sits(where, "max")
            await first.of_the_incident("The caller complains", In_the_caller="She was rude to me.")
            unfair = {"Found_for": "caller", "Unblock_the_number": "yes", "Call_the_caller_back": "yes"}
            await first.does(first.due("Complaint"), "Find on the complaint", Reason="She was tired.", **unfair)
            await first.does(first.due("To unblock"), "The number is unblocked", How="by the form")
            await expect(first.due("To unblock")).to_have_count(0)
            for duty in ("To call back", "Follow-up"):
                await first.does(first.due(duty), "Let it be", Reason="The caller has moved abroad.")
                await expect(first.due(duty)).to_have_count(0)
            assert NUMBER in stage.exchange.blocked, "the other call's block still stands"
            await second.of_the_incident("Lift the block", Reason="It was another caller.")
            await stage.eve.until(lambda: NUMBER not in stage.exchange.blocked, "the number gets through again")
            by_max = [event.act for event in stage.eve.record if isinstance(event, w.Attended) and event.by == "max"]
            acts = (w.Complained, w.Found, w.PutRight, w.LetBe, w.LetBe, w.Unblocked)
            assert tuple(map(type, by_max)) == acts, "by name, on record"

    chromium.run(test())
