"""Signing on where there is a floor: its computer alone knows the passwords, and a desk gets by without it."""

import asyncio
import time
from datetime import date, datetime
from pathlib import Path

import msgspec
import pytest
from argon2 import PasswordHasher

from rung.floor import people_service
from rung.floor.authority import make_authority
from rung.floor.base import FloorError
from rung.floor.nkey import new_seed, public
from rung.floor.people import WRONG, Known, People, Refusal
from rung.floor.people_service import SHIFT_S, FloorDirectory, SignOns
from rung.floor.ticket import TICKET_S, read_ticket
from rung.words import Job, Training

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GOOD = "four plain words here"
SAID = Training(acknowledged_ms=2**62)  # as the desks' records tell: she has acknowledged
ANN = Known(id="ann", jobs=(Job.AGENT,), trained_until="2031-01-01")


KEY = public(new_seed())


class Wire:
    """From a desk to the floor's people; it can be cut."""

    def __init__(self, people: People, folder: Path, desk: str = "ada") -> None:
        self.now = 1_000_000.0
        self.desk = desk
        self.ticket = ""
        self.cut = False
        self.sign_ons = SignOns(people, folder, lambda desk: KEY, lambda: self.now)

    async def ask_steward(self, service: str, data: bytes, within_s: float) -> bytes:
        if self.cut:
            raise FloorError("the floor is out of reach")
        assert service == "people"
        return self.sign_ons.answer(self.desk, data)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[People, Wire, People, FloorDirectory]:
    monkeypatch.setattr(people_service, "REACH_S", 0.05)
    make_authority(tmp_path)
    people, kept = People(tmp_path / "floor.json", QUICK, said=lambda name: SAID), People(tmp_path / "desk.json", QUICK)
    people.add("root", (Job.ADMIN,))
    people.add("ann", ANN.jobs)
    people.set_password("ann", GOOD)
    people.set_trained("ann", ANN.trained_until)
    wire = Wire(people, tmp_path)
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


def test_a_training_holds_once_it_is_acknowledged_wherever_it_stands(tmp_path: Path) -> None:
    """In the list, or in a record; the newer counts. One who is back after being retired has none."""
    told: dict[str, Training] = {}
    made = People(tmp_path / "floor.json", QUICK, said=lambda name: told.get(name, Training()))
    made.add("root", (Job.ADMIN,))
    made.add("ann", ANN.jobs)
    waits, holds = Known(id="ann", jobs=ANN.jobs, acknowledges="2031-01-01"), ANN
    made.set_trained("ann", "2031-01-01")
    given = made.read()["ann"].trained_ms
    assert made.find("ann") == waits
    told["ann"] = Training(acknowledged_ms=given - 1)
    assert made.find("ann") == waits, "that was before"
    told["ann"] = Training(acknowledged_ms=given)
    assert made.find("ann") == holds
    day = round(datetime(2032, 6, 2).timestamp() * 1000)  # of a last day, its end
    told["ann"] = Training(given_ms=given + 1, until_ms=day)
    assert made.find("ann") == Known(id="ann", jobs=ANN.jobs, acknowledges="2032-06-01")
    told["ann"] = Training(given_ms=given + 1, until_ms=day, acknowledged_ms=given + 2)
    assert made.find("ann") == Known(id="ann", jobs=ANN.jobs, trained_until="2032-06-01")
    time.sleep(0.005)
    made.retire("ann")
    made.add("ann", ANN.jobs)
    assert made.find("ann") == Known(id="ann", jobs=ANN.jobs)


def test_while_records_are_read_nobody_is_thrown_out_and_nobody_is_trained(site: Site) -> None:
    people, _wire, kept, directory = site

    def reading(name: str) -> Training:
        raise FloorError("the desks' records are still being read")

    assert asyncio.run(directory.check("ann", GOOD)) == ANN
    people._said = reading
    with pytest.raises(FloorError):
        asyncio.run(directory.find("ann"))
    assert kept.find("ann") == ANN
    again = asyncio.run(directory.check("ann", GOOD))
    assert isinstance(again, Known) and not again.trained_until


@pytest.mark.parametrize("data", [b"", b"{}", b'{"type":"SignOn","name":1}', b"\xff"])
def test_nonsense_is_answered_by_nobody(site: Site, data: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        site[1].sign_ons.answer("ada", data)


def signed_on(site: Site, tmp_path: Path) -> tuple[str, str]:
    """The pass that ann got, and the authority's certificate."""
    _, wire, _, directory = site
    asyncio.run(directory.check("ann", GOOD))
    directory.sits("ann")
    return wire.ticket, (tmp_path / "ca.pem").read_text()


def test_a_pass_names_desk_key_person_and_jobs_and_is_renewed(site: Site, tmp_path: Path) -> None:
    _, wire, _, directory = site
    first, ca = signed_on(site, tmp_path)
    told = read_ticket(first, ca)
    assert (told.desk, told.key, told.person, told.jobs) == ("ada", KEY, "ann", ANN.jobs)
    assert told.until == wire.now + TICKET_S and told.ends == wire.now + SHIFT_S
    wire.now += 60
    assert asyncio.run(directory.find("ann")) == ANN
    again = read_ticket(wire.ticket, ca)
    assert again.until == wire.now + TICKET_S and again.ends == told.ends, "the sign-on ends when it was to end"
    directory.sits(None)
    assert wire.ticket == ""


def test_without_a_password_nobody_gets_a_pass(site: Site, tmp_path: Path) -> None:
    """Not by asking how somebody stands, not with another desk's or person's pass, nor after the sign-on's end."""
    people, wire, _, _ = site
    good, _ = signed_on(site, tmp_path)
    people.add("bob", (Job.SUPERVISOR,))

    def asks(name: str, ticket: str, desk: str = "ada") -> str:
        said = wire.sign_ons.answer(desk, msgspec.json.encode(people_service.Stands(name, ticket)))
        return str(msgspec.json.decode(said).get("ticket", ""))

    assert asks("ann", good)
    refused = [("ann", ""), ("ann", good[:-8] + "AAAAAAA="), ("bob", good), ("ann", "x"), ("ann", ".")]
    assert [asks(*shown) for shown in refused] == [""] * len(refused)
    assert asks("ann", good, "bea") == ""
    wire.now += SHIFT_S
    assert asks("ann", good) == ""
