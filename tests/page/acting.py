"""A story's people act on their desks' pages: their presses are made with the mouse, what they name is clicked.

The scene is the very one of the demo's stories; only the hands are others.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect
from tests.page.console_floor import card, tile

from rung import words as w
from rung.floor.base import Asked
from rung.page.floor_seen import KEYS
from rung.page.keys import KEY_OF
from rung.page.site import Site
from rung.policy.wording import wording
from rung.sim.desk import SimDesk
from rung.sim.floor_stage import FloorStage
from rung.sim.handset import StageError
from rung.sim.scene import Scene
from rung.words import Button, Gesture, Ground, Marker, Reply, Verdict, Want

HELD_S = {Button.ESCALATE: 2.2, Button.WARN: 1.2, Button.RELEASE: 1.7}
TRIES, ANSWER_S = 4, 2.0
NAMES = wording("en").ground


class PageScene(Scene):
    """``pages`` by desk. Whoever has none acts without, as in the demo."""

    def __init__(self, stage: FloorStage, say: Callable[[str], None], pages: dict[str, Page], site: Site) -> None:
        """``site`` is the supervisor's."""
        super().__init__(stage, say)
        self.pages = pages
        self._site = site
        self._clicks: list[asyncio.Task[None]] = []
        for desk in (self.agent, self.supervisor):
            if desk.name in pages:
                self._takes_the_mouse(desk, pages[desk.name])

    def _takes_the_mouse(self, desk: SimDesk, page: Page) -> None:
        async def press(button: Button, gesture: Gesture = Gesture.TAP) -> w.Answer:
            await self.clicked()
            tile = page.locator(f"[data-button={button}]")
            await expect(tile).to_have_attribute("data-epoch", str(desk.lamps.epoch))
            lamp: w.Lamp = getattr(desk.lamps, button)
            await expect(tile).to_have_attribute("data-lamp", str(lamp.state))
            seen = len(desk.answers())
            await with_the_mouse(page, button, gesture, lambda: len(desk.answers()) > seen)
            await desk.until(lambda: len(desk.answers()) > seen, f"{desk.name}: an answer to {button} on the page")
            return desk.answers()[-1]

        desk.press = press  # type: ignore[method-assign]  # hands of another kind

    def act(self, act: w.Act, desk: SimDesk | None = None) -> None:
        """On the page where one has it for this; the next step waits until it was clicked."""
        at = desk or self.agent
        page = self.pages.get(at.name)
        click = None if page is None else clicks(page, act)
        if click is None:
            super().act(act, desk)
        else:
            self._clicks.append(asyncio.create_task(self._in_turn(click, list(self._clicks))))

    async def _in_turn(self, click: Awaitable[None], before: list[asyncio.Task[None]]) -> None:
        if before:
            await asyncio.wait(before)
        await click

    async def clicked(self) -> None:
        """All that was to be clicked is."""
        clicks, self._clicks = self._clicks, []
        for click in clicks:
            await click

    async def expect(self, true: Callable[[], bool], what: str, desk: SimDesk | None = None) -> None:
        await self.clicked()
        await super().expect(true, what, desk)

    async def persists(self) -> None:
        await self.clicked()
        await super().persists()

    # -- the supervisor, on the console --------------------------------------------------------------------------------

    async def sees(self, want: Want) -> Asked:
        await self.clicked()
        ask = await super().sees(want)
        await expect(card(self._console, self.agent.name)).to_be_visible()
        return ask

    async def reply(self, ask: Asked, reply: Reply, word: str = "") -> None:
        asked = card(self._console, ask.desk).first
        if word:
            await asked.get_by_label("A word for the agent").fill(word)
        await asked.locator(f"[data-answer={KEYS[reply]}]").click()
        around, key = (lambda: self._site.seen.around), (ask.desk, ask.ask)
        sent = lambda: (waiting := around().find(key)) is None or waiting.replied is not None  # noqa: E731
        await self.supervisor.until(sent, f"{reply} is sent from the console")
        self.say(f"the supervisor replies: {reply}{f': {word}' if word else ''}")

    async def from_the_supervisors_desk(self, act: w.Act) -> None:
        await self.clicked()
        heard = self._site.seen.answer_ns
        here = tile(self._console, self.agent.name)
        match act:
            case w.TakeOver():
                await here.get_by_role("button", name="Take the call now").click()
            case w.LeaveTakenBack():
                await here.get_by_role("button", name="Withdraw the leave").click()
            case w.Unmarked(marker=Marker.CRISIS):
                await here.get_by_role("button", name="Lift the crisis").click()
            case _:
                click = clicks(self._console, act)
                assert click is not None, f"the console has nothing for {act}"
                await click
        await self._answered(heard)

    async def joined_press(self, button: Button, gesture: Gesture = Gesture.TAP) -> None:
        heard = self._site.seen.answer_ns
        shown = self._console.locator(f"#mine [data-button={button}]")
        await expect(shown).to_have_attribute("data-lamp", re.compile("lit|breathing"))
        await with_the_mouse(self._console, button, gesture, lambda: self._site.seen.answer_ns != heard)
        await self._answered(heard)

    async def _answered(self, heard: int) -> None:
        """StageError if it was refused, as without a page."""
        await self.supervisor.until(lambda: self._site.seen.answer_ns != heard, "the supervisor hears what came of it")
        answer: w.Answer | None = self._site.seen.answer  # none any more once the case has come to this desk
        if answer is not None and answer.verdict == Verdict.REFUSED:
            raise StageError(f"refused: {answer.why}")
        self.say(f"on the supervisor's console: {'done' if answer is None else answer.why}")

    @property
    def _console(self) -> Page:
        return self.pages[self.supervisor.name]

    async def stays_up(self) -> None:
        await self.clicked()
        await super().stays_up()


