"""The ladder language: what is shipped, and every mistake as one line with file, key and mend."""

from importlib import resources
from pathlib import Path

import pytest

from rung.policy import PolicyError, Times, load
from rung.policy.language import canonical, from_canonical, version_of
from rung.policy.library import parse, shipped

TEXT = (resources.files("rung.policy") / "shipped" / "warm-transfer.toml").read_text(encoding="utf-8")

# What is changed in the shipped policy, to what, and how the one line begins and ends.
MISTAKES = [
    ("wait = 5 ", 'wait = "5" ', "times.wait: Expected `float`, got `str`", ""),
    ("wait = 5 ", "wait = -5 ", "times.wait: -5.0 is not between 0 and 3600 seconds", ""),
    ("wait = 5 ", "wait = inf ", "times.wait: inf is not between 0 and 3600 seconds", ""),
    ("wait = 5 ", "wait = nan ", "times.wait: nan is not between 0 and 3600 seconds", ""),
    ("wait = 5 ", "wiat = 5 ", "times.wiat: unknown key; allowed: wait, say_time, answer_within", ""),
    ("[times]", "[tmes]", "tmes: unknown key; allowed: name, version, title", "times, rung"),
    ("version = 1", "", "top level: Object missing required field `version`; allowed: name", "times, rung"),
    ("version = 1", 'version = "1"', "version: Expected `int`, got `str`", ""),
    ("version = 1", "version =", "not valid TOML: Invalid value (at line", ")"),
    ('"harassment"', '"harasment"', "grounds[...][7]: Invalid enum value 'harasment'; allowed: unnamed", "other"),
    ('"harassment"', '"threat_other"', "grounds.ending: `threat_other` never ends a call; take it out", ""),
    ('does = "end"', 'does = "hangup"', "rung[3].does: Invalid enum value 'hangup'; allowed: end, say, transfer", ""),
    (
        '"release"\nrole',
        '"rel"\nrole',
        "rung[3].button: Invalid enum value 'rel'; allowed: escalate, warn, release",
        "",
    ),
    ('role = "agent"', 'role = "agnt"', "rung[0].role: Invalid enum value 'agnt'; allowed: agent, supervisor", ""),
    ("warns = true", 'warns = "yes"', "rung[0].warns: Expected `bool`, got `str`", ""),
    ("repeatable = true", "repeat = true", "rung[1].repeat: unknown key; allowed: id, title, button, role", "attests"),
    ('id = "release"', 'id = "warn"', "rung[3] (warn).id: empty or used twice; give each rung its own id", ""),
    ('id = "release"', 'id = ""', "rung[3] ().id: empty or used twice; give each rung its own id", ""),
    (
        "[{ ground",
        "[{ grund",
        "rung[0].requires[0].grund: unknown key; allowed: ground, taken, persisted",
        "unavailable",
    ),
    ('[{ ground = "any" }]', "[]", "rung[0] (warn).requires: an empty list never opens; leave the key out", "required"),
    (
        '"any"',
        '"all"',
        "rung[0].requires[0].ground: Invalid enum value 'all'; allowed: any, ending, a list of",
        "other)",
    ),
    ('"any"', "3", "rung[0].requires[0].ground: Expected `str | array | null`, got `int`; allowed: any", "other)"),
    ('"any"', "[]", "rung[0] (warn).requires[0].ground: an empty list never holds; leave the key out", "required"),
    ('"ending"', '"any"', 'rung[3] (release).requires[0].ground: an ending needs ground = "ending"', "grounds"),
    ('"ending"', '["unnamed"]', 'rung[3] (release).requires[0].ground: an ending needs ground = "ending"', "grounds"),
    (', ground = "ending"', "", 'rung[3] (release).requires[0].ground: an ending needs ground = "ending"', "grounds"),
    ('["warn"]', '["wran"]', "rung[1] (escalate).requires[0].taken: no other rung 'wran'; allowed: warn,", "release"),
    ('["warn"]', '["escalate"]', "rung[1] (escalate).requires[0].taken: no other rung 'escalate'; allowed:", "release"),
    ('does = "transfer"', 'does = "say"', "rung[2] (final-notice).requires[0].unavailable: never holds: no rung", '"'),
    (
        'does = "transfer"',
        'does = "end"',
        'rung[1] (escalate).does: "end" and button = "release" need each',
        "repeatable",
    ),
    (
        'does = "end"',
        'does = "say"',
        'rung[3] (release).does: "end" and button = "release" need each other',
        "repeatable",
    ),
    ('does = "end"', 'does = "end"\nrepeatable = true', 'rung[3] (release).does: "end" and button', "repeatable"),
    ('does = "say"', 'does = "transfer"', 'rung[0] (warn).does: "transfer" needs button = "escalate"', ""),
    (
        'en = "I am',
        'en = " " # "',
        "rung[1] (escalate).script: empty; give the words to say, at least in one",
        "language",
    ),
    ('en = "I am', 'en = 1 # "', "rung[1].script[...]: Expected `str`, got `int`", ""),
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


def test_a_wait_with_nothing_to_count_from_never_holds() -> None:
    with pytest.raises(PolicyError, match=r"persisted: never holds: no rung has warns = true"):
        parse(TEXT.replace("warns = true", ""), "floor.toml")


def test_a_ladder_has_rungs() -> None:
    with pytest.raises(PolicyError, match=r"floor\.toml: rung: a ladder needs at least one rung"):
        parse(TEXT[: TEXT.index("[[rung]]")].replace("[times]", "rung = []\n[times]"), "floor.toml")


def test_what_cannot_be_found_or_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"policy 'warm': no such policy; allowed: warm-transfer, or a path"):
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


def test_other_times_are_another_version() -> None:
    shorter = load("warm-transfer", Times(wait=1))
    assert (shorter.times.wait_ms, shorter.times.say_ms) == (1000, 4000)
    assert version_of(shorter) != version_of(load("warm-transfer"))
    with pytest.raises(PolicyError, match=r"warm-transfer: times\.wait: 9999 is not between"):
        load("warm-transfer", Times(wait=9999))


MUST_SAY = {
    "warn": ["want to help", "if the language stops", "cannot continue"],
    "escalate": ["supervisor", "hold"],
    "final-notice": ["glad to help", "when you have calmed down", "cannot work with this behaviour"],
    "release": ["release the call"],
}


def test_what_the_scripts_must_say() -> None:
    for rung in load("warm-transfer").rung:
        assert all(words in rung.script["en"] for words in MUST_SAY[rung.id])
        assert "\n" not in rung.script["en"]
