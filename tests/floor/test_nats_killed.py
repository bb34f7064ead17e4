"""The server is killed at each step of an ask and of a hand-over, and comes back a moment later.

The calls and their order do not hang on it: there is one owner at every instant, nothing is lost or done twice, and
when the server is back the story goes on to its end.
"""

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module

import pytest
from tests.floor.nats_rig import NatsRig, RealSite, nats_rig, real_site
from tests.floor.office import PATIENCE_S, Office, Seat, office
from tests.floor.test_shuffle import ACTS, anything, is_settled
from tests.floor.watch import NOBODY_S, Watch

from rung import words as w
from rung.floor.base import FloorError, Line
from rung.policy.state import Case

DEAD_S = 0.1
KILLED = 0.03  # of a server, before each act of a storm
STRIDE = 1 if os.environ.get("RUNG_LONG") else 11  # all steps, or each eleventh
STORMS = range(int(os.environ.get("RUNG_STORMS", "1")))
Story = Callable[[Office], Awaitable[None]]


class Killer:
    """Kills the server at the n-th step, and counts them."""

    def __init__(self, rig: NatsRig, nth: int) -> None:
        self.count = 0
        self.at = ""
        self.whole_s = time.monotonic()  # since when there is a server
        self._rig = rig
        self._nth = nth
        self._task: asyncio.Task[None] | None = None

    def __call__(self, what: str) -> None:
        self.count += 1
        if self.count == self._nth:
            self.at = what
            self._rig.made.server.kill()
            self._task = asyncio.get_running_loop().create_task(self._bring_back())

    async def _bring_back(self) -> None:
        self.whole_s = float("inf")
        await asyncio.sleep(DEAD_S)
        self._rig.made.server.start()
        self.whole_s = time.monotonic()

    async def is_back(self) -> None:
        if self._task is not None:
            await self._task


async def until(made: Office, true: Callable[[], object], act: Callable[[], Awaitable[object]]) -> None:
    """Act again and again, as people do, until that is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            with suppress(FloorError):
                await act()
            made.check_owners()
            await asyncio.sleep(0.01)


async def hand_over(made: Office) -> None:
    """A warning, then a warm transfer: eve takes the call."""
    ada, eve = made.ada, made.eve

    async def insist() -> None:
        for asked in eve.open():
            await eve.floor.reply(asked.desk, asked.ask, w.Reply.TAKE)
        if ada.has_case and ada._escalates():
            ada.press("escalate")

    await ada.must("warn")
    await until(made, lambda: eve.has_case and not ada.has_case, insist)
    await made.until_heard("601")
    (line,) = made.caller.living  # no failure ends a call
    far = next(leg.far for leg in made.exchange.legs if leg.id == line.id)
    having = [case.call for seat in made.seats for case in cases(seat) if far is not None and case.call == far.id]
    assert len(having) == 1, "one case has the caller"
    assert len(eve.of(w.CaseArrived)) <= 1


def cases(seat: Seat) -> list[Case]:
    desk = seat.bridge._desk
    return [case for case in (desk.case, *desk.parked) if case is not None]


async def leave(made: Office) -> None:
    """Leave to warn, granted by eve, and used once."""
    ada, eve = made.ada, made.eve

    async def insist() -> None:
        for asked in eve.open():
            await eve.floor.reply(asked.desk, asked.ask, w.Reply.GRANT)
        if not ada.bridge.look().leave and ada._escalates():
            ada.press("escalate")

    await ada.must("warn")
    ada.bridge.feed(w.Declared(w.Ground.SLUR))
    await until(made, lambda: ada.bridge.look().leave, insist)
    await ada.must("warn")
    assert not ada.bridge.look().leave, "used once"
    await asyncio.sleep(2 * DEAD_S)  # whatever is late comes now
    assert not ada.bridge.look().leave
    taken = [rung for rung in ada.rungs() if rung == "warn"]
    assert len(taken) == len(ada.of(w.LeaveGranted)) == 1
    assert made.talking_to == {"500"}, "the agent stays with the caller"


STORIES: dict[str, tuple[str, Story]] = {
    "hand-over": ("warm-transfer", hand_over),
    "leave": ("hang-up-protocol", leave),
}


async def played(site: RealSite, policy: str, story: Story, nth: int) -> Killer:
    async with nats_rig(site) as rig, office(policy, only=("ada", "eve", "fay"), floor=rig) as made:
        made.extension.habit("busy")
        await made.call()
        rig.step = killer = Killer(rig, nth)
        watch = Watch(made, lambda: killer.whole_s)
        try:
            await story(made)
        except (AssertionError, TimeoutError) as error:
            raise AssertionError(f"killed at step {nth}, {killer.at}: {error!r}") from error
        finally:
            rig.step = lambda what: None
            await killer.is_back()
            await watch.stop()
        assert watch.longest_s <= NOBODY_S, f"no owner for {watch.longest_s:.1f} s after step {nth}, {killer.at}"
        for seat in made.seats:
            await seat.until(lambda seat=seat: seat.bridge._desk.facts.floor_up)  # type: ignore[misc]
        await copied(rig, made)
    return killer


async def copied(rig: NatsRig, made: Office) -> None:
    """Every entry of every record is on the floor once, in its order, and as it was written."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            copies: dict[str, list[Line]] = {}
            with suppress(FloorError):  # the server is only just coming back
                copies = await rig.copies()
            written = {seat.journal.id: list(seat.journal.entries()) for seat in made.seats}
            if all(len(copies.get(id, ())) >= len(entries) for id, entries in written.items()):
                break
            await asyncio.sleep(0.05)
    for id, entries in written.items():
        assert [(e.seq, e.hash, e.body) for e in copies[id]] == [(e.seq, e.hash, e.body) for e in entries]


