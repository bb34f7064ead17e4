"""What the floor is told of a call that was an incident, so that it can be reviewed and, if upheld, found again."""

from rung import words as w
from rung.policy import Desk
from rung.words import Ending, Marker


def incidents(desk: Desk, events: tuple[w.Event, ...], day: str) -> list[tuple[str, w.Earlier]]:
    """Of what has just been recorded; ``desk`` as it was before, ``day`` today as ISO 8601."""
    found = (_incident(desk, event, day) for event in events if isinstance(event, w.CaseClosed))
    return [each for each in found if each is not None]


def _incident(desk: Desk, closed: w.CaseClosed, day: str) -> tuple[str, w.Earlier] | None:
    """The caller, and the incident, of a case that has just closed at ``desk``; None: it was none, or it goes on.

    Where somebody is in danger nothing is counted as one.
    """
    case = desk.case_of(closed.case)
    if case is None or not case.caller or not case.named or closed.how == Ending.TRANSFERRED:
        return None
    if case.marked(Marker.CRISIS):
        return None
    return case.caller, w.Earlier(case.id, day, case.named, closed.how)
