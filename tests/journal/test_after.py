"""After the call: who may do what, what a refusal says, and what is open still. Each row is one attempt."""

import itertools

import pytest
from tests.journal.called import AGENT, CASE, DAY, HOUR, MANAGER, OTHER, SECOND, SUPERVISOR, Floor

from rung import words as w
from rung.journal.after.blocks import Standing, block_of
from rung.journal.after.files import Files
from rung.journal.after.open_duties import complaints, finding, upheld
from rung.words import Actor, Amends, Ending, Finding, Ground, Verdict

HARASSED = (Ground.HARASSMENT,)
WHY = "the same insults for the fourth time today"


def reviewed(**more: object) -> w.Reviewed:
    return w.Reviewed(**({"case": CASE, "finding": Finding.UPHELD, "reason": WHY} | more))  # type: ignore[arg-type]


def followed(**more: object) -> w.FollowedUp:
    told = {"case": CASE, "by_way_of": "email", "happened": "the call was ended", "will_do": "a visit is booked"}
    return w.FollowedUp(**(told | more))  # type: ignore[arg-type]


def proposed() -> w.BlockProposed:
    return w.BlockProposed(case=CASE, reason=WHY)


def blocked(**more: object) -> w.BlockDecided:
    return w.BlockDecided(**({"case": CASE, "granted": True, "reason": WHY, "days": 30} | more))  # type: ignore[arg-type]


def complained() -> w.Complained:
    return w.Complained(case=CASE, text="I only asked for my money")


def found(**more: object) -> w.Found:
    told = {"case": CASE, "reference": "ada-1-C1", "side": "caller", "reason": "no warning was heard"}
    return w.Found(**(told | more))  # type: ignore[arg-type]


def wrapped(**more: object) -> w.WrappedUp:
    return w.WrappedUp(**({"case": CASE, "code": "ended", "reason": WHY} | more))  # type: ignore[arg-type]


BACK = w.PutRight(case=CASE, reference="ada-1-C1", amends=Amends.CALL_BACK, how="called, and listened")
FOUND_BOTH = found(amends=(Amends.UNBLOCK, Amends.CALL_BACK))
BLOCKED = [(AGENT, proposed()), (SUPERVISOR, blocked())]
Step = tuple[Actor, w.AfterAct]

