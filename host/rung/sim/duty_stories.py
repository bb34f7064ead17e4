"""Each duty after a call, from end to end: `DUTIES` is the table of what is asked for, and the story that does it."""

from msgspec.structs import replace

from rung import words as w
from rung.desk.report.page import page, private_page
from rung.journal.after.blocks import Standing, block_of
from rung.sim.floor_stage import Parts
from rung.sim.scene import CASE, Scene, Story, story
from rung.words import Actor, Amends, Button, CallState, EndedBy, Finding, Ground, Job, Verdict

AGENT, COLLEAGUE = Actor("agent-17"), Actor("agent-18")
SUPERVISOR = Actor("supervisor-3", (Job.SUPERVISOR,))
MANAGER, ANOTHER = Actor("manager-1", (Job.MANAGER,)), Actor("manager-2", (Job.MANAGER,))
WHY = "the caller went on with the same insults"
DAY_MS = 86_400_000
CARE = "end-with-care"


async def _ended_with_care(s: Scene, ground: Ground = Ground.SLUR) -> None:
    await s.call_in()
    s.declare(ground)
    if ground == Ground.HARASSMENT:
        await s.take("de-escalate")
        await s.persists()
        s.act(w.Attested("the same caller for the fourth time today"))
        await s.end("end")
    else:
        await s.end("end-at-once")


def _follow_up(**more: object) -> w.FollowedUp:
    told = {"case": CASE, "by_way_of": "telephone", "happened": "the call was ended", "will_do": "an engineer comes"}
    return w.FollowedUp(**(told | {"introduced": True} | more))  # type: ignore[arg-type]  # by field


@story("hang-up-protocol", Parts.VIRTUAL)
async def incident(s: Scene) -> None:
    """The ending is reported: the order, the words, who answered; its reason is required, and specific."""
    await s.call_in()
    s.act(w.Noted(matter="a bill that was paid twice", offered="the money back by Friday"))
    await s.take("redirect")
    s.declare(Ground.PROFANITY)
    await s.persists()
    await s.take("ask-leave")
    await s.reply(await s.sees(w.Want.LEAVE), w.Reply.GRANT)
    await s.expect(lambda: s.agent.has(w.LeaveGranted), "leave is granted")
    await s.take("warn")
    await s.persists()
    await s.end("end")
    s.due("reason")
    s.not_theirs(AGENT, w.WrappedUp(case=CASE, code="ended", reason="abuse"), "specifically why")
    s.attend(AGENT, w.WrappedUp(case=CASE, code="ended", note="money back is on its way", reason=WHY))
    s.due()
    told = s.report()
    s.must(told.order_kept and len(told.rungs) == 5, "every step was open when it was taken, by record and policy")
    s.must(told.reason == WHY and told.side == EndedBy.US, "the reason and the side are told")
    s.must([ask.outcome for ask in told.asks] == ["granted"], "who was asked, and the answer")
    s.must("bill that was paid twice" in page(told), "the page tells the caller's matter")
    s.must("The order was kept" in private_page(told, AGENT.id), "the agent's own page shows that the order was kept")


@story("advise-and-warn", Parts.VIRTUAL)
async def review(s: Scene) -> None:
    """Every ending is reviewed: by a manager, never by who had the call; a later finding corrects an earlier one."""
    await s.call_in()
    s.declare(Ground.SEXIST)
    await s.take("advise-and-warn")
    await s.persists()
    s.declare(Ground.SEXIST)
    await s.end("end")
    finding = w.Reviewed(case=CASE, finding=Finding.COACHING, reason="the warning was cut short")
    s.not_theirs(AGENT, finding, "A manager reviews it")
    s.not_theirs(SUPERVISOR, finding, "A manager reviews it", s.supervisor)
    s.not_theirs(replace(AGENT, jobs=(Job.MANAGER,)), finding, "another manager reviews it")
    s.attend(MANAGER, finding, s.supervisor)
    s.due("reason")
    s.attend(ANOTHER, replace(finding, finding=Finding.POLICY_CHANGE, reason="the script is too long"), s.supervisor)
    s.must(len(s.report().afterwards) == 2, "both findings stay on record")


@story(CARE, Parts.VIRTUAL)
async def follow_up(s: Scene) -> None:
    """An apology by another person, the agent not named, with the goodwill that the reviewer granted."""
    await _ended_with_care(s)
    s.due("reason", "review", "follow-up")
    s.not_theirs(AGENT, _follow_up(), "somebody else contacts the caller")
    s.not_theirs(COLLEAGUE, _follow_up(happened="agent-17 ended the call"), "leave out 'agent-17'")
    s.not_theirs(COLLEAGUE, _follow_up(introduced=False), "who they are and why")
    s.not_theirs(COLLEAGUE, _follow_up(goodwill=True), "for the reviewer to grant")
    s.attend(MANAGER, w.Reviewed(case=CASE, finding=Finding.UPHELD, reason=WHY, goodwill="a month free"), s.supervisor)
    dialled = len(s.stage.exchange.legs)
    s.attend(COLLEAGUE, _follow_up(goodwill=True))
    s.must(len(s.stage.exchange.legs) == dialled, "nothing was dialled: a person has done it")
    s.due("reason")


