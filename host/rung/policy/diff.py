"""Two policies compared in words: what becomes allowed, what becomes forbidden, what changes on the way."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from rung.policy.language import Grounds, Policy, Requires, Rung
from rung.policy.phrases import ENGLISH, beside, does, duty, grounds, how, opens, parts, who_and_how
from rung.words import Ground, Role

OF_GROUNDS = ("ground", "after", "attested")  # of what a step requires


class Change(Struct, frozen=True):
    kind: str  # `allowed`, `forbidden` or `changed`
    text: str


def diff(a: Policy, b: Policy) -> list[Change]:
    """What changes for people when B replaces A; empty if nothing does."""
    timed = msgspec.structs.replace(a, times=b.times)  # a time that changes is told once, and not by every step
    return [*_endings(a, b), *_rungs(timed, b), *_gestures(a, b), *_times(a, b), *_duties(a, b)]


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
            what = "; ".join((f"new{_before_which(b, rung)}", *how(rung), does(rung)))
            yield Change("allowed", f"{_named(rung)}: {what}; needs {opens(b, rung)}")
        else:
            yield from _one(a, before[place], b, rung)
    kept = [place for place in before if place in after]
    if kept != [place for place in after if place in before]:
        yield Change("changed", "the order of the steps: " + ", ".join(after[place].title for place in after))


def _by_place(policy: Policy) -> dict[tuple[Role, str], Rung]:
    return {(rung.role, rung.id): rung for rung in policy.rung}


def _named(rung: Rung) -> str:
    return f"{rung.title} ({rung.role}, {rung.button})"


def _before_which(policy: Policy, rung: Rung) -> str:
    """A press takes the first that is open, so it matters what a new step comes before."""
    ladder = policy.tables.ladders[rung.role][rung.button]
    later = ladder[ladder.index(rung) + 1 :]
    return f", before “{later[0].title}”" if later else ""


def _one(a: Policy, old: Rung, b: Policy, new: Rung) -> Iterator[Change]:
    for was, now in (
        (old.title, new.title),
        (f"{old.button}, {does(old)}", f"{new.button}, {does(new)}"),
        (who_and_how(old), who_and_how(new)),
        ("; ".join(beside(a, old)) or "nothing beside", "; ".join(beside(b, new)) or "nothing beside"),
    ):
        if was != now:
            yield Change("changed", f"{_named(new)}: {now}; was {was}")
    if len(old.requires) == len(new.requires) == 1:
        yield from _needs(a, old, old.requires[0], b, new, new.requires[0])
    else:
        yield from _ways(a, old, b, new)
    if old.script != new.script or old.variant != new.variant:
        yield Change("changed", f"{_named(new)}: says something else")


def _ways(a: Policy, old: Rung, b: Policy, new: Rung) -> Iterator[Change]:
    """Of several alternatives: those that no other one of before, or of now, is as wide as."""
    for need in new.requires:
        if not any(_as_wide(a, was, b, need) for was in old.requires):
            yield Change("allowed", f"{_named(new)} with: {'; '.join(parts(b, new, need)) or 'nothing'}")
    for need in old.requires:
        if not any(_as_wide(b, now, a, need) for now in new.requires):
            yield Change("forbidden", f"{_named(new)} with: {'; '.join(parts(a, old, need)) or 'nothing'}")


def _as_wide(a: Policy, wide: Requires, b: Policy, narrow: Requires) -> bool:
    """Does the first, of policy A, hold wherever the second, of policy B, does?"""
    wanted = [(getattr(wide, key), getattr(narrow, key)) for key in ("ground", "attested")]
    within = all(w is None or (n is not None and b.ground_set(n) <= a.ground_set(w)) for w, n in wanted)
    return within and wide.after in (None, narrow.after) and set(_conditions(wide)) <= set(_conditions(narrow))


def _conditions(need: Requires) -> list[Requires]:
    """All that it asks for beside grounds, one by one."""
    each = [Requires(taken=(other,)) for other in need.taken]
    bare = {key: getattr(need, key) for key in need.__struct_fields__ if key not in ("taken", *OF_GROUNDS)}
    return each + [Requires(**{key: value}) for key, value in bare.items() if value]


def _needs(a: Policy, old: Rung, was: Requires, b: Policy, new: Rung, now: Requires) -> Iterator[Change]:
    before, after = _conditions(was), _conditions(now)
    for kind, policy, rung, gone in (
        ("allowed", a, old, [one for one in before if one not in after]),
        ("forbidden", b, new, [one for one in after if one not in before]),
    ):
        for one in gone:
            yield Change(kind, f"{_named(new)} without: {parts(policy, rung, one)[0]}")
    for key, of in (("", "ground"), (", by what the supervisor names", "attested")):
        yield from _grounds(a, getattr(was, of), b, getattr(now, of), f"{_named(new)}{key}")
    if was.after not in (None, now.after):
        yield Change("allowed", f"{_named(new)}: the ground may be an earlier one")
    if now.after not in (None, was.after):
        yield Change("forbidden", f"{_named(new)}: the ground must have been declared after {now.after}")


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


def _gestures(a: Policy, b: Policy) -> Iterator[Change]:
    was, now = (", ".join(ENGLISH.ground[g] for g in policy.common_grounds) for policy in (a, b))
    if was != now:
        yield Change("changed", f"grounds by the gesture (escalate, warn, release): {now}; was {was}")


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
