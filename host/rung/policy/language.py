"""The ladder language: a policy as a manager writes it in TOML, decoded strictly into plain structs.

Whatever is wrong with a file is one line that names the file, the key and the mend (`PolicyError`). Times are seconds
in the file, milliseconds here. `host/POLICIES.md` tells each key's meaning. What a value must be beyond its type stands
at the type, for the schema and for `bounds`; what keys must be to each other stands in `checks`.
"""

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from rung.policy.bounds import Rule, held
from rung.words import Button, Ground, Role

NEVER_ENDING = frozenset({Ground.UNNAMED, Ground.THREAT_OTHER})
ANY = "any"  # the set of all grounds
SELDOM = ("leave", "unavailable", "involved", "not_necessary", "trained", "on_call")  # of what rungs require
ENDING = "ending"  # the set in [grounds] for which a call may be ended at all

LONGEST_S = 3600
# Control characters, ends of lines, turns of direction: nobody sees them, and they break drawings and pages.
UNSEEN = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ufffe\uffff"

_ABOVE = "what belongs to the rung stands above its [rung.script]"
_GIVEN = Rule({"pattern": r"\S"}, "is empty; give it words")
_SEEN = Rule(
    {"not": {"pattern": rf"[\t\n{UNSEEN}]"}}, "has a character that cannot be shown; write it without, on one line"
)
_SEEN_LINES = Rule({"not": {"pattern": f"[{UNSEEN}]"}}, "has a character that cannot be shown; write it without")
_CODE = Rule(
    {"pattern": r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$(?!\n)"},
    f"is no language code, such as en, de or pt-BR; {_ABOVE}",
)
_SECONDS = Rule({"minimum": 0.001, "maximum": LONGEST_S}, f"{{value}} is not between 0.001 and {LONGEST_S} seconds")
_AT_ONCE = Rule({"minimum": 0, "maximum": LONGEST_S}, f"{{value}} is not between 0 and {LONGEST_S} seconds")
_LAPSE = Rule(
    {"minimum": 0.001, "maximum": LONGEST_S},
    f"{{value}} is not between 0.001 and {LONGEST_S} seconds; leave it out for never",
)
_SAID = Rule(
    {"maximum": 59.999}, "no call could be ended, for what is announced falls after 60 s; make it shorter"
)  # state.ANNOUNCEMENT_MS
_MINUTES = Rule({"minimum": 0, "maximum": 240}, "{value} is not between 0 and 240 minutes")
_VERSION = Rule({"minimum": 0, "maximum": 10**15}, "is not between 0 and 1000000000000000; count from 1")
_SOME = Rule({"minItems": 1}, "an empty list never holds; leave the key out if nothing is required")

Line = Annotated[str, held(_GIVEN, _SEEN)]
Text = Annotated[str, held(_GIVEN, _SEEN_LINES, write=f'text between quotes: "..."; {_ABOVE}')]
Language = Annotated[str, held(_CODE)]
Script = Annotated[dict[Language, Text], held(Rule({"minProperties": 1}, "is empty; give the words to say"))]
Words = dict[Language, Annotated[tuple[Line, ...], held(Rule({"minItems": 1}, "is empty; give one phrase or more"))]]
Seconds = Annotated[float, held(_SECONDS)]
Grounds = str | Annotated[tuple[Ground, ...], held(_SOME)]  # `any`, the name of a set in [grounds], or a list
SetName = Annotated[str, held(_GIVEN, _SEEN, Rule({"not": {"enum": [ANY]}}, "`any` is built in; take it out"))]
Sets = Annotated[
    dict[SetName, Annotated[tuple[Ground, ...], held(Rule({"minItems": 1}, "an empty set never holds; take it out"))]],
    held(Rule({"required": [ENDING]}, f"has no `{ENDING}`; list the grounds for which a call may be ended at all")),
]
Common = Annotated[
    Ground,
    held(Rule({"not": {"enum": [Ground.OTHER, Ground.UNNAMED]}}, "`{value}` names nothing by a gesture; give another")),
]
Three = Annotated[
    tuple[Common, Common, Common],
    held(Rule({"uniqueItems": True}, "names one twice; give three different grounds")),
]


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

    point: Line
    words: Words


class Variant(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Other words for the same rung: the first variant that fits is shown instead."""

    script: Script
    grounds: tuple[Ground, ...] = ()  # the newest ground for which the rung is taken; empty: any
    untrained: bool = False  # only for an agent without valid training
    must_say: tuple[Point, ...] = ()
    must_not_say: tuple[Point, ...] = ()


class Rung(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One step of the ladder, as its table in the file says."""

    id: Line
    title: Line
    button: Button
    role: Role
    does: Literal["say", "transfer", "leave", "join", "involve", "end"]
    script: Script  # language code -> what to say
    must_say: tuple[Point, ...] = ()
    must_not_say: tuple[Point, ...] = ()
    variant: tuple[Variant, ...] = ()
    requires: Annotated[tuple[Requires, ...], held(_SOME)] = (Requires(),)  # alternatives: one of them must hold
    repeatable: bool = False
    lapses_after: Annotated[float, held(_LAPSE)] | None = None  # then it counts as not taken; None: never on a call
    warns: bool = False  # a warning, notice or redirection: `persisted` counts from it
    while_asking: bool = False  # open also while leave is asked; taking it withdraws the ask
    attests: tuple[Line, ...] = ()  # what the press attests by itself, kept in the record
    tick: tuple[dict[Language, Line], ...] = ()  # what may be ticked as tried, each in every language
    play: bool = False  # where the phone can, what is announced is played to the caller


class Times(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Seconds, as the file gives them."""

    wait: Seconds = 5
    say_time: Annotated[float, held(_SECONDS, _SAID)] = 4
    answer_within: Seconds = 30
    widen_after: Annotated[float, held(_AT_ONCE)] = 12  # 0: everybody is asked at once

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
    minutes: Annotated[float, held(_MINUTES)] = 0  # of a breather


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

    name: Line
    version: Annotated[int, held(_VERSION)]
    title: Line
    grounds: Sets  # with a name each; `ending` is needed
    common_grounds: Three = (Ground.PROFANITY, Ground.SHOUTING, Ground.THREAT)  # by gesture
    times: Times = Times()
    rung: Annotated[tuple[Rung, ...], held(Rule({"minItems": 1}, "a ladder needs at least one rung"))]
    duty: tuple[Duty, ...] = ()
    translations: dict[Language, dict[str, Line]] = {}  # language code -> titles and the like in that language

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
