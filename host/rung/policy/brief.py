"""What a supervisor reads before taking a call."""

from rung import words as w
from rung.policy.language import Policy
from rung.policy.state import Case


def brief(policy: Policy, case: Case, person: str | None, now_ms: int) -> w.Brief:
    matter, offered, demeanour = case.notes
    return w.Brief(
        case=case.id,
        caller=case.caller,
        person=person,
        matter=matter,
        offered=offered,
        demeanour=demeanour,
        grounds=tuple((g.ground, now_ms - g.at_ms) for g in case.grounds),
        rungs=tuple((policy.find(t.rung).title, now_ms - t.at_ms) for t in case.taken),
        earlier=case.earlier,
        epoch=case.epoch,
    )
