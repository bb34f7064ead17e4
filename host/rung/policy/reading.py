"""Is a rung open, and if not, what does it lack? The one place that knows; presses, lamps and refusals all ask here.

Reading of waits: they are held against the instant of the edge that completed the gesture (``at_ms``), not of its
arrival, so a press that travelled slowly cannot profit from its delay.
"""

from math import ceil

from msgspec import Struct

from rung.policy.language import Policy, Requires, Rung, Wanted
from rung.policy.state import Ask, Case, Desk, Phase
from rung.words import Button, CallState, Ground, HangUp, Marker, Role

COMPLETE_AFTER_MS = 3000  # agent and supervisor have had this long to talk before a tap can complete the transfer


OTHER_LIVE = "another call is live on this phone; end it or put it on hold first"
PHONE_LOST = "the phone does not answer; the call may still be up"


_PHASES = {
    Phase.TELLING: "tell the caller",
    Phase.HOLDING: "putting the caller on hold",
    Phase.RINGING: "ringing",
    Phase.ANSWERED: "answered",
    Phase.COMPLETING: "transferring",
    Phase.RETURNING: "it came to nothing, the caller is coming off hold",
}


class Missing(Struct, frozen=True):
    """One thing that a rung lacks, in words for the person, and what would mend it."""

    text: str
    rungs: tuple[str, ...] = ()  # one of these rungs would mend it
    button: Button | None = None  # or this very button


def rungs_of(policy: Policy, button: Button, role: Role = Role.AGENT) -> list[Rung]:
    return [r for r in policy.rung if r.button == button and r.role == role]


def missing(policy: Policy, desk: Desk, rung: Rung, at_ms: int) -> list[Missing]:
    """What ``rung`` lacks at ``at_ms``: empty when it is open. Of alternatives, the one that lacks least."""
    stop = blocked(desk, rung)
    if stop is not None:
        return [stop]
    case = desk.case
    assert case is not None
    if case.has_taken(rung.id) and not rung.repeatable:
        others = tuple(r.id for r in reversed(policy.rung) if r.role == rung.role and _may_follow(case, r))
        return [Missing("already done on this call", rungs=others)]
    return min((_lacks(policy, case, rung, need, at_ms) for need in rung.requires), key=len)


def _may_follow(case: Case, rung: Rung) -> bool:
    return rung.repeatable or not case.has_taken(rung.id)


def first_open(policy: Policy, desk: Desk, button: Button, at_ms: int) -> Rung | None:
    """The rung that a press of ``button`` would take: the first in ladder order that is open."""
    return next((r for r in rungs_of(policy, button) if not missing(policy, desk, r, at_ms)), None)


def next_step(policy: Policy, desk: Desk, at_ms: int) -> Rung | None:
    """Of the rungs that a press would take now, the one that stands highest."""
    opened = [rung for b in Button if (rung := first_open(policy, desk, b, at_ms)) is not None]
    return max(opened, key=policy.rung.index, default=None)


def nearest(policy: Policy, desk: Desk, button: Button, at_ms: int) -> tuple[Rung, list[Missing]] | None:
    """The closed rung of ``button`` that lacks least, and what it lacks. A rung already taken only if there is no
    other.
    """
    found = [(r, missing(policy, desk, r, at_ms)) for r in rungs_of(policy, button)]
    case = desk.case
    ahead = [f for f in found if case is None or _may_follow(case, f[0])]
    return min(ahead or found, key=lambda f: len(f[1]), default=None)


def way_on(policy: Policy, desk: Desk, lacks: list[Missing], at_ms: int) -> tuple[Button | None, str]:
    """The button that leads towards what is lacking; or, when no button helps, None and the act that does."""
    seen: set[str] = set()
    while True:
        if (button := next((m.button for m in lacks if m.button), None)) is not None:
            return button, ""
        rungs = [policy.find(r) for m in lacks for r in m.rungs if r not in seen]
        if not rungs:
            return None, "; ".join(m.text for m in lacks if not m.rungs)
        seen.update(r.id for r in rungs)
        further = [missing(policy, desk, r, at_ms) for r in rungs]
        if (opened := next((r for r, more in zip(rungs, further, strict=True) if not more), None)) is not None:
            return opened.button, ""
        lacks = min(further, key=len)


