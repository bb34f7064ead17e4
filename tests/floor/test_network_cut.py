"""A desk's cable is pulled at each step of an ask and of a hand-over, and plugged in again a while later.

Never two owners of a case, never none for more than 5 s after it is whole again, no leave used twice, no entry of a
record lost or doubled. A server that is killed at each step: `test_nats_killed`.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.floor.nats_rig import nats_rig
from tests.floor.netns_rig import FarRig, FarSite, far_site, needs_namespaces
from tests.floor.office import EXTENSION, Office, office
from tests.floor.test_nats_killed import STORIES, copied
from tests.floor.watch import NOBODY_S, Watch

from rung import words as w
from rung.floor.base import FloorError

pytestmark = needs_namespaces

LONG = bool(os.environ.get("RUNG_LONG"))
KNOWN_S = 4.5  # longer than it takes until everybody knows of the cut
SHORT_S = 0.5  # shorter: TCP says it again, and nobody has known
STEPS = 1000 if LONG else 2  # of each story that are cut, spread over it
DESKS = ("ada", "eve", "fay")


class Cutter:
    """Pulls one desk's cable at the n-th step that is told, and counts them."""

    def __init__(self, rig: FarRig, nth: int, desk: str, for_s: float) -> None:
        self.count, self.at = 0, ""
        self.whole_s = time.monotonic()  # since when the network is whole
        self._cable, self._nth, self._for_s = rig.made.cables[desk], nth, for_s
        self._task: asyncio.Task[None] | None = None

    def __call__(self, what: str) -> None:
        self.count += 1
        if self.count == self._nth:
            self.at = what
            self._cable.pull()
            self._task = asyncio.get_running_loop().create_task(self._mend())

    async def _mend(self) -> None:
        self.whole_s = float("inf")
        await asyncio.sleep(self._for_s)
        self._cable.plug()
        self.whole_s = time.monotonic()

    async def is_whole(self) -> None:
        if self._task is not None:
            await self._task


@asynccontextmanager
async def far_office(site: FarSite, policy: str) -> AsyncIterator[tuple[Office, FarRig]]:
    async with nats_rig(site, FarRig) as rig, office(policy, only=DESKS, floor=rig) as made:
        assert isinstance(rig, FarRig)
        made.extension.habit("busy")
        yield made, rig


async def played(site: FarSite, name: str, nth: int, desk: str, for_s: float) -> Cutter:
    policy, story = STORIES[name]
    async with far_office(site, policy) as (made, rig):
        await made.call()
        rig.step = cutter = Cutter(rig, nth, desk, for_s)
        watch = Watch(made, lambda: cutter.whole_s)
        try:
            await story(made)
            await cutter.is_whole()
            for seat in made.seats:
                await seat.until(lambda seat=seat: seat.bridge._desk.facts.floor_up)  # type: ignore[misc]
            await copied(rig, made)
        except (AssertionError, TimeoutError) as error:
            raise AssertionError(f"{desk} cut off for {for_s} s at step {nth}, {cutter.at}: {error!r}") from error
        finally:
            rig.step = lambda what: None
            await cutter.is_whole()
            await watch.stop()
        assert watch.longest_s <= NOBODY_S, f"no owner for {watch.longest_s:.1f} s after step {nth}, {cutter.at}"
    return cutter


@pytest.mark.timeout(1800 if LONG else 120)
@pytest.mark.parametrize("name", STORIES)
def test_a_cable_that_is_pulled_at_any_step_costs_nothing_but_time(name: str) -> None:
    with far_site(*DESKS) as site:
        steps = asyncio.run(played(site, name, 0, "ada", 0)).count
        assert steps > 10
        for number, nth in enumerate(range(1 + steps // STEPS // 2, steps + 1, max(1, steps // STEPS))):
            desk = ("ada", "eve")[number % 2]
            asyncio.run(played(site, name, nth, desk, (KNOWN_S, SHORT_S)[number // 2 % 2] if LONG else SHORT_S))


def test_a_yes_that_is_given_while_the_desk_is_cut_off_gives_nothing() -> None:
    async def play(site: FarSite) -> None:
        async with far_office(site, "hang-up-protocol") as (made, rig):
            ada, eve = made.ada, made.eve
            await made.call()
            await ada.must("warn")
            ada.bridge.feed(w.Declared(w.Ground.SLUR))
            await ada.must("escalate")
            asked = await eve.asked()
            site.cables["ada"].pull()
            with pytest.raises(FloorError):
                await eve.floor.reply(asked.desk, asked.ask, w.Reply.GRANT)
            await ada.until(lambda: not ada.bridge._desk.facts.floor_up and not ada.bridge.look().ask)
            await back(site, made)
            await copied(rig, made)
            assert not ada.of(w.LeaveGranted) and not ada.bridge.look().leave
            assert eve.open() == [], "nor does it wait before her any more"

    with far_site(*DESKS) as site:
        asyncio.run(play(site))


def test_a_desk_that_is_cut_off_says_so_rings_the_extension_and_catches_up() -> None:
    async def play(site: FarSite) -> None:
        async with far_office(site, "warm-transfer") as (made, rig):
            ada = made.ada
            site.cables["ada"].pull()
            await ada.until(lambda: not ada.bridge._desk.facts.floor_up)
            await ada.until(lambda: any(told.kind == "floor" and told.up is False for told in ada.told))
            made.extension.habit("answer")
            await made.call()
            await ada.must("warn")
            await ada.must("escalate")
            await ada.until(lambda: ada.sent(w.Consult))
            assert [consult.target for consult in ada.sent(w.Consult)] == [EXTENSION]  # type: ignore[union-attr]
            await ada.must("escalate")
            await made.until_heard(EXTENSION)
            await back(site, made)
            await copied(rig, made)

    with far_site(*DESKS) as site:
        asyncio.run(play(site))


async def back(site: FarSite, made: Office) -> None:
    site.cables["ada"].plug()
    begun, ada = time.monotonic(), made.ada
    await ada.until(lambda: ada.bridge._desk.facts.floor_up and len(ada.bridge._desk.facts.present) == 2)
    assert time.monotonic() - begun < NOBODY_S
