"""What is decided of blocks reaches the phone system, whatever fails meanwhile, and leaves no number behind."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.journal.called import AGENT, CASE, DAY, SUPERVISOR, Floor

from rung import words as w
from rung.desk import blocking
from rung.desk.afterwards import Afterwards
from rung.desk.blocking import Blocker, wanted_of
from rung.desk.happening import Happening, Teller
from rung.desk.policies import HandedHere
from rung.desk.privacy import Privacy
from rung.floor.base import Blocked, BlocksAre
from rung.journal.after.blocks import Block, Standing
from rung.journal.after.decide import Rules
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.phone.base import CannotMore, PhoneError
from rung.policy.state import Facts
from rung.words import Ground, Verdict

NUMBER = "0151-5551"
WHY = "the same insults for the fourth time today"


class Switch(CannotMore):
    """The phone system, as far as blocks go; ``broken`` it takes nothing."""

    def __init__(self) -> None:
        self.blocked: dict[str, int] = {}
        self.broken = False

    async def block(self, number: str, until_s: int) -> None:
        self._works()
        self.blocked[number] = until_s

    async def unblock(self, number: str) -> None:
        self._works()
        self.blocked.pop(number, None)

    def _works(self) -> None:
        if self.broken:
            raise PhoneError("no answer")


class Kept:
    """A desk's record and keys on the disk, with one ending on harassment, and a wall clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_700_000_000_000
        self.lock = threading.Lock()
        self.journal, self.vault = Journal(folder / "journal.db"), Vault(folder / "vault.db")
        self.privacy = Privacy(self.journal, self.vault, self.lock, lambda: 0, lambda: self.now)
        self.privacy.erased = lambda: self.after.forget()
        self.after = Afterwards(self.journal, self.lock, self.write, lambda: self.now, vault=self.vault)
        self.switch = Switch()
        self.told: list[Happening] = []
        self.floor: tuple[Blocked, ...] = ()
        self.reported: list[tuple[str, str]] = []
        self.facts = Facts(phone_up=True, can=frozenset({"block"}))
        if self.journal.head.seq == 0:
            floor = Floor()
            floor.tell = lambda *events, record="ada": [self.write(event) for event in events] and None  # type: ignore[method-assign]
            floor.call(Ground.HARASSMENT, caller=NUMBER)

    def write(self, event: w.Event) -> None:
        with self.lock:
            sealed = self.privacy.sealed([event], CASE, self.now)
            self.journal.append(sealed, at_ms=0, wall_ms=self.now)

    def does(self, actor: w.Actor, act: w.AfterAct) -> None:
        assert self.after.attend(act, actor).verdict == Verdict.TAKEN

    def propose_and_grant(self, days: int) -> None:
        self.does(AGENT, w.BlockProposed(case=CASE, reason=WHY))
        self.does(SUPERVISOR, w.BlockDecided(case=CASE, granted=True, days=days, reason=WHY))

    @property
    def blocks(self) -> tuple[Blocked, ...]:
        """What the floor has handed out."""
        return self.floor

    def report(self, caller: str, incident: w.Earlier) -> None:
        """To the floor."""
        self.reported.append((caller, incident.case))

    @asynccontextmanager
    async def blocker(self) -> AsyncIterator[None]:
        teller = Teller(self.told.append)
        running = asyncio.create_task(
            Blocker(self.after, self.switch, lambda: self.facts, teller, self, self).run()  # type: ignore[arg-type]
        )
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            teller.close()

    def close(self) -> None:
        self.journal.close()
        self.vault.close()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    monkeypatch.setattr(blocking, "AGAIN_S", 0.02)
    monkeypatch.setattr(blocking, "LOOK_S", 0.02)
    return Kept(tmp_path)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


