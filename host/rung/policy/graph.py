"""The state diagram of a policy, from its tables alone: which rung leads to which, and by what."""

from msgspec import Struct

from rung.policy.language import Policy, Requires, Rung
from rung.policy.phrases import grounds
from rung.words import Role

START, END = "call", "ended"


class Edge(Struct, frozen=True):
    source: str  # a rung's id, or START
    target: str  # a rung's id, or END
    label: str


def edges(policy: Policy, role: Role) -> list[Edge]:
    """One edge for each way into a rung of this role, and one from each ending to END."""
    found: list[Edge] = []
    for rung in (r for r in policy.rung if r.role == role):
        for need in rung.requires:
            label = f"{rung.button}: {_label(policy, rung, need)}".removesuffix(": ")
            found += [Edge(source, rung.id, label) for source in _sources(policy, rung, need)]
        if rung.repeatable:
            found.append(Edge(rung.id, rung.id, "again"))
        if rung.does == "end":
            found.append(Edge(rung.id, END, "let go of the hold; the phone confirms"))
    return list(dict.fromkeys(found))


def _sources(policy: Policy, rung: Rung, need: Requires) -> list[str]:
    """The rungs after which this one may be open; START where nothing has to be taken before."""
    asks = [r.id for r in policy.rung if r.does not in ("say", "end") and r.role == rung.role]
    if need.leave == "unused":
        return [r.id for r in policy.rung if r.does == "leave"]
    if need.involved:
        return [r.id for r in policy.rung if r.does == "involve"]
    if need.unavailable:
        return [ask for ask in asks if ask != rung.id]
    return list(need.taken) or [START]


def _label(policy: Policy, rung: Rung, need: Requires) -> str:
    words = {
        "leave granted": need.leave == "unused",
        "until leave is granted": need.leave == "none",
        "nobody came": need.unavailable,
        "advised": need.involved,
        "attested as not necessary": need.not_necessary,
        "in the call": need.on_call,
        "attested": need.attested is not None,
        "persisted": need.persisted,
        "trained": need.trained,
        f"declared after {need.after}": need.after is not None,
    }
    found = [text for text, holds in words.items() if holds]
    if need.ground is not None:
        found.append(grounds(policy, need.ground))
    return ", ".join(found)
