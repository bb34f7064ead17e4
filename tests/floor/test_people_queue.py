"""Many sign on at once: each in their turn, none twice, and nobody is turned away for having waited."""

import asyncio
import threading

import msgspec
import pytest

from rung.floor import people_queue
from rung.floor.people_queue import SignOnQueue
from rung.floor.people_service import LATER, SignOn, Stands


def asks(name: str, password: str = "x", waits: bool = True) -> bytes:
    return msgspec.json.encode(SignOn(name, password, waits))


class Checker:
    """Checks as soon as it may; remembers the order."""

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.may = threading.Event()

    def __call__(self, desk: str, data: bytes) -> bytes:
        if b"Stands" not in data:
            self.may.wait(10)
        self.checked.append(desk)
        return f"{desk} {len(self.checked)}".encode()


@pytest.fixture
def checker(monkeypatch: pytest.MonkeyPatch) -> Checker:
    monkeypatch.setattr(people_queue, "TOLD_S", 0.02)
    return Checker()


async def until_in(queue: SignOnQueue, desk: str, data: bytes) -> bytes:
    while (said := await queue.answer(desk, data)) == LATER:
        pass
    return said


def test_whoever_asked_first_is_next_however_often_the_others_ask_and_is_checked_once(checker: Checker) -> None:
    async def play() -> None:
        queue, desks = SignOnQueue(checker), [f"d{n}" for n in range(20)]
        waiting = [asyncio.create_task(until_in(queue, desk, asks("ann"))) for desk in desks]
        await asyncio.sleep(0.1)  # by now each has been told to wait, and has asked again
        assert checker.checked == []
        stands = await queue.answer("d7", msgspec.json.encode(Stands("ann")))
        assert stands == b"d7 1", "who needs no password's check does not wait"
        checker.may.set()
        said = await asyncio.gather(*waiting)
        assert checker.checked == ["d7", *desks] and said == [f"d{n} {n + 2}".encode() for n in range(20)]

    asyncio.run(play())


def test_a_desk_has_one_place_whatever_it_asks(checker: Checker) -> None:
    async def play() -> None:
        queue = SignOnQueue(checker)
        assert [await queue.answer("ada", asks("ann", str(n))) for n in range(5)] == [LATER] * 5
        checker.may.set()
        assert await until_in(queue, "ada", asks("ann", "0")) == b"ada 1"
        assert await until_in(queue, "ada", asks("ann", "1")) == b"ada 2"

    asyncio.run(play())


def test_what_was_never_collected_is_not_told_later(checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever it let in may have been retired since."""

    async def play() -> None:
        queue = SignOnQueue(checker)
        monkeypatch.setattr(people_queue, "KEPT_S", -1.0)
        assert await queue.answer("ada", asks("ann")) == LATER
        checker.may.set()
        while not checker.checked:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        assert await until_in(queue, "ada", asks("ann")) == b"ada 2"

    asyncio.run(play())


def test_a_desk_of_the_release_before_is_answered_once_it_is_its_turn(checker: Checker) -> None:
    async def play() -> None:
        queue = SignOnQueue(checker)
        asked = asyncio.create_task(queue.answer("ada", asks("ann", waits=False)))
        await asyncio.sleep(0.1)
        assert not asked.done()
        checker.may.set()
        assert await asked == b"ada 1"

    asyncio.run(play())


def test_nonsense_has_no_place(checker: Checker) -> None:
    with pytest.raises(msgspec.MsgspecError):
        asyncio.run(SignOnQueue(checker).answer("ada", b"{}"))
