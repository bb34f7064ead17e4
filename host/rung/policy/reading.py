"""Is a rung open, and if not, what does it lack? The one place that knows; presses, lamps and refusals all ask here.

Reading of waits: they are held against the instant of the edge that completed the gesture (``at_ms``), not of its
arrival, so a press that travelled slowly cannot profit from its delay.
"""

from math import ceil

from msgspec import Struct

from rung.policy.language import Policy, Requires, Rung
from rung.policy.state import Case, Desk, Phase
from rung.words import Button, CallState, Ground, HangUp, Marker, Role

COMPLETE_AFTER_MS = 3000  # agent and supervisor have had this long to talk before a tap can complete the transfer


class Missing(Struct, frozen=True):
    """One thing that a rung lacks, in words for the person, and what would mend it."""

    text: str
    rungs: tuple[str, ...] = ()  # one of these rungs would mend it
    button: Button | None = None  # or this very button


def rungs_of(policy: Policy, button: Button, role: Role = Role.AGENT) -> list[Rung]:
    return [r for r in policy.rung if r.button == button and r.role == role]


def missing(policy: Policy, desk: Desk, rung: Rung, at_ms: int) -> list[Missing]:
    """What ``rung`` lacks at ``at_ms``: empty when it is open. Of alternatives, the one that lacks least."""
    stop = _blocked(desk, rung)
    if stop is not None:
        return [stop]
    case = desk.case
    assert case is not None
    if case.has_taken(rung.id) and not rung.repeatable:
        return [Missing(f"{rung.title}: already done on this call")]
    return min((_lacks(policy, case, rung, need, at_ms) for need in rung.requires), key=len)


def first_open(policy: Policy, desk: Desk, button: Button, at_ms: int) -> Rung | None:
    """The rung that a press of ``button`` would take: the first in ladder order that is open."""
    return next((r for r in rungs_of(policy, button) if not missing(policy, desk, r, at_ms)), None)


def nearest(policy: Policy, desk: Desk, button: Button, at_ms: int) -> tuple[Rung, list[Missing]] | None:
    """The closed rung of ``button`` that lacks least, and what it lacks. A rung already taken only if there is no
    other.
    """
    found = [(r, missing(policy, desk, r, at_ms)) for r in rungs_of(policy, button)]
    case = desk.case
    ahead = [f for f in found if case is None or f[0].repeatable or not case.has_taken(f[0].id)]
    return min(ahead or found, key=lambda f: len(f[1]), default=None)


def way_on(policy: Policy, desk: Desk, lacks: list[Missing], at_ms: int) -> Button | None:
    """The button that leads towards what is lacking; None when no button helps and an act or a wait is needed."""
    seen: set[str] = set()
    while lacks:
        if (button := next((m.button for m in lacks if m.button), None)) is not None:
            return button
        rungs = [policy.find(r) for m in lacks for r in m.rungs if r not in seen]
        if not rungs:
            return None
        seen.update(r.id for r in rungs)
        further = [missing(policy, desk, r, at_ms) for r in rungs]
        if (opened := next((r for r, more in zip(rungs, further, strict=True) if not more), None)) is not None:
            return opened.button
        lacks = min(further, key=len)
    return None


def _blocked(desk: Desk, rung: Rung) -> Missing | None:
    """What stops this rung whatever the ladder says: common to all policies."""
    case, facts = desk.case, desk.facts
    if case is None:
        return Missing("there is no call")
    if other_live(desk):
        return Missing("another call is live on this phone; end it or put it on hold first")
    if case.ask is not None:
        answered = case.ask.phase == Phase.ANSWERED
        text = "a supervisor is being asked; wait for the outcome, or take it back with escalate and warn together"
        return Missing(text, button=Button.ESCALATE if answered else None)
    if case.waiting(HangUp):
        return Missing("the call is being ended; waiting for the phone")
    if case.held and rung.button != Button.ESCALATE:
        return Missing("the caller is on hold; take the call off hold first")
    if rung.does != "say" and not facts.phone_up:
        return Missing("the phone does not answer; the call may still be up")
    if rung.does == "end" and case.marked(Marker.CRISIS):
        return Missing("crisis is marked: nobody can release this call")
    if rung.does == "end" and facts.person is None:
        return Missing("nobody is signed on at this desk; sign on first")
    return None


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
    if case.counted_talk_ms is None:
        warnings = tuple(r.id for r in policy.rung if r.warns and r.role == Role.AGENT)
        return Missing("no warning has been given on this call", rungs=warnings)
    left_ms = wait_left_ms(policy, case, at_ms)
    return Missing(f"let the caller answer: {ceil(left_ms / 1000)} s more of talk") if left_ms > 0 else None


def wait_left_ms(policy: Policy, case: Case, at_ms: int) -> int:
    """Talk still to pass before "the abuse went on" may be attested."""
    return policy.times.wait_ms - (case.talk(at_ms) - (case.counted_talk_ms or 0))


def _has_ground(policy: Policy, case: Case, rung: Rung, wanted: str | tuple[Ground, ...]) -> bool:
    if wanted == "any":
        return bool(case.grounds) or press_declares(case)
    allowed = policy.ending_grounds if wanted == "ending" else wanted
    since = case.calmed_ms if rung.does == "end" else None  # calmed closes endings until declared anew
    return any(d.ground in allowed and (since is None or d.at_ms > since) for d in case.grounds)


def press_declares(case: Case) -> bool:
    """A press that needs a ground declares `unnamed` where none stands; never under crisis."""
    return not case.grounds and not case.marked(Marker.CRISIS)


def _ground_text(case: Case, rung: Rung) -> str:
    if rung.does == "end" and case.calmed_ms is not None:
        return "the caller had calmed down; if it began again, name the ground anew"
    return "name the ground"
