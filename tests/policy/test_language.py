"""The ladder language: what is shipped, and every mistake as one line with file, key and mend."""

import copy
import json
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import fields, replace

from rung.policy import PolicyError, Times, load
from rung.policy.checks import mistakes
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
from rung.policy.mistakes import explain

TEXT = (resources.files("rung.policy") / "shipped" / "warm-transfer.toml").read_text(encoding="utf-8")

# What is changed in the shipped policy, to what, and how the one line begins and ends.
MISTAKES = [
    ("wait = 5 ", 'wait = "5" ', "times.wait: Expected `float`, got `str`", ""),
    ("wait = 5 ", "wait = -5 ", "times.wait: -5.0 is not between 0 and 3600 seconds", ""),
    ("wait = 5 ", "wait = inf ", "times.wait: inf is not between 0 and 3600 seconds", ""),
    ("wait = 5 ", "wait = nan ", "times.wait: nan is not between 0 and 3600 seconds", ""),
    ("say_time = 4 ", "say_time = 60 ", "times.say_time: no call could be ended", "make it shorter"),
    ("say_time = 4 ", "say_time = 3600.5 ", "times.say_time: 3600.5 is not between 0 and 3600", "seconds"),
    ("wait = 5 ", "wiat = 5 ", "times.wiat: unknown key; allowed: wait, say_time, answer_within", ""),
    ("[times]", "[tmes]", "tmes: unknown key; allowed: name, version, title", "translations"),
    ("version = 1", "", "top level: Object missing required field `version`; allowed: name", "translations"),
    ("version = 1", 'version = "1"', "version: Expected `int`, got `str`", ""),
    ("version = 1", "version =", "not valid TOML: Invalid value (at line", ")"),
    ('"harassment"', '"harasment"', "grounds.ending[7]: Invalid enum value 'harasment'; allowed: unnamed", "other"),
    ('"harassment"', '"threat_other"', "grounds.ending: `threat_other` never ends a call; take it out", ""),
    (
        'does = "end"',
        'does = "hangup"',
        "rung[3].does: Invalid enum value 'hangup'; allowed: end, involve, join, leave, say",
        "",
    ),
    (
        '"release"\nrole',
        '"rel"\nrole',
        "rung[3].button: Invalid enum value 'rel'; allowed: escalate, warn, release",
        "",
    ),
    ('role = "agent"', 'role = "agnt"', "rung[0].role: Invalid enum value 'agnt'; allowed: agent, supervisor", ""),
    ("warns = true", 'warns = "yes"', "rung[0].warns: Expected `bool`, got", "`str`"),
    ("repeatable = true", "repeat = true", "rung[1].repeat: unknown key; allowed: id, title, button, role", "play"),
    ('id = "release"', 'id = "warn"', "rung[3] (warn).id: empty or used twice; give each rung its own id", ""),
    ('id = "release"', 'id = ""', "rung[3] ().id: empty or used twice; give each rung its own id", ""),
    (
        "[{ ground",
        "[{ grund",
        "rung[0].requires[0].grund: unknown key; allowed: ground, after, attested",
        "trained",
    ),
    ('[{ ground = "any" }]', "[]", "rung[0] (warn).requires: an empty list never opens; leave the key out", "required"),
    (
        '"any"',
        '"all"',
        "rung[0] (warn).requires[0].ground: no set 'all'; allowed: any, ending, or a list",
        "of grounds",
    ),
    (
        '"any"',
        "3",
        "rung[0].requires[0].ground: Expected `str | array | null`, got `int`; allowed: a list of",
        "other)",
    ),
    ('"any"', "[]", "rung[0] (warn).requires[0].ground: an empty list never holds; leave the key out", "required"),
    ('"ending"', '"any"', 'rung[3] (release).requires[0].ground: an ending needs ground = "ending"', "set"),
    ('"ending"', '["unnamed"]', 'rung[3] (release).requires[0].ground: an ending needs ground = "ending"', "set"),
    (', ground = "ending"', "", 'rung[3] (release).requires[0].ground: an ending needs ground = "ending"', "set"),
    ('["warn"]', '["wran"]', "rung[1] (escalate).requires[0].taken: no other rung 'wran'; allowed: warn,", "-end"),
    ('["warn"]', '["escalate"]', "rung[1] (escalate).requires[0].taken: no other rung 'escalate'; allowed:", "-end"),
    ('does = "transfer"', 'does = "say"', "rung[2] (final-notice).requires[0].unavailable: never holds: no", "visor"),
    ('does = "transfer"', 'does = "end"', 'rung[1] (escalate).does: "end" needs button = "release"', ""),
    (
        'does = "transfer"',
        'does = "leave"\nwhile_asking = true',
        "rung[1] (escalate).while_asking: only an ending",
        "out",
    ),
    ('does = "transfer"', 'does = "join"\nplay = true', "rung[1] (escalate).play: only an announcement", "out"),
    ('does = "end"', 'does = "say"', 'rung[3] (release).does: button = "release" only ends', "button"),
    ('does = "end"', 'does = "end"\nrepeatable = true', "rung[3] (release).repeatable: an ending cannot be", "out"),
    ('does = "say"', 'does = "transfer"', 'rung[0] (warn).does: "transfer" needs button = "escalate"', ""),
    ('does = "say"', 'does = "say"\nlapses_after = nan', "rung[0] (warn).lapses_after: nan is not between 0", "never"),
    ('title = "Warn the caller"', 'title = " "', "rung[0] (warn).title: is empty; name the step for people", ""),
    (
        'role = "agent"\ndoes = "transfer"',
        'role = "supervisor"\ndoes = "transfer"',
        "rung[1] (escalate).does: only an",
        "",
    ),
    ('{ ground = "any" }', '{ ground = "all" }', "rung[0] (warn).requires[0].ground: no set 'all'", "of grounds"),
    ('{ ground = "any" }', '{ after = "release" }', "rung[0] (warn).requires[0].after: says when the", "add ground"),
    ('{ ground = "any" }', '{ ground = "any", after = "x" }', "rung[0] (warn).requires[0].after: no other rung", ""),
    ('{ ground = "any" }', '{ leave = "unused" }', "rung[0] (warn).requires[0].leave: never changes: no rung", ""),
    ('{ ground = "any" }', "{ involved = true }", "rung[0] (warn).requires[0].involved: never holds: no rung", ""),
    ('{ ground = "any" }', "{ on_call = true }", "rung[0] (warn).requires[0].on_call: is about a supervisor", ""),
    ('{ ground = "any" }', '{ attested = "all" }', "rung[0] (warn).requires[0].attested: no set 'all'", "of grounds"),
    ('{ ground = "any" }', '{ attested = "any" }', "rung[0] (warn).requires[0].attested: is about a", ""),
    ("\nending = [", "\nend = [", "grounds.ending: is missing; list the grounds", "at all"),
    ("[grounds]\n", "[grounds]\nany = []\n", "grounds.any: `any` is built in", "out"),
    ("[grounds]", 'common_grounds = ["slur", "slur", "threat"]\n[grounds]', "common_grounds: names one twice", ""),
    (
        "[[rung]]",
        '[[duty]]\ndo = "breather"\nwhen = "ended"\n[[rung]]',
        "duty[0].minutes: a breather needs minutes",
        "",
    ),
    ("[[rung]]", '[[duty]]\ndo = "reveiw"\nwhen = "ended"\n[[rung]]', "duty[0].do: Invalid enum value 'reveiw'", ""),
    ('"any"', '["slurr"]', "rung[0].requires[0].ground[0]: Invalid enum value 'slurr'; allowed: unnamed", "other"),
    # What stands in the wrong place, or says nothing.
    (
        '[rung.script]\nen = "I will',
        '[rung.script]\nrepeatable = true\nen = "I will',
        "rung[2].script.repeatable: Expected",
        "",
    ),
    ('en = ["want to help you"]', "en = 7", "rung[0].must_say[0].words.en: Expected `array`, got `int`", ""),
    (
        ', de = ["möchte Ihnen dabei helfen"]',
        "",
        "rung[0] (warn).must_say[0].words: give phrases in the lang",
        "de, en",
    ),
    ('en = ["want to help you"]', "en = []", "rung[0] (warn).must_say[0].words: give phrases in the languages", "en"),
    (
        'en = ["want to help you"]',
        'en = [" "]',
        "rung[0] (warn).must_say[0].words: give phrases in the languages",
        "en",
    ),
    ('en = ["want to help you"]', 'en = ["Want it"]', "rung[0] (warn).script.en: must say: wants to help (one of", ""),
    (
        "must_say = [",
        'must_not_say = [{ point = "blame", words = { en = ["if the LANGUAGE"], de = ["Schuld"] } }]\nmust_say = [',
        "rung[0] (warn).script.en: must not say: blame",
        "",
    ),
    (
        "must_say = [",
        'must_not_say = [{ point = "blame", words = { en = ["fault"] } }]\nmust_say = [',
        "rung[0] (warn).must_not_say[0].words: give phrases in the languages of the scripts",
        "de, en",
    ),
    (
        'title = "Give the final notice"',
        'title = "Notice"\nvariant = [{ script = { en = "No.", de = "Nein." } }]',
        "rung[2] (final-notice).variant[0].grounds: is always shown instead; say for which grounds",
        "",
    ),
    (
        'title = "Give the final notice"',
        'title = "Notice"\nvariant = [{ script = { en = "No." }, untrained = true }]',
        "rung[2] (final-notice).variant[0].script: give every script in the same languages",
        "",
    ),
    ('does = "transfer"', 'does = "transfer"\nwarns = true', "rung[1] (escalate).warns: only what is said is a w", ""),
    (
        'does = "transfer"',
        'does = "transfer"\ntick = [{ en = "a" }]',
        "rung[1] (escalate).tick[0]: name it in the sa",
        "",
    ),
    ('name = "warm-transfer"', 'name = ""', "name: is empty; name the policy for people", ""),
    ('title = "Warn, then a warm transfer"', 'title = " "', "title: is empty; name the policy for people", ""),
    (
        "[[rung]]",
        '[[duty]]\ndo = "review"\nwhen = "ended"\ngrounds = ["slur"]\n[[rung]]',
        "duty[0].grounds: are asked for only when a ground was named; set when",
        "out",
    ),
    ("[translations.de]", "[translations.fr]", "translations.fr: there are no scripts in it; allowed: en, de", ""),
    ('"Warn the caller" = "', '"Warn him" = "', "translations.de.'Warn him': give words for a title", "this file"),
    ('"Anrufer warnen"', '" "', "translations.de.'Warn the caller': give words for a title or an attests", "this file"),
    ('en = "I will', 'en = " " # "', "rung[2] (final-notice).script.en: is empty; give the words to say", ""),
    ('en = "I will', 'fr = "I will', "rung[2] (final-notice).script: give every script in the same languages", ""),
    ('en = "I will', 'en = 1 # "', "rung[2].script.en: Expected `str`, got `int`", ""),
]


@pytest.mark.parametrize(("there", "instead", "begins", "ends"), MISTAKES)
def test_every_mistake_is_one_line_with_file_key_and_mend(there: str, instead: str, begins: str, ends: str) -> None:
    assert there in TEXT
    with pytest.raises(PolicyError) as mistake:
        parse(TEXT.replace(there, instead, 1), "floor.toml")
    line = str(mistake.value)
    assert "\n" not in line
    assert line.startswith(f"floor.toml: {begins}")
    assert line.endswith(ends)


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
    with pytest.raises(PolicyError, match=r"bad\.toml: cannot be read: "):
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
    with pytest.raises(msgspec.ValidationError) as mistake:
        msgspec.convert(data, Either)
    assert explain(mistake.value, Either, data) == line


def test_words_that_a_policy_does_not_translate_stay_as_they_are() -> None:
    assert load("warm-transfer").translated("words of nobody's", "de") == "words of nobody's"
