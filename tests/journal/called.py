"""Calls as a record tells them, for what is done after them."""

import itertools

from rung import words as w
from rung.journal.after.decide import Rules, decide
from rung.journal.after.files import Files
from rung.journal.after.open_duties import open_duties
from rung.words import Actor, EndedBy, Ending, Ground, Job

HOUR, DAY = 3_600_000, 86_400_000
AGENT, OTHER = Actor("agent-17"), Actor("agent-18")
SUPERVISOR = Actor("supervisor-3", (Job.SUPERVISOR,))
MANAGER, SECOND = Actor("manager-1", (Job.MANAGER,)), Actor("manager-2", (Job.MANAGER,))
RULES = Rules(regulator="Ombudsman, 0800 100", emergency_lines=("112",))
CASE = "ada-1"
ALL_DUE = ("incident", "review", "follow-up", "complaint", "block")


class Floor:
    """One record, and people who act after its calls; ``now`` is the wall clock."""

    def __init__(self) -> None:
        self.files = Files()
        self.now = 1_700_000_000_000
        self._epochs = itertools.count(1)

    def tell(self, *events: w.Event, record: str = "ada") -> None:
        for event in events:
            self.now += 1000
            self.files.take(record, event, self.now)

    def call(
        self,
        *grounds: Ground,
        caller: str = "0151-5551",
        how: str = Ending.RELEASED,
        due: tuple[str, ...] = ALL_DUE,
        review: bool = False,
        crisis: bool = False,
    ) -> str:
        """One whole call; its case."""
        epoch = next(self._epochs)
        case = f"ada-{epoch}"
        self.tell(
            w.CaseOpened(
                case=case, epoch=epoch, call="c", direction="in", policy="end-with-care", version="1", caller=caller,
                person=AGENT.id,
            ),
            *(w.GroundDeclared(ground=ground, person=AGENT.id) for ground in grounds),
            *((w.MarkerSet(w.Marker.CRISIS, AGENT.id),) if crisis else ()),
        )  # fmt: skip
        if how == Ending.RELEASED:
            self.tell(w.RungTaken(rung="end", person=AGENT.id, grounds=grounds))
        by = EndedBy.US if how in (Ending.RELEASED, Ending.ROUND_RUNG) else EndedBy.THEM
        self.tell(
            *(w.DutyDue(duty=duty, why="the call was ended") for duty in due),
            w.CaseClosed(case=case, how=how, by=by, review=review),
        )
        return case

    def does(self, actor: Actor, act: w.AfterAct) -> w.Answer:
        """Checked, and if it may be, recorded."""
        event, answer = decide(self.files, act, actor, self.now, RULES)
        assert (event is None) == (answer.verdict == w.Verdict.REFUSED)
        if event is not None:
            self.tell(event, record=actor.id)  # each acts at a desk of their own
        return answer

    def open(self, case: str = CASE) -> set[str]:
        return {due.duty for due in open_duties(self.files, self.files.cases[case], self.now)}
