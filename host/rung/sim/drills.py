"""Drills: a scripted caller to practise with. What is said, in which mood, and when.

A drill fits every policy: the caller goes on when a rung of a certain button has been taken, or grows impatient. The
worst words stand in brackets; whoever practises knows them.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from enum import StrEnum

from msgspec import Struct

from rung.floor.base import FloorError
from rung.sim.desk import SimDesk
from rung.words import Button, CallState, Ground, Reply, TakeOver, Want

IMPATIENT_S = 25.0  # the caller goes on, whatever the agent does
AFTERWARDS_S = 40.0  # for what the agent still has to do once the caller has said the last word


class Mood(StrEnum):
    CALM = "calm"  # the matter, however annoyed
    ABUSIVE = "abusive"
    CALMED = "calmed"  # sorry, and meant


class Turn(Struct, frozen=True):
    """One thing that the caller says, ``pause_s`` after a rung of button ``after`` was taken since the last one."""

    says: str
    mood: Mood = Mood.CALM
    grounds: tuple[Ground, ...] = ()  # any of these names it rightly
    after: Button | None = None
    pause_s: float = 3.0


class Drill(Struct, frozen=True, kw_only=True):
    policy: str  # unless another is asked for
    about: str
    turns: tuple[Turn, ...]


DRILLS: dict[str, Drill] = {
    "swearing": Drill(
        policy="warm-transfer",
        about="A caller swears, goes on after the warning, and goes on after that.",
        turns=(
            Turn("I have waited twenty minutes to ask where my refund is.", pause_s=1),
            Turn("Three weeks! You are all damn useless, you [swearing].", Mood.ABUSIVE, (Ground.PROFANITY,)),
            Turn(
                "Don't you tell me how to talk, you [swearing]. Get me my money.",
                Mood.ABUSIVE,
                (Ground.PROFANITY,),
                after=Button.WARN,
            ),
            Turn("You [swearing], I am still waiting.", Mood.ABUSIVE, (Ground.PROFANITY,), pause_s=8),
        ),
    ),
    "slur": Drill(
        policy="advise-and-warn",
        about="A caller uses a slur, is warned, and uses it again.",
        turns=(
            Turn("My parcel is late again. Can you tell me where it is?", pause_s=1),
            Turn("I can hear where you are from. Is there no [slur]-free service?", Mood.ABUSIVE, (Ground.SLUR,)),
            Turn("Typical [slur]. I say what I like.", Mood.ABUSIVE, (Ground.SLUR,), after=Button.WARN, pause_s=6),
        ),
    ),
    "calms-down": Drill(
        policy="end-with-care",
        about="A caller shouts and swears, is met with patience, and calms down: nothing more is to be climbed.",
        turns=(
            Turn("My heating has been off for two days, and nobody comes!", pause_s=1),
            Turn(
                "DO SOMETHING, damn it! You [swearing] don't care at all!",
                Mood.ABUSIVE,
                (Ground.PROFANITY, Ground.SHOUTING),
            ),
            Turn("… I am sorry. It is just so cold here. What can we do?", Mood.CALMED, after=Button.WARN, pause_s=4),
            Turn("Tomorrow at eight would be fine. Thank you.", pause_s=6),
        ),
    ),
    "threat": Drill(
        policy="hang-up-protocol",
        about="A caller is annoyed, then threatens the agent.",
        turns=(
            Turn("You cut off my electricity. I want it back on today.", pause_s=1),
            Turn("I know where your office is. I will wait for you outside.", Mood.ABUSIVE, (Ground.THREAT,)),
            Turn("You will see. I am not joking.", Mood.ABUSIVE, (Ground.THREAT,), pause_s=10),
        ),
    ),
}


class Caller:
    """Speaks the turns of a drill. ``pace`` below 1 makes haste, for a try-out without a person."""

    def __init__(
        self,
        drill: Drill,
        pressed: Callable[[Button], int],
        over: Callable[[], bool],
        changed: Callable[[], Awaitable[object]],
        say: Callable[[Turn], None],
        pace: float = 1.0,
    ) -> None:
        """``pressed``: how many rungs of that button have been taken; ``changed`` waits until that may have changed."""
        self._drill = drill
        self._pressed = pressed
        self._over = over
        self._changed = changed
        self._say = say
        self._pace = pace

    async def speak(self) -> None:
        """From the first turn until the call is over, or the agent has had time after the last."""
        seen = dict.fromkeys(Button, 0)
        for turn in self._drill.turns:
            if turn.after is not None:
                after, before = turn.after, seen[turn.after]
                await self._until(lambda: self._pressed(after) > before, IMPATIENT_S)  # noqa: B023
            await self._until(self._over, turn.pause_s)
            if self._over():
                return
            seen = {button: self._pressed(button) for button in Button}
            self._say(turn)
        await self._until(self._over, AFTERWARDS_S)

    async def _until(self, true: Callable[[], bool], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds * self._pace):
                while not (true() or self._over()):
                    await self._changed()
        except TimeoutError:
            return


REPLIES = {Want.TRANSFER: Reply.ACCEPT, Want.LEAVE: Reply.GRANT, Want.JOIN: Reply.JOIN, Want.INVOLVE: Reply.ADVISE}
ANSWER_S, BRIEFED_S = 2.0, 5.0


async def supervise(desk: SimDesk, pace: float = 1.0) -> None:
    """A supervisor who says yes to whatever is asked, and takes a transferred call after a word with the agent."""
    answered: set[tuple[str, int, Want]] = set()
    while True:
        for ask in [a for a in desk.asks if a.over is None and (a.desk, a.ask, a.want) not in answered]:
            answered.add((ask.desk, ask.ask, ask.want))
            await desk.floor.see(ask.desk, ask.ask)
            await asyncio.sleep(ANSWER_S * pace)
            with contextlib.suppress(FloorError):  # it is over
                await desk.floor.reply(ask.desk, ask.ask, REPLIES.get(ask.want, Reply.ACCEPT))
            if ask.want == Want.TRANSFER:
                await _comes_to_the_phone(desk)
                await asyncio.sleep(BRIEFED_S * pace)
                await desk.floor.act(ask.desk, TakeOver())  # the agent may have been quicker
        desk.changed.clear()
        await desk.changed.wait()


async def _comes_to_the_phone(desk: SimDesk) -> None:
    while not any(call.state == CallState.UP for call in desk.handset.living):
        desk.changed.clear()
        await desk.changed.wait()
