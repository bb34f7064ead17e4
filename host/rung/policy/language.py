"""The ladder language: a policy as a manager writes it in TOML, decoded strictly into plain structs.

Whatever is wrong with a file is one line that names the file, the key and the mend (`PolicyError`). Times are seconds
in the file, milliseconds here.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from rung.policy.mistakes import explain
from rung.words import Button, Ground, Role

NEVER_ENDING = frozenset({Ground.UNNAMED, Ground.THREAT_OTHER})


class PolicyError(Exception):
    """A policy that cannot be used; the message is one line with place and mend."""


Wanted = Literal["any", "ending"] | tuple[Ground, ...]  # which ground must stand


class Requires(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Conditions that must all hold."""

    ground: Wanted | None = None
    taken: tuple[str, ...] = ()
    persisted: bool = False  # the abuse went on for `wait` of talk after the last warning; the press attests it
    unavailable: bool = False  # no supervisor could be had on this call


class Rung(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One step of the ladder, as its table in the file says."""

    id: str
    title: str
    button: Button
    role: Role
    does: Literal["say", "transfer", "end"]
    script: dict[str, str]  # language code -> what to say
    requires: tuple[Requires, ...] = (Requires(),)  # alternatives: one of them must hold
    repeatable: bool = False
    warns: bool = False  # a warning, notice or redirection: `persisted` counts from it
    attests: tuple[str, ...] = ()  # what the press attests by itself, kept in the record


class Times(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds, as the file gives them."""

    wait: float = 5
    say_time: float = 4
    answer_within: float = 30

    @property
    def wait_ms(self) -> int:
        return round(self.wait * 1000)

    @property
    def say_ms(self) -> int:
        return round(self.say_time * 1000)

    @property
    def answer_ms(self) -> int:
        return round(self.answer_within * 1000)


class Policy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole ladder with its times, checked: every name in it resolves."""

    name: str
    version: int
    title: str
    ending_grounds: tuple[Ground, ...]
    times: Times = Times()
    rung: tuple[Rung, ...]

    def find(self, rung: str) -> Rung:
        return next(r for r in self.rung if r.id == rung)


def shipped() -> list[str]:
    """Names of the policies that come with Rung."""
    folder = resources.files("rung.policy") / "shipped"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def load(name_or_file: str, times: Times | None = None) -> Policy:
    """Load a shipped policy by name, or a policy file by its path; ``times`` replaces the policy's own.

    Raises PolicyError with one line: file, key path, what is wrong and what is allowed.
    """
    if name_or_file in shipped():
        source = (resources.files("rung.policy") / "shipped" / f"{name_or_file}.toml").read_text(encoding="utf-8")
    elif name_or_file.endswith(".toml"):
        try:
            source = Path(name_or_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError(f"{name_or_file}: cannot be read: {error}") from None
    else:
        allowed = ", ".join(shipped())
        raise PolicyError(f"policy {name_or_file!r}: no such policy; allowed: {allowed}, or a path that ends in .toml")
    policy = parse(source, name_or_file)
    return policy if times is None else checked(msgspec.structs.replace(policy, times=times), name_or_file)


def parse(source: str, file: str) -> Policy:
    """Read a policy from TOML text; ``file`` is named in mistakes. Raises PolicyError."""
    try:
        policy = msgspec.convert(tomllib.loads(source), Policy)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{file}: not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise PolicyError(f"{file}: {explain(error, Policy)}") from None
    return checked(policy, file)


def checked(policy: Policy, file: str) -> Policy:
    """Return the policy if it makes sense beyond its types, else raise PolicyError for its first mistake."""
    for where, mistake in _mistakes(policy):
        raise PolicyError(f"{file}: {where}: {mistake}")
    return policy


def mistaken_times(times: Times) -> Iterator[tuple[str, str]]:
    """Key and mistake of each time that is out of bounds."""
    for key, seconds in msgspec.structs.asdict(times).items():
        if not 0 <= seconds <= 3600:
            yield f"times.{key}", f"{seconds} is not between 0 and 3600 seconds"


def _mistakes(policy: Policy) -> Iterator[tuple[str, str]]:
    yield from mistaken_times(policy.times)
    for ground in NEVER_ENDING.intersection(policy.ending_grounds):
        yield "ending_grounds", f"`{ground}` never ends a call; take it out"
    if not policy.rung:
        yield "rung", "a ladder needs at least one rung"
    ids = [rung.id for rung in policy.rung]
    for i, rung in enumerate(policy.rung):
        here = f"rung[{i}] ({rung.id})"
        if not rung.id or rung.id in ids[:i]:
            yield f"{here}.id", "empty or used twice; give each rung its own id"
        if not rung.requires:
            yield f"{here}.requires", "an empty list never opens; leave the key out if nothing is required"
        if not rung.script or not all(text.strip() for text in rung.script.values()):
            yield f"{here}.script", "empty; give the words to say, at least in one language"
        if (rung.does == "end") != (rung.button == Button.RELEASE) or (rung.does == "end" and rung.repeatable):
            yield f"{here}.does", '"end" and button = "release" need each other, and cannot be repeatable'
        if rung.does == "transfer" and rung.button != Button.ESCALATE:
            yield f"{here}.does", '"transfer" needs button = "escalate"'
        for j, need in enumerate(rung.requires):
            for key, mistake in _needs(policy, rung, need):
                yield f"{here}.requires[{j}].{key}", mistake


def _needs(policy: Policy, rung: Rung, need: Requires) -> Iterator[tuple[str, str]]:
    others = [other.id for other in policy.rung if other.id != rung.id]
    for other in need.taken:
        if other not in others:
            yield "taken", f"no other rung {other!r}; allowed: {', '.join(others)}"
    if need.persisted and not any(other.warns for other in policy.rung):
        yield "persisted", "never holds: no rung has warns = true for it to count from"
    if need.unavailable and not any(other.does == "transfer" for other in policy.rung):
        yield "unavailable", 'never holds: no rung does = "transfer"'
    if need.ground == ():
        yield "ground", "an empty list never holds; leave the key out if no ground is required"
    elif rung.does == "end" and need.ground != "ending" and not _all_may_end(policy, need.ground):
        yield "ground", 'an ending needs ground = "ending" or a list of ending_grounds'


def _all_may_end(policy: Policy, ground: Wanted | None) -> bool:
    return isinstance(ground, tuple) and set(ground) <= set(policy.ending_grounds)


def canonical(policy: Policy) -> str:
    """The whole policy as canonical JSON, as the record keeps it."""
    return msgspec.json.encode(policy, order="deterministic").decode()


def from_canonical(text: str) -> Policy:
    """The policy that `canonical` wrote. Raises msgspec.MsgspecError if this version cannot read it."""
    return msgspec.json.decode(text, type=Policy)


def version_of(policy: Policy) -> str:
    """The policy's number and a digest of everything in it: ``1-3fa4b2c1`` says that times were changed too."""
    return f"{policy.version}-{hashlib.sha256(canonical(policy).encode()).hexdigest()[:8]}"
