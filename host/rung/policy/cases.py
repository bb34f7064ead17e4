"""How events bring a case to a desk and take it away: calls, several lines, other desks."""

import msgspec
from msgspec.structs import replace

from rung import words as w
from rung.policy.state import Case, Desk, Joined, LeaveGiven
from rung.words import Role


def opened(desk: Desk, event: w.CaseOpened, at: int) -> Desk:
    here = (Joined(event.person, "", "", at),) if event.role == Role.SUPERVISOR else ()
    case = Case(
        id=event.case,
        epoch=event.epoch,
        call=event.call,
        version=event.version,
        language=event.language,
        caller=event.caller,
        talking_since=at,
        joined=here,
    )
    parked = desk.parked if desk.case is None else (*desk.parked, desk.case)
    return replace(desk, case=case, parked=parked, epoch=event.epoch)


def turned(desk: Desk, event: w.CaseTurnedTo, at: int) -> Desk:
    chosen = next(case for case in desk.parked if case.id == event.case)
    others = tuple(case for case in desk.parked if case.id != event.case)
    return replace(desk, case=chosen, parked=others if desk.case is None else (*others, desk.case))


def closed(desk: Desk, event: w.CaseClosed, at: int) -> Desk:
    return replace(desk, case=None)


def received(desk: Desk, event: w.CaseReceived, at: int) -> Desk:
    case = msgspec.json.decode(event.state, type=Case)
    case = replace(shifted(case, at), call=event.call, origin=event.desk, offer=event.offer)
    return replace(desk, arriving=case, arriving_ms=at)


def arrived(desk: Desk, event: w.CaseArrived, at: int) -> Desk:
    case = desk.arriving
    assert case is not None
    supervises = event.role == Role.SUPERVISOR
    since = case.joined_ms(event.person)
    case = replace(
        case,
        epoch=event.epoch,
        call=event.call,
        talking_since=at,
        quiet_since=None,
        joined=(Joined(event.person, "", "", at if since is None else since),) if supervises else (),
        unavailable=case.unavailable and not supervises,
    )
    parked = desk.parked if desk.case is None else (*desk.parked, desk.case)
    return replace(desk, case=case, parked=parked, arriving=None, epoch=event.epoch)


def returned(desk: Desk, event: w.CaseReturned, at: int) -> Desk:
    if desk.arriving is not None and desk.arriving.id == event.case:
        return replace(desk, arriving=None)
    return desk if desk.case is None else replace(desk, case=replace(desk.case, released=""))


def shifted(case: Case, by_ms: int) -> Case:
    """The case with all its instants moved: at hand-over times travel as ages (``-now``) and are set again here."""

    def at(ms: int | None) -> int | None:
        return None if ms is None else ms + by_ms

    def given(leave: LeaveGiven | None) -> LeaveGiven | None:
        return leave and replace(leave, at_ms=leave.at_ms + by_ms)

    return replace(
        case,
        talks=tuple((begun + by_ms, to + by_ms) for begun, to in case.talks),
        talking_since=at(case.talking_since),
        quiet_since=at(case.quiet_since),
        counted_ms=at(case.counted_ms),
        calmed_ms=at(case.calmed_ms),
        grounds=tuple(replace(g, at_ms=g.at_ms + by_ms) for g in case.grounds),
        marks=tuple(replace(m, at_ms=m.at_ms + by_ms) for m in case.marks),
        taken=tuple(replace(t, at_ms=t.at_ms + by_ms, leave=given(t.leave)) for t in case.taken),
        joined=tuple(replace(j, at_ms=j.at_ms + by_ms) for j in case.joined),
        announcement=case.announcement and replace(case.announcement, at_ms=case.announcement.at_ms + by_ms),
        leave=given(case.leave),
    )
