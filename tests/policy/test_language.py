"""The ladder language: what is shipped, and every mistake as one line with file, key and mend."""

import copy
import json
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import Struct
from msgspec.structs import fields, replace

from rung.policy import PolicyError, Times, load
from rung.policy.checks import mistakes, of_times
from rung.policy.language import (
    Duty,
    Point,
    Policy,
    Requires,
    Rung,
    Variant,
    canonical,
    from_canonical,
    schema,
    version_of,
)
from rung.policy.library import parse, shipped
from rung.policy.mistakes import wrong_types

TEXT = (resources.files("rung.policy") / "shipped" / "warm-transfer.toml").read_text(encoding="utf-8")


def written(value: object) -> str:
    """TOML of it, on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {written(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key of a file, and every entry of its lists."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from places(inner, (*path, key))


def refused(data: dict[str, Any]) -> str:
    """The one line with which this file is refused."""
    with pytest.raises(PolicyError) as mistake:
        parse("\n".join(f"{json.dumps(key)} = {written(value)}" for key, value in data.items()), "floor.toml")
    line = str(mistake.value)
    assert "\n" not in line and line.startswith("floor.toml: ")
    return line.removeprefix("floor.toml: ")


def told(path: tuple[str | int, ...]) -> str:
    """The path as mistakes name it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def test_whatever_is_broken_in_a_file_its_place_is_named() -> None:
    text = (resources.files("rung.policy") / "shipped" / "advise-and-warn.toml").read_text(encoding="utf-8")
    good = tomllib.loads(text)
    for path in list(places(good)):
        data = copy.deepcopy(good)
        here = data
        for step in path[:-1]:
            here = here[step]
        last, was = path[-1], here[path[-1]]
        here[last] = 7 if isinstance(was, str | list | dict) else "seven"  # of another type
        line = refused(data)
        assert line.startswith(f"{told(path)}: Expected"), path
        here[last] = was
        if isinstance(was, dict) and "en" not in was and path[0] not in ("grounds", "translations"):
            was["unheard_of"] = True
            assert refused(data).startswith(f"{told(path)}.unheard_of: unknown key; allowed: "), path
            del was["unheard_of"]
        if (*path[:-1], last)[-1] in (
            "id",
            "title",
            "button",
            "role",
            "does",
            "script",
            "do",
            "when",
            "point",
            "words",
        ):
            del here[last]
            where = told(path[:-1]) or "top level"
            assert refused(data).startswith(f"{where}: Object missing required field `{last}`; allowed: "), path


def test_a_wait_with_nothing_to_count_from_never_holds() -> None:
    with pytest.raises(PolicyError, match=r"persisted: never holds: no rung has warns = true"):
        parse(TEXT.replace("warns = true", ""), "floor.toml")


def test_a_ladder_has_rungs() -> None:
    with pytest.raises(PolicyError, match=r"floor\.toml: rung: a ladder needs at least one rung"):
        parse(TEXT[: TEXT.index("[[rung]]")].replace("[grounds]", "rung = []\n[grounds]"), "floor.toml")


def test_times_of_a_desk_are_held_to_the_same_bounds() -> None:
    assert [key for key, _ in of_times(Times(wait=-1, say_time=60))] == ["times.wait", "times.say_time"]


def test_half_a_minute_is_a_breather() -> None:
    duty = '[[duty]]\ndo = "breather"\nwhen = "ended"\nminutes = 0.5\n[[rung]]'
    assert parse(TEXT.replace("[[rung]]", duty, 1), "floor.toml").duty[0].minutes == 0.5


def test_an_empty_ladder_is_one_mistake() -> None:
    assert list(mistakes(replace(load("warm-transfer"), rung=()))) == [
        ("rung", "a ladder needs at least one rung"),
    ]


def test_the_schema_knows_every_key() -> None:
    told: Any = schema()
    for kind in (Policy, Rung, Requires, Times, Variant, Point, Duty):
        assert list(told["$defs"][kind.__name__]["properties"]) == [f.name for f in fields(kind)]
        assert told["$defs"][kind.__name__]["additionalProperties"] is False


def test_what_cannot_be_found_or_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"policy 'warm': no such policy; allowed: advise-and-warn, .*, or a path"):
        load("warm")
    with pytest.raises(PolicyError, match=r"none\.toml: cannot be read: "):
        load(str(tmp_path / "none.toml"))
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match=r"bad\.toml: is not UTF-8 \(at line 1\); save it as UTF-8"):
        load(str(bad))


def test_a_file_is_read_like_a_shipped_policy(tmp_path: Path) -> None:
    file = tmp_path / "floor.toml"
    file.write_text(TEXT, encoding="utf-8")
    assert load(str(file)) == load("warm-transfer")


@pytest.mark.parametrize("name", shipped())
def test_the_record_can_keep_a_policy_whole(name: str) -> None:
    policy = load(name)
    assert from_canonical(canonical(policy)) == policy
    assert version_of(policy).startswith(f"{policy.version}-")


def test_a_policy_has_the_same_version_whether_its_seconds_were_written_with_a_point_or_not() -> None:
    whole, points = (load("warm-transfer", Times(*numbers)) for numbers in ((5, 4, 30), (5.0, 4.0, 30.0)))
    assert version_of(whole) == version_of(points) == version_of(from_canonical(canonical(whole)))


def test_other_times_are_another_version() -> None:
    shorter = load("warm-transfer", Times(wait=1))
    assert (shorter.times.wait_ms, shorter.times.say_ms) == (1000, 4000)
    assert version_of(shorter) != version_of(load("warm-transfer"))
    with pytest.raises(PolicyError, match=r"warm-transfer: times\.wait: 9999 is not between"):
        load("warm-transfer", Times(wait=9999))


class One(Struct, frozen=True, forbid_unknown_fields=True, tag="one", tag_field="kind"):
    color: Literal["red", "green"] = "red"


class Two(Struct, frozen=True, forbid_unknown_fields=True, tag="two", tag_field="kind"):
    size: int = 0


class Either(Struct, frozen=True):
    part: One | Two
    more: tuple[One | Two, ...] = ()


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"part": {"kind": "three"}}, "part.kind: Invalid value 'three'; allowed: one, two"),
        ({"part": {"kind": "one", "size": 1}}, "part.size: unknown key; allowed: color"),
        ({"part": {"kind": "one", "color": "blue"}}, "part.color: Invalid enum value 'blue'; allowed: green, red"),
        ({"part": {"kind": "one"}, "more": 3}, "more: Expected `array`, got `int`; allowed: a list of (color, size)"),
    ],
)
def test_a_mistake_in_one_kind_of_table_tells_what_that_kind_allows(data: dict[str, object], line: str) -> None:
    assert list(wrong_types(Either, data)) == [line]


def test_where_it_is_not_known_what_kind_of_table_was_meant_nothing_more_of_it_is_told() -> None:
    data = {
        "more": [{"kind": "two", "size": "x", "big": 1}, {"kind": "three", "color": 3}, {"kind": "two", "color": 3}]
    }
    said = [line.partition(":")[0] for line in wrong_types(Either, data)]
    assert said == ["more[0].size", "more[0].big", "more[1].kind"]


def test_words_that_a_policy_does_not_translate_stay_as_they_are() -> None:
    assert load("warm-transfer").translated("words of nobody's", "de") == "words of nobody's"
