"""Fifty desks on one console: how long a change takes from the floor to the screen, and what an hour leaves behind.

    python -m tests.bench.console [--desks 50] [--seconds 30]

The floor is in this process, as is the console's bridge with its pages; the browser is a real Chromium. An event is
stamped before the floor hears of it, and once more by the page, in the first frame after its tile, or the ask's card,
is there. Beside it, in the same seconds, a bare script in that page is timed: what line and browser take anyway. It is
measured at two paces: each desk changes its state every 5 s, which is fifteen times what telephones do, and
nearly as often as the page can be drawn.
"""

import argparse
import asyncio
import gc
import random
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace
from playwright.async_api import CDPSession, Page, async_playwright
from tests.bench.report import figures, machine, met, quantile
from tests.bench.screen import NOW, bare, now_ms
from tests.page.browser import chromium
from tests.page.console_floor import ConsoleFloor, consoles

from rung import words as w
from rung.floor.base import Doing, Place, Status
from rung.floor.local import LocalDesk, LocalFloor
from rung.page.server import looking
from rung.sim.floor_stage import Parts
from rung.words import Outcome, Person, Reply, Want

EVERY_S = 5.0  # each desk changes its state; with 12 calls an hour it is every 75 s
RUSH_S = 0.02  # between two events of the whole floor
CALLS_AN_HOUR = 12  # at each desk; each makes four changes
ASKS_AN_HOUR = 4  # at each desk
STATES = (Doing.RINGING, Doing.TALKS, Doing.HOLDS, Doing.IDLE)
GOAL_MS = 100.0  # pages follow within this
STATE, ASK = "a desk's state, on the screen", "an ask, on the screen"
MAY = (Reply.GRANT, Reply.DENY, Reply.TAKE, Reply.BUSY)
WATCH = """
{
  function changed(changes) {
    const found = [];
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes" && target.matches(".place"))
        found.push([target.querySelector("h3").firstChild.textContent.trim(), target.dataset.doing]);
      for (const node of addedNodes)
        if (node.matches && node.matches("[data-card]")) found.push([node.getAttribute("aria-labelledby"), "asked"]);
    }
    if (!found.length) return;
    requestAnimationFrame(() => { for (const each of found) bench.seen.push([...each, bench.now()]); });
  }
  const all = { subtree: true, childList: true, attributes: true, attributeFilter: ["data-doing"] };
  bench.eye = new MutationObserver(changed);
  bench.eye.observe(document.getElementById("main"), all);
}
"""


class Crowd:
    """Desks that do what desks do, without a bridge each."""

    def __init__(self, floor: LocalFloor, count: int) -> None:
        self.desks = [floor.desk(f"d{number:02}") for number in range(count)]
        self.places = {
            desk.desk: Place(extension=f"5{desk.desk}", person=Person(f"p-{desk.desk}")) for desk in self.desks
        }
        self.asked = 0
        self.turn = 0  # of changes, which go round
        self.tasks = [asyncio.create_task(desk.run(lambda news: None)) for desk in self.desks]

    async def change(self, desk: LocalDesk, doing: Doing) -> float:
        status = Status.FREE if doing == Doing.IDLE else Status.ON_A_CALL
        place = replace(self.places[desk.desk], doing=doing, status=status, since_ms=int(now_ms()))
        self.places[desk.desk] = place
        at_ms = now_ms()
        await desk.sign_on(place)
        return at_ms

    async def ask(self, desk: LocalDesk) -> tuple[int, float]:
        self.asked += 1
        grounds = ((w.Ground.PROFANITY, 12_000), (w.Ground.SHOUTING, 3_000))
        brief = w.Brief(
            case=f"{desk.desk}-1", caller="+43 1", person=f"p-{desk.desk}", matter="a bill", grounds=grounds
        )
        at_ms = now_ms()
        await desk.do(w.AskFloor(self.asked, self.asked, Want.LEAVE, ("eve",), brief, MAY))
        return self.asked, at_ms

    async def close(self, desk: LocalDesk, ask: int) -> None:
        await desk.do(w.CloseAsk(0, ask, Outcome.GRANTED))


