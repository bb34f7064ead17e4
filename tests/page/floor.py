"""A small floor whose desks have pages: an agent's and a supervisor's."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from rung.desk.happening import Happening
from rung.page.server import Settings, serve
from rung.page.site import Site
from rung.policy import Policy, Times, load
from rung.sim.desk import SimDesk
from rung.sim.floor_stage import AGENT, SUPERVISOR, FloorStage, Parts

QUICK = Times(wait=0.3, say_time=0.3, answer_within=20, widen_after=10)


class Sites:
    """A page for each desk of a stage: ``told`` is what watches the stage."""

    def __init__(self) -> None:
        self.by_desk = {name: Site() for name in (AGENT, SUPERVISOR)}

    def told(self, desk: str, happening: Happening) -> None:
        self.by_desk[desk].happened(happening)

    @asynccontextmanager
    async def served(self, stage: FloorStage, folder: Path) -> AsyncIterator[dict[str, str]]:
        """Their addresses, by desk."""
        async with AsyncExitStack() as exits:
            addresses = {}
            for desk in (stage.agent, stage.supervisor):
                site = self.by_desk[desk.name]
                site.open(desk.bridge, desk.teller, desk.place, desk.floor)
                settings = Settings(sessions=folder / f"{desk.name}.sessions", desk=desk.name)
                addresses[desk.name] = await exits.enter_async_context(serve(site, settings))
            yield addresses


class Pages(FloorStage):
    """A floor's stage with a page for each desk: ``addresses``, by desk."""

    addresses: dict[str, str]
    sites: dict[str, Site]

    def desk(self, name: str) -> SimDesk:
        return self.agent if name == AGENT else self.supervisor


@asynccontextmanager
async def floor(
    folder: Path,
    policy: Policy | str = "warm-transfer",
    parts: Parts = Parts.VIRTUAL,
    *,
    times: Times = QUICK,
    trained: bool = True,
) -> AsyncIterator[Pages]:
    """Both desks with their pages, and the caller; nobody calls yet."""
    sites = Sites()
    rules = load(policy, times) if isinstance(policy, str) else policy
    async with (
        Pages(folder, rules, parts, sites.told, trained=trained) as stage,
        sites.served(stage, folder) as addresses,
    ):
        stage.sites, stage.addresses = sites.by_desk, addresses
        yield stage
