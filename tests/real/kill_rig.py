"""A story whose bridge is killed at chosen steps and started again, and which goes on to its end all the same.

The bridge kills itself (dying_bridge.py), so that each step is met exactly; other deaths come from outside, at moments
drawn from a seed. What the box was told is read from the line itself.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from tests.real.dying_bridge import Plan, where_after

from rung import words as w
from rung.desk.happening import Happening
from rung.journal.store import Journal
from rung.journal.verify import verify
from rung.policy import Times
from rung.words import EndedBy
from rung_wire import codes
from rung_wire.frame import Decoder

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from rung.sim.stage import Stage
from rung.sim.stories import STORIES, Player

TIMES = Times(wait=0.3, say_time=0.3, answer_within=1.2)
AT_ONCE = 4  # performances side by side; they mostly wait
DEATHS = 5  # at most in one performance
ALONE = 3  # performances for a step that earlier ones did not come to
CANARY_S = 15.0  # for the story of a bridge with a mistake, which waits for nothing once that is found
LAST = 40  # events of the record that a failure shows
FEWEST_STEPS = 12  # the shortest story has 16; fewer that are common to two performances would show too little
PROGRAM = str(Path(__file__).with_name("dying_bridge.py"))
SEED = int(os.environ.get("RUNG_SEED", random.SystemRandom().randrange(1 << 32)))
LONG = "RUNG_LONG" in os.environ


class Performance:
    """One story with a bridge that dies at ``deadly`` steps, and everything that must be true of it."""

    def __init__(self, story: str, deadly: Iterable[str], group: bool, folder: Path) -> None:
        self.story = story
        self.deadly = set(deadly)
        self.group = group
        self.folder = folder
        self.canary = ""  # a mistake that the bridge makes
        self.moments: list[float] = []  # seconds between deaths that come from outside
        self.died_at: list[str] = []
        self._diary = folder / "diary"
        self._commands: list[int] = []  # effects handed to the phone
        self._pressed = True  # since the bridge was started
        self._whole = asyncio.Event()  # the bridge lives, and what its death left has been looked at

    async def play(self) -> None:
        """Raises an error with the steps at which the bridge had died."""
        self.folder.mkdir(parents=True)
        try:
            await self._play()
        except BaseException as error:
            error.add_note(
                f"{self.story}: died at {self.died_at}, after {self.moments} s, group: {self.group}, seed {SEED}"
            )
            error.add_note("\n".join(map(str, ["the record ends with:", *self.stage.record[-LAST:]])))
            raise
        self._check_chain()

    async def _play(self) -> None:
        self.stage = Stage(self.folder, TIMES, self._watch, tampered=True)
        self.stage.patience_s *= 1 + (len(self.deadly) or DEATHS)  # so often its clock stands still
        if self.canary:
            self.stage.patience_s = CANARY_S
        self._plan(step for step in self.deadly if not step.startswith("idle"))
        async with self.stage:
            if any(step.startswith("idle") for step in self.deadly):
                await self.stage.kill_bridge()
                await self._start()
            async with asyncio.TaskGroup() as group:
                deaths = group.create_task(self._deaths())
                strikes = group.create_task(self._strikes())
                await self._whole.wait()
                await STORIES[self.story](Player(self.stage, lambda text: None))
                await asyncio.sleep(0.2)  # the last step may still be deadly
                strikes.cancel()
                await self._whole.wait()
                deaths.cancel()
            self._check_record()
            self._check_caller()

    def steps(self) -> list[str]:
        """The steps that were reached, in order."""
        return self._diary.read_text().splitlines()

    # -- deaths ------------------------------------------------------------------------------------------------------

    def _plan(self, deadly: Iterable[str]) -> None:
        where = "idle"
        for event in self.stage.record:
            where = where_after(where, event)
        file = self.folder / "plan.json"
        file.write_bytes(msgspec.json.encode(Plan(set(deadly), self.group, str(self._diary), where, self.canary)))
        self.stage.program = [sys.executable, PROGRAM, str(file)]

    async def _start(self) -> None:
        self._plan(self.deadly - set(self.died_at))
        self._pressed = False
        await self.stage.start_bridge()

    async def _deaths(self) -> None:
        while True:
            await self._alive_or_dead_again()
            code = await self.stage.bridge_ends()
            self._whole.clear()
            assert code == -signal.SIGKILL, f"the bridge ended by itself with {code}"
            step = next((s for s in reversed(self.steps()) if s in self.deadly), "a moment")
            self.died_at.append(step)
            await self.stage.kill_bridge()
            await self._check_phone(self.stage.record)
            self._check_acknowledged()
            await self._start()

    async def _strikes(self) -> None:
        """From outside, at moments that have nothing to do with steps."""
        for wait_s in self.moments:
            await self._whole.wait()
            await asyncio.sleep(wait_s)
            if self._whole.is_set():
                strike = os.killpg if self.group else os.kill
                strike(self.stage.bridge_pid, signal.SIGKILL)
                self._whole.clear()

    async def _alive_or_dead_again(self) -> None:
        ends = asyncio.create_task(self.stage.bridge_ends())
        back = asyncio.create_task(self.stage.until(lambda: self.stage.ready, "the bridge is back"))
        await asyncio.wait((ends, back), return_when=asyncio.FIRST_COMPLETED)
        is_back = back.done()
        for task in (ends, back):
            task.cancel()
        _, waited = await asyncio.gather(ends, back, return_exceptions=True)
        if is_back:
            if waited is not None:
                raise waited
            await self._check_call()
            self._whole.set()

    def _watch(self, happening: Happening) -> None:
        if happening.kind == "press":
            self._pressed = True
        if happening.kind == "command" and happening.effect is not None:
            effect = happening.effect
            self._commands.append(effect.id)
            assert self._pressed or not isinstance(effect, w.HangUp | w.Complete), f"a restart told the phone {effect}"

    # -- what must be true -------------------------------------------------------------------------------------------

    def _check_acknowledged(self) -> None:
        """Whatever the box was told is durable, is in the record."""
        recorded = {e.press.number for e in self.stage.record if isinstance(e, w.PressRecorded)}
        decoder = Decoder(codes.HOST_FRAMES, codes.HOST_FRAME_MAX_BYTES)
        assert self.stage.tamper is not None
        lines = b"".join(line for way, line in list(self.stage.tamper.seen) if way == "down")
        for kind, _, _, fields, *_ in decoder.feed(lines):
            last = {codes.ACK: 0, codes.WELCOME: 1}.get(kind)
            if last is not None and fields[last]:
                assert set(range(1, fields[last] + 1)) <= recorded, f"{kind} of press {fields[last]}, not on record"

    async def _check_phone(self, record: list[w.Event]) -> None:
        """The agent's phone has not died with the bridge; and no call ended that nobody ended."""
        await self.stage.agent.calls()
        self._check_ended_by_press(record)

    def _check_ended_by_press(self, record: list[w.Event]) -> None:
        """Our phone left the caller at most once, and only if a press had decided that."""
        byes = [c for c in self.stage.caller.calls.values() if c.ended_by == EndedBy.THEM]
        endings = [e for e in record if isinstance(e, w.EffectDecided) and isinstance(e.effect, w.HangUp | w.Complete)]
        assert len(byes) <= min(1, len(endings)), f"{byes} after {endings}"

    async def _check_call(self) -> None:
        """The call is up, unless the phone had accepted the story's own ending: then the record says so."""
        stage = self.stage
        opened = any(isinstance(e, w.CaseOpened) for e in stage.record)

        def told() -> bool:
            closed = any(isinstance(e, w.CaseClosed) for e in stage.record)
            return closed or not opened or bool(stage.caller.living)

        await stage.until(told, "the call is up, or the record says how it ended")

    def _check_record(self) -> None:
        record = self.stage.record
        self._check_acknowledged()
        self._check_ended_by_press(record)
        presses = [(e.press.boot, e.press.number) for e in record if isinstance(e, w.PressRecorded)]
        assert len(set(presses)) == len(presses), "a press was taken twice"
        assert len(set(self._commands)) == len(self._commands), "the phone got a command twice"
        fresh = True  # a press has been made since the bridge was started
        for event in record:
            if isinstance(event, w.BridgeRestarted | w.PressRecorded):
                fresh = isinstance(event, w.PressRecorded)
            elif isinstance(event, w.EffectDecided) and isinstance(event.effect, w.HangUp | w.Complete):
                assert fresh, f"decided by a restart: {event.effect}"
        self._check_outcomes(record)

    def _check_outcomes(self, record: list[w.Event]) -> None:
        """An ending that the phone carried out is confirmed or unknown, never failed; all others are settled."""
        came = {e.id: type(e) for e in record if isinstance(e, w.EffectConfirmed | w.EffectFailed | w.EffectUnknown)}
        closed = [e for e in record if isinstance(e, w.CaseClosed)]
        decided = [e.effect for e in record if isinstance(e, w.EffectDecided)]
        assert {e.id for e in decided} <= set(came), "the record leaves an effect open"
        endings = [e for e in decided if isinstance(e, w.HangUp | w.Complete)]
        assert len(closed) <= 1
        if closed:
            assert came[endings[-1].id] in (w.EffectConfirmed, w.EffectUnknown)
            assert not closed[0].review

    def _check_caller(self) -> None:
        living = bool(self.stage.caller.living)
        assert living == (self.story != "no-supervisor")

    def _check_chain(self) -> None:
        journal = Journal(self.folder / "desk" / "journal.db")
        report = verify(journal.entries(), journal.id)
        journal.close()
        assert report.ok, report.broken


