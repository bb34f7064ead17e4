"""Signing on where there is a floor: its computer alone knows the passwords, and a desk gets by without it."""

import asyncio
from datetime import date
from pathlib import Path

import msgspec
import pytest
from argon2 import PasswordHasher

from rung.floor import people_service
from rung.floor.base import FloorError
from rung.floor.people import WRONG, Known, People, Refusal
from rung.floor.people_service import FloorDirectory, answer
from rung.words import Job

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GOOD = "four plain words here"
ANN = Known(id="ann", jobs=(Job.AGENT,), trained_until="2031-01-01")


class Wire:
    """From a desk to the floor's people; it can be cut."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.cut = False

    async def ask_steward(self, service: str, data: bytes, within_s: float) -> bytes:
        if self.cut:
            raise FloorError("the floor is out of reach")
        assert service == "people"
        return self._sign_ons.answer("ada", data)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[People, Wire, People, FloorDirectory]:
    monkeypatch.setattr(people_service, "REACH_S", 0.05)
    people, kept = People(tmp_path / "floor.json", QUICK), People(tmp_path / "desk.json", QUICK)
    people.add("root", (Job.ADMIN,))
    people.add("ann", ANN.jobs)
    people.set_password("ann", GOOD)
    people.set_trained("ann", ANN.trained_until)
    wire = Wire(people)
    return people, wire, kept, FloorDirectory(wire, kept)


Site = tuple[People, Wire, People, FloorDirectory]


def test_a_desk_learns_nobodys_password_but_of_those_who_came(site: Site) -> None:
    people, _, kept, directory = site
    assert asyncio.run(directory.check("ann", "wrong")) == Refusal(WRONG) and kept.read() == {}
    assert asyncio.run(directory.check("ann", GOOD)) == ANN
    assert list(kept.read()) == ["ann"] and kept.read()["ann"].hash != people.read()["ann"].hash


def test_without_the_floor_only_those_sign_on_who_have_done_so_here(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, wire, _, directory = site
    wire.cut = True
    refused = asyncio.run(directory.check("ann", GOOD))
    assert isinstance(refused, Refusal) and refused.why.startswith("the floor is out of reach; until it is back")
    wire.cut = False
    assert asyncio.run(directory.check("ann", GOOD)) == ANN
    wire.cut = True
    assert asyncio.run(directory.check("ann", GOOD)) == msgspec.structs.replace(ANN, offline=True)
    assert asyncio.run(directory.check("ann", "wrong")) == Refusal(WRONG)
    monkeypatch.setattr(people_service, "KNOWN_S", -1.0)
    assert isinstance(asyncio.run(directory.check("ann", GOOD)), Refusal), "that was too long ago"


def test_who_was_retired_is_forgotten_where_they_were_known(site: Site) -> None:
    people, wire, kept, directory = site
    asyncio.run(directory.check("ann", GOOD))
    people.retire("ann")
    assert asyncio.run(directory.find("ann")) is None and kept.read() == {}
    wire.cut = True
    with pytest.raises(FloorError):
        asyncio.run(directory.find("ann"))


def test_jobs_and_training_are_those_of_now(site: Site) -> None:
    people, _, _, directory = site
    people.set_jobs("ann", (Job.AGENT, Job.SUPERVISOR))
    people.set_trained("ann", "")
    assert asyncio.run(directory.find("ann")) == Known(id="ann", jobs=(Job.AGENT, Job.SUPERVISOR))
    assert not Known(id="ann", jobs=()).trained(date.today())


@pytest.mark.parametrize("data", [b"", b"{}", b'{"type":"SignOn","name":1}', b"\xff"])
def test_nonsense_is_answered_by_nobody(site: Site, data: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        answer(site[0], data)
