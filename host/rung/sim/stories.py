"""The stories: what an agent, a caller and a supervisor do, and what must come of it.

Each step is a goal in the record. A step that was cut short, because the bridge was killed and came back, is simply
tried again, as a person would: look at the lamp, press once more.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from rung import words as w
from rung.phone.base import PhoneError
from rung.policy import Times
from rung.sim.handset import StageError
from rung.sim.stage import AGENT_HZ, CALLER_HZ, SUPERVISOR_HZ, Stage
from rung.words import Button, CallState, EndedBy, LampState, Outcome, Verdict

TIMES = Times(wait=1.0, say_time=0.8, answer_within=3.0)  # the shipped policy has 5, 4 and 30 s
RELEASE_HOLD_S = 1.8
TRIES = 12  # of a step that restarts of the bridge may have cut short
LOOK_S = 0.15  # before each press, as a person does
OPEN = (LampState.LIT, LampState.BREATHING)


class Player:
    """Plays one story on the stage, and says the lines of its own timeline."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self.stage = stage
        self.say = say

    # -- what the record and the lamps say ---------------------------------------------------------------------------

    def events(self, kind: type[w.Event]) -> list[w.Event]:
        return [e for e in self.stage.record if isinstance(e, kind)]

    def took(self, rung: str) -> bool:
        """Is it taken, and not undone since?"""
        about = [e for e in self.stage.record if isinstance(e, w.RungTaken | w.RungUndone) and e.rung == rung]
        return bool(about) and isinstance(about[-1], w.RungTaken)

    def outcome(self) -> Outcome | None:
        closed = [e for e in self.stage.record if isinstance(e, w.AskClosed)]
        return closed[-1].outcome if closed else None

    def closed(self) -> w.CaseClosed | None:
        return next((e for e in reversed(self.stage.record) if isinstance(e, w.CaseClosed)), None)

    def announced(self) -> bool:
        """Does an announcement stand?"""
        standing = False
        for e in self.stage.record:
            if isinstance(e, w.Announced):
                standing = True
            elif isinstance(e, w.AnnouncementWithdrawn | w.RungTaken):
                standing = False
        return standing

    def lamp(self, button: Button) -> LampState:
        lamp: w.Lamp = getattr(self.stage.lamps, button)
        return lamp.state

    def in_call(self) -> bool:
        """Does the box know of the call? A press made before would not belong to it."""
        return self.stage.lamps.epoch > 0

    def answers(self) -> list[w.Answer]:
        return [e.answer for e in self.stage.record if isinstance(e, w.PressAnswered)]

    # -- steps -------------------------------------------------------------------------------------------------------

    async def expect(self, true: Callable[[], bool], what: str) -> None:
        await self.stage.until(true, what)
        self.say(what)

    async def press(
        self,
        what: str,
        button: Button,
        done: Callable[[], bool],
        ready: Callable[[], bool] | None = None,
        hold_s: float = 0,
    ) -> None:
        """Press when the lamp says that it may be pressed, until the goal is in the record."""
        may = ready or (lambda: self.lamp(button) in OPEN)
        for _ in range(TRIES):
            await self.stage.until(lambda: done() or may(), f"{what}: the lamp says that {button} may be pressed")
            await asyncio.sleep(LOOK_S)
            if done():
                self.say(what)
                return
            if may():
                await self._press_once(button, hold_s, done, what)
        raise StageError(f"{what}: pressed {TRIES} times in vain; last answer: {self.answers()[-1:]}")

    async def _press_once(self, button: Button, hold_s: float, done: Callable[[], bool], what: str) -> None:
        seen, kills = len(self.answers()), self.stage.kills
        await (self.stage.hold(button, hold_s) if hold_s else self.stage.tap(button))
        await self.stage.until(
            lambda: done() or len(self.answers()) > seen or self.stage.kills > kills, f"{what}: an answer"
        )

    async def call_in(self) -> None:
        await self.stage.call_in()
        await self.expect(lambda: bool(self.events(w.CaseOpened)), "caller and agent talk")
        await self.stage.caller.until(lambda: self.caller_is(CallState.UP), "the call is up at the caller")

    def caller_is(self, state: CallState) -> bool:
        return any(call.state == state for call in self.stage.caller.calls.values())

    async def declare(self, key: str, ground: w.Ground) -> None:
        """Type a ground's key until the ground is in the record; a key typed to a dying bridge is lost."""
        for _ in range(TRIES):
            self.stage.type(key)
            with contextlib.suppress(StageError):
                await self.stage.until(lambda: self._declared(ground), f"ground {ground}", patience_s=2)
                self.say(f"ground declared: {ground}")
                return
        raise StageError(f"the ground {ground} did not reach the record")

    def _declared(self, ground: w.Ground) -> bool:
        return any(e.ground == ground for e in self.stage.record if isinstance(e, w.GroundDeclared))

    def over(self) -> bool:
        return self.closed() is not None

    async def warn(self) -> None:
        await self.press("warning given", Button.WARN, lambda: self.took("warn"))

    async def escalate(self, done: Callable[[], bool], what: str) -> None:
        """Ask until the ask has come where it should; an ask that a restart cut short is asked again."""
        await self.press(what, Button.ESCALATE, done)


