"""`advise-and-warn`: two grounds only, a warning first, trained agents, every ending reviewed."""

from rung import words as w
from rung.sim.floor_stage import AGENT_HZ, SUPERVISOR_HZ, Parts
from rung.sim.scene import Scene, story
from rung.words import Button, Ground, Marker, Reply, Want

NAME = "advise-and-warn"


@story(NAME, Parts.REAL)
async def warned_and_ended(s: Scene) -> None:
    """A slur, the warning, the slur again: a trained agent ends; a review and a breather are due."""
    await s.call_in()
    s.declare(Ground.SLUR)
    await s.refused(Button.RELEASE, Button.WARN)
    await s.take("advise-and-warn")
    await s.persists()
    s.declare(Ground.SLUR)
    await s.end("end")
    for duty in ("review", "breather"):
        s.must(s.agent.has(w.DutyDue, duty=duty), f"due after the call: {duty}")


@story(NAME, Parts.REAL)
async def supervisor_takes(s: Scene) -> None:
    """The agent hands over to a supervisor, who, abused as well, warns, and ends at their own desk."""
    await s.call_in()
    s.declare(Ground.SEXIST)
    await s.taken_over("supervisor")
    await s.supervisor_ends(Ground.SEXIST)


@story(NAME, Parts.VIRTUAL, trained=False)
async def untrained(s: Scene) -> None:
    """Without a valid training the agent warns, but cannot end; a supervisor is the way on."""
    await s.call_in()
    s.declare(Ground.SEXUAL)
    await s.take("advise-and-warn")
    await s.persists()
    s.declare(Ground.SEXUAL)
    await s.refused(Button.RELEASE, Button.ESCALATE)
    await s.stays_up()


@story(NAME, Parts.VIRTUAL)
async def swearing_is_not_enough(s: Scene) -> None:
    """Swearing opens neither the warning nor the ending here; a supervisor can be had at any time."""
    await s.call_in()
    s.declare(Ground.PROFANITY)
    await s.refused(Button.WARN, None, "name the ground")
    await s.refused(Button.RELEASE, None, "first: advise and warn")
    await s.taken_over("supervisor")


@story(NAME, Parts.VIRTUAL)
async def crisis(s: Scene) -> None:
    """Somebody is in danger: nobody can release; a supervisor comes into the call, and may lift the crisis."""
    await s.call_in()
    s.declare(Ground.SLUR)
    s.act(w.Marked(Marker.CRISIS))
    await s.refused(Button.RELEASE, None)
    await s.reply(await s.sees(Want.CRISIS), Reply.JOIN)
    await s.expect(lambda: s.agent.has(w.SupervisorJoined), "the supervisor is in the call")
    await s.caller.hears(AGENT_HZ, SUPERVISOR_HZ)
    await s.from_the_supervisors_desk(w.Unmarked(Marker.CRISIS))
    await s.expect(lambda: s.agent.has(w.MarkerLifted), "the supervisor has lifted the crisis")
    s.must(not s.agent.has(w.CaseClosed), "the call is up")
