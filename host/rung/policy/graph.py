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
            for source in _sources(policy, rung, need):
                label = f"{rung.button}: {_label(policy, need, source)}".removesuffix(": ")
                found.append(Edge(source, rung.id, label))
        if rung.repeatable:
            found.append(Edge(rung.id, rung.id, "again"))
        if rung.does == "end":
            found.append(Edge(rung.id, END, "let go of the hold; the phone confirms"))
    return list(dict.fromkeys(found))


def _sources(policy: Policy, rung: Rung, need: Requires) -> list[str]:
    """The rungs of its ladder after which this one may be open; START where it comes after none of them."""
    before = need.taken
    if need.leave == "unused":
        before = policy.that("leave")
    elif need.involved:
        before = policy.that("involve")
    elif need.unavailable:
        before = policy.tables.asking
    return [other for other in before if other != rung.id and policy.find(other).role == rung.role] or [START]


def _label(policy: Policy, need: Requires, source: str) -> str:
    """All that the way asks for beside where it comes from."""
    words: dict[str, bool] = {f"after “{policy.find(other).title}”": other != source for other in need.taken}
    words |= {
        "leave granted": need.leave == "unused",
        "until leave is granted": need.leave == "none",
        "nobody came": need.unavailable,
        "advised": need.involved,
        "attested as not necessary": need.not_necessary,
        "in the call": need.on_call,
        "attested": need.attested is not None,
        "persisted": need.persisted,
        "trained": need.trained,
    }
    found = [text for text, holds in words.items() if holds]
    if need.ground is not None:
        declared = f", declared after “{policy.find(need.after).title}”" if need.after is not None else ""
        found.append(grounds(policy, need.ground) + declared)
    return ", ".join(found)
