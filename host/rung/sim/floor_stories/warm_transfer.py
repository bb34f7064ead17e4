"""`warm-transfer`, with a supervisor's desk; `rung.sim.stories` has four more, on a bridge in a process of its own."""

from rung import words as w
from rung.sim.floor_stage import AGENT_HZ, CALLER_HZ, SUPERVISOR_HZ, Parts
from rung.sim.scene import Scene, story
from rung.words import Button, EndedBy, Gesture, Ground, Outcome, Reply, Want

NAME = "warm-transfer"


@story(NAME, Parts.REAL)
async def supervisor_ends(s: Scene) -> None:
    """Warned, transferred with the case; the supervisor, abused as well, warns and ends at their own desk."""
    await s.call_in()
    s.declare(Ground.PROFANITY)
    await s.take("warn")
    await s.taken_over("escalate")
    await s.supervisor_ends()


@story(NAME, Parts.VIRTUAL, ignored=True)
async def nobody_answers(s: Scene) -> None:
    """The ask is ignored: the caller is back, a final notice, and the agent may release."""
    await s.call_in()
    s.declare(Ground.PROFANITY)
    await s.take("warn")
    await s.take("escalate")
    await s.sees(Want.TRANSFER)
    await s.expect(lambda: s.agent.has(w.AskClosed, outcome=Outcome.IGNORED), "nobody answered; the caller is off hold")
    await s.take("final-notice")
    await s.end("release")


@story(NAME, Parts.VIRTUAL)
async def declined(s: Scene) -> None:
    """The supervisor declines with a word of advice: that is not unavailability, and release stays refused."""
    await s.call_in()
    s.declare(Ground.PROFANITY)
    await s.take("warn")
    await s.take("escalate")
    await s.reply(await s.sees(Want.TRANSFER), Reply.DECLINE, "carry on, you are doing well")
    await s.expect(lambda: s.agent.has(w.AskClosed, outcome=Outcome.DECLINED), "declined; the caller is off hold")
    await s.persists()
    await s.refused(Button.RELEASE, Button.ESCALATE)
    await s.stays_up()


@story(NAME, Parts.VIRTUAL)
async def panic(s: Scene) -> None:
    """Escalate held: every supervisor is alerted, one comes into the call without hold, and is handed it by a tap."""
    await s.call_in()
    await s.agent.press(Button.ESCALATE, Gesture.HOLD)
    await s.reply(await s.sees(Want.PANIC), Reply.JOIN)
    await s.expect(lambda: s.agent.has(w.SupervisorJoined), "the supervisor is in the call")
    await s.caller.hears(AGENT_HZ, SUPERVISOR_HZ)
    s.must(not s.agent.has(w.CallHeld), "the caller hears both, and was never on hold")
    await s.refused(Button.RELEASE, Button.ESCALATE, "only they can end it")
    await s.press(Button.ESCALATE)
    await s.has_the_case()


@story(NAME, Parts.VIRTUAL)
async def false_alarm(s: Scene) -> None:
    """Panic by mistake, called off within four seconds: the alert is over at every desk, and it stays in the record."""
    await s.call_in()
    await s.agent.press(Button.ESCALATE, Gesture.HOLD)
    ask = await s.sees(Want.PANIC)
    s.act(w.Unmarked(w.Marker.EMERGENCY))
    over = lambda: all(a.over is not None for a in s.supervisor.asks if a.ask == ask.ask)  # noqa: E731
    await s.expect(over, "the alert is over at the supervisor's desk", s.supervisor)
    s.must(s.agent.has(w.MarkerSet) and s.agent.has(w.MarkerLifted), "both are in the record")
    await s.stays_up()


@story(NAME, Parts.VIRTUAL)
async def handed_back(s: Scene) -> None:
    """The supervisor takes the call, calms the caller, and hands it back: the agent's own rungs still stand."""
    await s.call_in()
    s.declare(Ground.SHOUTING)
    await s.take("warn")
    await s.taken_over("escalate")
    s.act(w.HandBack(), s.supervisor)
    await s.back_with_the_agent()
    await s.caller.hears(AGENT_HZ)
    await s.agent.handset.hears(CALLER_HZ)
    s.say("caller and agent hear each other again")
    s.must(s.supervisor.has(w.CaseClosed, by=EndedBy.TRANSFER), "the supervisor's phone confirms it")
    await s.take("escalate")  # a rung that rests on the warning: it was neither lost nor given twice
