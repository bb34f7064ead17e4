"""An agent's desk and supervisors' on one floor, each with its page; and what people do there in a browser."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Frame, Locator, Page

from rung.floor.base import Floor
from rung.floor.local import LocalFloor
from rung.page.server import Settings, serve
from rung.page.site import Site
from rung.phone.base import Phone
from rung.policy import Times, load
from rung.policy.book import Recording
from rung.sim.desk import SimDesk
from rung.sim.floor_stage import FloorStage, Parts
from rung.sim.handset import Handset, VirtualHandset
from rung.sim.phone import VirtualPhone
from rung.words import Person, Role

PATIENT = Times(wait=0.3, say_time=0.3, answer_within=300, widen_after=200)  # an ask outlives a busy computer
NUMBERS = {"ada": "500", "eve": "601", "fay": "602", "gus": "603"}
HZ = {"ada": 880, "eve": 620, "fay": 700, "gus": 740}
RUN_AXE = """options => axe.run(options).then(found =>
  found.violations.map(each => [each.id, each.help, each.nodes.map(node => node.html).slice(0, 5)]))"""
GERMAN = {"name": "rung_look", "value": "de.auto.usual.keys", "domain": "127.0.0.1", "path": "/"}
AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class ConsoleFloor(FloorStage):
    """``desks`` and ``addresses`` by name: ada is an agent; eve, fay and gus, who is asked later, lead."""

    def __init__(
        self,
        folder: Path,
        policy: str,
        parts: Parts,
        handles: Callable[[str], Floor],
        names: tuple[str, ...],
        times: Times,
        recording: Recording,
    ) -> None:
        super().__init__(folder, load(policy, times), parts, self._told, recording=recording)
        self.sites = {name: Site() for name in names}
        self.desks: dict[str, SimDesk] = {}
        self.addresses: dict[str, str] = {}
        self._handles = handles

    def _told(self, desk: str, happening: object) -> None:
        self.sites[desk].happened(happening)  # type: ignore[arg-type]

    async def _set_up(self) -> None:
        self.caller = await self._caller()
        for name, site in self.sites.items():
            person = Person(f"p-{name}", Role.AGENT if name == "ada" else Role.SUPERVISOR, trained=True)
            desk = self.desks[name] = await self._desk(name, HZ[name], person, int(name == "gus"))
            site.open(desk.bridge, desk.teller, desk.place, desk.floor)
            settings = Settings(sessions=self._folder / f"{name}.sessions", desk=name)
            self.addresses[name] = await self._exits.enter_async_context(serve(site, settings))
        self.ada, self.eve = self.desks["ada"], self.desks["eve"]
        bosses = len(self.desks) - 1
        await self.ada.until(lambda: len(self.ada.bridge._desk.facts.present) == bosses, "all supervisors are present")

    def _handle(self, name: str) -> Floor:
        return self._handles(name)

    def _has_box(self, name: str) -> bool:
        return False

    def _virtual(self, name: str, hz: int) -> tuple[Phone, Handset]:
        phone = VirtualPhone(self.exchange, NUMBERS[name], tone_hz=hz)
        return phone, VirtualHandset(name, phone)

    async def call(self) -> None:
        """The caller and ada talk."""
        await self.caller.dial(self.ada.handset.address)
        await self.ada.until(lambda: self.ada.lamps.epoch > 0, "caller and agent talk")


@asynccontextmanager
async def consoles(
    folder: Path,
    policy: str = "hang-up-protocol",
    parts: Parts = Parts.REAL,
    *,
    handle: Callable[[str], Floor] | None = None,
    names: tuple[str, ...] = ("ada", "eve"),
    times: Times = PATIENT,
    recording: Recording = "never",
) -> AsyncIterator[ConsoleFloor]:
    """``handle`` hands out desks' handles on a floor; left out: a local one."""
    async with AsyncExitStack() as exits:
        stage = ConsoleFloor(folder, policy, parts, handle or LocalFloor().desk, names, times, recording)
        yield await exits.enter_async_context(stage)


async def fair(page: Page | Frame, state: str) -> None:
    """axe-core finds nothing on it, dark nor light."""
    await page.wait_for_timeout(50)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    themes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for theme in themes:
        await (page if isinstance(page, Page) else page.page).emulate_media(color_scheme=theme)
        found = await page.evaluate(RUN_AXE, {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": AXE}})
        assert found == [], f"{state}, {theme}: {found}"


def card(page: Page, desk: str) -> Locator:
    """The card of what that desk asks."""
    return page.locator("[data-card]").filter(has_text=f": {desk} (")


def tile(page: Page, desk: str) -> Locator:
    return page.locator(".place").filter(has=page.get_by_role("heading", name=desk))
