"""The supervisor's console in real Chromium, over real SIP phones: leave asked, granted, denied, taken back; panic."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Page, expect
from tests.page.browser import Chromium, looking
from tests.page.console_floor import ConsoleFloor, card, consoles, fair, tile

from rung import words as w
from rung.policy import Times
from rung.sim.floor_stage import Parts
from rung.words import Button, Gesture, Ground, Outcome

HERE = {"domain": "127.0.0.1", "path": "/"}
PASSES = Times(wait=0.3, say_time=0.3, answer_within=30, widen_after=1)
Story = Callable[[ConsoleFloor, Page], Awaitable[None]]


def played(story: Story, folder: Path, chromium: Chromium, policy: str = "hang-up-protocol", **more: object) -> None:
    """With a call up, and eve's console open."""

    async def test() -> None:
        async with looking(chromium) as browser, consoles(folder, policy, **more) as stage:  # type: ignore[arg-type]
            page = await browser.new_page()
            await page.goto(stage.addresses["eve"])
            await expect(page.get_by_text("The floor answers.")).to_be_visible()
            await stage.call()
            await story(stage, page)

    chromium.run(test())


async def asks_leave(stage: ConsoleFloor) -> None:
    stage.ada.act(w.Noted(matter="a bill that is wrong", offered="a refund"))
    stage.ada.act(w.Declared(Ground.PROFANITY))
    await stage.ada.press(Button.WARN)
    await stage.ada.until(lambda: stage.ada.may_press(Button.ESCALATE), "leave may be asked")
    await stage.ada.press(Button.ESCALATE)


def outcomes(stage: ConsoleFloor) -> list[Outcome]:
    return [event.outcome for event in stage.ada.record if isinstance(event, w.AskClosed)]


def test_leave_is_asked_denied_with_a_word_asked_again_and_granted(tmp_path: Path, chromium: Chromium) -> None:
    async def story(stage: ConsoleFloor, page: Page) -> None:
        await expect(tile(page, "ada")).to_contain_text("in a call")
        await fair(page, "nothing asked")
        await asks_leave(stage)
        asked = card(page, "ada")
        for text in ("Leave for the next step: ada (p-ada)", "a bill that is wrong", "a refund", "profanity", "0:0"):
            await expect(asked).to_contain_text(text)
        await expect(tile(page, "ada")).to_contain_text("asks for a supervisor")
        await stage.ada.until(lambda: stage.ada.has(w.AskSeen, desk="eve"), "the agent learns that it is seen")
        await fair(page, "leave is asked")
        # What is typed is a word, and no key.
        await asked.get_by_label("A word for the agent").press_sequentially("not yet, good grief")
        assert not outcomes(stage)
        await asked.get_by_role("button", name="Deny").click()
        await expect(asked).to_have_count(0)
        assert outcomes(stage) == [Outcome.DENIED]
        assert stage.ada.has(w.AskReplied, person="p-eve", word="not yet, good grief")
        await expect(page.locator(".past.mine")).to_contain_text("You answered: leave denied")
        await stage.ada.until(lambda: stage.ada.may_press(Button.ESCALATE), "it may be asked again")
        await stage.ada.press(Button.ESCALATE)
        await expect(card(page, "ada")).to_be_visible()
        # By keyboard alone: `a` goes to the ask, `g` grants.
        await page.keyboard.press("a")
        await page.keyboard.press("g")
        await expect(page.locator(".past.mine").first).to_contain_text("leave granted")
        await expect(page.locator("#queue-title")).to_be_focused()
        assert outcomes(stage) == [Outcome.DENIED, Outcome.GRANTED]
        await fair(page, "leave is granted")
        await tile(page, "ada").get_by_role("button", name="Withdraw the leave").click()
        await stage.ada.until(lambda: stage.ada.has(w.LeaveWithdrawn, person="p-eve"), "the leave is withdrawn")
        await expect(page.locator(".heard")).to_contain_text("Leave withdrawn.")

    played(story, tmp_path, chromium)


def test_an_ask_is_taken_back_and_one_is_ignored(tmp_path: Path, chromium: Chromium) -> None:
    async def story(stage: ConsoleFloor, page: Page) -> None:
        await asks_leave(stage)
        await expect(card(page, "ada")).to_be_visible()
        stage.ada.act(w.AskTakenBack())
        await expect(page.locator(".past.gone")).to_contain_text("taken back by the agent")
        await expect(page.get_by_text("Nobody asks for anything.")).to_be_visible()
        await stage.ada.until(lambda: stage.ada.may_press(Button.ESCALATE), "it may be asked again")
        await stage.ada.press(Button.ESCALATE)
        await expect(page.locator(".past.missed")).to_contain_text("Missed: nobody answered", timeout=8000)
        await fair(page, "one was missed")
        assert outcomes(stage) == [Outcome.TAKEN_BACK, Outcome.IGNORED]

    played(story, tmp_path, chromium, times=Times(wait=0.3, say_time=0.3, answer_within=2, widen_after=1))


