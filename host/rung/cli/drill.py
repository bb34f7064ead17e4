"""`rung demo --drill`: practise with a scripted caller, on a virtual box with the real firmware.

Nothing is kept: presses are the agent's own. With ``--keys`` the keys are typed by themselves and all is quicker.
"""

import asyncio
import contextlib
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace

from rung import words as w
from rung.cli.demo import shortened
from rung.cli.ends import NO_DEMO, need, stop
from rung.cli.keys import Keys
from rung.cli.live import BOX_HELP, TAPS, BoxKeys
from rung.cli.screen import Screen
from rung.cli.terminal import keys_of_stdin
from rung.config import load_proved
from rung.desk.happening import Happening
from rung.policy import Policy, PolicyError, Times
from rung.sim.debrief import Recorded, Remark, Said, debrief
from rung.sim.desk import SimDesk
from rung.sim.drills import DRILLS, Caller, Drill, Turn, supervise
from rung.sim.floor_stage import AGENT, FloorStage, Parts
from rung.sim.handset import StageError, patience
from rung.words import Button

QUICK = Times(wait=0.6, say_time=0.5, answer_within=20)  # with --keys
QUICK_PACE = 0.12  # of the caller and the supervisor, as the waits are shorter
ANSWERED_S = 3.0  # in which a press that is one has its answer, on a busy computer
HELP = "c calmed · grounds have keys · Ctrl-C ends the drill\n"


def practise(name: str, policy: str | None, keys: str | None) -> int:
    """The exit code: 0 when the drill was played, whatever came of it."""
    need("micropython_run", NO_DEMO)
    if name not in DRILLS:
        stop(f"no drill {name!r}; there are: {', '.join(DRILLS)}")
    if keys is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        stop("a drill needs a terminal, or --keys")
    drill = DRILLS[name]
    try:
        rules = load_proved(policy or drill.policy, None)
    except PolicyError as error:
        stop(str(error))
    try:
        asyncio.run(_practise(name, drill, rules, keys))
    except StageError as error:
        stop(str(error))
    return 0


async def _practise(name: str, drill: Drill, own: Policy, keys: str | None) -> None:
    rules = own if keys is None else replace(own, times=QUICK)
    pace = 1.0 if keys is None else QUICK_PACE
    screen = Screen(BOX_HELP + HELP) if keys is None else None
    record: list[Recorded] = []

    def watch(desk: str, happening: Happening) -> None:
        if desk == AGENT and happening.event is not None:
            record.append(Recorded(happening.at_ns / 1e9, happening.event))
        if desk == AGENT and screen is not None:
            screen.happened(happening)

    with tempfile.TemporaryDirectory(prefix="rung-drill-") as folder:
        async with FloorStage(Path(folder), rules, Parts.DRILL, watch) as stage:
            assert stage.agent.box is not None
            practice = Practice(stage.agent, rules, BoxKeys(stage.agent.box), screen)
            if screen is not None:
                stage.agent.box.watch_lamps(lambda frame: setattr(screen, "box_lamps", frame.pixels))
            await stage.caller.dial(stage.agent.handset.address)
            await stage.agent.until(lambda: stage.agent.lamps.epoch > 0, "caller and agent talk")
            supervisor = asyncio.create_task(supervise(stage.supervisor, pace))
            caller = asyncio.create_task(practice.caller(drill, pace).speak())
            if keys is not None:
                await practice.type(keys)
            elif screen is not None:
                asyncio.get_running_loop().add_signal_handler(signal.SIGINT, caller.cancel)
                with screen, keys_of_stdin(practice.key):
                    await asyncio.wait([caller])
            for task in (caller, supervisor):
                task.cancel()
            await asyncio.wait([caller, supervisor])
    quick = "" if keys is None else shortened(own.times, QUICK)
    _tell(name, rules, debrief(rules, practice.said, record), quick)


class Practice:
    """The agent's hands, and what the caller has said."""

    def __init__(self, desk: SimDesk, rules: Policy, box: BoxKeys, screen: Screen | None) -> None:
        self.said: list[Said] = []
        self._desk = desk
        self._rules = rules
        self._box = box
        self._screen = screen
        self._keys = Keys(self._act)
        self._tasks: set[asyncio.Task[None]] = set()

    def caller(self, drill: Drill, pace: float) -> Caller:
        return Caller(drill, self._pressed, self._over, self._changed, self._say, pace)

    def _over(self) -> bool:
        return self._desk.has(w.CaseClosed)

    def _pressed(self, button: Button) -> int:
        rungs = [event.rung for event in self._desk.record if isinstance(event, w.RungTaken)]
        return sum(self._rules.find(rung).button == button for rung in rungs)

    async def _changed(self) -> None:
        self._desk.changed.clear()
        await self._desk.changed.wait()

    def _act(self, act: w.Input) -> None:
        answer = self._desk.act(act)
        if answer is not None and self._screen is not None:
            self._screen.happened(Happening(kind="answer", at_ns=time.monotonic_ns(), answer=answer))

    def _say(self, turn: Turn) -> None:
        self.said.append(Said(time.monotonic(), turn))
        if self._screen is not None:
            self._screen.caller.append(turn.says)

    def key(self, char: str) -> None:
        """As typed in the terminal."""
        if self._keys.typing or not self._box.has(char):
            self._keys.key(char)
            return
        task = asyncio.get_running_loop().create_task(self._box.do(char))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def type(self, keys: str) -> None:
        """By itself: keys; `@2` waits until the caller has spoken twice, `+3` until lamp 3 invites, `1.5s` so long."""
        for word in keys.split():
            if found := re.fullmatch(r"@(\d+)", word):
                async with patience(f"{word}: the caller has spoken"):
                    while len(self.said) < int(found[1]) and not self._over():
                        await asyncio.sleep(0.02)
            elif found := re.fullmatch(r"\+([123])", word):
                button = TAPS[found[1]]
                await self._desk.until(lambda: self._desk.may_press(button), f"{word}: the lamp invites")  # noqa: B023
            elif found := re.fullmatch(r"(\d+(?:\.\d+)?)s", word):
                await asyncio.sleep(float(found[1]))
            else:
                for char in word:
                    await self._type_one(char)

    async def _type_one(self, char: str) -> None:
        """A press is waited for until it is answered, where it is one."""
        if self._keys.typing or not self._box.has(char):
            self._keys.key(char)
            return
        answers = len(self._desk.answers())
        await self._box.do(char)
        with contextlib.suppress(StageError):  # a button was only pressed down, or let go in the middle
            answered = lambda: self._box.holds or len(self._desk.answers()) > answers  # noqa: E731
            await self._desk.until(answered, "an answer", ANSWERED_S)


def _tell(name: str, rules: Policy, remarks: list[Remark], quick: str) -> None:
    print(f"{name}, under {rules.name}: {DRILLS[name].about}")
    print(f"times shortened: {quick}" if quick else "at the policy's own pace")
    for remark in remarks:
        print(f"  {remark.sign:13} {remark.text}")
    print("Nothing of this is kept.")
