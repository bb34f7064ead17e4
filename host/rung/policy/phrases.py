"""A policy's tables in words, for people: in the terminal, on the card, in drawings and comparisons."""

from rung.policy.language import ANY, ENDING, Duty, Grounds, Policy, Requires, Rung
from rung.words import Ground, Role

DOES = {
    "say": "says it",
    "transfer": "tells the caller, then hold, consult and transfer",
    "leave": "asks a supervisor for leave; the caller stays with the agent",
    "join": "asks a supervisor into the call, without hold",
    "involve": "asks a supervisor, who takes the call, advises or declines",
    "end": "tap announces; hold ends the call",
}
WHEN = {
    "ended": "after a call that a rung ended",
    "our-side": "after a call that ended from our side, with a ground or a rung on it",
    "ground": "after a call on which a ground was named",
}


def needs(policy: Policy, rung: Rung) -> list[str]:
    """What the rung requires: one text an alternative, "nothing" if it is always open."""
    return ["; ".join(parts(policy, rung, need)) or "nothing" for need in rung.requires]


def parts(policy: Policy, rung: Rung, need: Requires) -> list[str]:
    """One alternative, condition by condition, in the order in which a person meets them."""
    own = "your own: " if rung.role == Role.SUPERVISOR else ""
    found = [f"{own}{policy.find(other).title.lower()}" for other in need.taken]
    if need.on_call:
        found.append(f"in the call for {policy.times.wait:g} s of talk")
    if need.attested is not None:
        found.append(f"{grounds(policy, need.attested)}, named by yourself since you joined")
    if need.leave is not None:
        found.append("leave granted and not used yet" if need.leave == "unused" else "no leave granted")
    if need.persisted:
        found.append(f"it went on for {policy.times.wait:g} s of talk")
    if need.unavailable:
        found.append("no supervisor could be had")
    if need.involved:
        found.append("a supervisor is involved")
    if need.not_necessary:
        found.append("attested, with the reason, that no supervisor is necessary")
    if need.ground is not None:
        after = f", declared after: {policy.find(need.after).title.lower()}" if need.after is not None else ""
        found.append(f"{grounds(policy, need.ground)}{after}")
    if need.trained:
        found.append("a valid training")
    return found


def grounds(policy: Policy, wanted: Grounds) -> str:
    """A set of grounds in words: the shorter of what it holds and what it leaves out."""
    if wanted == ANY:
        return "any ground"
    held = policy.ground_set(wanted)
    out = [g for g in Ground if g not in held]
    inside = [g for g in Ground if g in held]
    prefix = "an ending ground" if wanted == ENDING else "a ground"
    return f"{prefix}: {', '.join(inside)}" if len(inside) <= len(out) else f"{prefix}: any but {', '.join(out)}"


def duty(due: Duty) -> str:
    only = f" ({', '.join(due.grounds)})" if due.grounds else ""
    length = f" of {due.minutes:g} min" if due.minutes else ""
    return f"{due.do}{length} {WHEN[due.when]}{only}"


def who_and_how(rung: Rung) -> str:
    """E.g. "agent, warn, repeatable"."""
    extras = ["repeatable"] if rung.repeatable else []
    extras += [f"lapses after {rung.lapses_after:g} s"] if rung.lapses_after is not None else []
    extras += ["also while leave is asked"] if rung.while_asking else []
    return ", ".join([str(rung.role), str(rung.button), *extras])