# what was done before; the attempt; and what its refusal says
REFUSED: list[tuple[list[Step], Step, str]] = [
    ([], (Actor(" "), reviewed()), "sign on first"),
    ([], (MANAGER, reviewed(case="ada-99")), "No case 'ada-99' is on record"),
    ([], (SUPERVISOR, reviewed()), "A manager reviews it; this waits for one"),
    ([], (Actor(AGENT.id, (w.Job.MANAGER,)), reviewed()), "another manager reviews it"),
    ([], (MANAGER, reviewed(reason=" ")), "needs its reason"),
    ([], (MANAGER, reviewed(unauthorised=True)), "did not end round Rung"),
    ([], (OTHER, wrapped()), "Only who had the call"),
    ([], (AGENT, wrapped(code="")), "Give the wrap-up code"),
    ([], (AGENT, wrapped(reason="abuse")), "specifically why"),
    ([], (AGENT, followed()), "somebody else contacts the caller, unless you say that you are willing"),
    ([(AGENT, w.Willing(case=CASE)), (AGENT, w.Willing(case=CASE, willing=False))], (AGENT, followed()), "somebody"),
    ([], (OTHER, w.Willing(case=CASE)), "Only who had the call"),
    ([], (OTHER, followed(happened="")), "what happened"),
    ([], (OTHER, followed(will_do=" ")), "what will be done"),
    ([], (OTHER, followed(happened="Agent-17 hung up")), "leave out 'agent-17'"),
    ([], (OTHER, followed(goodwill=True)), "Goodwill is for the reviewer"),
    ([], (OTHER, followed(by_way_of="telephone")), "who they are and why"),
    ([(OTHER, followed())], (OTHER, followed()), "No follow-up is due"),
    ([(OTHER, w.OptedOut(case=CASE))], (OTHER, followed()), "does not want to be contacted"),
    ([], (AGENT, w.LetBe(case=CASE, duty="follow-up", reason="no")), "somebody else decides that"),
    ([], (OTHER, w.LetBe(case=CASE, duty="follow-up", reason="")), "Say why"),
    ([], (OTHER, w.LetBe(case=CASE, duty="call back", reason="no")), "No call back is open"),
    ([(OTHER, followed())], (OTHER, w.LetBe(case=CASE, duty="follow-up", reason="no")), "No follow-up is open"),
    ([], (OTHER, w.Complained(case=CASE, text="")), "what the caller complains of"),
    ([], (MANAGER, found()), "No complaint 'ada-1-C1' on this case; there are: none"),
    ([(OTHER, complained())], (SUPERVISOR, found()), "A manager finds on a complaint"),
    ([(OTHER, complained())], (Actor(AGENT.id, (w.Job.MANAGER,)), found()), "another manager finds"),
    ([(OTHER, complained())], (MANAGER, found(reason="")), "needs its reason"),
    ([(OTHER, complained())], (MANAGER, found(side="agent", amends=(Amends.CALL_BACK,))), "unfair to the caller"),
    ([(OTHER, complained())], (MANAGER, FOUND_BOTH), "there is none to lift"),
    ([(OTHER, complained()), (MANAGER, found())], (SECOND, found()), "on record already"),
    ([(OTHER, complained()), (MANAGER, found())], (OTHER, BACK), "waiting: nothing"),
    (
        [(OTHER, complained()), (MANAGER, found(amends=(Amends.CALL_BACK,))), (OTHER, w.OptedOut(case=CASE))],
        (OTHER, BACK),
        "does not want to be contacted",
    ),
    ([], (OTHER, proposed()), "Only who had the call, a supervisor or a manager"),
    ([], (AGENT, w.BlockProposed(case=CASE, reason="")), "Say why"),
    ([(AGENT, proposed())], (SUPERVISOR, proposed()), "A block was proposed on this case"),
    ([], (SUPERVISOR, blocked()), "No block was proposed"),
    ([(AGENT, proposed())], (OTHER, blocked()), "A supervisor or a manager decides"),
    ([(SUPERVISOR, proposed())], (SUPERVISOR, blocked()), "a second person decides"),
    ([(AGENT, proposed())], (SUPERVISOR, blocked(reason="")), "Say why"),
    ([(AGENT, proposed())], (SUPERVISOR, blocked(days=0)), "A block expires"),
    ([(AGENT, proposed())], (SUPERVISOR, blocked(days=366)), "A block expires"),
    (BLOCKED, (SUPERVISOR, blocked()), "nothing to decide: the block is blocked"),
    ([], (OTHER, w.Appealed(case=CASE, text="why")), "No block was proposed"),
    (BLOCKED, (OTHER, w.Appealed(case=CASE, text="")), "what the caller says"),
    (
        [*BLOCKED, (OTHER, w.Appealed(case=CASE, text="it was my brother"))],
        (OTHER, w.Appealed(case=CASE, text="again")),
        "open already",
    ),
    (BLOCKED, (MANAGER, w.AppealDecided(case=CASE, lifted=True, reason=WHY)), "No appeal is open"),
    (
        [(AGENT, proposed()), (MANAGER, blocked()), (OTHER, w.Appealed(case=CASE, text="no"))],
        (MANAGER, w.AppealDecided(case=CASE, lifted=True, reason=WHY)),
        "another manager decides",
    ),
    (BLOCKED, (AGENT, w.Unblocked(case=CASE, reason=WHY)), "A supervisor or a manager lifts"),
    (
        [*BLOCKED, (MANAGER, w.Unblocked(case=CASE, reason=WHY))],
        (MANAGER, w.Unblocked(case=CASE, reason=WHY)),
        "lifted",
    ),
    ([], (SUPERVISOR, w.Trained(person="agent-17", until_ms=2_000_000_000_000)), "A manager records a training"),
    ([], (MANAGER, w.Trained(person="manager-1", until_ms=2_000_000_000_000)), "their own training"),
    ([], (MANAGER, w.Trained(person="agent-17", until_ms=5)), "a day to come"),
]


