"""Who is there, as a desk hears of it: in any order, and it notices what it has not heard."""

import asyncio
from types import SimpleNamespace

import pytest

from rung.floor.base import FloorError, Place
from rung.floor.nats_letters import Found, Page, Sat, encode
from rung.floor.nats_places import Places


def told(places: Places, desk: str, seq: int, extension: str = "1") -> None:
    headers = {"Nats-Subject": f"rung.place.agent.{desk}", "Nats-Sequence": str(seq)}
    sat = encode(Sat(place=Place(extension=extension), connection=f"{desk}.x"))
    asyncio.run(places.told(SimpleNamespace(headers=headers, data=sat)))  # type: ignore[arg-type]  # what it reads


def load(places: Places, at: int, *found: Found) -> None:
    async def request(subject: str, data: bytes, within_s: float) -> SimpleNamespace:
        return SimpleNamespace(data=encode(Page(found, more=False, at=at)))

    asyncio.run(places.load(SimpleNamespace(request=request), "eve"))  # type: ignore[arg-type]  # as much of a link


def extension(places: Places, desk: str) -> str:
    sat = places.get(desk)
    return "" if sat is None else sat.place.extension


def test_what_comes_late_changes_nothing() -> None:
    places = Places()
    told(places, "ada", 7, "new")
    told(places, "ada", 5, "old")
    assert extension(places, "ada") == "new" and not places.missing.is_set()


def test_a_number_that_never_came_is_noticed_and_what_it_said_is_loaded() -> None:
    places = Places()
    told(places, "ada", 7)
    told(places, "bea", 8)
    assert not places.missing.is_set(), "the first number may be any"
    told(places, "bea", 10)
    assert places.missing.is_set()
    sat = encode(Sat(place=Place(extension="moved"), connection="ada.y")).decode()
    with pytest.raises(FloorError, match="not up to date"):
        load(places, 8, Found(subject="rung.place.agent.ada", seq=7, data=sat))
    assert extension(places, "ada") == "1"
    load(places, 10, Found(subject="rung.place.agent.ada", seq=9, data=sat))
    assert extension(places, "ada") == "moved"


def test_a_steward_of_the_release_before_says_no_number_and_is_believed() -> None:
    places = Places()
    told(places, "ada", 7)
    load(places, 0)
    assert extension(places, "ada") == "1"
