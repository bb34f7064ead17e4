"""What each value of a file must be beyond its type. The rules stand at the types, and in the schema."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Meta, Struct, inspect

Mistakes = Iterator[tuple[str, str]]  # the key's path, and what is wrong with the mend


class Rule(Struct, frozen=True):
    """What must hold, in the words of JSON Schema, and what is told otherwise; `{value}` stands for what was found."""

    holds: dict[str, Any]
    otherwise: str


def held(*rules: Rule, write: str = "") -> Meta:
    """For `Annotated`: the schema tells the rules, `mistakes_in` holds a file to them, a record is read without.

    ``write``: what is to be written where something of another type stands.
    """
    told = rules[0].holds if len(rules) == 1 else {"allOf": [rule.holds for rule in rules]}
    return Meta(extra_json_schema=told, extra={"rules": rules, "write": write})


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, low: value >= low,
    "maximum": lambda value, high: value <= high,  # what is not a number is neither
    "pattern": lambda value, pattern: re.search(pattern, value) is not None,
    "enum": lambda value, these: value in these,
    "not": lambda value, rule: not holds(rule, value),
    "minItems": lambda value, least: len(value) >= least,
    "minProperties": lambda value, least: len(value) >= least,
    "uniqueItems": lambda value, _: len(set(value)) == len(value),
    "required": lambda value, keys: all(key in value for key in keys),
}
_PLAIN = re.compile(r"[\w-]+")  # a key that TOML takes without quotes
_SORTS = {inspect.StrType: str, inspect.VarTupleType: tuple, inspect.FloatType: int | float}  # of unions with rules


def mistakes_in(kind: inspect.Type, value: Any, key: str = "") -> Mistakes:
    """Each rule that ``value``, which is a ``kind``, breaks, in the order of the types."""
    if isinstance(kind, inspect.Metadata):
        for rule in (kind.extra or {}).get("rules", ()):
            if not holds(rule.holds, value):
                yield key, rule.otherwise.format(value=value)
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        for part in kind.types:
            if isinstance(value, _SORTS.get(type(bare(part)), ())):
                yield from mistakes_in(part, value, key)
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from mistakes_in(field.type, getattr(value, field.name), f"{key}.{field.name}".removeprefix("."))
    elif isinstance(kind, inspect.VarTupleType | inspect.TupleType):
        for i, item in enumerate(value):
            of = kind.item_type if isinstance(kind, inspect.VarTupleType) else kind.item_types[i]
            named = f" ({item.id})" if hasattr(item, "id") else ""
            yield from mistakes_in(of, item, f"{key}[{i}]{named}")
    elif isinstance(kind, inspect.DictType):
        for name, entry in value.items():
            place = f"{key}.{name if _PLAIN.fullmatch(name) else repr(name)}"
            yield from mistakes_in(kind.key_type, name, place)
            yield from mistakes_in(kind.value_type, entry, place)


def holds(rule: dict[str, Any], value: Any) -> bool:
    """As a validator of JSON Schema would say."""
    return all(_HOLDS[word](value, wanted) for word, wanted in rule.items())


def bare(kind: inspect.Type) -> inspect.Type:
    """The type without its rules."""
    return kind.type if isinstance(kind, inspect.Metadata) else kind
