"""How long from a press to the agent's screen, at the box and at the page's own buttons.

    python -m tests.bench.page [--presses 100]

The desk is whole: bridge, record on the disk, page in a real Chromium; phones are states in memory. A press of the box
is stamped as the bridge gets it (what comes before that is `python -m tests.bench`'s), one on the page when the browser
hears the mouse. Both end in the first frame that shows the answer. Every other press is taken, the others are refused,
so that each changes the screen. Beside them, in the same seconds, a bare script in that page, and a write and its fsync
beside the record.
"""

import argparse
import asyncio
import itertools
import os
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright
from tests.bench.floor import write_and_sync
from tests.bench.report import figures, machine, met, quantile
from tests.bench.screen import NOW, bare, now_ms
from tests.page.browser import chromium
from tests.page.floor import Pages, floor

from rung.page.server import looking
from rung.policy import Times
from rung.sim.floor_stage import AGENT
from rung.words import Button, Gesture

PAUSE_S = 0.15  # between two presses: asking the page whether it shows the answer costs it time
PATIENCE_S = 10.0
HELD_MS = 200  # longer than the page waits for a second button
GOAL_MS = 100.0  # pages follow within this
TURNS = (Button.WARN, Button.RELEASE)  # taken, as often as one likes; refused, for no ground is named
PATIENT = Times(wait=0.2, say_time=0.2, answer_within=300, widen_after=200)
WATCH = """
new MutationObserver(() => requestAnimationFrame(() => bench.seen.push(bench.now()))).observe(
  document.querySelector(".answer"), { subtree: true, childList: true, characterData: true, attributes: true });
addEventListener("pointerup", (event) => bench.pressed.push(performance.timeOrigin + event.timeStamp), true);
"""


async def at_the_box(stage: Pages, page: Page, button: Button) -> float:
    at_ms = now_ms()
    stage.agent.bridge.feed(stage.agent.pressed(button, Gesture.TAP))
    return at_ms


async def on_the_page(stage: Pages, page: Page, button: Button) -> float:
    await page.locator(f"[data-button={button}]").click(delay=HELD_MS)
    return float(await page.evaluate("bench.pressed.at(-1)"))


async def seen(page: Page) -> float:
    """When the answer came on the screen."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await asyncio.sleep(PAUSE_S)
            if stamps := await page.evaluate("bench.seen.splice(0)"):
                return float(stamps[0])


async def measure(where: str, folder: Path, presses: int) -> None:
    rows = "a press of the box", "a press on the page", "a bare script in the page", "one write and its fsync"
    found: dict[str, list[int]] = {row: [] for row in rows}
    box, mouse, script, disk = found.values()
    file = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT)
    async with async_playwright() as playwright, floor(folder, "hang-up-protocol", times=PATIENT) as stage:
        browser = await playwright.chromium.connect_over_cdp(where)
        page = await (await browser.new_context(viewport={"width": 1280, "height": 720})).new_page()
        await page.goto(stage.addresses[AGENT])
        await stage.caller.dial(stage.agent.handset.address)
        await page.get_by_text("in a call with").wait_for()
        await page.evaluate(NOW + WATCH)
        client = looking(stage.sites[AGENT])[0]
        buttons = itertools.cycle(TURNS)
        for turn in range(presses):
            ways = ((at_the_box, box), (on_the_page, mouse))
            for press, into in ways if turn % 2 else ways[::-1]:  # so that each has both buttons
                at_ms = await press(stage, page, next(buttons))
                into.append(int((await seen(page) - at_ms) * 1e6))
            script.append(await bare(client))
            disk.append(await asyncio.to_thread(write_and_sync, file))
        await browser.close()
    print(machine())
    print(figures(found.items()))
    worst = max(quantile(box, 0.99), quantile(mouse, 0.99))
    print(f"goal {GOAL_MS:g} ms at p99: {met(worst < GOAL_MS)}")


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--presses", type=int, default=100)
    said = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="rung-page-") as folder, chromium(Path(folder) / "chromium") as where:
        asyncio.run(measure(where, Path(folder), said.presses))


if __name__ == "__main__":
    main()
