"""`end-with-care`: de-escalate first; severe abuse may end the call at once; every ending is followed up."""

from rung import words as w
from rung.sim.floor_stage import Parts
from rung.sim.scene import Scene, story
from rung.words import Button, Ground, Outcome, Reply, Want

NAME = "end-with-care"


def followed_up(s: Scene) -> None:
    for duty in ("incident", "review", "follow-up", "complaint"):
        s.must(s.agent.has(w.DutyDue, duty=duty), f"due after the call: {duty}")


@story(NAME, Parts.REAL)
async def advised(s: Scene) -> None:
    """De-escalated, a supervisor advises, the demands go on: the agent ends politely, and the follow-up is due."""
    await s.call_in()
    await s.take("de-escalate")
    s.act(w.Ticked("empathy"))
    s.declare(Ground.DEMANDS)
    await s.persists()
    await s.refused(Button.RELEASE, Button.ESCALATE, "a supervisor must be involved")
    await s.take("involve")
    await s.reply(await s.sees(Want.INVOLVE), Reply.ADVISE, "offer the engineer's visit once more")
    await s.expect(lambda: s.agent.has(w.AskClosed, outcome=Outcome.ADVISED), "the supervisor has advised")
    await s.end("end")
    followed_up(s)


@story(NAME, Parts.REAL)
async def supervisor_takes(s: Scene) -> None:
    """Involved, the supervisor takes the call; abused as well, they warn, and end it at their own desk."""
    await s.call_in()
    await s.take("de-escalate")
    s.declare(Ground.UNCOOPERATIVE)
    await s.taken_over("involve", Want.INVOLVE)
    await s.supervisor_ends(Ground.DEROGATORY)


@story(NAME, Parts.VIRTUAL, plays=True)
async def at_once(s: Scene) -> None:
    """Severe abuse: announced, ended at once, the reason named; this floor plays the announcement."""
    await s.call_in()
    s.declare(Ground.SLUR)
    await s.end("end-at-once")
    played = s.stage.exchange.played
    s.must(len(played) == 1 and "because of the slurs" in played[0].text, f"played to the caller: {played[0].text}")
    followed_up(s)


@story(NAME, Parts.VIRTUAL)
async def not_necessary(s: Scene) -> None:
    """The agent attests with the reason that no supervisor is necessary, and may end."""
    await s.call_in()
    await s.take("de-escalate")
    s.declare(Ground.HARASSMENT)
    await s.persists()
    s.act(w.Attested("the same caller for the fourth time today; everything has been offered"))
    await s.end("end")
    s.must(s.agent.has(w.DutyDue, duty="block"), "a block may be proposed")


@story(NAME, Parts.VIRTUAL)
async def declined(s: Scene) -> None:
    """The supervisor declines: not involved, and "not necessary" can no longer be attested. The call goes on."""
    await s.call_in()
    await s.take("de-escalate")
    s.declare(Ground.DEMANDS)
    await s.take("involve")
    await s.reply(await s.sees(Want.INVOLVE), Reply.DECLINE, "carry on")
    await s.expect(lambda: s.agent.has(w.AskClosed, outcome=Outcome.DECLINED), "the supervisor declined")
    answer = s.agent.act(w.Attested("not needed"))
    s.must(answer is not None and answer.verdict == w.Verdict.REFUSED, "it cannot be attested any more")
    await s.persists()
    await s.refused(Button.RELEASE, Button.ESCALATE)
    await s.stays_up()


@story(NAME, Parts.VIRTUAL, ignored=True)
async def nobody_answers(s: Scene) -> None:
    """Nobody answers the ask: a supervisor is unavailable, and the agent may end."""
    await s.call_in()
    await s.take("de-escalate")
    s.declare(Ground.SEXUAL)
    await s.take("involve")
    await s.expect(lambda: s.agent.has(w.AskClosed, outcome=Outcome.IGNORED), "nobody answered")
    await s.end("end")


@story(NAME, Parts.VIRTUAL)
async def calmed(s: Scene) -> None:
    """The caller calms down: every ending is closed, also the one at once, until it is declared anew."""
    await s.call_in()
    s.declare(Ground.PROFANITY)
    await s.press(Button.RELEASE)
    s.act(w.Calmed())
    await s.expect(lambda: s.agent.has(w.AnnouncementWithdrawn), "what was announced no longer stands")
    await s.refused(Button.RELEASE, None)
    await s.stays_up()
    s.declare(Ground.PROFANITY)
    await s.end("end-at-once")
