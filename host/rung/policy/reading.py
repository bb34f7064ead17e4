"""Is a rung open, and if not, what does it lack? The one place that knows; presses, lamps and refusals all ask here.

Reading of waits: they are held against the instant of the edge that completed the gesture (``at_ms``), not of its
arrival, so a press that travelled slowly cannot profit from its delay.
"""

from math import ceil

from msgspec import Struct

from rung.policy.language import Grounds, Policy, Requires, Rung
from rung.policy.state import Ask, Case, Desk, Phase, Who
from rung.words import Button, CallState, Ground, HangUp, Marker, Role, Want

COMPLETE_AFTER_MS = 3000  # agent and supervisor have had this long to talk before a tap can complete the transfer

OTHER_LIVE = "another call is live on this phone; end it or put it on hold first"
PHONE_LOST = "the phone does not answer; the call may still be up"

_PHASES = {
    Phase.TELLING: "tell the caller",
    Phase.ASKING: "waiting for an answer",
    Phase.HOLDING: "putting the caller on hold",
    Phase.RINGING: "ringing",
    Phase.ANSWERED: "answered",
    Phase.JOINING: "coming into the call",
    Phase.OFFERING: "handing over the case",
    Phase.COMPLETING: "transferring",
    Phase.RETURNING: "it came to nothing, the caller is coming off hold",
}


class Missing(Struct, frozen=True):
    """One thing that a rung lacks, in words for the person, and what would mend it."""

    text: str
    rungs: tuple[str, ...] = ()  # one of these rungs would mend it
    button: Button | None = None  # or this very button


def stands(case: Case, rung: Rung, who: Who, at_ms: int) -> bool:
    """Taken, and not lapsed; a supervisor's rung only by that supervisor."""
    person = who.id if rung.role == Role.SUPERVISOR else None
    if rung.lapses_after is None:
        return case.has_taken(rung.id, person)
    since = at_ms - round(rung.lapses_after * 1000)
    return any(t.rung == rung.id and person in (None, t.person) and t.at_ms > since for t in case.taken)


def missing(policy: Policy, desk: Desk, rung: Rung, who: Who, at_ms: int) -> list[Missing]:
    """What ``rung`` lacks at ``at_ms``: empty when it is open. Of alternatives, the one that lacks least."""
    stop = blocked(desk, rung, who)
    if stop is not None:
        return [stop]
    case = desk.case
    assert case is not None
    if not rung.repeatable and stands(case, rung, who, at_ms):
        others = tuple(r.id for r in reversed(policy.rung) if r.role == rung.role and _may_follow(case, r, who, at_ms))
        return [Missing("already done on this call", rungs=others)]
    return min((lacking(policy, case, rung, need, who, at_ms) for need in rung.requires), key=len)


def _may_follow(case: Case, rung: Rung, who: Who, at_ms: int) -> bool:
    return rung.repeatable or not stands(case, rung, who, at_ms)


def first_open(policy: Policy, desk: Desk, button: Button, who: Who, at_ms: int) -> Rung | None:
    """The rung that a press of ``button`` would take: the first in ladder order that is open."""
    return next((r for r in policy.ladder(button, who.role) if not missing(policy, desk, r, who, at_ms)), None)


def next_step(policy: Policy, desk: Desk, who: Who, at_ms: int) -> Rung | None:
    """Of the rungs that a press would take now, the one that stands highest."""
    opened = [rung for b in Button if (rung := first_open(policy, desk, b, who, at_ms)) is not None]
    return max(opened, key=policy.rung.index, default=None)


def nearest(policy: Policy, desk: Desk, button: Button, who: Who, at_ms: int) -> tuple[Rung, list[Missing]] | None:
    """The closed rung of ``button`` that lacks least, and what it lacks; one already taken only if no other."""
    found = [(r, missing(policy, desk, r, who, at_ms)) for r in policy.ladder(button, who.role)]
    case = desk.case
    ahead = [f for f in found if case is None or _may_follow(case, f[0], who, at_ms)]
    return min(ahead or found, key=lambda f: len(f[1]), default=None)


def way_on(policy: Policy, desk: Desk, lacks: list[Missing], who: Who, at_ms: int) -> tuple[Button | None, str]:
    """The button that leads towards what is lacking; or, when no button helps, None and the act that does."""
    seen: set[str] = set()
    while True:
        if (button := next((m.button for m in lacks if m.button), None)) is not None:
            return button, ""
        named = [policy.find(r) for m in lacks for r in m.rungs if r not in seen]
        rungs = [r for r in named if r.role == who.role]
        if not rungs:
            return None, "; ".join(m.text for m in lacks if not m.rungs)
        seen.update(r.id for r in rungs)
        further = [missing(policy, desk, r, who, at_ms) for r in rungs]
        if (opened := next((r for r, more in zip(rungs, further, strict=True) if not more), None)) is not None:
            return opened.button, ""
        lacks = min(further, key=len)


