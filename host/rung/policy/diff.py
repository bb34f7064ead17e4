"""Two policies compared in words: what becomes allowed, what becomes forbidden, what changes on the way."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from rung.policy.language import Grounds, Policy, Requires, Rung
from rung.policy.phrases import ENGLISH, duty, grounds, opens, parts, who_and_how
from rung.words import Ground, Role


class Change(Struct, frozen=True):
    kind: str  # `allowed`, `forbidden` or `changed`
    text: str


def diff(a: Policy, b: Policy) -> list[Change]:
    """What changes for people when B replaces A; empty if nothing does."""
    timed = msgspec.structs.replace(a, times=b.times)  # a time that changes is told once, and not by every step
    return [*_endings(a, b), *_rungs(timed, b), *_times(a, b), *_duties(a, b)]


def _endings(a: Policy, b: Policy) -> Iterator[Change]:
    """For which grounds may whom end a call at all?"""
    for role in Role:
        before, after = _may_end(a, role), _may_end(b, role)
        if not after and before:
            yield Change("forbidden", f"the {role} can no longer end a call")
        elif after and not before:
            yield Change("allowed", f"the {role} can end a call: for {_listed(after)}")
        else:
            if more := after - before:
                yield Change("allowed", f"the {role} can end a call also for {_listed(more)}")
            if less := before - after:
                yield Change("forbidden", f"the {role} can no longer end a call for {_listed(less)}")


def _may_end(policy: Policy, role: Role) -> set[Ground]:
    ending = [need.ground for r in policy.rung if r.does == "end" and r.role == role for need in r.requires]
    return {g for wanted in ending if wanted is not None for g in policy.ground_set(wanted)}


def _listed(some: set[Ground]) -> str:
    return ", ".join(ENGLISH.ground[g] for g in Ground if g in some)


def _rungs(a: Policy, b: Policy) -> Iterator[Change]:
    before, after = _by_place(a), _by_place(b)
    for place, rung in before.items():
        if place not in after:
            yield Change("forbidden", f"{_named(rung)}: this step is gone")
    for place, rung in after.items():
        if place not in before:
            yield Change("allowed", f"{_named(rung)}: new; {ENGLISH.does[rung.does]}; needs {opens(b, rung)}")
        else:
            yield from _one(a, before[place], b, rung)
    kept = [place for place in before if place in after]
    if kept != [place for place in after if place in before]:
        yield Change("changed", "the order of the steps: " + ", ".join(after[place].title for place in after))


def _by_place(policy: Policy) -> dict[tuple[Role, str], Rung]:
    return {(rung.role, rung.id): rung for rung in policy.rung}


def _named(rung: Rung) -> str:
    return f"{rung.title} ({rung.role}, {rung.button})"


def _one(a: Policy, old: Rung, b: Policy, new: Rung) -> Iterator[Change]:
    if old.does != new.does or old.button != new.button:
        yield Change(
            "changed",
            f"{_named(new)}: {new.button}, {ENGLISH.does[new.does]}; was {old.button}, {ENGLISH.does[old.does]}",
        )
    if who_and_how(old) != who_and_how(new):
        yield Change("changed", f"{_named(new)}: {who_and_how(new)}; was {who_and_how(old)}")
    if len(old.requires) == len(new.requires) == 1:
        yield from _needs(a, old, old.requires[0], b, new, new.requires[0])
    elif opens(a, old) != opens(b, new):
        yield Change("changed", f"{_named(new)}: needs {opens(b, new)}; was {opens(a, old)}")
    if old.script != new.script or old.variant != new.variant:
        yield Change("changed", f"{_named(new)}: says something else")


def _needs(a: Policy, old: Rung, was: Requires, b: Policy, new: Rung, now: Requires) -> Iterator[Change]:
    bare_a, bare_b = (msgspec.structs.replace(need, ground=None, after=None, attested=None) for need in (was, now))
    before, after = parts(a, old, bare_a), parts(b, new, bare_b)
    for part in (p for p in before if p not in after):
        yield Change("allowed", f"{_named(new)} without: {part}")
    for part in (p for p in after if p not in before):
        yield Change("forbidden", f"{_named(new)} without: {part}")
    for key, of in (("", "ground"), (", by what the supervisor names", "attested")):
        yield from _grounds(a, getattr(was, of), b, getattr(now, of), f"{_named(new)}{key}")
    if was.after != now.after:
        text = (
            f"the ground must have been declared after {now.after}" if now.after else "the ground may be an earlier one"
        )
        yield Change("forbidden" if now.after else "allowed", f"{_named(new)}: {text}")


def _grounds(a: Policy, was: Grounds | None, b: Policy, now: Grounds | None, step: str) -> Iterator[Change]:
    if was is None or now is None:
        if now is not None:
            yield Change("forbidden", f"{step} without {grounds(b, now)}")
        elif was is not None:
            yield Change("allowed", f"{step} without {grounds(a, was)}")
        return
    before, after = a.ground_set(was), b.ground_set(now)
    if after - before:
        yield Change("allowed", f"{step} for {_listed(set(after - before))}")
    if before - after:
        yield Change("forbidden", f"{step} for {_listed(set(before - after))}")


def _times(a: Policy, b: Policy) -> Iterator[Change]:
    before, after = msgspec.structs.asdict(a.times), msgspec.structs.asdict(b.times)
    for key, seconds in after.items():
        if seconds != before[key]:
            yield Change("changed", f"{key}: {before[key]:g} s → {seconds:g} s")


def _duties(a: Policy, b: Policy) -> Iterator[Change]:
    for due in (d for d in a.duty if d not in b.duty):
        yield Change("changed", f"no longer due: {duty(due)}")
    for due in (d for d in b.duty if d not in a.duty):
        yield Change("changed", f"due: {duty(due)}")
