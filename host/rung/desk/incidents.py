"""What the floor is told of a call that was an incident, so that it can be reviewed and, if upheld, found again."""

from rung import words as w
from rung.policy import Desk
from rung.words import Ending


def incident(desk: Desk, closed: w.CaseClosed, day: str) -> tuple[str, w.Earlier] | None:
    """The caller, and the incident, of a case that has just closed at ``desk``; None: it was none, or it goes on."""
    case = next((c for c in (desk.case, *desk.parked) if c is not None and c.id == closed.case), None)
    if case is None or not case.caller or not case.named or closed.how == Ending.TRANSFERRED:
        return None
    return case.caller, w.Earlier(case.id, day, case.named, closed.how)
