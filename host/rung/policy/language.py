"""The ladder language: a policy as a manager writes it in TOML, decoded strictly into plain structs.

Whatever is wrong with a file is one line that names the file, the key and the mend (`PolicyError`). Times are seconds
in the file, milliseconds here. `host/POLICIES.md` tells each key's meaning; what makes sense beyond the types stands in
`checks`.
"""

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from rung.words import Button, Ground, Role

NEVER_ENDING = frozenset({Ground.UNNAMED, Ground.THREAT_OTHER})
ANY = "any"  # the set of all grounds
SELDOM = ("leave", "unavailable", "involved", "not_necessary", "trained", "on_call")  # of what rungs require
ENDING = "ending"  # the set in [grounds] for which a call may be ended at all

Grounds = str | tuple[Ground, ...]  # `any`, the name of a set in [grounds], or a list
Seconds = float  # 0 to 3600, which `checks` holds it to
Words = dict[str, tuple[str, ...]]  # language code -> phrases, of which one is enough


class Requires(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Conditions that must all hold."""

    ground: Grounds | None = None  # one of these stands
    after: str | None = None  # and was declared after this rung was taken
    attested: Grounds | None = None  # one of these was declared, by whoever presses, since they joined the call
    taken: tuple[str, ...] = ()  # these stand; a supervisor's own rungs must be by that supervisor
    persisted: bool = False  # the abuse went on for `wait` of talk after the last warning; the press attests it
    on_call: bool = False  # the supervisor has been in the call for `wait` of talk
    leave: Literal["unused", "none"] | None = None  # granted and not used yet; or never granted, or withdrawn unused
    unavailable: bool = False  # no supervisor could be had on this call
    involved: bool = False  # a supervisor has advised, or taken the call
    not_necessary: bool = False  # the agent has attested, with the reason, that no supervisor is necessary
    trained: bool = False  # whoever presses holds a valid training


class Point(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a script must, or must not, say: in plain words, and the phrases by which it is known."""

    point: str
    words: Words


class Variant(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Other words for the same rung: the first variant that fits is shown instead."""

    script: dict[str, str]
    grounds: tuple[Ground, ...] = ()  # the newest ground for which the rung is taken; empty: any
    untrained: bool = False  # only for an agent without valid training
    must_say: tuple[Point, ...] = ()
    must_not_say: tuple[Point, ...] = ()


class Rung(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One step of the ladder, as its table in the file says."""

    id: str
    title: str
    button: Button
    role: Role
    does: Literal["say", "transfer", "leave", "join", "involve", "end"]
    script: dict[str, str]  # language code -> what to say
    must_say: tuple[Point, ...] = ()
    must_not_say: tuple[Point, ...] = ()
    variant: tuple[Variant, ...] = ()
    requires: tuple[Requires, ...] = (Requires(),)  # alternatives: one of them must hold
    repeatable: bool = False
    lapses_after: Seconds | None = None  # then it counts as not taken; None: never on the same call
    warns: bool = False  # a warning, notice or redirection: `persisted` counts from it
    while_asking: bool = False  # open also while leave is asked; taking it withdraws the ask
    attests: tuple[str, ...] = ()  # what the press attests by itself, kept in the record
    tick: tuple[dict[str, str], ...] = ()  # what may be ticked as tried, each in every language
    play: bool = False  # where the phone can, what is announced is played to the caller


class Times(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Seconds, as the file gives them."""

    wait: Seconds = 5
    say_time: Seconds = 4
    answer_within: Seconds = 30
    widen_after: Seconds = 12

    @cached_property
    def wait_ms(self) -> int:
        return round(self.wait * 1000)

    @cached_property
    def say_ms(self) -> int:
        return round(self.say_time * 1000)

    @cached_property
    def answer_ms(self) -> int:
        return round(self.answer_within * 1000)

    @cached_property
    def widen_ms(self) -> int:
        return round(self.widen_after * 1000)


class Duty(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is due after a call of this kind."""

    do: Literal["incident", "review", "follow-up", "complaint", "block", "breather"]
    when: Literal["ended", "our-side", "ground"]  # by a rung; however, but from our side; a ground was named
    grounds: tuple[Ground, ...] = ()  # only with one of these; empty: with any
    minutes: Annotated[float, Meta(ge=0, le=240)] = 0  # of a breather


class _Sets(dict[Grounds, frozenset[Ground]]):
    """Sets of grounds by how a table asks for them. `threat_other` opens whatever `unnamed` opens."""

    def __init__(self, named: dict[str, tuple[Ground, ...]]) -> None:
        super().__init__({ANY: frozenset(Ground)})
        self._named = named

    def __missing__(self, wanted: Grounds) -> frozenset[Ground]:
        found = frozenset(self._named[wanted] if isinstance(wanted, str) else wanted)
        found |= {Ground.THREAT_OTHER} if Ground.UNNAMED in found else set()
        self[wanted] = found
        return found


class Tables(Struct, frozen=True, gc=False):
    """Of one policy."""

    find: Callable[[str], Rung]
    ground_set: Callable[[Grounds], frozenset[Ground]]
    ladders: dict[Role, dict[Button, tuple[Rung, ...]]]  # the rungs of each role and button, in ladder order
    asking: tuple[str, ...]  # the rungs that ask a supervisor
    for_unnamed: frozenset[str]  # the rungs for which `unnamed` is ground enough
    lasting: frozenset[str]  # the rungs that stand for whoever looks, and as long as the call, once they are taken
    warnings: dict[Role, tuple[str, ...]]  # the rungs of each role from which `persisted` counts
    seldom: frozenset[str]  # the rungs that need, in one of their ways, what few do
    on_leave: tuple[str, ...]  # the rungs for which leave is used
    wait_ms: int


class Policy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """A whole ladder with its times and duties, checked: every name in it resolves."""

    name: str
    version: int
    title: str
    grounds: dict[str, tuple[Ground, ...]]  # sets with a name; `ending` is needed
    common_grounds: tuple[Ground, Ground, Ground] = (Ground.PROFANITY, Ground.SHOUTING, Ground.THREAT)  # by gesture
    times: Times = Times()
    rung: tuple[Rung, ...]
    duty: tuple[Duty, ...] = ()
    translations: dict[str, dict[str, str]] = {}  # language code -> titles and the like in that language

    def that(self, does: str) -> tuple[str, ...]:
        """The rungs that do this."""
        return tuple(rung.id for rung in self.rung if rung.does == does)

    def languages(self) -> tuple[str, ...]:
        return tuple(self.rung[0].script)

    def translated(self, text: str, language: str) -> str:
        """A title of this policy, or what a press attests, in ``language`` where the file tells it."""
        return self.translations.get(language, {}).get(text, text)

    # A policy never changes, and a press asks these dozens of times.

    @cached_property
    def find(self) -> Callable[[str], Rung]:
        """The rung of this id."""
        return {rung.id: rung for rung in self.rung}.__getitem__

    @cached_property
    def ground_set(self) -> Callable[[Grounds], frozenset[Ground]]:
        """The grounds that open what asks for these."""
        return _Sets(self.grounds).__getitem__

    @cached_property
    def tables(self) -> "Tables":
        """What a press asks of all the rungs together, worked out once."""
        needs = [(rung, need) for rung in self.rung for need in rung.requires]
        unnamed = [r.id for r, n in needs if n.ground is not None and Ground.UNNAMED in self.ground_set(n.ground)]
        return Tables(
            find=self.find,
            ground_set=self.ground_set,
            ladders={r: {b: tuple(g for g in self.rung if (g.button, g.role) == (b, r)) for b in Button} for r in Role},
            asking=tuple(rung.id for rung in self.rung if rung.does not in ("say", "end")),
            for_unnamed=frozenset(unnamed),
            lasting=frozenset(r.id for r in self.rung if r.role == Role.AGENT and r.lapses_after is None),
            warnings={role: tuple(r.id for r in self.rung if r.warns and r.role == role) for role in Role},
            seldom=frozenset(rung.id for rung, need in needs if any(getattr(need, key) for key in SELDOM)),
            on_leave=tuple(dict.fromkeys(rung.id for rung, need in needs if need.leave == "unused")),
            wait_ms=self.times.wait_ms,
        )

    @cached_property
    def digest(self) -> str:
        """Of everything in it, times included."""
        return hashlib.sha256(canonical(self).encode()).hexdigest()[:8]


def schema() -> dict[str, object]:
    """The language as JSON Schema, for editors."""
    return msgspec.json.schema(Policy)


def canonical(policy: Policy) -> str:
    """The whole policy as canonical JSON, as the record keeps it."""
    read = from_canonical(msgspec.json.encode(policy).decode())  # so that 4 and 4.0 seconds are the same
    return msgspec.json.encode(read, order="deterministic").decode()


def from_canonical(text: str) -> Policy:
    """The policy that `canonical` wrote. Raises msgspec.MsgspecError if this version cannot read it."""
    return msgspec.json.decode(text, type=Policy)


def version_of(policy: Policy) -> str:
    """The policy's number and a digest of everything in it: ``1-3fa4b2c1`` says that times were changed too."""
    return f"{policy.version}-{policy.digest}"
