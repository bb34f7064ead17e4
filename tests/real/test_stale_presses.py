"""A release belongs to the call it was made on, and grows too old: on the real line, box, bridge and phones.

A hand on the line holds, repeats and replays the box's own frames, byte by byte.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rung import words as w
from rung.policy import Times
from rung.words import Button, CallState, Outcome, Verdict

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from rung.phone.base import PhoneError
from rung.sim.stage import Stage
from rung.sim.stories import OPEN, RELEASE_HOLD_S, Player
from rung.sim.tamper import Tamper, passed

TIMES = Times(wait=0.3, say_time=0.3, answer_within=1.0)
LATE_S = 5.0


class Desk:
    """A call A on which a held release would end the call, and a hand on the line."""

    def __init__(self, stage: Stage) -> None:
        assert stage.tamper is not None
        self.stage = stage
        self.player = Player(stage, lambda text: None)
        self.tamper: Tamper = stage.tamper
        self.held: list[bytes] = []

    async def climb(self) -> None:
        stage, t = self.stage, self.player
        await stage.supervisor.client.auto_answer(None)
        await t.call_in()
        await t.declare("p", w.Ground.PROFANITY)
        await t.warn()
        await t.escalate(lambda: t.outcome() == Outcome.IGNORED, "nobody answered")
        await t.press("final notice", Button.WARN, lambda: t.took("final-notice"))
        await t.press("announced", Button.RELEASE, t.announced)
        await stage.until(lambda: t.lamp(Button.RELEASE) in OPEN, "release may be held")

    async def release(self) -> None:
        await self.stage.hold(Button.RELEASE, RELEASE_HOLD_S)

    async def next_call(self) -> None:
        """The caller ends A, if it lives, and rings again: B."""
        caller = self.stage.caller
        for call in caller.living:
            with contextlib.suppress(PhoneError):  # the agent's BYE may be on its way
                await caller.client.hang_up(call.id)
        await self.stage.until(lambda: self.cases()[-1].case in self.closed(), "A is closed")
        known = len(self.cases())
        await caller.client.dial(f"sip:{self.stage.agent.address}")
        await self.stage.until(lambda: len(self.cases()) > known, "B is live")

    # -- presses on the line -----------------------------------------------------------------------------------------

    def hold_presses(self) -> None:
        """From now on presses are kept; what else the box says passes."""
        self.tamper.up = lambda line: self._keep(line) if is_press(line) else [line]

    def hold_all(self) -> None:
        self.tamper.up = self._keep

    def _keep(self, line: bytes) -> list[bytes]:
        self.held.append(line)
        return []

    def let_go(self) -> None:
        """What was kept arrives now, in order; and from now on everything passes."""
        self.tamper.add("up", b"".join(self.held))
        self.tamper.up = passed

    async def until_held(self) -> None:
        while not any(map(is_press, self.held)):
            await asyncio.sleep(0.02)

    # -- what the record says ----------------------------------------------------------------------------------------

    def cases(self) -> list[w.CaseOpened]:
        return [e for e in self.stage.record if isinstance(e, w.CaseOpened)]

    def closed(self) -> list[str]:
        return [e.case for e in self.stage.record if isinstance(e, w.CaseClosed)]

    def hang_ups(self) -> list[str]:
        decided = (e.effect for e in self.stage.record if isinstance(e, w.EffectDecided))
        return [e.call for e in decided if isinstance(e, w.HangUp)]

    def presses(self) -> int:
        return sum(isinstance(e, w.PressRecorded) for e in self.stage.record)

    async def refused(self, verdict: Verdict, before: int) -> None:
        answers = self.player.answers
        await self.stage.until(lambda: len(answers()) > before, "the press is answered")
        assert answers()[-1].verdict == verdict, answers()[-1]

    async def stays_up(self, calls: int) -> None:
        """The last of so many calls lives, is heard of by both ends, and nothing has been decided against it."""
        await asyncio.sleep(1)
        caller = self.stage.caller
        assert [c.state for c in caller.calls.values()] == [CallState.ENDED] * (calls - 1) + [CallState.UP]
        assert len(self.cases()) == calls
        assert self.cases()[-1].call not in self.hang_ups()
        assert self.cases()[-1].case not in self.closed()


def is_press(line: bytes) -> bool:
    return line.startswith(b"!P")


@asynccontextmanager
async def may_release(folder: Path) -> AsyncIterator[Desk]:
    async with Stage(folder, TIMES, tampered=True) as stage:
        desk = Desk(stage)
        await desk.climb()
        yield desk


def test_a_release_made_on_this_call_ends_it(tmp_path: Path) -> None:
    """So that the others do not pass for the wrong reason."""

    async def play() -> None:
        async with may_release(tmp_path) as desk:
            await desk.release()
            await desk.stage.until(desk.player.over, "the phone confirms")
            assert desk.hang_ups() == [desk.cases()[0].call]

    asyncio.run(play())


def test_begun_during_one_call_and_let_go_during_the_next(tmp_path: Path) -> None:
    async def play() -> None:
        async with may_release(tmp_path) as desk:
            begun = time.monotonic()
            desk.stage.box.press(Button.RELEASE)
            await asyncio.sleep(0.3)
            await desk.next_call()
            await asyncio.sleep(max(0, begun + RELEASE_HOLD_S - time.monotonic()))
            desk.stage.box.let_go(Button.RELEASE)
            await desk.stays_up(calls=2)
            assert desk.hang_ups() == []

    asyncio.run(play())


def test_arrives_after_the_next_call_began(tmp_path: Path) -> None:
    async def play() -> None:
        async with may_release(tmp_path) as desk:
            desk.hold_presses()
            await desk.release()
            await desk.until_held()
            await desk.next_call()
            before = len(desk.player.answers())
            desk.let_go()
            await desk.refused(Verdict.REFUSED, before)
            await desk.stays_up(calls=2)
            assert desk.hang_ups() == []

    asyncio.run(play())


@pytest.mark.parametrize("everything", [False, True], ids=["the press is lost for 5 s", "the line stands for 5 s"])
def test_arrives_late(tmp_path: Path, everything: bool) -> None:
    async def play() -> None:
        async with may_release(tmp_path) as desk:
            before = len(desk.player.answers())
            # Held until the box's own repetitions, which know their age, arrive; or the whole line, in its order.
            desk.hold_all() if everything else desk.hold_presses()
            await desk.release()
            await desk.until_held()
            await asyncio.sleep(LATE_S)
            if not everything:
                desk.held.clear()
            desk.let_go()
            await desk.refused(Verdict.TOO_LATE, before)
            await desk.stays_up(calls=1)
            assert desk.hang_ups() == []

    asyncio.run(play())


def test_arrives_three_times_and_again_on_the_next_call(tmp_path: Path) -> None:
    async def play() -> None:
        async with may_release(tmp_path) as desk:
            presses = desk.presses()
            desk.tamper.up = lambda line: [line] * 3 if is_press(line) else [line]
            await desk.release()
            await desk.stage.until(desk.player.over, "the phone confirms")
            await desk.next_call()
            frame = [line for way, line in desk.tamper.seen if way == "up" and is_press(line)][-1]
            for _ in range(3):
                desk.tamper.add("up", frame)
            await desk.stays_up(calls=2)
            assert desk.hang_ups() == [desk.cases()[0].call]
            assert desk.presses() == presses + 1

            await desk.stage.restart_bridge()
            desk.tamper.add("up", frame * 3)
            await desk.stays_up(calls=2)
            assert desk.presses() == presses + 1

    asyncio.run(play())
