"""sipp at the other end: a caller who holds, re-invites, and hangs up at awkward moments; one who never answers."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.phone.contract import CASE
from tests.real.asterisk_rig import AsteriskWorld, Played
from tests.real.peers import sipp

from rung.phone.base import PhoneError
from rung.words import CallIs, CallState, EndedBy, Outcome

UP, HELD, RINGING, DIALLING, ENDED = (
    CallState.UP, CallState.HELD, CallState.RINGING, CallState.DIALLING, CallState.ENDED,
)  # fmt: skip


def play(
    played: Played, folder: Path, scenario: str, story: Callable[[AsteriskWorld, str], Awaitable[None]], pause_ms: int
) -> None:
    made, runner = played

    async def whole() -> None:
        async with made.world() as w:
            with sipp.running(made.asterisk, folder, scenario, pause_ms=pause_ms):
                line = (await w.desk.call(lambda c: c.state is RINGING)).id
                await w.agent.answer(line)
                await w.desk.becomes(line, UP)
                await story(w, line)

    runner.run(whole())


def test_a_caller_who_holds_and_reinvites_is_in_talk_all_the_while(played: Played, tmp_path: Path) -> None:
    """It is the caller who holds, not we; and a hold of ours in the midst of it works as ever."""

    async def story(w: AsteriskWorld, line: str) -> None:
        await asyncio.sleep(0.5)
        assert {n.call.state for n in w.desk.news if isinstance(n, CallIs)} == {RINGING, UP}
        await w.phone.hold(line)
        await w.desk.becomes(line, HELD)
        mark = len(w.desk.news)
        await w.phone.resume(line)
        await w.desk.becomes(line, UP, mark)
        assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.THEM

    ways = ("sendonly", "sendrecv", "inactive", "sendrecv", "sendonly", "sendrecv")
    play(played, tmp_path, sipp.caller(ways), story, 500)


@pytest.mark.parametrize("seed", range(40 if os.environ.get("RUNG_LONG") == "1" else 4))
def test_a_caller_who_hangs_up_at_an_awkward_moment(seed: int, played: Played, tmp_path: Path) -> None:
    """In the midst of hold, consult, or completing: it is told that the caller left, or that they were passed on."""

    async def story(w: AsteriskWorld, line: str) -> None:
        async def meanwhile() -> None:
            for _ in range(40):
                await w.phone.hold(line)
                await w.phone.consult(line, w.sup.address, CASE)
                consult = await w.desk.call(
                    lambda c: c.consult_for == line and c.state is DIALLING, len(w.desk.news) - 1
                )
                await w.phone.take_back(line, consult.id)

        busy = asyncio.ensure_future(meanwhile())
        try:
            async with asyncio.timeout(3):
                assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.THEM
        except TimeoutError:  # Asterisk took the BYE for a channel that it was just moving, and lost it: PHONES.md
            await w.phone.hang_up(line)
            assert (await w.desk.becomes(line, ENDED)).ended_by in (EndedBy.US, EndedBy.THEM)  # whichever came first
        finally:
            busy.cancel()
            with suppress(
                PhoneError, AssertionError, asyncio.CancelledError
            ):  # the caller is gone, which the phone says
                await busy
        with pytest.raises(PhoneError):
            await w.phone.hang_up(line)

    play(played, tmp_path, sipp.caller(), story, random.Random(seed).randrange(1, 300))


def test_a_supervisor_who_never_answers(played: Played, tmp_path: Path) -> None:
    made, runner = played

    async def story() -> None:
        async with made.world(ring_s=1) as w:
            with sipp.running(made.asterisk, tmp_path, sipp.never_answers()):
                _, line = await w.line()
                await w.phone.hold(line)
                await w.desk.becomes(line, HELD)
                mark = len(w.desk.news)
                await w.phone.consult(line, "trunk", CASE)
                consult = await w.desk.call(lambda c: c.consult_for == line and c.state is DIALLING)
                assert (await w.desk.becomes(consult.id, ENDED)).outcome is Outcome.IGNORED
                await w.desk.becomes(line, UP, mark)

    runner.run(story())
