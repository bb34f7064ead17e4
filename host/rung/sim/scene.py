"""What stories on a small floor are made of: what people do there, and what must come of it.

Each step waits for what the record or a telephone says, never for a time; a step that does not come about is a
`StageError` with one line.
"""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.desk.report.model import Report
from rung.desk.report.reading import report
from rung.floor.base import Asked
from rung.journal.after.open_duties import open_duties
from rung.policy import Policy, Times, load
from rung.sim.desk import SimDesk
from rung.sim.floor_stage import AGENT_HZ, CALLER_HZ, SUPERVISOR_HZ, FloorStage, Parts
from rung.sim.handset import Handset, StageError
from rung.words import Button, CallState, EndedBy, Gesture, Ground, Reply, Verdict, Want

TIMES = {
    Parts.REAL: Times(wait=0.6, say_time=0.5, answer_within=20, widen_after=10),
    Parts.PBX: Times(wait=0.6, say_time=0.5, answer_within=20, widen_after=10),
    Parts.PAGES: Times(wait=0.6, say_time=0.5, answer_within=20, widen_after=10),
    Parts.VIRTUAL: Times(wait=0.1, say_time=0.08, answer_within=20, widen_after=10),
}
IGNORED = {"answer_within": 0.5, "widen_after": 0.25}  # where a story is about nobody answering
TRIES = 3  # of a press that came an instant before its lamp could say otherwise
LOOK_S = {Parts.REAL: 0.1, Parts.PAGES: 0.0, Parts.PBX: 0.0, Parts.VIRTUAL: 0.0}  # before each press, as a person does
MOMENT_S = 0.02
CASE = "agent-1"  # of the first call at the agent's desk
ALIVE_S = {
    Parts.REAL: 0.3,
    Parts.PAGES: 0.3,
    Parts.PBX: 0.3,
    Parts.VIRTUAL: 0.02,
}  # in which a call that was to end would have ended


