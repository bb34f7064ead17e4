"""What Rung itself says of a policy, in each language that it knows: `texts/*.toml`, read strictly."""

import tomllib
from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct


class Wording(Struct, frozen=True, forbid_unknown_fields=True):
    """One language. A key that is missing or that no other language has is found when the file is read."""

    language: str  # its name in itself
    columns: tuple[str, str, str, str]  # of the table
    waits: str
    role: dict[str, str]
    does: dict[str, str]
    when: dict[str, str]
    duty: dict[str, str]
    how: dict[str, str]
    needs: dict[str, str]
    ground: dict[str, str]
    card: dict[str, str]


@cache
def wording(language: str) -> Wording:
    """Rung's own words in this language; in English if it has none in it."""
    folder = resources.files("rung.policy") / "texts"
    file = folder / f"{language if language in languages() else 'en'}.toml"
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Wording)


@cache
def languages() -> tuple[str, ...]:
    """The languages in which Rung itself can speak of a policy."""
    folder = resources.files("rung.policy") / "texts"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))