@story(CARE, Parts.VIRTUAL)
async def willing_agent(s: Scene) -> None:
    """The agent is willing, and writes to the caller in person."""
    await _ended_with_care(s)
    s.attend(AGENT, w.Willing(case=CASE))
    s.attend(AGENT, _follow_up(by_way_of="email", introduced=False))
    s.due("reason", "review")


@story(CARE, Parts.VIRTUAL)
async def opted_out(s: Scene) -> None:
    """A caller who does not want it is not contacted; the follow-up is let be, with that reason."""
    await _ended_with_care(s)
    s.attend(COLLEAGUE, w.OptedOut(case=CASE))
    s.not_theirs(COLLEAGUE, _follow_up(), "does not want to be contacted")
    s.not_theirs(AGENT, w.LetBe(case=CASE, duty="follow-up", reason="no"), "somebody else decides that")
    s.attend(COLLEAGUE, w.LetBe(case=CASE, duty="follow-up", reason="the caller wants no contact"))
    s.due("reason", "review")


@story(CARE, Parts.VIRTUAL)
async def block(s: Scene) -> None:
    """Harassed, the agent proposes; kept away at once, decided by a second person, lifted on appeal; 112 stays open."""
    await _ended_with_care(s, Ground.HARASSMENT)
    exchange, number = s.stage.exchange, "0151-5551"
    exchange.queues["112"], exchange.open_lines = ("1001",), {"112"}
    s.attend(AGENT, w.BlockProposed(case=CASE, reason=WHY))
    await s.expect(lambda: number in exchange.blocked, "the phone system keeps the number away meanwhile")
    s.must(exchange.blocked[number] * 1000 <= s.agent.bridge.after.wall_ms() + DAY_MS, "for a day at the most")
    s.not_theirs(AGENT, w.BlockDecided(case=CASE, granted=True, days=30, reason=WHY), "A supervisor or a manager")
    s.attend(SUPERVISOR, w.BlockDecided(case=CASE, granted=True, days=30, reason=WHY))
    week = s.agent.bridge.after.wall_ms() // 1000 + 7 * 86_400
    await s.expect(lambda: exchange.blocked[number] > week, "it is blocked until the block expires")
    await s.caller.dial("1001")
    await s.caller.until(lambda: not s.caller.living, "the caller reaches nobody")
    await s.caller.dial("112")
    await s.expect(lambda: s.agent.lamps.epoch > 1, "on the emergency line the caller is answered")
    await s.caller.hang_up()
    await s.expect(lambda: s.agent.has(w.CaseClosed, case="agent-2"), "that call is over")
    s.attend(COLLEAGUE, w.Appealed(case=CASE, text="it was my brother"))
    s.not_theirs(SUPERVISOR, w.AppealDecided(case=CASE, lifted=True, reason="believable"), "A manager decides")
    s.attend(MANAGER, w.AppealDecided(case=CASE, lifted=True, reason="believable"))
    await s.expect(lambda: number not in exchange.blocked, "the phone system lets the number through again")
    held = block_of(s.agent.bridge.after.files().cases[CASE], s.agent.bridge.after.wall_ms())
    s.must(held is not None and held.standing == Standing.LIFTED, "the block is lifted, and stays on record")


@story(CARE, Parts.VIRTUAL)
async def complaint(s: Scene) -> None:
    """The caller complains of an unfair ending; a manager finds for the caller, who is unblocked and called back."""
    await _ended_with_care(s, Ground.HARASSMENT)
    s.attend(AGENT, w.BlockProposed(case=CASE, reason=WHY))
    s.attend(SUPERVISOR, w.BlockDecided(case=CASE, granted=True, days=30, reason=WHY))
    s.attend(COLLEAGUE, w.Complained(case=CASE, text="I only asked for my money"))
    reference = f"{CASE}-C1"
    amends = (Amends.UNBLOCK, Amends.CALL_BACK)
    found = w.Found(case=CASE, reference=reference, side="caller", reason="no offer was made", amends=amends)
    s.not_theirs(AGENT, found, "A manager finds on a complaint")
    s.attend(MANAGER, found)
    s.due("reason", "review", "follow-up", "unblock", "call back")
    s.attend(SUPERVISOR, w.PutRight(case=CASE, reference=reference, amends=Amends.UNBLOCK, how="lifted"))
    await s.expect(lambda: not s.stage.exchange.blocked, "the caller gets through again")
    back = w.PutRight(case=CASE, reference=reference, amends=Amends.CALL_BACK, how="called, and listened")
    s.not_theirs(AGENT, back, "somebody else contacts the caller")
    s.attend(COLLEAGUE, back)
    s.due("reason", "review", "follow-up")


