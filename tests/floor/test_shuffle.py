"""Hand-overs in a storm: what the desks send comes late, twice, in another order or, where a line breaks, never; desks
die, phones and disks fail.

At every instant a case has one owner, and when the storm is over the caller's desk has their case.
"""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module

import pytest
from msgspec.structs import replace
from tests.floor.office import Office, Seat, office

from rung import words as w
from rung.floor.base import FloorError
from rung.floor.local import at_once
from rung.phone.base import PhoneError
from rung.policy import transfer
from rung.policy.decision import Decision
from rung.sim.phone import Fault
from rung.words import Reply

SEEDS = range(int(os.environ.get("RUNG_STORMS", "6")))
ACTS = 60
LATE_S = 0.06
FAULTS = (
    ("complete", Fault(fails="503 Service Unavailable")),
    ("complete", Fault(done=False)),
    ("complete", Fault(refuse="not now")),
    ("complete", Fault(replies=False)),
    ("complete", Fault(slow_ms=100)),
    ("leave", Fault(fails="503 Service Unavailable")),
    ("consult", Fault(slow_ms=50)),
)


class Storm:
    """How the floor carries while it lasts."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.over = False

    def __call__(self, deliver: Callable[[], None]) -> None:
        if self.over:
            at_once(deliver)
            return
        for _ in range(self.chance.choice((1, 1, 1, 1, 1, 2))):  # lost is only what a broken line loses
            asyncio.get_running_loop().call_later(self.chance.random() * LATE_S, deliver)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch, shorter: None) -> None:
    for module, name, ms in (
        ("transfer", "OFFER_DEADLINE_MS", 150),
        ("transfer", "TRANSFER_DEADLINE_MS", 300),
        ("asks", "PHONE_DEADLINE_MS", 300),
        ("asks", "TAKE_BACK_DEADLINE_MS", 300),
        ("step", "ARRIVAL_MS", 1500),
        ("lamps", "ARRIVAL_MS", 1500),
    ):
        monkeypatch.setattr(import_module(f"rung.policy.{module}"), name, ms)
    monkeypatch.setattr(import_module("rung.floor.local"), "ANSWER_S", 0.1)


async def anything(made: Office, chance: random.Random) -> None:
    """One act of one person, or one thing that breaks or heals."""
    seat = chance.choice(made.seats)
    acts: list[tuple[int, Callable[[], Awaitable[object]]]] = [
        (6, lambda: _press(seat if seat.has_case else made.ada, chance)),
        (6, lambda: _reply(chance, chance.choice(made.seats[1:]))),
        (2, lambda: _supervise(seat, chance)),
        (1, lambda: _die(seat, chance)),
        (1, lambda: _lose(seat, chance)),
        (1, lambda: _phone_fails(seat, chance)),
        (1, lambda: _disk_fails(seat)),
    ]
    with suppress(FloorError, PhoneError):
        await chance.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()


async def _press(seat: Seat, chance: random.Random) -> None:
    button, gesture = chance.choice((("warn", "tap"), ("escalate", "tap"), ("escalate", "tap"), ("escalate", "hold")))
    seat.press(button, gesture)


async def _reply(chance: random.Random, seat: Seat) -> None:
    for asked in seat.open():
        good = [reply for reply in asked.may if reply in (Reply.TAKE, Reply.ACCEPT, Reply.JOIN)]
        await seat.floor.reply(asked.desk, asked.ask, chance.choice(good * 3 + list(asked.may)))


async def _supervise(seat: Seat, chance: random.Random) -> None:
    if seat.has_case and chance.random() < 0.7:
        seat.bridge.feed(w.HandBack())
    else:
        await seat.floor.act("ada", w.TakeOver())


async def _die(seat: Seat, chance: random.Random) -> None:
    await seat.kill()
    await asyncio.sleep(chance.random() * 0.1)
    await seat.start()


async def _lose(seat: Seat, chance: random.Random) -> None:
    seat.floor.lose()
    await asyncio.sleep(chance.random() * 0.1)
    seat.floor.find()


async def _phone_fails(seat: Seat, chance: random.Random) -> None:
    seat.phone.faults.clear()
    if chance.random() < 0.7:
        seat.phone.faults.update([chance.choice(FAULTS)])


async def _disk_fails(seat: Seat) -> None:
    with seat.full_disk():
        await asyncio.sleep(0.03)


def is_settled(made: Office) -> bool:
    """Nothing is under way, and the desk at the far end of the caller's line has a case of that line."""
    last: dict[str, dict[str, str]] = {}
    for case, stands in made.owners():
        last[case] = stands
    if any(how in ("coming", "released") for stands in last.values() for how in stands.values()):
        return False
    lines = [leg.far for leg in made.exchange.legs if leg.station is made.caller.station]
    if len(lines) != 1 or lines[0] is None:
        return False
    for seat in made.seats:
        desk = seat.bridge._desk
        if any(case.call == lines[0].id for case in (desk.case, *desk.parked) if case is not None):
            return desk.case is None or not desk.case.pending
    return False


async def storm(seed: int) -> Office:
    chance = random.Random(seed)
    weather = Storm(chance)
    async with office("warm-transfer", weather, only=("ada", "eve", "fay")) as made:
        made.extension.habit("busy")
        await made.call()
        for _ in range(ACTS):
            await anything(made, chance)
            await asyncio.sleep(chance.random() * 0.02)
            made.check_owners()
        weather.over = True
        for seat in made.seats:
            seat.phone.faults.clear()
        await made.ada.until(lambda: is_settled(made))
        assert made.caller.living, "no failure ends a call"
        assert not any(
            effect.call == line for seat in made.seats for effect in seat.sent(w.HangUp) for line in [_line(made)]
        )
    return made


def _line(made: Office) -> str:
    return next(leg.far.id for leg in made.exchange.legs if leg.station is made.caller.station and leg.far)


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_storm_a_case_has_one_owner_at_every_instant(seed: int) -> None:
    try:
        asyncio.run(storm(seed))
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error


def test_the_checks_catch_a_desk_that_takes_a_refusal_for_an_accept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A canary: what a storm is to show, it shows."""

    def wrong(d: Decision, said: w.OfferAnswered) -> None:
        transfer.offer_answered(d, replace(said, accepted=True))

    monkeypatch.setitem(import_module("rung.policy.step")._HANDLERS, w.OfferAnswered, wrong)
    monkeypatch.setattr(transfer, "_cannot_take", lambda d, offered: "not here")
    for seed in range(10):
        try:
            asyncio.run(storm(seed))
        except AssertionError as error:
            assert "released to nobody" in str(error), f"seed {seed}"
            return
    raise AssertionError("no storm has shown it")
