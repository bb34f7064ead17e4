"""What a desk survives: box unplugged or reset, phone gone, a click in the softphone, a caller who leaves on hold.

The call stays up as long as the phones themselves hold it, and the person is told. The whole desk is real.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rung import words as w
from rung.desk.happening import Happening
from rung.policy import Times
from rung.words import Button, CallState, EndedBy, LampState, Outcome, Verdict

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from rung.sim.sip_handset import connect
from rung.sim.stage import Stage
from rung.sim.stories import OPEN, RELEASE_HOLD_S, Player

TIMES = Times(wait=0.3, say_time=0.3, answer_within=20)


class Desk:
    def __init__(self, stage: Stage, told: list[Happening]) -> None:
        self.stage = stage
        self.told = told
        self.player = Player(stage, lambda text: None)

    def events(self, kind: type[w.Event]) -> list[w.Event]:
        return self.player.events(kind)

    async def until(self, true: Callable[[], bool], what: str) -> None:
        await self.stage.until(true, what)

    async def warned(self) -> None:
        """A call on which the caller has been warned."""
        await self.player.call_in()
        await self.player.declare("p", w.Ground.PROFANITY)
        await self.player.warn()

    async def consulting(self) -> None:
        """The caller on hold, the supervisor's telephone ringing."""
        await self.stage.supervisor.client.auto_answer(None)
        await self.warned()
        await self.player.escalate(lambda: self.player.caller_is(CallState.UP) and self.ringing(), "it rings")

    def ringing(self) -> bool:
        return any(c.state == CallState.RINGING for c in self.stage.supervisor.calls.values())

    def box_texts(self) -> list[str]:
        return [t.text for t in self.told if t.kind == "box"]

    async def closed(self) -> w.CaseClosed:
        await self.until(self.player.over, "the case closes")
        closed = self.player.closed()
        assert closed is not None
        return closed

    def hang_ups(self) -> list[w.Effect]:
        decided = (e.effect for e in self.stage.record if isinstance(e, w.EffectDecided))
        return [e for e in decided if isinstance(e, w.HangUp)]

    def is_up(self) -> bool:
        return [c.state for c in self.stage.caller.calls.values()] == [CallState.UP]

    def lit(self) -> bool:
        """Do the box's own lamps show anything?"""
        return any(any(pixel) for pixel in self.stage.box.lamps())


@asynccontextmanager
async def a_desk(folder: Path, times: Times = TIMES) -> AsyncIterator[Desk]:
    told: list[Happening] = []
    async with Stage(folder, times, told.append) as stage:
        yield Desk(stage, told)


def played(folder: Path, play: Callable[[Desk], Awaitable[None]], times: Times = TIMES) -> None:
    async def run() -> None:
        async with a_desk(folder, times) as desk:
            await play(desk)

    asyncio.run(run())


# -- the box -----------------------------------------------------------------------------------------------------------


def test_unplugged_and_back(tmp_path: Path) -> None:
    """With the power gone a press was never made; with it kept, as on a powered hub, the press comes in afterwards."""

    async def play(desk: Desk) -> None:
        box, stage = desk.stage.box, desk.stage
        await desk.player.call_in()
        await desk.until(lambda: desk.player.lamp(Button.WARN) in OPEN, "warn is lit")
        await asyncio.to_thread(box.unplug)
        await desk.until(lambda: not stage.ready, "the bridge tells that the box is gone")
        assert "ttyRUNG0" in desk.box_texts()[-1]
        assert desk.is_up()
        await asyncio.to_thread(box.plug)
        await desk.until(lambda: stage.ready, "the box is back")
        await desk.until(lambda: desk.player.lamp(Button.WARN) in OPEN, "its lamps are told anew")
        await desk.player.warn()

        await asyncio.to_thread(lambda: box.unplug(keep_power=True))
        await desk.until(lambda: not stage.ready, "the bridge tells that the box is gone")
        presses = len(desk.events(w.PressRecorded))
        await stage.tap(Button.ESCALATE)
        assert len(desk.events(w.PressRecorded)) == presses
        await asyncio.to_thread(box.plug)
        await desk.until(lambda: len(desk.events(w.PressRecorded)) > presses, "the press made meanwhile comes in")
        await desk.until(lambda: len(desk.player.answers()) > presses, "and is answered")
        assert desk.is_up()

    played(tmp_path, play)


