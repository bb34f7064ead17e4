"""A small floor whose desks have pages: an agent's and a supervisor's."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from rung.page.server import Settings, serve
from rung.page.site import Site
from rung.policy import Policy, Times, load
from rung.sim.desk import SimDesk
from rung.sim.floor_stage import AGENT, SUPERVISOR, FloorStage, Parts

QUICK = Times(wait=0.3, say_time=0.3, answer_within=20, widen_after=10)


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
    sites = {name: Site() for name in (AGENT, SUPERVISOR)}
    rules = load(policy, times) if isinstance(policy, str) else policy
    async with AsyncExitStack() as exits:
        stage = Pages(folder, rules, parts, lambda desk, told: sites[desk].happened(told), trained=trained)
        await exits.enter_async_context(stage)
        stage.sites, stage.addresses = sites, {}
        for name, site in sites.items():
            desk = stage.desk(name)
            site.open(desk.bridge, desk.teller, desk.place, desk.floor)
            settings = Settings(sessions=folder / f"{name}.sessions", desk=name)
            stage.addresses[name] = await exits.enter_async_context(serve(site, settings))
        yield stage
