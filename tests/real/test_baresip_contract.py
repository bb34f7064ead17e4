"""The contract of every phone, kept by the adapter to Debian's baresip; caller and supervisor have embedded phones.

1.0.0 every day; of 1.1.0 a core, and all under RUNG_LONG=1.
"""

import asyncio
import os
import re
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.phone import table
from tests.phone.contract import AGENT_HZ, CALLER_HZ, SUP_HZ, World, running
from tests.phone.table import CLAUSES
from tests.real.peers import baresip
from tests.real.sip_rig import PATIENCE_S, Rig, RigPhone, play
from tests.real.test_sip_contract import SipHand

from rung.phone.baresip import BaresipPhone
from rung.phone.sip_audio import pitch
from rung.words import Call

_RINGS = re.compile(r"> \[line \d+[^\]]*\].*INCOMING")
_RATE, _HEAD, _JUDGED = 8000, 44, 1600  # of a file that it writes: samples a second, bytes before them, samples judged


class BaresipHand:
    """A `contract.Hand` at the keys of Debian's baresip."""

    def __init__(self, phone: baresip.Baresip) -> None:
        self.phone = phone
        self.address = phone.uri.removeprefix("sip:")

    async def answer(self, call: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not _RINGS.search(await asyncio.to_thread(self.phone.key, "l")):  # the keys act on the current call
                await asyncio.sleep(0.01)
        await asyncio.to_thread(self.phone.key, "a")

    async def decline(self, call: str) -> None:
        await asyncio.to_thread(self.phone.key, "b")

    hang_up = decline

    async def dial(self, target: str) -> str:
        raise NotImplementedError

    def seen(self) -> int:
        raise NotImplementedError

    async def until(self, wanted: Callable[[Call], bool], since: int = 0) -> Call:
        raise NotImplementedError

    async def hears(self, call: str, hz: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while abs(self._heard() - hz) > 15:
                await asyncio.sleep(0.05)

    def _heard(self) -> int:
        files = sorted((self.phone.home / "heard").glob("*-dec.wav"), key=lambda file: file.stat().st_mtime)
        data = files[-1].read_bytes()[_HEAD:][-2 * _JUDGED :] if files else b""
        return pitch(array("h", data[: len(data) // 2 * 2]), _RATE)


@asynccontextmanager
async def three_phones(
    made: Rig, *, newer: bool = False, **others: object
) -> AsyncIterator[tuple[baresip.Baresip, RigPhone, RigPhone]]:
    """The agent's, whose control line is free, the caller's and the supervisor's. ``others``: how those two are set."""
    with baresip.running("agent", made.folder, tone_hz=AGENT_HZ, newer=newer) as peer:
        peer.close()
        caller = await made.phone("caller", follow_transfers=True, tone_hz=CALLER_HZ, **others)
        yield peer, caller, await made.phone("sup", tone_hz=SUP_HZ, **others)


@asynccontextmanager
async def baresip_world(made: Rig, *, newer: bool = False) -> AsyncIterator[World]:
    async with three_phones(made, newer=newer) as (peer, caller, sup):
        phone = BaresipPhone("127.0.0.1", peer.control_port)
        async with running(phone) as desk:
            yield World(phone, desk, BaresipHand(peer), SipHand(caller), SipHand(sup))


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.__name__)
def test_debian_baresip(clause: Callable[[World], Awaitable[None]], tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        async with baresip_world(made) as world:
            await clause(world)
            table.hold("baresip 1.0.0 (Debian)", clause, world)

    play(story, tmp_path)


CORE = ("a_consult_on_hold_is_completed_with_the_case", "a_transfer_that_fails_leaves_the_caller_here")
CHOSEN = [c for c in CLAUSES if os.environ.get("RUNG_LONG") == "1" or c.__name__ in CORE]


@pytest.mark.parametrize("clause", CHOSEN, ids=lambda clause: clause.__name__)
def test_a_newer_baresip(clause: Callable[[World], Awaitable[None]], tmp_path: Path) -> None:
    """1.1.0 of Debian sid can what 1.0.0 can, and no more: the table's column is its own too."""

    async def story(made: Rig) -> None:
        async with baresip_world(made, newer=True) as world:
            await clause(world)
            table.hold("baresip 1.0.0 (Debian)", clause, world)

    play(story, tmp_path)