@story(CARE, Parts.VIRTUAL)
async def complaint_unfounded(s: Scene) -> None:
    """A manager may find for the agent as well; a block can be lifted all the same, without any appeal."""
    await _ended_with_care(s, Ground.HARASSMENT)
    s.attend(SUPERVISOR, w.BlockProposed(case=CASE, reason=WHY))
    s.attend(MANAGER, w.BlockDecided(case=CASE, granted=True, days=30, reason=WHY))
    s.attend(COLLEAGUE, w.Complained(case=CASE, text="I was not rude"))
    s.attend(MANAGER, w.Found(case=CASE, reference=f"{CASE}-C1", side="agent", reason="the order was kept"))
    s.due("reason", "review", "follow-up")
    s.attend(SUPERVISOR, w.Unblocked(case=CASE, reason="the caller has moved"))
    await s.expect(lambda: not s.stage.exchange.blocked, "the caller gets through again")


@story("advise-and-warn", Parts.VIRTUAL)
async def breather(s: Scene) -> None:
    """After a call with a named ground the agent is paused, and ends the breather early."""
    await s.call_in()
    s.declare(Ground.SLUR)
    await s.caller.hang_up()
    await s.expect(lambda: s.agent.has(w.DutyDue, duty="breather", minutes=5), "a breather of five minutes is due")
    await s.expect(lambda: s.agent.has(w.EffectDecided), "the phone is told to pause the agent")
    s.act(w.BreatherOver())
    await s.expect(lambda: s.agent.has(w.BreatherEnded), "the agent has ended it, and gets calls again")


@story("no-hang-up", Parts.VIRTUAL)
async def round_rung(s: Scene) -> None:
    """The agent hangs up on the telephone itself: told neutrally, and only a manager calls it unauthorised."""
    await s.call_in()
    s.declare(Ground.DEROGATORY)
    await s.agent.handset.hang_up()
    await s.expect(lambda: s.agent.has(w.CaseClosed, how=w.Ending.ROUND_RUNG, review=True), "it goes before a manager")
    s.must("unauthorised" not in page(s.report()), "the report calls it nothing but what it was")
    s.due("wrap-up", "review")
    s.attend(MANAGER, w.Reviewed(case=CASE, finding=Finding.NOT_UPHELD, reason="nobody was warned", unauthorised=True))
    s.must(dict(s.report().afterwards[0].told)["unauthorised"] == "yes", "the manager's finding calls it unauthorised")


@story("advise-and-warn", Parts.VIRTUAL, trained=False)
async def training(s: Scene) -> None:
    """Untrained, the agent may not end; a training counts once it is acknowledged, and expires."""
    wall_ms = s.agent.bridge.after.wall_ms

    def holds(at_ms: int) -> bool:
        return s.agent.bridge.after.training(AGENT.id).holds(at_ms)

    await s.call_in()
    s.declare(Ground.SLUR)
    await s.take("advise-and-warn")
    await s.persists()
    s.declare(Ground.SLUR)
    await s.refused(Button.RELEASE, Button.ESCALATE)
    s.attend(AGENT, w.Acknowledged())  # before: of the training that comes it says nothing
    s.attend(MANAGER, w.Trained(person=AGENT.id, until_ms=wall_ms() + 30 * DAY_MS))
    s.must(not holds(wall_ms()), "recorded, and not yet acknowledged")
    s.attend(AGENT, w.Acknowledged())
    s.must(holds(wall_ms()), "acknowledged: it holds")
    s.must(not holds(wall_ms() + 30 * DAY_MS), "after its day it holds no more")
    await s.caller.hang_up()
    await s.caller.until(lambda: all(c.state == CallState.ENDED for c in s.caller.calls.values()), "the call is over")
    s.must(s.agent.answers()[-1].verdict == Verdict.REFUSED, "no press of the untrained agent ended the call")


# What the practices ask for after a call, and the story that does it.
DUTIES: dict[str, Story] = {
    "Every ending writes an incident report; the reason of every ending is recorded specifically": incident,
    "Every ending is reviewed; a review may find coaching, or a change of the policy itself": review,
    "Every ending opens a follow-up by another person, the agent not named, goodwill where the reviewer grants it": (
        follow_up
    ),
    "The agent follows up only if willing": willing_agent,
    "A caller who opted out is not contacted": opted_out,
    "A number is blocked by a second person, with an expiry, an appeal, the emergency line kept open": block,
    "A caller may complain: a manager finds, and puts it right": complaint,
    "A manager finds for either side": complaint_unfounded,
    "After a call with a named ground the agent's phone is paused, which the agent can end early": breather,
    "An ending that went round Rung goes before a manager, and only the manager's finding calls it unauthorised": (
        round_rung
    ),
    "`trained` belongs to a person, expires, and includes having acknowledged that every ending is reviewed": training,
}
