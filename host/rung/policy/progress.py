"""How far an ask is, and why it is in the way of every other step, in words for the person."""

from rung.policy.state import Ask, Phase

BEING_ASKED = "a supervisor is being asked; wait for the outcome, or take it back with escalate and warn together"
BEING_RUNG = "the agent is being rung; wait for the outcome, or take it back with escalate and warn together"
HANDED_OVER = "the call is being handed over; wait for the phone"

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
_IN_THE_WAY = {  # of an ask that can no longer be taken back
    Phase.OFFERING: HANDED_OVER,
    Phase.COMPLETING: HANDED_OVER,
    Phase.RETURNING: "the caller is coming off hold; wait for that",
}


def in_the_way(ask: Ask) -> str:
    """Why no other step is open while this ask is, and what to do."""
    if ask.phase in _IN_THE_WAY:
        return _IN_THE_WAY[ask.phase]
    return BEING_ASKED if ask.whom == "supervisor" else BEING_RUNG


def asked(ask: Ask, now_ms: int) -> str:
    """How far an ask is, e.g. "asked 14 s ago, seen, ringing"."""
    seen = ", seen" if ask.seen and not ask.taker else ""
    return f"asked {(now_ms - ask.opened_ms) // 1000} s ago{seen}, {_PHASES[ask.phase]}"