def blocked(desk: Desk, rung: Rung, who: Who) -> Missing | None:
    """What stops this rung whatever the ladder says: common to all policies."""
    case, facts = desk.case, desk.facts
    if case is None:
        return Missing("there is no call")
    if case.released:
        return Missing("this call is being handed over; the supervisor has it")
    if not who.here and case.joined_ms(who.id) is None:
        return Missing("you are not in this call")
    if other_live(desk):
        return Missing(OTHER_LIVE)
    if case.ask is not None and not (rung.while_asking and case.ask.want == Want.LEAVE):
        text = "a supervisor is being asked; wait for the outcome, or take it back with escalate and warn together"
        return Missing(text, button=Button.ESCALATE if completes(desk, desk.at_ms) else None)
    if case.waiting(HangUp):
        return Missing("the call is being ended; waiting for the phone")
    if case.held and rung.button != Button.ESCALATE:
        return Missing("the caller is on hold; take the call off hold first")
    if rung.does in ("transfer", "join", "end") and not facts.calls_known:
        return Missing(PHONE_LOST)
    return _blocked_ending(desk, case, who) if rung.does == "end" else None


def _blocked_ending(desk: Desk, case: Case, who: Who) -> Missing | None:
    if case.marked(Marker.CRISIS):
        return Missing("crisis is marked: nobody can release this call until it is taken back")
    if who.id is None:
        return Missing("nobody is signed on at this desk; sign on first")
    if others := third_parties(desk):
        return Missing(f"somebody else is in this call ({', '.join(others)}); they must leave first")
    if who.role == Role.AGENT and any(j.address for j in case.joined):
        return Missing("a supervisor is in this call, and only they can end it", button=Button.ESCALATE)
    return None


def third_parties(desk: Desk) -> list[str]:
    """Who is in the case's call beside caller, agent and the supervisors who joined it."""
    case = desk.case
    call = desk.facts.calls.get(case.call) if case is not None else None
    if case is None or call is None or not call.parties:
        return []
    known = {j.address for j in case.joined}
    return [party for party in call.parties if party not in known]


def completes(desk: Desk, at_ms: int) -> bool:
    """Would a tap of escalate, let go at ``at_ms``, transfer the caller to the supervisor who has answered?"""
    ask = desk.case.ask if desk.case is not None else None
    return (
        ask is not None
        and ask.phase == Phase.ANSWERED
        and ask.answered_ms is not None
        and at_ms >= ask.answered_ms + COMPLETE_AFTER_MS
        and desk.facts.calls_known
        and not other_live(desk)
    )


def alone(desk: Desk) -> bool:
    """Could nobody answer an ask now?"""
    facts = desk.facts
    return not any(p.free for p in facts.present) if facts.floor_up else not facts.extension


def asked(ask: Ask, now_ms: int) -> str:
    """How far an ask is, e.g. "asked 14 s ago, seen, ringing"."""
    seen = ", seen" if ask.seen and not ask.taker else ""
    return f"asked {(now_ms - ask.opened_ms) // 1000} s ago{seen}, {_PHASES[ask.phase]}"


def other_live(desk: Desk) -> bool:
    """Does another caller than the case's have our live audio?"""
    case = desk.case
    return any(
        c.state == CallState.UP and c.consult_for is None and (case is None or c.id != case.call)
        for c in desk.facts.calls.values()
    )


def lacking(policy: Policy, case: Case, rung: Rung, need: Requires, who: Who, at_ms: int) -> list[Missing]:
    """What one alternative of the rung lacks."""
    lacks = []
    for other in need.taken:
        if not stands(case, policy.find(other), who, at_ms):
            lacks.append(Missing(f"first: {policy.find(other).title.lower()}", rungs=(other,)))
    if need.leave == "unused" and case.leave is None:
        text = "leave has been used" if case.leave_used else "a supervisor must give leave first"
        lacks.append(Missing(text, rungs=() if case.leave_used else _that(policy, "leave")))
    if need.leave == "none" and (case.leave is not None or case.leave_used):
        follow = tuple(r.id for r in policy.rung if any(n.leave == "unused" for n in r.requires))
        lacks.append(Missing("leave has been given; go on from there", rungs=follow))
    if need.unavailable and not case.unavailable:
        lacks.append(Missing("a supervisor must have been asked and not be available", rungs=_asking(policy)))
    if need.involved and not case.involved:
        lacks.append(Missing("a supervisor must be involved", rungs=_that(policy, "involve")))
    if need.not_necessary and not case.not_necessary:
        lacks.append(Missing("attest, with the reason, that no supervisor is necessary"))
    if need.trained and not who.trained:
        lacks.append(Missing("this needs a valid training; ask a supervisor to end the call", rungs=_asking(policy)))
    if need.on_call and (gap := _since_joining(policy, case, who, at_ms)) is not None:
        lacks.append(gap)
    if need.persisted and (gap := _persisted(policy, case, rung, at_ms)) is not None:
        lacks.append(gap)
    if need.attested is not None and not _attested(policy, case, need.attested, who):
        lacks.append(Missing("name what you heard the caller do since you joined"))
    if need.ground is not None and not _has_ground(policy, case, rung, need):
        lacks.append(Missing(_ground_text(policy, case, rung, need)))
    return lacks