async def updates(crowd: Crowd, stage: ConsoleFloor, page: Page, seconds: float, pace_s: float) -> dict[str, list[int]]:
    """In ns: of states, of asks, and of a bare script."""
    await page.evaluate(NOW + WATCH)
    client = looking(stage.sites["eve"])[0]
    begun: dict[tuple[str, str], list[float]] = {}
    script: list[int] = []
    open_: list[tuple[LocalDesk, int]] = []
    rng, until = random.Random(1), time.monotonic() + seconds
    while time.monotonic() < until:
        desk = crowd.desks[crowd.turn % len(crowd.desks)]
        doing = STATES[crowd.turn // len(crowd.desks) % len(STATES)]
        begun.setdefault((desk.desk, str(doing)), []).append(await crowd.change(desk, doing))
        if crowd.turn % 10 == 5:
            asker = rng.choice(crowd.desks)
            number, at_ms = await crowd.ask(asker)
            begun[f"ask-{asker.desk}-{number}", "asked"] = [at_ms]
            open_.append((asker, number))
            if len(open_) > 3:
                await crowd.close(*open_.pop(0))
        if crowd.turn % 10 == 0:
            script.append(await bare(client))
        crowd.turn += 1
        await asyncio.sleep(pace_s)
    for each in open_:
        await crowd.close(*each)
    await asyncio.sleep(1)
    found: dict[str, list[int]] = {STATE: [], ASK: [], "a bare script in the page": script}
    for name, what, at_ms in await page.evaluate("bench.eye.disconnect(), bench.seen"):
        times = begun.get((name, what))
        if times:
            found[ASK if what == "asked" else STATE].append(int((at_ms - times.pop(0)) * 1e6))
    lost = sum(len(times) for times in begun.values())
    assert lost == 0, f"{lost} events were never seen"
    return found


async def an_hour(crowd: Crowd) -> int:
    """As many events as an hour brings, as fast as they are taken; how many."""
    rng, made = random.Random(2), 0
    for _ in range(CALLS_AN_HOUR):
        for doing in STATES:
            for desk in crowd.desks:
                await crowd.change(desk, doing)
                made += 1
                if rng.random() < ASKS_AN_HOUR / CALLS_AN_HOUR / len(STATES):
                    number, _ = await crowd.ask(desk)
                    await asyncio.sleep(RUSH_S)
                    await crowd.close(desk, number)
                    made += 2
                await asyncio.sleep(RUSH_S / 4)
    await asyncio.sleep(1)
    return made


def held_mb() -> float:
    """This process's own memory, with the bridge and its pages in it."""
    gc.collect()
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def heap_mb(browser: CDPSession) -> float:
    await browser.send("HeapProfiler.collectGarbage")
    return float((await browser.send("Runtime.getHeapUsage"))["usedSize"]) / 1e6


async def measure(where: str, folder: Path, desks: int, seconds: float) -> None:
    floor = LocalFloor()
    async with (
        async_playwright() as playwright,
        consoles(folder, parts=Parts.VIRTUAL, handle=floor.desk) as stage,
    ):
        browser = await playwright.chromium.connect_over_cdp(where)
        page = await (await browser.new_context(viewport={"width": 1600, "height": 1000})).new_page()
        await page.goto(stage.addresses["eve"])
        crowd = Crowd(floor, desks)
        for desk in crowd.desks:
            await crowd.change(desk, Doing.IDLE)
        await page.wait_for_function(f"document.querySelectorAll('.place').length === {desks + 2}")
        for pace_s, told in ((EVERY_S / desks, f"each of {desks} every {EVERY_S:g} s"), (RUSH_S, "as often as can be")):
            found = await updates(crowd, stage, page, seconds, pace_s)
            print(f"\n{told}: {len(found[STATE]) / seconds:.0f} changes a second; {machine()}")
            print(figures(found.items()))
            worst = max(quantile(found[STATE], 0.99), quantile(found[ASK], 0.99))
            print(f"goal {GOAL_MS:g} ms at p99: {met(worst < GOAL_MS)}")
        await page.evaluate("delete window.bench")
        cdp = await page.context.new_cdp_session(page)
        before = held_mb(), await heap_mb(cdp)
        for hour in (1, 2):
            made = await an_hour(crowd)
            after = held_mb(), await heap_mb(cdp)
            print(
                f"hour {hour}, {made} events: the bridge's process holds {after[0]:.1f} MB "
                f"({after[0] - before[0]:+.1f}), the page's heap {after[1]:.1f} MB ({after[1] - before[1]:+.1f})"
            )
            before = after
        for task in crowd.tasks:
            task.cancel()
        await browser.close()


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--desks", type=int, default=50)
    wanted.add_argument("--seconds", type=float, default=30.0)
    said = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="rung-console-") as folder, chromium(Path(folder) / "chromium") as where:
        asyncio.run(measure(where, Path(folder), said.desks, said.seconds))


if __name__ == "__main__":
    main()
