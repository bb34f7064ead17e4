"""What a policy's own rules tell apart: the only things that the fold may not forget."""

from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from rung.policy.language import ENDING, Policy, Requires, Rung
from rung.words import Ground, Role


class Need(Struct, frozen=True):
    """One question that the tables ask about what was declared."""

    grounds: frozenset[Ground]
    ends: bool = False  # then calmed closes it, until declared anew
    after: str | None = None  # and it must have been declared after this rung
    attested: bool = False  # by whoever presses, since they joined


class Reads:
    """What the rungs of these roles read, in this policy."""

    def __init__(self, policy: Policy, *roles: Role) -> None:
        self.policy = policy
        self.roles = frozenset(roles)

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """Every distinct question about grounds."""
        found: dict[Need, None] = {}
        for rung in self._rungs:
            for need in rung.requires:
                if need.ground is not None:
                    found[Need(self.policy.ground_set(need.ground), rung.does == "end", need.after)] = None
                if need.attested is not None:
                    found[Need(self.policy.ground_set(need.attested), attested=True)] = None
        return tuple(found)

    @cached_property
    def classes(self) -> tuple[tuple[Ground, ...], ...]:
        """The grounds, in classes: two are of one class if no question tells them apart. `unnamed` is always alone.

        Each class begins with a ground for which a call may be ended at all, if it has one.
        """
        found: dict[tuple[bool, ...], list[Ground]] = {}
        ending = self.policy.ground_set(ENDING)
        for ground in sorted(Ground, key=lambda ground: ground not in ending):
            answers = (ground == Ground.UNNAMED, *(ground in need.grounds for need in self.needs))
            found.setdefault(answers, []).append(ground)
        return tuple(tuple(members) for members in found.values())

    @cached_property
    def first(self) -> dict[Ground, Ground]:
        """Each ground's class, by its first member."""
        return {ground: members[0] for members in self.classes for ground in members}

    @cached_property
    def rungs(self) -> frozenset[str]:
        """The rungs of which it is read whether they were taken."""
        named = {other for need in self._needs for other in (*need.taken, need.after) if other is not None}
        once = {rung.id for rung in self._rungs if not rung.repeatable}
        rests = {rung.id for rung in self._rungs if any(need.unavailable for need in rung.requires)}
        return frozenset(named | once | rests)

    @cached_property
    def timed(self) -> frozenset[str]:
        """The rungs of which it is read whether a ground was declared after them."""
        return frozenset(need.after for need in self.needs if need.after is not None)

    @cached_property
    def lapsing(self) -> frozenset[str]:
        """Of either role: one may be named in a step of the other."""
        return frozenset(rung.id for rung in self.policy.rung if rung.lapses_after is not None)

    @cached_property
    def persisted(self) -> bool:
        return any(need.persisted for need in self._needs)

    @cached_property
    def trained(self) -> bool:
        return any(need.trained for need in self._needs)

    @cached_property
    def leave(self) -> bool:
        return any(need.leave is not None for need in self._needs)

    def flags(self, involved: bool) -> frozenset[str]:
        """Which of `involved`, `unavailable` and `not_necessary` are still read.

        A supervisor once involved stays so. Then an alternative that asks for that instead of something else makes the
        others idle: "involved, or unavailable, or not necessary" no longer looks at the other two.
        """
        return self._flags[involved]

    @cached_property
    def _flags(self) -> dict[bool, frozenset[str]]:
        return {known: frozenset(f for r in self._rungs for f in _read(r.requires, known)) for known in (False, True)}

    @cached_property
    def _rungs(self) -> tuple[Rung, ...]:
        return tuple(rung for rung in self.policy.rung if rung.role in self.roles)

    @cached_property
    def _needs(self) -> tuple[Requires, ...]:
        return tuple(need for rung in self._rungs for need in rung.requires)


FLAGS = ("involved", "unavailable", "not_necessary")


def _read(alternatives: tuple[Requires, ...], involved: bool) -> set[str]:
    asked = [
        (frozenset(f for f in FLAGS if getattr(n, f)) - ({"involved"} if involved else set()), n) for n in alternatives
    ]
    bare = [(flags, replace(n, involved=False, unavailable=False, not_necessary=False)) for flags, n in asked]
    idle = {rest for flags, rest in bare if not flags}
    return {flag for flags, rest in bare if rest not in idle for flag in flags}