@pytest.mark.parametrize("name", STORIES)
def test_a_server_that_is_killed_at_any_step_costs_nothing_but_time(name: str) -> None:
    policy, story = STORIES[name]
    with real_site("ada", "eve", "fay") as site:
        steps = asyncio.run(played(site, policy, story, 0)).count
        assert steps > 10
        for nth in range(1, steps + 1, STRIDE):
            asyncio.run(played(site, policy, story, nth))


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a desk waits for in vain, it does not wait for as long as people would."""
    for module, name, ms in (
        ("transfer", "TRANSFER_DEADLINE_MS", 1000),
        ("asks", "PHONE_DEADLINE_MS", 300),
        ("asks", "TAKE_BACK_DEADLINE_MS", 300),
        ("step", "ARRIVAL_MS", 5000),
        ("lamps", "ARRIVAL_MS", 5000),
    ):
        monkeypatch.setattr(import_module(f"rung.policy.{module}"), name, ms)


@pytest.mark.parametrize("seed", STORMS)
def test_in_a_storm_over_a_server_that_dies_a_case_has_one_owner_at_every_instant(seed: int, hurry: None) -> None:
    """Desks die, lines are cut, phones and disks fail, and the server is killed now and then."""
    with real_site("ada", "eve", "fay") as site:
        try:
            asyncio.run(storm(site, random.Random(seed)))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


async def storm(site: RealSite, chance: random.Random) -> None:
    async with nats_rig(site) as rig, office("warm-transfer", only=("ada", "eve", "fay"), floor=rig) as made:
        made.extension.habit("busy")
        await made.call()
        killer = Killer(rig, 1)
        for _ in range(ACTS):
            if chance.random() < KILLED:
                await killer.is_back()
                killer = Killer(rig, 1)
                killer("in the storm")
            await anything(made, chance)
            await asyncio.sleep(chance.random() * 0.02)
            made.check_owners()
        await killer.is_back()
        for seat in made.seats:
            seat.phone.faults.clear()
            seat.floor.find()
        await made.ada.until(lambda: is_settled(made))
        made.check_owners()
        assert made.caller.living, "no failure ends a call"
        await copied(rig, made)