def _that(policy: Policy, does: str) -> tuple[str, ...]:
    return tuple(r.id for r in policy.rung if r.does == does)


def _asking(policy: Policy) -> tuple[str, ...]:
    return tuple(r.id for r in policy.rung if r.does not in ("say", "end"))


def _since_joining(policy: Policy, case: Case, who: Who, at_ms: int) -> Missing | None:
    joined = case.joined_ms(who.id)
    if joined is None:
        return Missing("you must be in the call")
    left_ms = policy.times.wait_ms - case.talk_ms(joined, at_ms)
    return Missing(f"listen first: {ceil(left_ms / 1000)} s more of talk") if left_ms > 0 else None


def _persisted(policy: Policy, case: Case, rung: Rung, at_ms: int) -> Missing | None:
    if case.counted_ms is None:
        warnings = tuple(r.id for r in policy.rung if r.warns and r.role == rung.role)
        return Missing("no warning has been given on this call", rungs=warnings)
    left_ms = wait_left_ms(policy, case, at_ms)
    return Missing(f"let the caller answer: {ceil(left_ms / 1000)} s more of talk") if left_ms > 0 else None


def wait_left_ms(policy: Policy, case: Case, at_ms: int) -> int:
    """Talk still to pass before "the abuse went on" may be attested; 0 or less: it may. Only after a warning."""
    assert case.counted_ms is not None
    return policy.times.wait_ms - case.talk_ms(case.counted_ms, at_ms)


def _attested(policy: Policy, case: Case, wanted: Grounds, who: Who) -> bool:
    since, allowed = case.joined_ms(who.id), policy.ground_set(wanted)
    return since is not None and any(
        d.person == who.id and d.ground in allowed and d.at_ms > since for d in case.grounds
    )


def standing(policy: Policy, case: Case, rung: Rung, need: Requires) -> tuple[Ground, ...]:
    """The grounds that stand and are what ``need`` asks for."""
    assert need.ground is not None
    allowed = policy.ground_set(need.ground)
    since = case.calmed_ms if rung.does == "end" else None  # calmed closes endings until declared anew
    if need.after is not None:
        warned = max((t.at_ms for t in case.taken if t.rung == need.after), default=None)
        if warned is None:
            return ()
        since = warned if since is None else max(since, warned)
    found = dict.fromkeys(d.ground for d in case.grounds if d.ground in allowed and (since is None or d.at_ms > since))
    return tuple(found)


def _has_ground(policy: Policy, case: Case, rung: Rung, need: Requires) -> bool:
    assert need.ground is not None
    if standing(policy, case, rung, need):
        return True
    return Ground.UNNAMED in policy.ground_set(need.ground) and _may_declare(case)


def _may_declare(case: Case) -> bool:
    """A press that needs a ground declares `unnamed` where none stands; never under crisis."""
    return not case.grounds and not case.marked(Marker.CRISIS)


def declares_unnamed(policy: Policy, case: Case, rung: Rung) -> bool:
    """Does the press that takes this open rung declare `unnamed`?"""
    needs = [need.ground for need in rung.requires if need.ground is not None]
    return _may_declare(case) and any(Ground.UNNAMED in policy.ground_set(ground) for ground in needs)


def _ground_text(policy: Policy, case: Case, rung: Rung, need: Requires) -> str:
    assert need.ground is not None
    allowed = policy.ground_set(need.ground)
    stood = any(d.ground in allowed for d in case.grounds)
    if stood and case.calmed_ms is not None and rung.does == "end":
        return "the caller had calmed down; if it began again, name the ground anew"
    if stood:
        return f"name it again: it must have gone on after {need.after}"
    if not case.grounds and case.marked(Marker.CRISIS):
        return "name the ground; under crisis a press does not declare one"
    few = [g for g in Ground if g in allowed]
    return f"name the ground ({', '.join(few)})" if case.grounds and len(few) <= 8 else "name the ground"