@pytest.mark.parametrize(
    ("before", "attempt", "why"), REFUSED, ids=lambda value: "" if not isinstance(value, str) else value
)
def test_refused_and_told_why(before: list[Step], attempt: Step, why: str) -> None:
    floor = Floor()
    floor.call(*HARASSED)
    for step in before:
        assert floor.does(*step).verdict == Verdict.TAKEN, step
    still = floor.open()
    answer = floor.does(*attempt)
    assert answer.verdict == Verdict.REFUSED and why in answer.why
    assert floor.open() == still


# step by step: who does what, and what is open then
DONE: list[tuple[Actor, w.AfterAct, set[str]]] = [
    (AGENT, wrapped(), {"review", "follow-up"}),
    (MANAGER, reviewed(goodwill="a month for free"), {"follow-up"}),
    (OTHER, followed(by_way_of="telephone", introduced=True, goodwill=True), set()),
    (AGENT, proposed(), {"block"}),
    (SUPERVISOR, blocked(), set()),
    (OTHER, complained(), {"complaint"}),
    (SECOND, FOUND_BOTH, {"unblock", "call back"}),
    (SUPERVISOR, w.PutRight(case=CASE, reference="ada-1-C1", amends=Amends.UNBLOCK, how="lifted"), {"call back"}),
    (OTHER, BACK, set()),
]


def test_everything_due_is_done_one_by_one() -> None:
    floor = Floor()
    floor.call(*HARASSED)
    assert floor.open() == {"reason", "review", "follow-up"}
    for actor, act, still in DONE:
        assert floor.does(actor, act).verdict == Verdict.TAKEN, act
        assert floor.open() == still, act


def test_the_agent_who_is_willing_follows_up() -> None:
    floor = Floor()
    floor.call(*HARASSED)
    floor.does(AGENT, w.Willing(case=CASE))
    assert floor.does(AGENT, followed()).verdict == Verdict.TAKEN


def test_who_opted_out_on_one_call_is_contacted_after_none() -> None:
    floor = Floor()
    first, second, stranger = floor.call(*HARASSED), floor.call(*HARASSED), floor.call(*HARASSED, caller="anonymous")
    floor.does(OTHER, w.OptedOut(case=second))
    assert "not want" in floor.does(OTHER, followed(case=first)).why
    assert floor.does(OTHER, followed(case=stranger)).verdict == Verdict.TAKEN
    floor.does(OTHER, w.OptedOut(case=first, out=False))
    assert floor.does(OTHER, followed(case=second)).verdict == Verdict.TAKEN


def test_a_caller_is_known_again_however_the_number_was_written() -> None:
    floor = Floor()
    floor.files = Files(lambda caller: caller.replace("+49", "0").replace("-", ""))
    first = floor.call(*HARASSED, caller="+49151-5551")
    second = floor.call(*HARASSED, caller="0151-5551")
    assert [f.case for f in floor.files.of_caller(floor.files.cases[second])] == [first, second]
    floor.does(OTHER, w.OptedOut(case=first))
    assert "not want" in floor.does(OTHER, followed(case=second)).why


@pytest.mark.parametrize("caller", ["", "anonymous", "sip:Anonymous@anonymous.invalid"])
def test_no_number_no_block(caller: str) -> None:
    floor = Floor()
    floor.call(*HARASSED, caller=caller)
    assert "No number, no block" in floor.does(AGENT, proposed()).why