class Scene:
    """The people of one story. ``say`` takes the lines of its own timeline."""

    def __init__(self, stage: FloorStage, say: Callable[[str], None]) -> None:
        self.stage = stage
        self.say = say
        self.agent: SimDesk = stage.agent
        self.supervisor: SimDesk = stage.supervisor
        self.caller: Handset = stage.caller

    async def expect(self, true: Callable[[], bool], what: str, desk: SimDesk | None = None) -> None:
        await (desk or self.agent).until(true, what)
        self.say(what)

    def must(self, true: bool, what: str) -> None:
        """It is so already."""
        if not true:
            raise StageError(f"not so: {what}")
        self.say(what)

    # -- the caller and the agent ------------------------------------------------------------------------------------

    async def call_in(self) -> None:
        await self.caller.dial(self.agent.handset.address)
        await self.expect(lambda: self.agent.lamps.epoch > 0, "caller and agent talk")
        await self.caller.until(lambda: any(c.state == CallState.UP for c in self.caller.living), "the call is up")
        await self.caller.hears(AGENT_HZ)
        await self.agent.handset.hears(CALLER_HZ)
        self.say("they hear each other")

    def declare(self, ground: Ground, desk: SimDesk | None = None, note: str = "") -> None:
        self.act(w.Declared(ground, note), desk)
        self.say(f"{(desk or self.agent).name} declares {ground}")

    def act(self, act: w.Act, desk: SimDesk | None = None) -> None:
        """By key or on the page. StageError if it is refused."""
        answer = (desk or self.agent).act(act)
        if answer is not None and answer.verdict == Verdict.REFUSED:
            raise StageError(f"refused: {answer.why}")

    async def press(self, button: Button, gesture: Gesture = Gesture.TAP, desk: SimDesk | None = None) -> w.Answer:
        """When the lamp says that it may be pressed; StageError if it is refused all the same."""
        at = desk or self.agent
        for _ in range(TRIES):
            await at.until(lambda: at.may_press(button), f"{at.name}: the lamp says that {button} may be pressed")
            await asyncio.sleep(LOOK_S[self.stage.parts])
            answer = await at.press(button, gesture)
            if answer.verdict in (Verdict.TAKEN, Verdict.NOTHING):
                return answer
        raise StageError(f"{at.name}: {button} was refused: {answer.why}")

    async def take(self, rung: str, desk: SimDesk | None = None) -> None:
        """By the press of its button."""
        at = desk or self.agent
        before = _times_taken(at, rung)
        await self.press(self.stage.policy.find(rung).button, desk=at)
        await self.expect(lambda: _times_taken(at, rung) > before, f"{at.name} takes {rung}", at)

    async def end(self, rung: str, desk: SimDesk | None = None) -> None:
        """Announce, say it, hold; the phone confirms, and the caller's phone sees the end."""
        at = desk or self.agent
        await self.press(Button.RELEASE, desk=at)
        await self.expect(lambda: at.has(w.Announced, rung=rung), f"{at.name} announces {rung}", at)
        await self.press(Button.RELEASE, Gesture.HOLD, at)
        await self.expect(lambda: at.has(w.RungTaken, rung=rung), f"{at.name} takes {rung}", at)
        await self.ended(at)

    async def ended(self, desk: SimDesk) -> None:
        await self.expect(lambda: desk.has(w.CaseClosed, by=EndedBy.US), "the phone confirms that the call ended", desk)
        await self.caller.until(lambda: not self.caller.living, "the caller's phone sees the end")
        last = [call.ended_by for call in self.caller.calls.values()][-1]
        self.must(last == EndedBy.THEM, "the caller's phone saw our side end it")

    async def refused(
        self,
        button: Button,
        next: Button | None,
        why: str = "",
        gesture: Gesture = Gesture.TAP,
        desk: SimDesk | None = None,
    ) -> None:
        """Pressed all the same; the answer says why, and the call stays up."""
        at = desk or self.agent
        answer = await at.press(button, gesture)
        if answer.verdict != Verdict.REFUSED or answer.next != next or why not in answer.why:
            raise StageError(f"{at.name}: {button} was not refused with {next} and {why!r}, but: {answer}")
        self.say(f"{button} {gesture} refused: {answer.why}")

    async def stays_up(self) -> None:
        """Caller and agent still hear each other."""
        await asyncio.sleep(ALIVE_S[self.stage.parts])
        self.must(not self.agent.has(w.CaseClosed), "the call stays up")
        await self.caller.hears(AGENT_HZ)
        self.say("the caller hears the agent")

    async def persists(self) -> None:
        """Time in which the abuse goes on; the policy counts it as talk."""
        await asyncio.sleep(self.stage.policy.times.wait + MOMENT_S)

    async def said(self) -> None:
        """Time in which an announcement is said."""
        await asyncio.sleep(self.stage.policy.times.say_time + MOMENT_S)

    # -- the supervisor ----------------------------------------------------------------------------------------------

    async def sees(self, want: Want) -> Asked:
        """The ask, before the supervisor's desk and still open."""
        await self.expect(lambda: bool(self._asked(want)), f"the supervisor sees: {want}", self.supervisor)
        ask = self._asked(want)[0]
        await self.supervisor.floor.see(ask.desk, ask.ask)
        return ask

    def _asked(self, want: Want) -> list[Asked]:
        return [ask for ask in self.supervisor.asks if ask.want == want and ask.over is None]

    async def reply(self, ask: Asked, reply: Reply, word: str = "") -> None:
        await self.supervisor.floor.reply(ask.desk, ask.ask, reply, word)
        self.say(f"the supervisor replies: {reply}{f': {word}' if word else ''}")

    async def taken_over(self, rung: str, want: Want = Want.TRANSFER) -> None:
        """The agent asks; the supervisor comes to the phone, takes the call, and has the case at their own desk."""
        await self.take(rung)
        ask = await self.sees(want)
        await self.reply(ask, Reply.ACCEPT if want == Want.TRANSFER else Reply.TAKE)
        if want == Want.TRANSFER:
            await self.expect(lambda: self.agent.has(w.AskMoved, phase="answered"), "the supervisor is on the phone")
            await self.from_the_supervisors_desk(w.TakeOver())
        await self.has_the_case()

    async def has_the_case(self) -> None:
        await self.expect(lambda: self.supervisor.has(w.CaseArrived), "the supervisor has the case", self.supervisor)
        await self.expect(lambda: self.agent.has(w.CaseClosed, by=EndedBy.TRANSFER), "the agent's phone confirms it")
        await self.supervisor.handset.hears(CALLER_HZ)
        await self.caller.hears(SUPERVISOR_HZ)
        self.say("caller and supervisor hear each other")

    async def supervisor_ends(self, ground: Ground = Ground.PROFANITY) -> None:
        """At the supervisor's own desk: the ground attested anew, the supervisor's own warning, and the ending."""
        await self.refused(Button.RELEASE, None, "first: warn the caller", desk=self.supervisor)
        self.declare(ground, self.supervisor)
        await self.take("supervisor-warn", self.supervisor)
        await self.end("supervisor-end", self.supervisor)

    async def back_with_the_agent(self) -> None:
        """The supervisor has handed back: the case comes with the caller."""
        await self.press(Button.ESCALATE, desk=self.supervisor)
        await self.expect(lambda: self.agent.has(w.CaseArrived), "the agent has the case again")

    async def from_the_supervisors_desk(self, act: w.Act) -> None:
        """The supervisor acts on the agent's case. StageError if it is refused."""
        answer = await self.supervisor.floor.act(self.agent.name, act)
        if answer.verdict == Verdict.REFUSED:
            raise StageError(f"refused: {answer.why}")
        self.say(f"from the supervisor's desk: {answer.why}")

    async def joined_press(self, button: Button, gesture: Gesture = Gesture.TAP) -> None:
        """The supervisor in the call presses, and the agent's desk, whose case it is, decides."""
        press = self.supervisor.pressed(button, gesture)
        await self.from_the_supervisors_desk(replace(press, epoch=self.agent.lamps.epoch))

    # -- after the call ------------------------------------------------------------------------------------------------

    def attend(self, actor: w.Actor, act: w.AfterAct, desk: SimDesk | None = None) -> None:
        """What somebody does after a call, at the agent's desk or another. StageError if it is refused."""
        answer = self._attended(actor, act, desk)
        if answer.verdict == Verdict.REFUSED:
            raise StageError(f"{actor.id} is refused: {answer.why}")
        self.say(f"{actor.id}: {answer.why}")

    def not_theirs(self, actor: w.Actor, act: w.AfterAct, why: str, desk: SimDesk | None = None) -> None:
        """They may not do this, and are told why."""
        answer = self._attended(actor, act, desk)
        if answer.verdict != Verdict.REFUSED or why not in answer.why:
            raise StageError(f"{actor.id} was not refused with {why!r}, but: {answer}")
        self.say(f"{actor.id} is refused: {answer.why}")

    def _attended(self, actor: w.Actor, act: w.AfterAct, desk: SimDesk | None) -> w.Answer:
        self.tell_each_other()
        return (desk or self.agent).bridge.attend(act, actor)

    def tell_each_other(self) -> None:
        """Each desk learns what is new in the other's record, as from a floor that has both."""
        for one, other in ((self.agent, self.supervisor), (self.supervisor, self.agent)):
            other.bridge.after.learn(one.bridge.after.record, one.bridge.after.lines())

    def open(self, case: str = CASE, desk: SimDesk | None = None) -> set[str]:
        """What is still due on the case, as that desk knows it."""
        self.tell_each_other()
        after = (desk or self.agent).bridge.after
        return {due.duty for due in open_duties(after.files(), after.files().cases[case], after.wall_ms())}

    def due(self, *duties: str, case: str = CASE) -> None:
        """This is due, and nothing else."""
        at = self.open(case)
        if at != set(duties):
            raise StageError(f"due is not {sorted(duties)}, but {sorted(at)}")
        self.say(f"still due: {', '.join(sorted(at)) or 'nothing'}")

    def report(self, case: str = CASE) -> Report:
        """The incident, as the agent's desk tells it with both records."""
        self.tell_each_other()
        after = self.agent.bridge.after
        records = {desk.name: desk.bridge.after.lines() for desk in (self.agent, self.supervisor)}
        found = report(after.files(), case, records, after.wall_ms())
        assert found is not None
        return found