async def with_the_mouse(page: Page, button: Button, gesture: Gesture, answered: Callable[[], bool]) -> None:
    """On a busy computer a tap may last so long that it is none, and does nothing: then it is tapped again."""
    for _ in range(TRIES):
        await page.locator(f"[data-button={button}]").hover()
        await page.mouse.down()
        await asyncio.sleep(HELD_S[button] if gesture == Gesture.HOLD else 0)
        await page.mouse.up()
        end = time.monotonic() + ANSWER_S
        while time.monotonic() < end:
            if answered():
                return
            await asyncio.sleep(0.02)


def clicks(page: Page, act: w.Act) -> Awaitable[None] | None:
    """Doing this with the mouse; None where an agent's page has nothing for it."""
    match act:
        case w.Declared(ground=Ground.OTHER, note=note):
            return said(page, f"other (with a note) {KEY_OF[Ground.OTHER]}", note)
        case w.Declared(ground=ground):
            return page.get_by_role("button", name=NAMES[ground], exact=True).click()
        case w.TakenBack(ground=ground):
            return page.get_by_role("button", name=f"Take back: {NAMES[ground]}").click()
        case w.Calmed():
            return page.get_by_role("button", name="Calmed").click()
        case w.Marked(marker=Marker.CRISIS):
            return page.get_by_role("button", name="Crisis", exact=True).click()
        case w.Unmarked(marker=Marker.EMERGENCY):
            return page.get_by_role("button", name="False alarm").click()
        case w.Unmarked(marker=Marker.CRISIS, reason=reason):
            return said(page, "Take crisis back", reason)
        case w.AskTakenBack():
            return page.get_by_role("button", name="Take it back", exact=True).click()
        case w.Unwanted():
            return page.get_by_role("button", name="Caller does not want one").click()
        case w.Attested(reason=reason):
            return said(page, "No supervisor necessary", reason)
        case w.Ticked(item=item):
            return page.get_by_role("button", name=item).click()
        case w.HandBack():
            return page.get_by_role("button", name="Hand the caller back").click()
        case w.BreatherOver():
            return page.get_by_role("button", name="I am ready for calls").click()
    return None


async def said(page: Page, name: str, text: str) -> None:
    """Words that a button asks for."""
    asks = page.locator("details.asks", has=page.locator("summary", has_text=name.split(" (")[0]))
    await asks.locator("summary").click()
    await asks.locator("input").fill(text)
    await asks.get_by_role("button").click()
