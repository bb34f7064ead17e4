"""The schema that editors get says what the loader says, of every value by itself."""

import copy
import json
import operator
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from tests.policy.test_floor_policy import FLOOR, TOLD

from rung.policy import Times, load
from rung.policy.bounds import mistakes_in
from rung.policy.checks import POLICY
from rung.policy.language import Policy, canonical, from_canonical, schema
from rung.policy.library import shipped
from rung.policy.state import ANNOUNCEMENT_MS

VALID = Draft202012Validator(json.loads(msgspec.json.encode(schema())))

# Every key once.
WHOLE: dict[str, Any] = {
    "name": "floor",
    "version": 1,
    "title": "A floor",
    "grounds": {"ending": ["threat"]},
    "common_grounds": ["profanity", "shouting", "threat"],
    "times": {"wait": 5, "say_time": 4.5, "answer_within": 30, "widen_after": 12},
    "rung": [
        {
            "id": "warn",
            "title": "Warn",
            "button": "warn",
            "role": "agent",
            "does": "say",
            "script": {"en": "Please\nstop."},
            "must_say": [{"point": "asks", "words": {"en": ["please"]}}],
            "must_not_say": [],
            "variant": [{"script": {"pt-BR": "Pare."}, "grounds": ["slur"], "untrained": True}],
            "requires": [{"ground": "any"}, {"ground": ["slur"], "after": "x", "attested": "any", "taken": ["x"]}],
            "repeatable": False,
            "lapses_after": 600,
            "warns": True,
            "while_asking": False,
            "attests": ["listened"],
            "tick": [{"en": "empathy"}],
            "play": False,
        }
    ],
    "duty": [{"do": "breather", "when": "ground", "grounds": ["slur"], "minutes": 5}],
    "translations": {"de": {"Warn": "Warnen"}},
}
# What may stand there instead: good somewhere, never everywhere.
NAMES = ("", "any", "EN", "a\n")
OTHERS = ("", "a\nb", "a\x01", "other", 0, -1, 60, 3601, 1e-9, True, [], {})


def schema_takes(data: dict[str, Any]) -> bool:
    return VALID.is_valid(data)


def loader_takes(data: dict[str, Any]) -> bool:
    """As far as each value by itself goes; what keys must be to each other no schema can tell."""
    try:
        policy = msgspec.convert(data, Policy)
    except msgspec.ValidationError:
        return False
    return not list(mistakes_in(POLICY, policy))


Change = tuple[str, Callable[[Any], object]]


def changes(there: Any, key: Any) -> Iterator[Change]:
    """One value of a table or list replaced, left out, named otherwise, or told twice."""
    for other in OTHERS:
        yield f"{key} = {other!r}", lambda table, other=other: operator.setitem(table, key, other)
    yield f"without {key}", lambda table: table.pop(key)
    if isinstance(there, list):
        yield f"{key} twice", lambda table: table.append(table[key])
    else:
        for name in NAMES:
            yield f"{key} is {name!r}", lambda table, name=name: operator.setitem(table, name, table.pop(key))


def changed() -> Iterator[tuple[str, dict[str, Any]]]:
    for number, there in enumerate(tables(WHOLE)):
        for key in there if isinstance(there, dict) else range(len(there)):
            for says, change in changes(there, key):
                data = copy.deepcopy(WHOLE)
                change(list(tables(data))[number])
                yield says, data


def tables(value: Any) -> Iterator[Any]:
    """Every table and list in it."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from tables(inner)


def test_the_schema_and_the_loader_say_the_same_of_every_value() -> None:
    assert schema_takes(WHOLE) and loader_takes(WHOLE)
    said: Counter[bool] = Counter()
    for says, data in changed():
        takes = loader_takes(data)
        assert schema_takes(data) == takes, (says, data)
        said[takes] += 1
    assert min(said.values()) > 100, said


@pytest.mark.parametrize("name", [*shipped(), FLOOR])
def test_what_is_shipped_is_good_by_the_schema(name: str) -> None:
    assert schema_takes(json.loads(canonical(load(name))))


def test_the_one_in_the_document_is_good_by_the_schema() -> None:
    assert schema_takes(tomllib.loads(TOLD[0]))


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("wait = 8", "wait = 0"),
        ("wait = 8", "say_time = 0"),
        ("wait = 8", "answer_within = 0"),
        ("wait = 8", "say_time = 60"),
        ("repeatable = true", "lapses_after = 0"),
        ('requires = [{ ground = "any" }]', "requires = []"),
        ("ending = [", "endings = ["),
        ('title = "Warn the caller"', 'title = "\\u0001"'),
        ("version = 1", 'version = 1\ncommon_grounds = ["threat", "other", "slur"]'),
        ("\nen = ", '\n"" = '),
        ('does = "say"', 'does = "say"\nattests = [" "]'),
    ],
)
def test_neither_takes_a_value_that_makes_no_sense(there: str, instead: str) -> None:
    assert there in TOLD[0]
    data = tomllib.loads(TOLD[0].replace(there, instead, 1))
    assert not schema_takes(data) and not loader_takes(data)


def test_json_has_one_kind_of_number_so_the_loader_alone_tells_a_version_from_a_fraction() -> None:
    data = copy.deepcopy(WHOLE) | {"version": 1.0}
    assert schema_takes(data) and not loader_takes(data)


def test_a_script_may_be_announced_as_long_as_an_announcement_stands() -> None:
    longest = {**WHOLE, "times": {"say_time": (ANNOUNCEMENT_MS - 1) / 1000}}
    assert loader_takes(longest) and schema_takes(longest)
    assert not loader_takes({**WHOLE, "times": {"say_time": ANNOUNCEMENT_MS / 1000}})


def test_a_record_is_read_without_the_rules_which_may_be_newer_than_it() -> None:
    old = replace(load("no-hang-up"), title="", times=Times(wait=-1, say_time=61))
    assert from_canonical(canonical(old)) == old
