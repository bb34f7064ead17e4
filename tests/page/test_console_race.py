"""Two supervisors, two consoles, one ask: one gets it, and both see it close. Over a floor here and over NATS."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from tests.floor.nats_rig import RealSite, nats_rig, real_site
from tests.page.browser import Chromium, looking
from tests.page.console_floor import ConsoleFloor, card, consoles, tile
from tests.page.test_console import asks_leave

from rung import words as w
from rung.floor.base import Floor
from rung.floor.local import LocalFloor

LONG = ["local"] if os.environ.get("RUNG_LONG") == "1" else []
ALL = ("ada", "eve", "fay")
GRANT = "document.querySelector('[data-answer=g]')?.click()"  # there is none where the other was quicker
TAKE = GRANT.replace("=g", "=t")
Handle = Callable[[str], Floor]


@pytest.fixture(scope="module")
def site() -> Iterator[RealSite]:
    with real_site(*ALL) as made:
        yield made


@asynccontextmanager
async def handles(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Handle]:
    if kind == "local":
        yield LocalFloor().desk
    else:
        async with nats_rig(request.getfixturevalue("site")) as rig:
            yield rig.desk


async def both(stage: ConsoleFloor, pages: list[Page]) -> None:
    for page, name in zip(pages, ("eve", "fay"), strict=True):
        await page.goto(stage.addresses[name])
        await expect(page.get_by_text("The floor answers.")).to_be_visible()
    await stage.call()
    await asks_leave(stage)
    for page in pages:
        await expect(card(page, "ada")).to_be_visible()


@pytest.mark.parametrize("kind", ["local", "nats"])
def test_one_of_two_gets_an_ask_and_it_closes_for_both(
    tmp_path: Path, chromium: Chromium, kind: str, request: pytest.FixtureRequest
) -> None:
    async def test() -> None:
        async with (
            looking(chromium) as browser,
            handles(kind, request) as handle,
            consoles(tmp_path, handle=handle, names=ALL) as stage,
        ):
            pages = [await browser.new_page(), await browser.new_page()]
            await both(stage, pages)
            # Each browser presses by itself, so that neither waits for the other's answer.
            await asyncio.gather(*(page.evaluate(GRANT) for page in pages))
            for page in pages:
                await expect(page.locator("[data-card]")).to_have_count(0)
                await expect(page.locator(".past").first).to_contain_text("leave granted")
            granted = [event.person for event in stage.ada.record if isinstance(event, w.LeaveGranted)]
            assert len(granted) == 1 and granted[0] in ("p-eve", "p-fay"), "leave is given once"
            for page in pages:
                await expect(tile(page, "ada")).to_contain_text("in a call")

    chromium.run(test())


@pytest.mark.parametrize("kind", ["nats", *LONG])
def test_when_one_has_taken_it_the_other_sees_who_did_not(
    tmp_path: Path, chromium: Chromium, kind: str, request: pytest.FixtureRequest
) -> None:
    async def test() -> None:
        async with (
            looking(chromium) as browser,
            handles(kind, request) as handle,
            consoles(tmp_path, handle=handle, names=ALL) as stage,
        ):
            eve, fay = pages = [await browser.new_page(), await browser.new_page()]
            await both(stage, pages)
            await card(eve, "ada").get_by_role("button", name="I am busy").click()
            await expect(card(eve, "ada").locator(".mark")).to_contain_text("You said: I am busy")
            await expect(card(eve, "ada").get_by_role("button", name="Grant")).to_be_disabled()
            await card(fay, "ada").get_by_role("button", name="Grant").click()
            await expect(fay.locator(".past")).to_contain_text("You answered: leave granted")
            await expect(eve.locator(".past")).to_contain_text("Another supervisor answered: leave granted")
            # Whoever has no longer a floor is told so, and sees nothing old.
            if kind == "nats":
                stage.eve.floor.lose()  # type: ignore[attr-defined]  # a handle with a line of its own
                await expect(eve.get_by_text("The floor is out of reach")).to_be_visible()
                await expect(tile(eve, "ada")).to_have_count(0)

    chromium.run(test())


@pytest.mark.skipif(os.environ.get("RUNG_LONG") != "1", reason="set RUNG_LONG=1")
def test_two_take_one_call_and_one_has_it(tmp_path: Path, chromium: Chromium, request: pytest.FixtureRequest) -> None:
    async def test() -> None:
        async with (
            looking(chromium) as browser,
            handles("nats", request) as handle,
            consoles(tmp_path, handle=handle, names=ALL) as stage,
        ):
            pages = [await browser.new_page(), await browser.new_page()]
            await both(stage, pages)
            await asyncio.gather(*(page.evaluate(TAKE) for page in pages))
            bosses = [stage.desks["eve"], stage.desks["fay"]]
            await stage.ada.until(lambda: stage.ada.has(w.CaseClosed, how="transferred"), "ada has it no more")
            having = [desk for desk in bosses if desk.has(w.CaseArrived)]
            assert len(having) == 1
            for page, desk in zip(pages, bosses, strict=True):
                await expect(page.locator("[data-card]")).to_have_count(0)
                mine = expect(page.locator("#mine"))
                await (mine.to_be_visible() if desk in having else mine.to_be_hidden())

    chromium.run(test())
