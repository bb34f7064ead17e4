"""What a person may do beside the ladder now: taking back, attesting, calling off. For pages, which offer only that."""

from collections.abc import Iterator
from typing import Literal

from rung.policy.acts import TAKE_BACK_MS
from rung.policy.reading import Look
from rung.policy.state import Desk, Phase
from rung.words import Marker, Role, Want

Choice = Literal["take back", "unwanted", "attest", "lift crisis", "hand back"]
UNDER_WAY = (Phase.OFFERING, Phase.COMPLETING, Phase.RETURNING)


def choices(look: Look) -> Iterator[Choice]:
    """In no order. What is not among them would be refused now."""
    case, agent = look.case, look.who.role == Role.AGENT
    if case.ask is not None and case.ask.phase not in UNDER_WAY:
        yield "take back"
        if agent and case.ask.want != Want.LEAVE:
            yield "unwanted"
    if agent and not case.not_necessary and any(n.not_necessary for r in look.policy.rung for n in r.requires):
        yield "attest"
    marked = {mark.person for mark in case.marks if mark.marker == Marker.CRISIS}
    if look.who.id in marked or (marked and not agent):
        yield "lift crisis"
    if not agent and case.origin:
        yield "hand back"


def alarm_ms(desk: Desk, person: str | None, now: int) -> int:
    """How long this person's panic may still be called off as a false alarm."""
    case, alert = desk.case, desk.alert
    called = [m.at_ms for m in (case.marks if case else ()) if (m.marker, m.person) == (Marker.EMERGENCY, person)]
    if alert is not None and (alert.want, alert.person) == (Want.PANIC, person):
        called.append(alert.at_ms)
    return max(0, min(called) + TAKE_BACK_MS[Marker.EMERGENCY] - now) if called else 0