def test_reset_in_mid_call_sends_nothing_by_itself(tmp_path: Path) -> None:
    """The bridge is away, so the press is unconfirmed when the reset catches it."""

    async def play(desk: Desk) -> None:
        stage = desk.stage
        await desk.player.call_in()
        await desk.until(lambda: desk.player.lamp(Button.WARN) in OPEN, "warn is lit")
        await stage.kill_bridge()
        await stage.tap(Button.WARN)
        life = stage.box.life
        await asyncio.to_thread(stage.box.reset)
        await asyncio.to_thread(stage.box.wait_life, life + 1, 30.0)
        await stage.restart_bridge()
        await desk.until(lambda: desk.player.lamp(Button.WARN) in OPEN, "the box shows the lamps of this call again")
        await asyncio.sleep(1)
        assert desk.events(w.PressRecorded) == []
        await desk.player.warn()
        assert desk.is_up()

    played(tmp_path, play)


# -- the phone ---------------------------------------------------------------------------------------------------------


def test_the_phones_process_dies_in_mid_call(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        stage = desk.stage
        await desk.warned()
        os.kill(stage.agent.pid, signal.SIGKILL)
        await desk.until(lambda: not stage.ready, "the bridge says that the phone is gone")
        await desk.until(lambda: bool(desk.events(w.PhoneLost)), "the record has it")
        await desk.until(lambda: stage.ready, "a phone is started anew")
        closed = await desk.closed()
        assert closed.by is EndedBy.PHONE
        assert closed.review  # a ground stands, and pulling the plug is no way round
        assert desk.hang_ups() == []

        await stage.agent.close()
        stage.agent = await connect(stage.folder / "desk" / "phone.json")
        await stage.call_in()
        await desk.until(lambda: len(desk.events(w.CaseOpened)) == 2, "the next call is a case of its own")

    played(tmp_path, play)


@pytest.mark.parametrize("ground", [True, False], ids=["with a ground", "without"])
def test_a_click_ends_the_call_round_rung(tmp_path: Path, ground: bool) -> None:
    async def play(desk: Desk) -> None:
        await desk.player.call_in()
        if ground:
            await desk.player.declare("p", w.Ground.PROFANITY)
        opened = desk.events(w.CaseOpened)[-1]
        assert isinstance(opened, w.CaseOpened)
        await desk.stage.agent.hang_up(opened.call)
        closed = await desk.closed()
        assert closed.how == "ended from the agent's side, not through Rung"
        assert closed.by == EndedBy.US
        assert closed.review == ground
        assert desk.hang_ups() == []
        assert desk.player.lamp(Button.RELEASE) != LampState.DONE

    played(tmp_path, play)


def test_the_caller_leaves_on_hold(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        await desk.consulting()
        caller = desk.stage.caller
        await caller.client.hang_up(caller.living[0].id)
        closed = await desk.closed()
        assert closed.how == "caller left on hold"
        outcomes = [e.outcome for e in desk.events(w.AskClosed) if isinstance(e, w.AskClosed)]
        assert outcomes == [Outcome.CALLER_LEFT]
        await desk.stage.supervisor.until(lambda: not desk.stage.supervisor.living, "it rings no more")

    played(tmp_path, play)


def test_a_release_while_asking_is_refused_and_the_ask_can_be_taken_back(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        await desk.consulting()
        answers = len(desk.player.answers())
        await desk.stage.hold(Button.RELEASE, RELEASE_HOLD_S)
        await desk.until(lambda: len(desk.player.answers()) > answers, "it is answered")
        assert desk.player.answers()[-1].verdict == Verdict.REFUSED
        desk.stage.type("k")
        await desk.until(lambda: desk.player.outcome() is not None, "taken back")
        assert desk.player.outcome() == Outcome.TAKEN_BACK, desk.stage.record[-12:]
        await desk.stage.supervisor.until(lambda: not desk.stage.supervisor.living, "it rings no more")
        assert desk.is_up()

    played(tmp_path, play)


def test_a_story_that_waits_sees_what_only_a_phone_tells(tmp_path: Path) -> None:
    """A supervisor's phone that told last woke nobody: the story slept through the ask, and then took nothing back."""

    async def play(desk: Desk) -> None:
        await desk.stage.supervisor.client.auto_answer(None)
        waits = asyncio.create_task(desk.until(desk.ringing, "the supervisor's telephone rings"))
        await asyncio.sleep(1)  # the bridge, which is not in this call, has nothing more to tell
        await desk.stage.caller.client.dial(desk.stage.supervisor.address)
        await waits

    played(tmp_path, play)


# -- two of them -------------------------------------------------------------------------------------------------------


def test_a_second_bridge_on_one_desk_is_refused_in_one_line(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        await desk.player.call_in()
        command = (sys.executable, "-m", "rung", "run", "--json", "-c", str(desk.stage.config))
        second = await asyncio.to_thread(
            subprocess.run, command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        assert second.returncode == 2
        assert second.stdout == ""
        assert len(second.stderr.splitlines()) == 1
        assert "in use by another bridge" in second.stderr
        await desk.player.declare("p", w.Ground.PROFANITY)
        await desk.player.warn()
        assert desk.is_up()

    played(tmp_path, play)
