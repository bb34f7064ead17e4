"""What a person may do beside the ladder now: taking back, attesting, calling off. For pages, which offer only that."""

from collections.abc import Iterator
from typing import Literal

from rung import words as w
from rung.policy.acts import ACTS, TAKE_BACK_MS
from rung.policy.alerts import alarm_of
from rung.policy.decision import Decision
from rung.policy.reading import Look
from rung.policy.state import Desk
from rung.words import Marker, Role, Verdict

Choice = Literal["take back", "unwanted", "attest", "lift crisis", "hand back"]

BY: dict[Choice, w.Act] = {
    "take back": w.AskTakenBack(),
    "unwanted": w.Unwanted(),
    "attest": w.Attested("a reason"),
    "lift crisis": w.Unmarked(Marker.CRISIS, "a reason"),
    "hand back": w.HandBack(),
}


def choices(look: Look) -> Iterator[Choice]:
    """What would be taken if it were done now: it is tried. What is the agent's to say is offered to no supervisor."""
    for choice, act in BY.items():
        agents = choice in ("unwanted", "attest")
        if (agents and look.who.role != Role.AGENT) or (choice == "attest" and look.case.not_necessary):
            continue
        d = Decision(look.policy, look.desk, look.at_ms)
        d.who = look.who
        if ACTS[type(act)](d, act).verdict == Verdict.TAKEN:
            yield choice


def alarm_ms(desk: Desk, person: str | None, now: int) -> int:
    """How long this person's panic may still be called off as a false alarm."""
    called = alarm_of(desk, person)
    return 0 if called is None else max(0, called[0] + TAKE_BACK_MS[Marker.EMERGENCY] - now)