async def together(performances: list[Performance]) -> None:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(performance: Performance) -> None:
        async with turn:
            await performance.play()

    came = await asyncio.gather(*map(one, performances), return_exceptions=True)
    if failed := [error for error in came if isinstance(error, Exception)]:
        raise ExceptionGroup("not as told", failed)


async def every_step(story: str, folder: Path) -> None:
    """Or, unless RUNG_LONG is set, every fourth: which, chance says."""
    plain = [Performance(story, (), False, folder / f"plain{i}") for i in range(2)]
    await together(plain)
    # A press that the player repeated, because the lamps of a slow computer came late, is no step of the story.
    steps = [step for step in dict.fromkeys(plain[0].steps()) if step in plain[1].steps()]
    assert len(steps) >= FEWEST_STEPS, steps
    if not LONG:
        steps = steps[SEED % 4 :: 4]
    # Far from each other, so that each death finds a story that has gone on.
    many = min(len(steps), max(-(-len(steps) // DEATHS), 8 if LONG else 4))
    played = [Performance(story, steps[i::many], bool(i % 2), folder / f"some{i}") for i in range(many)]
    await together(played)
    for turn in range(ALONE):  # what an earlier death kept from happening gets performances of its own
        alone = [
            Performance(story, (step,), bool(i % 2), folder / f"alone{turn}-{i}")
            for i, step in enumerate(not_died_at(steps, played))
        ]
        await together(alone)
        played += alone
    never = not_died_at(steps, played)
    deaths = sum(len(p.died_at) for p in played)
    chance = {step for p in plain for step in p.steps()} - set(steps)
    print(
        f"seed {SEED}, {story}: {len(steps)} steps, {deaths} deaths in {len(played)} performances; left out: {chance}"
    )
    assert never == [], f"no bridge died at {never}"


def not_died_at(steps: list[str], played: list[Performance]) -> list[str]:
    died_at = {step for p in played for step in p.died_at}
    return [step for step in steps if step not in died_at]