def test_a_block_is_for_harassment_that_stands_under_a_policy_that_blocks_and_never_after_a_crisis() -> None:
    other_ground, no_duty, in_danger, taken_back = Floor(), Floor(), Floor(), Floor()
    other_ground.call(Ground.SLUR)
    no_duty.call(*HARASSED, due=("review",))
    in_danger.call(*HARASSED, crisis=True)
    taken_back.call(*HARASSED)
    taken_back.files.cases[CASE].standing.clear()
    assert "none stands" in other_ground.does(AGENT, proposed()).why
    assert "blocks nobody" in no_duty.does(AGENT, proposed()).why
    assert "in danger" in in_danger.does(AGENT, proposed()).why
    assert "none stands" in taken_back.does(AGENT, proposed()).why


def standing(floor: Floor) -> Standing | None:
    block = block_of(floor.files.cases[CASE], floor.now)
    return block.standing if block is not None else None


def test_a_block_in_time() -> None:
    floor = Floor()
    floor.call(*HARASSED)
    assert standing(floor) is None
    floor.does(AGENT, proposed())
    assert standing(floor) == Standing.PROPOSED
    floor.now += 24 * HOUR
    assert standing(floor) == Standing.LAPSED and "block" in floor.open()  # through again, and still to be decided
    floor.does(SUPERVISOR, blocked(days=2))
    assert standing(floor) == Standing.GRANTED
    floor.now += 2 * DAY
    assert standing(floor) == Standing.EXPIRED
    assert "expired" in floor.does(OTHER, w.Appealed(case=CASE, text="late")).why


def test_a_block_that_was_refused_is_none() -> None:
    floor = Floor()
    floor.call(*HARASSED)
    floor.does(AGENT, proposed())
    floor.does(SUPERVISOR, blocked(granted=False))
    assert standing(floor) == Standing.REFUSED and "block" not in floor.open()
    floor.now += 3 * DAY
    assert standing(floor) == Standing.REFUSED


@pytest.mark.parametrize(("lifted", "left"), [(True, Standing.LIFTED), (False, Standing.GRANTED)])
def test_an_appeal_is_decided_by_a_manager(lifted: bool, left: Standing) -> None:
    floor = Floor()
    floor.call(*HARASSED)
    for actor, act in [*BLOCKED, (OTHER, w.Appealed(case=CASE, text="it was my brother"))]:
        floor.does(actor, act)
    assert "appeal" in floor.open()
    floor.does(MANAGER, w.AppealDecided(case=CASE, lifted=lifted, reason="believable"))
    assert standing(floor) == left and "appeal" not in floor.open()


@pytest.mark.parametrize("caller", ["112", "sip:112@pbx.example", "tel:1-12", "sip:112;user=phone"])
def test_the_emergency_lines_own_number_is_never_blocked(caller: str) -> None:
    floor = Floor()
    floor.call(*HARASSED, caller=caller)
    assert "never blocked" in floor.does(*BLOCKED[0]).why
    assert block_of(floor.files.cases[CASE], floor.now) is None


def test_only_a_managers_finding_calls_it_unauthorised() -> None:
    floor = Floor()
    floor.call(Ground.RUDENESS, how=Ending.ROUND_RUNG, due=(), review=True)
    assert floor.open() == {"wrap-up", "review"}
    assert "unauthorised" not in floor.files.cases[CASE].how
    floor.does(MANAGER, reviewed(finding=Finding.NOT_UPHELD, unauthorised=True))
    told = finding(floor.files.cases[CASE])
    assert told is not None and told.unauthorised


def test_a_call_that_goes_on_is_not_dealt_with() -> None:
    floor = Floor()
    floor.tell(w.CaseOpened(case=CASE, epoch=1, call="c", direction="in", policy="p", version="1", person=AGENT.id))
    assert "is not over" in floor.does(MANAGER, reviewed()).why


def test_a_finding_for_the_caller_unmakes_the_incident() -> None:
    floor = Floor()
    floor.call(*HARASSED)
    floor.does(MANAGER, reviewed())
    assert upheld(floor.files.cases[CASE])
    floor.does(OTHER, complained())
    floor.does(SECOND, found())
    assert not upheld(floor.files.cases[CASE])


