"""Policies broken on purpose, made from the shipped ones, table by table: whoever compares must notice each."""

from collections.abc import Iterator
from itertools import pairwise

from msgspec.structs import asdict, fields, replace

from rung.policy import Policy, load
from rung.policy.language import Requires, Rung
from rung.policy.library import shipped
from rung.words import Button, Ground, Role

# Broken so, a policy says the same: something else in its tables, or in the one reading, closes the rung as well.
SAME = {
    # Nobody can have been asked to be involved before de-escalating.
    "end-with-care: end 0 without taken",
    "end-with-care: end 1 without taken",
    # Leave is used once.
    "hang-up-protocol: warn again and again",
    # The ground must have been declared after the warning.
    "advise-and-warn: end 0 without taken",
}


def broken(name: str) -> Iterator[tuple[str, Policy]]:
    """Every way in which one thing in this policy is wrong, with its name."""
    policy = load(name)
    for rung in policy.rung:
        for says, changed in (*_requirements(rung), *_switches(rung)):
            yield f"{name}: {rung.id} {says}", _with(policy, rung, changed)
    for says, times in (
        ("a shorter wait", {"wait": 4.9}),
        ("a longer wait", {"wait": 5.1}),
        ("less time to say it", {"say_time": 3.9}),
        ("more time to say it", {"say_time": 4.1}),
        ("a shorter ask", {"answer_within": 29.9}),
        ("a longer ask", {"answer_within": 30.1}),
        ("wider sooner", {"widen_after": 11.9}),
        ("wider later", {"widen_after": 12.1}),
    ):
        yield f"{name}: {says}", replace(policy, times=replace(policy.times, **times))
    for which, grounds in policy.grounds.items():
        yield f"{name}: {which} without {grounds[0]}", _grounds(policy, which, grounds[1:])
        for more in _not_in(policy, which):
            yield f"{name}: {which} with {more}", _grounds(policy, which, (*grounds, more))
    for first, second in _in_a_row(policy):
        yield f"{name}: {second.id} before {first.id}", _swapped(policy, first, second)


def _requirements(rung: Rung) -> Iterator[tuple[str, Rung]]:
    """Each requirement of each alternative, dropped."""
    bare = {f.name: f.default for f in fields(Requires)}
    for i, need in enumerate(rung.requires):
        for part, value in asdict(need).items():
            if value != bare[part]:
                needs = list(rung.requires)
                needs[i] = replace(need, **{part: bare[part]})
                yield f"{i} without {part}", replace(rung, requires=tuple(needs))
        if len(rung.requires) > 1:
            yield f"without its alternative {i}", replace(rung, requires=rung.requires[:i] + rung.requires[i + 1 :])


def _switches(rung: Rung) -> Iterator[tuple[str, Rung]]:
    if rung.repeatable:
        yield "only once", replace(rung, repeatable=False)
    elif rung.does == "say":
        yield "again and again", replace(rung, repeatable=True)
    if rung.warns:
        yield "that nothing counts from", replace(rung, warns=False)
    if rung.while_asking:
        yield "closed while asking", replace(rung, while_asking=False)
    if rung.does == "say":
        yield "that lapses", replace(rung, lapses_after=3)


def _with(policy: Policy, old: Rung, new: Rung) -> Policy:
    return replace(policy, rung=tuple(new if rung is old else rung for rung in policy.rung))


def _grounds(policy: Policy, which: str, grounds: tuple[Ground, ...]) -> Policy:
    return replace(policy, grounds=policy.grounds | {which: grounds})


def _not_in(policy: Policy, which: str) -> list[Ground]:
    """One ground that is in no set by mistake: rudeness, what never ends a call, or an ending's of other policies."""
    tried = (Ground.RUDENESS, Ground.UNNAMED, Ground.THREAT_OTHER, Ground.BOUNDARIES)
    opened = policy.ground_set(which)
    return [ground for ground in tried if ground not in opened]


def _in_a_row(policy: Policy) -> Iterator[tuple[Rung, Rung]]:
    """Neighbours on one button that may both be open: in the wrong order another one is taken."""
    for button in Button:
        for role in Role:
            for first, second in pairwise(policy.tables.ladders[role][button]):
                if first.does == second.does == "end":
                    yield first, second


def _swapped(policy: Policy, first: Rung, second: Rung) -> Policy:
    rungs = [second if r is first else first if r is second else r for r in policy.rung]
    return replace(policy, rung=tuple(rungs))


BROKEN = {says: policy for name in shipped() for says, policy in broken(name)}