async def transfer(t: Player) -> None:
    """Warn, talk, escalate, hold, consult; the agent's next tap completes. Caller and supervisor really talk."""
    await t.stage.supervisor.client.auto_answer(100)
    await t.call_in()
    await t.stage.caller.hears(AGENT_HZ)
    t.say("the caller hears the agent's tone")
    await t.declare("p", w.Ground.PROFANITY)
    await t.warn()
    await t.press("transfer confirmed by the phone", Button.ESCALATE, t.over)
    ended = t.closed()
    if ended is None or ended.by != EndedBy.TRANSFER:
        raise StageError(f"the case closed as {ended}")
    await t.stage.supervisor.hears(CALLER_HZ)
    await t.stage.caller.hears(SUPERVISOR_HZ)
    t.say("caller and supervisor hear each other's tone")


async def no_supervisor(t: Player) -> None:
    """Nobody answers, the caller comes back off hold; final notice, announcement, release by hold."""
    await t.stage.supervisor.client.auto_answer(None)
    await t.call_in()
    await t.declare("p", w.Ground.PROFANITY)
    await t.warn()
    await t.escalate(lambda: t.outcome() == Outcome.IGNORED, "nobody answered; the caller is off hold")
    await t.press("final notice given", Button.WARN, lambda: t.took("final-notice"))
    await release(t)


async def release(t: Player) -> None:
    """Announce by a tap, then hold; the caller's phone sees the end."""
    over = t.over
    for _ in range(TRIES):
        if over():
            break
        await t.press("announced", Button.RELEASE, lambda: over() or t.announced())
        await t.press(
            "release held",
            Button.RELEASE,
            lambda: over() or t.took("release") or not t.announced(),
            hold_s=RELEASE_HOLD_S,
        )
        await t.stage.until(lambda: over() or t.lamp(Button.RELEASE) in OPEN, "the phone's word on the hang-up")
    await t.expect(over, "the phone confirms that the call has ended")
    ended = t.closed()
    if ended is None or ended.by not in (EndedBy.US, EndedBy.UNKNOWN):
        raise StageError(f"the case closed as {ended}")
    await t.stage.caller.until(lambda: not t.stage.caller.living, "the caller's phone sees the end")
    if [c.ended_by for c in t.stage.caller.calls.values()] != [EndedBy.THEM]:
        raise StageError("the caller's phone did not see a BYE from the agent")
    t.say("the caller's phone saw the BYE")
    await t.expect(lambda: t.lamp(Button.RELEASE) != LampState.BLINKING, "no lamp waits any more")


async def too_early(t: Player) -> None:
    """Release first: refused with the reason and the next button; the call stays up."""
    await t.call_in()
    refused = lambda: any(a.verdict == Verdict.REFUSED and a.next == Button.WARN for a in t.answers())  # noqa: E731
    await t.press("release refused: " + "warn comes next", Button.RELEASE, refused, ready=t.in_call)
    t.say(next(a.why for a in t.answers() if a.verdict == Verdict.REFUSED))
    await t.press("held release refused as well", Button.RELEASE, lambda: _refusals(t) > 1, t.in_call, RELEASE_HOLD_S)
    if t.closed() is not None or not t.caller_is(CallState.UP):
        raise StageError("the call did not stay up")
    await t.stage.caller.hears(AGENT_HZ)
    t.say("the call is up, and the caller hears the agent")


def _refusals(t: Player) -> int:
    return sum(a.verdict == Verdict.REFUSED for a in t.answers())


async def called_back(t: Player) -> None:
    """The supervisor answers the consult and ends it: declined. The caller is back, and there is no release."""
    await t.stage.supervisor.client.auto_answer(100)
    ended: set[str] = set()
    t.stage.supervisor.on_change = lambda call: _hang_up_soon(t, call, ended)
    await t.call_in()
    await t.declare("p", w.Ground.PROFANITY)
    await t.warn()
    await t.escalate(lambda: t.outcome() == Outcome.DECLINED, "the supervisor declined; the caller is off hold")
    refusals = _refusals(t)
    await t.press("release refused", Button.RELEASE, lambda: _refusals(t) > refusals, ready=t.in_call)
    if t.closed() is not None or not t.caller_is(CallState.UP):
        raise StageError("the call did not stay up")
    await t.stage.caller.hears(AGENT_HZ)
    t.say("the call is up, and the caller hears the agent")


def _hang_up_soon(t: Player, call: w.Call, ended: set[str]) -> None:
    """The supervisor talks for a second, then ends the consult."""
    if call.state == CallState.UP and call.id not in ended:
        ended.add(call.id)
        asyncio.get_running_loop().call_later(1.0, lambda: asyncio.ensure_future(_hang_up(t, call.id)))


async def _hang_up(t: Player, call: str) -> None:
    with contextlib.suppress(PhoneError):  # the agent may have been quicker
        await t.stage.supervisor.client.hang_up(call)


STORIES: dict[str, Callable[[Player], Awaitable[None]]] = {
    "transfer": transfer,
    "no-supervisor": no_supervisor,
    "too-early": too_early,
    "called-back": called_back,
}
