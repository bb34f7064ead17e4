"""`hang-up-protocol`: redirect, ask leave to warn, warn, end."""

from rung import words as w
from rung.sim.floor_stage import AGENT_HZ, SUPERVISOR_HZ, Parts
from rung.sim.scene import Scene, story
from rung.words import Button, Gesture, Ground, Outcome, Reply, Want

NAME = "hang-up-protocol"


async def leave_to_warn(s: Scene, ground: Ground = Ground.PROFANITY) -> None:
    await s.call_in()
    await s.take("redirect")
    s.declare(ground)
    await s.take("ask-leave")
    await s.reply(await s.sees(Want.LEAVE), Reply.GRANT)
    await s.expect(lambda: s.agent.has(w.LeaveGranted), "leave to warn is granted")


@story(NAME, Parts.REAL)
async def leave_granted(s: Scene) -> None:
    """Redirected, leave asked and granted, warned; the abuse goes on, and the agent ends the call."""
    await leave_to_warn(s)
    await s.take("warn")
    await s.end("end")


@story(NAME, Parts.REAL)
async def supervisor_takes(s: Scene) -> None:
    """Warned, a supervisor is asked to join and takes the call: the caller stays with the agent until they answer."""
    await leave_to_warn(s)
    await s.take("warn")
    await s.taken_over("ask-to-join", Want.JOIN)
    s.must(not s.agent.has(w.CallHeld), "the caller was never on hold")
    await s.supervisor_ends()


@story(NAME, Parts.REAL)
async def threat(s: Scene) -> None:
    """A threat: a supervisor is told at once, and the agent ends the call at once, announced all the same."""
    await s.call_in()
    s.declare(Ground.THREAT)
    await s.sees(Want.THREAT)
    await s.end("end-at-once")


@story(NAME, Parts.VIRTUAL)
async def supervisor_joins(s: Scene) -> None:
    """A supervisor comes into the call without hold, warns and ends it there; the agent has no release meanwhile."""
    await leave_to_warn(s)
    await s.take("warn")
    await s.take("ask-to-join")
    await s.reply(await s.sees(Want.JOIN), Reply.JOIN)
    await s.expect(lambda: s.agent.has(w.SupervisorJoined), "the supervisor is in the call")
    await s.caller.hears(AGENT_HZ, SUPERVISOR_HZ)
    s.must(not s.agent.has(w.CallHeld), "the caller hears both, and was never on hold")
    await s.refused(Button.RELEASE, Button.ESCALATE, "only they can end it")
    await s.from_the_supervisors_desk(w.Declared(Ground.PROFANITY))
    await s.persists()
    await s.joined_press(Button.WARN)
    await s.persists()
    await s.joined_press(Button.RELEASE)
    await s.said()
    await s.joined_press(Button.RELEASE, Gesture.HOLD)
    await s.ended(s.agent)


@story(NAME, Parts.VIRTUAL)
async def leave_denied(s: Scene) -> None:
    """Leave is denied: the agent goes on redirecting, may ask again, and cannot end the call."""
    await s.call_in()
    await s.take("redirect")
    s.declare(Ground.PROFANITY)
    await s.take("ask-leave")
    await s.reply(await s.sees(Want.LEAVE), Reply.DENY, "redirect once more")
    await s.expect(lambda: s.agent.has(w.AskClosed, outcome=Outcome.DENIED), "leave is denied")
    await s.refused(Button.RELEASE, None, "name the ground (hate_speech, threat)")
    await s.take("redirect")
    await s.take("ask-leave")
    await s.reply(await s.sees(Want.LEAVE), Reply.GRANT)
    await s.expect(lambda: s.agent.has(w.LeaveGranted), "asked again, and granted")
    await s.stays_up()


@story(NAME, Parts.VIRTUAL)
async def leave_withdrawn(s: Scene) -> None:
    """Leave that was not used is withdrawn: the warning is closed again, and redirecting is open."""
    await leave_to_warn(s)
    await s.from_the_supervisors_desk(w.LeaveTakenBack())
    await s.expect(lambda: s.agent.has(w.LeaveWithdrawn), "leave is withdrawn")
    await s.take("redirect")
    await s.stays_up()


@story(NAME, Parts.VIRTUAL)
async def while_asking(s: Scene) -> None:
    """Hate speech while leave is asked: the agent ends at once, and the ask is over before the supervisor's desk."""
    await s.call_in()
    await s.take("redirect")
    s.declare(Ground.PROFANITY)
    await s.take("ask-leave")
    await s.sees(Want.LEAVE)
    s.declare(Ground.HATE_SPEECH)
    await s.end("end-at-once")
    s.must(s.agent.has(w.AskClosed, outcome=Outcome.WITHDRAWN), "leave is no longer asked")