def _times_taken(desk: SimDesk, rung: str) -> int:
    return sum(isinstance(event, w.RungTaken) and event.rung == rung for event in desk.record)


class Story(Struct, frozen=True, kw_only=True, eq=False):
    """One story; its first line tells it."""

    policy: str
    name: str
    about: str
    parts: Parts
    play: Callable[[Scene], Awaitable[None]]
    trained: bool = True
    plays: bool = False  # the floor plays announcements to the caller
    ignored: bool = False  # nobody answers, and that is not waited for long

    def rules(self) -> Policy:
        times = replace(TIMES[self.parts], **IGNORED) if self.ignored else TIMES[self.parts]
        policy = load(self.policy, times)
        rungs = (replace(rung, play=self.plays and rung.does == "end") for rung in policy.rung)
        return replace(policy, rung=tuple(rungs))


Play = Callable[[Scene], Awaitable[None]]


def story(
    policy: str, parts: Parts, *, trained: bool = True, plays: bool = False, ignored: bool = False
) -> Callable[[Play], Story]:
    """Make a story of a function; its name and its first line are the story's."""

    def make(play: Play) -> Story:
        return Story(
            policy=policy,
            name=play.__name__.replace("_", "-"),
            about=(play.__doc__ or "").strip().splitlines()[0],
            parts=parts,
            play=play,
            trained=trained,
            plays=plays,
            ignored=ignored,
        )

    return make