def test_panic_comes_first_with_a_sound_and_a_false_alarm_ends_it(tmp_path: Path, chromium: Chromium) -> None:
    async def story(stage: ConsoleFloor, page: Page) -> None:
        await page.get_by_role("button", name="Turn the sound on").click()
        await expect(page.get_by_role("button", name="Sound is on")).to_be_visible()
        await asks_leave(stage)
        await expect(card(page, "ada")).to_be_visible()
        await page.wait_for_function("rung.played().includes('ask')")
        await stage.ada.press(Button.ESCALATE, Gesture.HOLD)
        await expect(page.locator("#alarm")).to_contain_text("PANIC: ada")
        stage.ada.act(w.Unmarked(w.Marker.EMERGENCY))  # only within 4 s
        await expect(page.locator("#alarm")).to_have_text("")
        await expect(page.locator(".past").first).to_contain_text("PANIC: ada. Over: taken back by the agent")
        rounds = await page.evaluate("rung.played().length")
        await page.wait_for_timeout(2000)
        assert await page.evaluate("rung.played().length") == rounds, "no alarm sounds on"
        await stage.ada.press(Button.ESCALATE, Gesture.HOLD)
        await expect(page.locator("[data-card]").first).to_contain_text("PANIC: ada")
        await expect(tile(page, "ada")).to_contain_text("emergency")
        await page.wait_for_function(f"rung.played().slice({rounds}).includes('panic')")
        await page.wait_for_function("document.title.startsWith('⚠ ')")
        await fair(page, "panic")
        await card(page, "ada").first.get_by_role("button", name="Coming").click()
        await expect(page.locator("#alarm")).to_have_text("")
        await expect(page.locator(".past").first).to_contain_text("PANIC: ada. You answered:")

    played(story, tmp_path, chromium)


def test_an_ask_that_one_lets_pass_goes_wider_and_says_so_on_both_consoles(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with (
            looking(chromium, locale="de") as browser,
            consoles(tmp_path, parts=Parts.VIRTUAL, names=("ada", "eve", "gus"), times=PASSES) as stage,
        ):
            eve, gus = await browser.new_page(), await browser.new_page()
            await browser.add_cookies([{"name": "rung_look", "value": "de.light.usual.keys", **HERE}])
            for page, name in ((eve, "eve"), (gus, "gus")):
                await page.goto(stage.addresses[name])
            await stage.call()
            await asks_leave(stage)
            await expect(card(gus, "ada").locator(".mark")).to_contain_text("Weitergegeben: Wer zuerst gefragt wird")
            await expect(card(eve, "ada").locator(".mark")).to_contain_text("Weitergegeben: 1 weitere sind gefragt")
            await eve.reload()  # each page of one browser keeps its own person
            await expect(card(eve, "ada").locator(".mark")).to_contain_text("Weitergegeben")
            await expect(gus.get_by_role("button", name="Erlauben (g)")).to_be_visible()
            assert await gus.evaluate("document.documentElement.lang") == "de"
            await fair(gus, "in German")
            # Whoever is away is asked nothing any more, and says so.
            await gus.get_by_role("button", name="Ich bin weg").click()
            await expect(tile(eve, "gus")).to_contain_text("abwesend")
            await expect(gus.get_by_role("button", name="Ich bin zurück")).to_be_visible()

    chromium.run(test())


def test_who_does_not_want_motion_gets_none(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with (
            looking(chromium, reduced_motion="reduce", color_scheme="dark") as browser,
            consoles(tmp_path, parts=Parts.VIRTUAL) as stage,
        ):
            page = await browser.new_page()
            await page.goto(stage.addresses["eve"])
            await stage.call()
            await stage.ada.press(Button.ESCALATE, Gesture.HOLD)
            await expect(page.locator("#alarm")).to_contain_text("PANIC")
            animation = "getComputedStyle(document.getElementById('alarm')).animationName"
            assert await page.evaluate(animation) == "none"
            await fair(page, "panic, without motion")

    chromium.run(test())


def test_an_agents_desk_has_no_console(tmp_path: Path, chromium: Chromium) -> None:
    async def test() -> None:
        async with looking(chromium) as browser, consoles(tmp_path, parts=Parts.VIRTUAL) as stage:
            page = await browser.new_page()
            await page.goto(stage.addresses["ada"])
            await expect(page.locator("#asks")).to_have_count(0)
            assert not stage.sites["ada"].seen.around.desks, "nor is it told what goes on elsewhere"
            boss = stage.addresses["eve"].partition("/enter/")[0]
            await page.goto(boss)
            await expect(page).to_have_url(f"{boss}/sign-on")

    chromium.run(test())