def blocked(desk: Desk, rung: Rung) -> Missing | None:
    """What stops this rung whatever the ladder says: common to all policies."""
    case, facts = desk.case, desk.facts
    if case is None:
        return Missing("there is no call")
    if other_live(desk):
        return Missing(OTHER_LIVE)
    if case.ask is not None:
        text = "a supervisor is being asked; wait for the outcome, or take it back with escalate and warn together"
        return Missing(text, button=Button.ESCALATE if completes(desk, desk.at_ms) else None)
    if case.waiting(HangUp):
        return Missing("the call is being ended; waiting for the phone")
    if case.held and rung.button != Button.ESCALATE:
        return Missing("the caller is on hold; take the call off hold first")
    if rung.does != "say" and not facts.calls_known:
        return Missing(PHONE_LOST)
    if rung.does == "end" and case.marked(Marker.CRISIS):
        return Missing("crisis is marked: nobody can release this call until it is taken back")
    if rung.does == "end" and facts.person is None:
        return Missing("nobody is signed on at this desk; sign on first")
    return None


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


def asked(ask: Ask, now_ms: int) -> str:
    """How far an ask is, e.g. "asked 14 s ago, ringing"."""
    return f"asked {(now_ms - ask.opened_ms) // 1000} s ago, {_PHASES[ask.phase]}"


def other_live(desk: Desk) -> bool:
    """Does another caller than the case's have our live audio?"""
    case = desk.case
    return any(
        c.state == CallState.UP and c.consult_for is None and (case is None or c.id != case.call)
        for c in desk.facts.calls.values()
    )


def _lacks(policy: Policy, case: Case, rung: Rung, need: Requires, at_ms: int) -> list[Missing]:
    lacks = []
    for other in need.taken:
        if not case.has_taken(other):
            lacks.append(Missing(f"first: {policy.find(other).title.lower()}", rungs=(other,)))
    if need.unavailable and not case.unavailable:
        asks = tuple(r.id for r in policy.rung if r.does == "transfer")
        lacks.append(Missing("a supervisor must have been asked and not be available", rungs=asks))
    if need.persisted and (gap := _persisted(policy, case, at_ms)) is not None:
        lacks.append(gap)
    if need.ground is not None and not _has_ground(policy, case, rung, need.ground):
        lacks.append(Missing(_ground_text(case, rung)))
    return lacks


def _persisted(policy: Policy, case: Case, at_ms: int) -> Missing | None:
    if case.counted_ms is None:
        warnings = tuple(r.id for r in policy.rung if r.warns and r.role == Role.AGENT)
        return Missing("no warning has been given on this call", rungs=warnings)
    left_ms = wait_left_ms(policy, case, at_ms)
    return Missing(f"let the caller answer: {ceil(left_ms / 1000)} s more of talk") if left_ms > 0 else None


def wait_left_ms(policy: Policy, case: Case, at_ms: int) -> int:
    """Talk still to pass before "the abuse went on" may be attested; 0 or less: it may. Only after a warning."""
    assert case.counted_ms is not None
    return policy.times.wait_ms - case.talk_ms(case.counted_ms, at_ms)


def _grounds(policy: Policy, wanted: Wanted) -> frozenset[Ground]:
    """The grounds that open what asks for ``wanted``. `threat_other` opens whatever `unnamed` opens."""
    if wanted == "any":
        return frozenset(Ground)
    named = frozenset(policy.ending_grounds if wanted == "ending" else wanted)
    return named | {Ground.THREAT_OTHER} if Ground.UNNAMED in named else named


def _has_ground(policy: Policy, case: Case, rung: Rung, wanted: Wanted) -> bool:
    allowed = _grounds(policy, wanted)
    since = case.calmed_ms if rung.does == "end" else None  # calmed closes endings until declared anew
    stands = any(d.ground in allowed and (since is None or d.at_ms > since) for d in case.grounds)
    return stands or (Ground.UNNAMED in allowed and _may_declare(case))


def _may_declare(case: Case) -> bool:
    """A press that needs a ground declares `unnamed` where none stands; never under crisis."""
    return not case.grounds and not case.marked(Marker.CRISIS)


def declares_unnamed(policy: Policy, case: Case, rung: Rung) -> bool:
    """Does the press that takes this open rung declare `unnamed`?"""
    needs = [need.ground for need in rung.requires if need.ground is not None]
    return _may_declare(case) and any(Ground.UNNAMED in _grounds(policy, ground) for ground in needs)


def _ground_text(case: Case, rung: Rung) -> str:
    if rung.does == "end":
        calmed = case.calmed_ms is not None and any(d.at_ms <= case.calmed_ms for d in case.grounds)
        return "the caller had calmed down; if it began again, name the ground anew" if calmed else "name the ground"
    crisis = case.marked(Marker.CRISIS) and not case.grounds
    return "name the ground; under crisis a press does not declare one" if crisis else "name the ground"
