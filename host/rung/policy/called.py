"""How events change who is called beside any ask. When they come about stands in `alerts`."""

from msgspec.structs import replace

from rung import words as w
from rung.policy.state import Alert, Desk
from rung.words import Reply


def raised(desk: Desk, event: w.AlertRaised, at: int) -> Desk:
    before = next((alert for alert in desk.alerts if alert.number == event.ask), None)
    if before is not None and before.want == event.want:  # more are told
        alert = replace(before, to=event.to)
    elif before is not None:  # more urgent, or less: another question, which who could not come may answer anew
        alert = replace(before, want=event.want, to=event.to, at_ms=at, busy=())
    else:
        # Older records name no case: then it is that of the call that the desk was on.
        case = event.case or (desk.case.id if desk.case is not None else "")
        alert = Alert(number=event.ask, want=event.want, person=event.person, at_ms=at, to=event.to, case=case)
    others = tuple(other for other in desk.alerts if other.case != alert.case)
    return replace(desk, alerts=(*others, alert), ask=max(desk.ask, event.ask))


def answered(desk: Desk, event: w.AlertAnswered, at: int) -> Desk:
    def one(alert: Alert) -> Alert:
        if alert.number != event.ask:
            return alert
        if event.reply in (Reply.BUSY, Reply.DECLINE):
            return replace(alert, busy=(*alert.busy, event.desk))
        return replace(alert, taker=event.desk, supervisor=event.person, target=event.target)

    return replace(desk, alerts=tuple(one(alert) for alert in desk.alerts))


def closed(desk: Desk, event: w.AlertClosed, at: int) -> Desk:
    return replace(desk, alerts=tuple(alert for alert in desk.alerts if alert.number != event.ask))
