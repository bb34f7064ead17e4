"""How long somebody is signed on at a browser, what ends it, and how many wrong passwords are taken."""

import asyncio
from pathlib import Path

import httpx
import pytest
from tests.page.console_floor import consoles
from tests.page.floor import floor
from tests.page.test_console_people import WORD, with_people
from tests.page.test_doors import websocket

from rung import words as w
from rung.page.server import Settings, serve
from rung.page.sessions import TRIES, TRIES_S, Sessions
from rung.sim.floor_stage import Parts
from rung.words import Person

EVA, BOB = Person("eva"), Person("bob")


class Wall:
    """A clock on the wall that is put forward by hand."""

    def __init__(self) -> None:
        self.s = 1_000_000.0

    def __call__(self) -> float:
        return self.s


def test_a_session_is_over_with_the_shift_by_signing_off_and_when_another_person_comes(tmp_path: Path) -> None:
    wall, file = Wall(), tmp_path / "sessions"
    sessions = Sessions(file, 100, wall)
    first, second = sessions.begin(EVA), sessions.begin(EVA)
    assert sessions.of(first) and sessions.of(second), "two browsers of one person"
    wall.s += 99
    again = Sessions(file, 100, wall)
    assert again.of(first), "it outlives the bridge"
    assert file.stat().st_mode & 0o777 == 0o600 and first.encode() not in file.read_bytes(), "here is its hash alone"
    bob = again.begin(BOB)
    assert again.of(first) is None and again.of(bob), "one person sits here"
    wall.s += 100
    assert again.of(bob) is None, "the shift is over"
    again.end()
    assert Sessions(file, 100, wall).of(bob) is None
    assert again.of(None) is None and again.of("guessed") is None


@pytest.mark.parametrize("content", [b"", b"{", b'[{"key": 1}]', b"\xff" * 20])
def test_a_file_of_sessions_that_is_damaged_has_none_in_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sessions").write_bytes(content)
    sessions = Sessions(tmp_path / "sessions")
    assert sessions.of("any") is None and sessions.of(sessions.begin(EVA)) is not None


def test_so_many_wrong_passwords_are_taken_in_a_minute_and_right_ones_do_not_count(tmp_path: Path) -> None:
    wall = Wall()
    sessions = Sessions(tmp_path / "sessions", now=wall)
    for _ in range(TRIES):
        assert not sessions.must_wait()
        sessions.was_wrong()
        sessions.was_wrong()
        sessions.was_right()
    assert "too many wrong passwords" in sessions.must_wait()
    wall.s += TRIES_S
    assert not sessions.must_wait()


def test_a_page_and_its_websocket_are_over_with_the_shift(tmp_path: Path) -> None:
    async def test() -> None:
        async with floor(tmp_path) as stage:
            settings = Settings(sessions=tmp_path / "short", shift_s=1)
            async with serve(stage.sites["agent"], settings) as address, httpx.AsyncClient() as client:
                base = address.split("/enter/")[0]
                cookie = (await client.get(address)).headers["set-cookie"].partition(";")[0]
                stage.addresses["agent"] = address
                assert (await client.get(base, headers={"Cookie": cookie})).status_code == 200
                assert await websocket(stage, cookie, Origin=base) == 101
                await asyncio.sleep(1.1)
                assert (await client.get(base, headers={"Cookie": cookie})).status_code == 303
                assert await websocket(stage, cookie, Origin=base) == 403

    asyncio.run(test())


def test_signing_on_over_the_wire_right_wrong_too_often_and_in_mid_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rung.page.sessions.TRIES", 4)  # each costs time, as it should

    async def test() -> None:
        async with consoles(tmp_path, parts=Parts.VIRTUAL) as stage:
            where = with_people(stage, tmp_path)
            async with httpx.AsyncClient(base_url=where, headers={"Origin": where}, timeout=30) as client:

                async def signs_on(name: str, password: str = WORD, relieves: str = "") -> int:
                    fields = {"person": name, "password": password, "relieves": relieves}
                    return (await client.post("/sign-on", data=fields)).status_code

                assert await signs_on("eva") == 303 and (await client.get("/")).status_code == 200
                assert stage.eve.has(w.PersonSignedOn, person="eva")
                assert await signs_on("nobody") == await signs_on("eva", "guessed") == 401
                long = {"person": "eva", "password": "x" * 5000}
                assert (await client.post("/sign-on", data=long)).status_code == 400, "nobody types that"
                # In mid-call whoever comes says from whom they take over.
                await stage.caller.dial(stage.eve.handset.address)
                await stage.eve.until(lambda: stage.eve.lamps.epoch > 0, "eve is in a call")
                assert await signs_on("mia") == 401 and (await client.get("/")).status_code == 200
                assert await signs_on("mia", relieves="eva") == 303
                assert stage.eve.has(w.PersonSignedOn, person="mia", relieves="eva")
                assert (await client.post("/sign-off")).status_code == 409, "not while there is a call"
                assert await signs_on("zoe") == 401
                assert await signs_on("eva", relieves="mia") == 429, "nor the right one, for a minute"

    asyncio.run(test())