def test_a_complaint_has_a_reference_and_names_the_regulator() -> None:
    floor = Floor()
    floor.call(*HARASSED)
    answer = floor.does(OTHER, complained())
    assert "ada-1-C1" in answer.why and "Ombudsman, 0800 100" in answer.why
    floor.does(OTHER, complained())
    assert [c.reference for c in complaints(floor.files.cases[CASE])] == ["ada-1-C1", "ada-1-C2"]


def test_who_has_taken_over_a_call_may_propose_to_block_its_caller() -> None:
    """The desk that had it before has sent along who calls."""
    floor = Floor()
    floor.tell(
        w.CaseReceived(case=CASE, desk="ada", state='{"id":"x","caller":"0151-5551"}', call="c", offer=1),
        w.CaseArrived(case=CASE, epoch=4, call="c", person=SUPERVISOR.id, role=w.Role.SUPERVISOR),
        w.GroundDeclared(ground=Ground.HARASSMENT, person=SUPERVISOR.id),
        w.DutyDue(duty="block", why="the call was ended"),
        w.CaseClosed(case=CASE, how=Ending.RELEASED, by=w.EndedBy.US),
    )
    assert floor.does(SUPERVISOR, proposed()).verdict == w.Verdict.TAKEN
    block = block_of(floor.files.cases[CASE], floor.now)
    assert block is not None and block.caller == "0151-5551"
    assert floor.files.of_caller(floor.files.cases[CASE]) == [floor.files.cases[CASE]]


def test_training_expires_and_holds_only_once_acknowledged() -> None:
    floor = Floor()
    until = floor.now + 30 * DAY

    def holds(at_ms: int) -> bool:
        return floor.files.training(AGENT.id).holds(at_ms)

    floor.does(AGENT, w.Acknowledged())  # of what is yet to come it says nothing
    floor.does(MANAGER, w.Trained(person=AGENT.id, until_ms=until))
    assert not holds(floor.now)
    floor.does(AGENT, w.Acknowledged())
    assert holds(floor.now) and not holds(until)
    floor.does(MANAGER, w.Trained(person=AGENT.id, until_ms=until + DAY))
    assert not holds(floor.now)  # a new one is acknowledged anew
    floor.tell(w.Attended(act=w.Trained(person="x", until_ms=until), by="x", jobs=()), record="of a forged one")
    floor.does(Actor("x"), w.Acknowledged())
    assert not floor.files.training("x").holds(floor.now)  # what one has recorded of oneself


def test_the_order_in_which_records_are_told_does_not_matter() -> None:
    """The agent's record, the supervisor's, and those of three who acted afterwards."""
    taken = w.RungTaken(rung="supervisor-end", person=SUPERVISOR.id, grounds=(Ground.SLUR,))
    records: dict[str, list[w.Event]] = {
        "ada": [
            w.CaseOpened(
                case=CASE, epoch=1, call="c", direction="in", policy="p", version="1", caller="1", person=AGENT.id
            ),
            w.GroundDeclared(ground=Ground.SLUR, person=AGENT.id),
            w.RungTaken(rung="warn", person=AGENT.id),
            w.CaseClosed(case=CASE, how=Ending.TRANSFERRED, by=w.EndedBy.TRANSFER),
        ],
        "sue": [
            w.CaseReceived(case=CASE, desk="ada", state="{}"),
            w.CaseArrived(case=CASE, epoch=9, call="d", person=SUPERVISOR.id, role=w.Role.SUPERVISOR),
            taken,
            w.DutyDue(duty="review", why="the call was ended"),
            w.CaseClosed(case=CASE, how=Ending.RELEASED, by=w.EndedBy.US),
        ],
        "max": [w.Attended(act=reviewed(), by=MANAGER.id, jobs=(w.Job.MANAGER,))],
    }
    told = []
    for order in itertools.permutations(records):
        floor = Floor()
        for record in order:
            floor.tell(*records[record], record=record)
        file = floor.files.cases[CASE]
        told.append((file.how, file.ender, set(file.people), set(file.named), len(file.rungs), floor.open()))
    assert all(each == told[0] for each in told)
    assert told[0][:2] == (Ending.RELEASED, SUPERVISOR.id)