def test_a_phone_that_does_not_take_it_is_told_again_and_a_person_once(kept: Kept) -> None:
    async def play() -> None:
        async with kept.blocker():
            kept.switch.broken = True
            kept.does(AGENT, w.BlockProposed(case=CASE, reason=WHY))
            await until(lambda: any(told.kind == "trouble" for told in kept.told))
            await asyncio.sleep(0.1)
            kept.switch.broken = False
            await until(lambda: kept.switch.blocked == {NUMBER: (kept.now + DAY) // 1000})
            assert [told.text for told in kept.told if told.kind == "trouble"] == [
                "a block is not settled with the phone: no answer"
            ]

    asyncio.run(play())


def test_a_phone_that_comes_later_is_told_then(kept: Kept) -> None:
    async def play() -> None:
        kept.facts = Facts()
        async with kept.blocker():
            kept.propose_and_grant(days=3)
            await asyncio.sleep(0.1)
            assert not kept.switch.blocked
            kept.facts = Facts(phone_up=True, can=frozenset({"block"}))
            await until(lambda: NUMBER in kept.switch.blocked)

    asyncio.run(play())


def test_a_restart_tells_anew_what_stands_and_what_was_lifted(kept: Kept, tmp_path: Path) -> None:
    kept.propose_and_grant(days=3)
    kept.close()

    async def play(again: Kept, wanted: dict[str, int]) -> None:
        async with again.blocker():
            await until(lambda: again.switch.blocked == wanted)

    again = Kept(tmp_path)
    asyncio.run(play(again, {NUMBER: (again.now + 3 * DAY) // 1000}))
    again.does(SUPERVISOR, w.Unblocked(case=CASE, reason="moved"))
    again.close()
    third = Kept(tmp_path)
    third.switch.blocked = {NUMBER: 9_999_999_999}  # as it was, before the bridge died
    asyncio.run(play(third, {}))
    third.close()


def test_a_block_outlives_its_case_and_its_number_goes_with_the_block(kept: Kept, tmp_path: Path) -> None:
    async def play() -> None:
        kept.propose_and_grant(days=30)
        kept.privacy.erase([CASE], "officer", "asked for")
        async with kept.blocker():
            await until(lambda: NUMBER in kept.switch.blocked)
            assert f"block/{CASE}" in kept.vault.there()
            kept.now += 31 * DAY
            await until(lambda: f"block/{CASE}" not in locked(kept))

    def locked(kept: Kept) -> dict[str, int]:
        with kept.lock:
            return kept.vault.there()

    asyncio.run(play())
    kept.close()
    left = [file.name for file in tmp_path.iterdir() if NUMBER.encode() in file.read_bytes()]
    assert left == []


def test_what_was_decided_at_another_desk_comes_by_the_floor(kept: Kept) -> None:
    """Granted there for a month, then lifted there; this desk, where the call was, has the number and the phone."""

    async def play() -> None:
        async with kept.blocker():
            kept.does(AGENT, w.BlockProposed(case=CASE, reason=WHY))
            await until(lambda: kept.switch.blocked == {NUMBER: (kept.now + DAY) // 1000})
            kept.floor = (Blocked(caller="index", case=CASE, until_ms=kept.now + 30 * DAY, decided=True),)
            await until(lambda: kept.switch.blocked == {NUMBER: (kept.now + 30 * DAY) // 1000})
            kept.now += 2 * DAY  # by its own record it has lapsed, undecided
            await asyncio.sleep(0.1)
            assert NUMBER in kept.switch.blocked
            kept.floor = ()
            await until(lambda: NUMBER not in kept.switch.blocked)

    asyncio.run(play())


def test_a_number_that_is_an_emergency_lines_gets_through_whoever_has_blocked_it(kept: Kept) -> None:
    async def play() -> None:
        async with kept.blocker():
            kept.propose_and_grant(30)
            await until(lambda: NUMBER in kept.switch.blocked)
            kept.after.rules = Rules(emergency_lines=("112", "0151/5551"))
            await until(lambda: NUMBER not in kept.switch.blocked)

    asyncio.run(play())


def test_on_an_emergency_line_nobody_is_said_to_be_blocked() -> None:
    said: list[str] = []
    handed = HandedHere(None, None, said.append, Rules(emergency_lines=("112",)).emergency)
    handed.heard(BlocksAre((Blocked(caller=NUMBER, case=CASE, until_ms=32_503_680_000_000, decided=True),)))
    for id, queue in (("a", "112"), ("b", "tel:112"), ("c", "billing"), ("d", "")):
        call = w.Call(id=id, state=w.CallState.RINGING, direction="in", peer=NUMBER, queue=queue)
        handed.rings(call)
    assert len(said) == 2 and all("is blocked until" in text for text in said)


def block(standing: Standing, until_ms: int, caller: str = NUMBER) -> Block:
    return Block(
        case="c", caller=caller, standing=standing, proposed_ms=0, proposed_by="a", reason="", until_ms=until_ms
    )


def test_of_two_blocks_of_one_number_the_longer_counts() -> None:
    gone, short, long = block(Standing.LIFTED, 9000), block(Standing.PROPOSED, 5000), block(Standing.GRANTED, 7000)
    assert wanted_of([gone, short, long]) == wanted_of([long, gone, short]) == {NUMBER: 7}
    assert wanted_of([gone, block(Standing.GRANTED, 1, caller="")]) == {NUMBER: 0}
