"""Who signs on at a supervisor's desk sees what their jobs allow: a console, a manager's review, or an agent's page."""

from pathlib import Path

from playwright.async_api import Page, expect
from tests.page.browser import Chromium, looking
from tests.page.console_floor import ConsoleFloor, consoles, tile

from rung.desk.seat import Seat
from rung.floor.base import Place
from rung.floor.people import People
from rung.floor.people_local import LocalDirectory
from rung.sim.floor_stage import Parts
from rung.words import Job, Role

WORD = "long enough to be one"
LEADS = (Job.SUPERVISOR, Job.MANAGER)
PEOPLE = {"eva": (Job.SUPERVISOR,), "mia": LEADS, "max": LEADS, "bob": (Job.AGENT,)}


def with_people(stage: ConsoleFloor, folder: Path) -> str:
    """People sign on at eve's desk; where."""
    people = People(folder / "people.json", said=stage.eve.bridge.after.training)
    people.add("root", (Job.ADMIN,))
    people.set_password("root", WORD)
    for name, jobs in PEOPLE.items():
        people.add(name, jobs)
        people.set_password(name, WORD)
    people.set_trained("bob", "2099-12-31")
    desk, site = stage.eve, stage.sites["eve"]
    seat = Seat(desk.bridge, LocalDirectory(people), Place(extension=desk.place.extension), Role.SUPERVISOR)
    desk.bridge.sit(seat.place)
    site.open(desk.bridge, desk.teller, seat.place, desk.floor, seat)
    return stage.addresses["eve"].partition("/enter/")[0]


async def signs_on(page: Page, where: str, name: str, password: str = WORD) -> None:
    await page.goto(f"{where}/sign-on")
    await page.locator("#person").fill(name)
    await page.locator("#password").fill(password)
    await page.get_by_role("button").last.click()


async def signs_off(page: Page) -> None:
    await page.get_by_text("Look", exact=True).click()
    await page.get_by_role("button", name="Sign off").click()
    await expect(page.locator("#password")).to_be_visible()


def test_who_signs_on_sees_what_their_jobs_allow(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with looking(chromium) as browser, consoles(tmp_path, parts=Parts.VIRTUAL) as stage:
            where = with_people(stage, tmp_path)
            page = await browser.new_page()
            await signs_on(page, where, "eva", "guessed by somebody")
            await expect(page.get_by_role("alert")).to_be_visible()
            await signs_on(page, where, "eva")
            await expect(tile(page, "ada")).to_be_visible()
            await signs_off(page)
            await expect(page.locator("#asks")).to_have_count(0)
            await signs_on(page, where, "bob")
            await expect(page.locator("[data-button=escalate]")).to_be_visible()
            assert not stage.eve.bridge._desk.facts.who.trained
            acknowledge = page.get_by_role("button", name="I acknowledge it")
            await acknowledge.click()
            await expect(acknowledge).to_be_hidden()
            assert stage.eve.bridge._desk.facts.who.trained
            await page.goto(f"{where}/after")
            await expect(page).to_have_url(f"{where}/")
            await expect(page.locator("#asks")).to_have_count(0)

    chromium.run(test())
