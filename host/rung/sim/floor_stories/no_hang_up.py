"""`no-hang-up`: the agent never hangs up."""

from rung import words as w
from rung.floor.base import Status
from rung.sim.floor_stage import Parts
from rung.sim.scene import Scene, story
from rung.words import Button, Gesture, Ground, Outcome, Reply, Want

NAME = "no-hang-up"


@story(NAME, Parts.REAL)
async def supervisor_ends(s: Scene) -> None:
    """A supervisor is offered and takes the call; abused as well, they warn, and end it at their own desk."""
    await s.call_in()
    s.declare(Ground.PROFANITY)
    await s.refused(Button.RELEASE, Button.ESCALATE)
    await s.taken_over("offer")
    await s.supervisor_ends()


@story(NAME, Parts.VIRTUAL)
async def never_hangs_up(s: Scene) -> None:
    """Whatever was said: the agent's release is refused, tapped and held, and escalate comes next."""
    await s.call_in()
    for ground in (Ground.HATE_SPEECH, Ground.THREAT):
        s.declare(ground)
    await s.persists()
    for gesture in (Gesture.TAP, Gesture.HOLD):
        await s.refused(Button.RELEASE, Button.ESCALATE, gesture=gesture)
    await s.stays_up()


@story(NAME, Parts.VIRTUAL)
async def nobody_free(s: Scene) -> None:
    """The supervisor is busy: the caller is back from hold, stays with the agent, and the offer is made again."""
    await s.call_in()
    s.declare(Ground.SHOUTING)
    await s.take("offer")
    await s.reply(await s.sees(Want.TRANSFER), Reply.BUSY)
    await s.expect(lambda: s.agent.has(w.AskClosed, outcome=Outcome.BUSY), "nobody is free; the offer came to nothing")
    await s.stays_up()
    await s.taken_over("offer")


@story(NAME, Parts.VIRTUAL)
async def only_rude(s: Scene) -> None:
    """Rudeness alone opens no offer: escalate is a quiet ask, which says so, and nothing happens on the phone."""
    await s.call_in()
    s.declare(Ground.RUDENESS)
    answer = await s.agent.press(Button.ESCALATE)
    s.must(answer.why.startswith("Quiet ask"), f"the answer: {answer.why}")
    await s.reply(await s.sees(Want.COMPANY), Reply.ACCEPT)
    await s.expect(lambda: s.agent.has(w.AlertAnswered, reply=Reply.ACCEPT), "the agent knows who comes")
    s.must(not s.agent.has(w.CallHeld) and not s.agent.has(w.RungTaken), "no rung was taken, nobody was on hold")
    await s.stays_up()


@story(NAME, Parts.VIRTUAL)
async def nobody_there(s: Scene) -> None:
    """No supervisor is at their desk: the offer ends at once, and the caller was never on hold."""
    s.supervisor.sits(Status.AWAY)
    await s.expect(lambda: s.agent.alone(), "no supervisor is present")
    await s.call_in()
    s.declare(Ground.DEROGATORY)
    await s.press(Button.ESCALATE)
    await s.expect(lambda: s.agent.has(w.AskClosed, outcome=Outcome.ABSENT), "the offer ended at once")
    s.must(not s.agent.has(w.CallHeld), "the caller was never on hold")
    await s.stays_up()
