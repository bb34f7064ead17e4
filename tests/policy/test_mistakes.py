"""Every mistake in a policy's file: one line with file, key and mend, and all of them where the file can be read."""

import json
import re
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.policy import PolicyError, load
from rung.policy.library import parse

TEXT = (resources.files("rung.policy") / "shipped" / "warm-transfer.toml").read_text(encoding="utf-8")
PIECES = (
    b'"',
    b"[",
    b"]",
    b"{",
    b"}",
    b"=",
    b"\n",
    b"true",
    b"-1",
    b"nan",
    b'""',
    b"[[rung]]",
    b"2024-01-01",
    b"any",
    b".",
)

# What is changed in the shipped policy, to what, and how the one line begins and ends.
MISTAKES = [
    ("wait = 5 ", 'wait = "5" ', "times.wait: Expected `float`, got `str`", "; write a number, such as 5 or 0.5"),
    ("wait = 5 ", "wait = -5 ", "times.wait: -5.0 is not between 0.001 and 3600 seconds", ""),
    ("wait = 5 ", "wait = inf ", "times.wait: inf is not between 0.001 and 3600 seconds", ""),
    ("wait = 5 ", "wait = nan ", "times.wait: nan is not between 0.001 and 3600 seconds", ""),
    ("wait = 5 ", "wait = 0 ", "times.wait: 0.0 is not between 0.001 and 3600 seconds", ""),
    ("say_time = 4 ", "say_time = 0 ", "times.say_time: 0.0 is not between 0.001 and 3600 seconds", ""),
    ("answer_within = 30 ", "answer_within = 0 ", "times.answer_within: 0.0 is not between 0.001 and 3600 seconds", ""),
    ("widen_after = 12 ", "widen_after = -1 ", "times.widen_after: -1.0 is not between 0 and 3600 seconds", ""),
    ("say_time = 4 ", "say_time = 60 ", "times.say_time: no call could be ended", "make it shorter"),
    ("say_time = 4 ", "say_time = 3600.5 ", "times.say_time: 3600.5 is not between 0.001 and 3600", "seconds"),
    ("wait = 5 ", "wiat = 5 ", "times.wiat: unknown key; allowed: wait, say_time, answer_within", ""),
    ("[times]", "[tmes]", "tmes: unknown key; allowed: name, version, title", "translations"),
    ("version = 1", "", "top level: Object missing required field `version`; allowed: name", "translations"),
    ("version = 1", 'version = "1"', "version: Expected `int`, got `str`", "; write a whole number, such as 1"),
    ("version = 1", "version =", "not valid TOML: Invalid value (at line", "small letters"),
    ("version = 1", "version = 1.2.3", "not valid TOML: Expected newline", "without a unit"),
    ("version = 1", "version: 1", "not valid TOML: Expected '=' after a key", "; write key = value"),
    ('"Warn the caller"', '"Warn the caller', "not valid TOML: Illegal character", "if it has several"),
    ('title = "Warn the', 'title = "x"\ntitle = "Warn the', "not valid TOML: Cannot overwrite", "of several tables"),
    ("[[rung]]", "[rung]\n[rung]", "not valid TOML: Cannot declare ('rung',) twice", "for each of several"),
    ('{ ground = "any" }', '{ ground = "any", }', "not valid TOML: Invalid initial character", "none after the last"),
    ('{ ground = "any" }', '{ ground = "any" x }', "not valid TOML: Unclosed inline table", "what stands in it"),
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
    ("warns = true", 'warns = "yes"', "rung[0].warns: Expected `bool`, got `str`", "; write true or false"),
    ("repeatable = true", "repeat = true", "rung[1].repeat: unknown key; allowed: id, title, button, role", "play"),
    ('id = "release"', 'id = "warn"', "rung[3] (warn).id: is used twice; give each rung its own id", ""),
    ('id = "release"', 'id = ""', "rung[3] ().id: is empty; give it words", ""),
    (
        "[{ ground",
        "[{ grund",
        "rung[0].requires[0].grund: unknown key; allowed: ground, after, attested",
        "trained",
    ),
    ('[{ ground = "any" }]', "[]", "rung[0] (warn).requires: an empty list never holds; leave the key out", "required"),
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
    ('title = "Warn the caller"', 'title = " "', "rung[0] (warn).title: is empty; give it words", ""),
    (
        'role = "agent"\ndoes = "transfer"',
        'role = "supervisor"\ndoes = "transfer"',
        "rung[1] (escalate).does: only an",
        "",
    ),
    ('{ ground = "any" }', '{ ground = "all" }', "rung[0] (warn).requires[0].ground: no set 'all'", "of grounds"),
    ('{ ground = "any" }', '{ ground = "slur" }', "rung[0] (warn).requires[0].ground: 'slur' is a", 'a list: ["slur"]'),
    ('["warn"]', '["supervisor-warn"]', "rung[1] (escalate).requires[0].taken: never holds: 'super", "name an agent's"),
    ('{ ground = "any" }', '{ after = "release" }', "rung[0] (warn).requires[0].after: says when the", "add ground"),
    ('{ ground = "any" }', '{ ground = "any", after = "x" }', "rung[0] (warn).requires[0].after: no other rung", ""),
    ('{ ground = "any" }', '{ leave = "unused" }', "rung[0] (warn).requires[0].leave: never changes: no rung", ""),
    ('{ ground = "any" }', "{ involved = true }", "rung[0] (warn).requires[0].involved: never holds: no rung", ""),
    ('{ ground = "any" }', "{ on_call = true }", "rung[0] (warn).requires[0].on_call: is about a supervisor", ""),
    ('{ ground = "any" }', '{ attested = "all" }', "rung[0] (warn).requires[0].attested: no set 'all'", "of grounds"),
    ('{ ground = "any" }', '{ attested = "any" }', "rung[0] (warn).requires[0].attested: is about a", ""),
    ("\nending = [", "\nend = [", "grounds: has no `ending`; list the grounds", "at all"),
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
    (
        "[grounds]",
        'common_grounds = ["slur", "threat"]\n[grounds]',
        "common_grounds: Expected `array` of length 3, got 2; allowed: a list of 3 of (unnamed, rudeness",
        "other)",
    ),
    (
        "[grounds]",
        'common_grounds = ["slur", "threat", "slurr"]\n[grounds]',
        "common_grounds[2]: Invalid enum value 'slurr'; allowed: unnamed, rudeness",
        "other",
    ),
    (
        "[grounds]",
        'common_grounds = ["slur", "threat", "other"]\n[grounds]',
        "common_grounds[2]: `other` names",
        "another",
    ),
    # What stands in the wrong place, or says nothing.
    (
        '[rung.script]\nen = "I will',
        '[rung.script]\nrepeatable = true\nen = "I will',
        "rung[2].script.repeatable: Expected `str`, got `bool`; write text",
        "what belongs to the rung stands above its [rung.script]",
    ),
    ('en = ["want to help you"]', "en = 7", "rung[0].must_say[0].words.en: Expected `array`, got `int`", ""),
    (
        ', de = ["möchte Ihnen dabei helfen"]',
        "",
        "rung[0] (warn).must_say[0].words: give phrases in the lang",
        "de, en",
    ),
    (
        'en = ["want to help you"]',
        "en = []",
        "rung[0] (warn).must_say[0].words.en: is empty; give one phrase or",
        "more",
    ),
    (
        'en = ["want to help you"]',
        'en = [" "]',
        "rung[0] (warn).must_say[0].words.en[0]: is empty; give it words",
        "",
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
    ('name = "warm-transfer"', 'name = ""', "name: is empty; give it words", ""),
    ('title = "Warn, then a warm transfer"', 'title = " "', "title: is empty; give it words", ""),
    (
        "[[rung]]",
        '[[duty]]\ndo = "review"\nwhen = "ended"\ngrounds = ["slur"]\n[[rung]]',
        "duty[0].grounds: are asked for only when a ground was named; set when",
        "out",
    ),
    ("[translations.de]", "[translations.fr]", "translations.fr: there are no scripts in it; allowed: en, de", ""),
    ('"Warn the caller" = "', '"Warn him" = "', "translations.de.'Warn him': give words for a title", "this file"),
    ('"Anrufer warnen"', '" "', "translations.de.'Warn the caller': is empty; give it words", ""),
    ('en = "I will', 'en = " " # "', "rung[2] (final-notice).script.en: is empty; give it words", ""),
    ('en = "I will', 'fr = "I will', "rung[2] (final-notice).script: give every script in the same languages", ""),
    (
        'en = "I will',
        'en = 1 # "',
        "rung[2].script.en: Expected `str`, got `int`",
        '; write text between quotes: "..."; what belongs to the rung stands above its [rung.script]',
    ),
]


@pytest.mark.parametrize(("there", "instead", "begins", "ends"), MISTAKES)
def test_every_mistake_is_one_line_with_file_key_and_mend(there: str, instead: str, begins: str, ends: str) -> None:
    assert there in TEXT
    with pytest.raises(PolicyError) as mistake:
        parse(TEXT.replace(there, instead, 1), "floor.toml")
    lines = str(mistake.value).split("\n")
    assert all(line.startswith("floor.toml: ") and line.isprintable() for line in lines)
    assert any(line.startswith(f"floor.toml: {begins}") and line.endswith(ends) for line in lines), lines


def lines_of(source: str | bytes) -> list[str]:
    with pytest.raises(PolicyError) as mistake:
        parse(source, "floor.toml")
    lines = str(mistake.value).split("\n")
    assert all(line.startswith("floor.toml: ") and line.isprintable() for line in lines)
    return [line.removeprefix("floor.toml: ") for line in lines]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (TEXT.encode("utf-16"), "is not UTF-8 (at line 1); save it as UTF-8 in your editor"),
        (
            b"# 1\n# 2\nname = " + '"Grüße"'.encode("latin-1"),
            "is not UTF-8 (at line 3); save it as UTF-8 in your editor",
        ),
        (
            f"a = {'[' * 5000}{']' * 5000}",
            "not valid TOML: lists or tables stand too deep in each other; write them flat",
        ),
        (
            f"a = {'{a=' * 3000}1{'}' * 3000}",
            "not valid TOML: lists or tables stand too deep in each other; write them flat",
        ),
        (
            TEXT.replace("version = 1", f"version = {'9' * 5000}"),
            "not valid TOML: a number has too many digits (at line 7); write a shorter one",
        ),
        (
            TEXT.replace("version = 1", f"version = {'9_' * 5000}9"),
            "not valid TOML: a number has too many digits (at line 7); write a shorter one",
        ),
        (
            "\0",
            "not valid TOML: Invalid statement (at line 1, column 1); write key = value, a [table], or # and a remark",
        ),
    ],
    ids=["UTF-16", "Latin-1", "lists in lists", "tables in tables", "5000 digits", "with underscores", "NUL"],
)
def test_what_is_no_text_or_no_toml_is_one_line_with_its_mend(source: str | bytes, line: str) -> None:
    assert lines_of(source) == [line]


def test_a_mark_of_its_encoding_at_the_beginning_is_no_part_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "floor.toml"
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert load(str(file)) == load("warm-transfer")


@pytest.mark.parametrize(
    ("there", "instead", "begins"),
    [
        ('id = "final-notice"', 'id = "no\\ntice"', r"rung[2] (no\ntice).id: has a character that cannot be shown"),
        ("[grounds]\n", '[grounds]\n"a\\nb" = []\n', r"grounds.'a\nb': an empty set never holds"),
        (
            "[translations.de]",
            '[translations."d\\ne"]',
            r"translations.'d\ne': is no language code, such as en, de or pt-BR",
        ),
        ('point = "wants to help"', 'point = "wants\\nhelp"', "rung[0] (warn).must_say[0].point: has a character that"),
        ('"harassment"', '"a\\nb"', r"grounds.ending[7]: Invalid enum value 'a\nb'"),
        ('["warn"]', '["wa\\nrn"]', r"rung[1] (escalate).requires[0].taken: no other rung 'wa\nrn'"),
        ("version = 1", 'version = 1\n"ü\\u202e" = 1', r"ü\u202e: unknown key"),
        ("version = 1", 'version = 1\n"a\\nb" = 1', r"a\nb: unknown key"),
    ],
)
def test_a_line_stays_one_line_whatever_it_tells(there: str, instead: str, begins: str) -> None:
    assert there in TEXT
    lines = lines_of(TEXT.replace(there, instead, 1))
    assert any(line.startswith(begins) for line in lines), lines


def test_a_set_that_there_is_not_is_told_once() -> None:
    text = TEXT.replace('ground = "ending"', 'ground = "endings"', 1)
    assert [line.partition(": ")[2][:16] for line in lines_of(text)] == ["no set 'endings'"]


def test_all_mistakes_are_told() -> None:
    broken = TEXT.replace("wait = 5 ", "wait = -5 ").replace('id = "release"', 'id = "warn"')
    broken = broken.replace('title = "Warn the caller"', 'title = ""', 1).replace('["warn"]', '["wran"]', 1)
    keys = [line.partition(": ")[0] for line in lines_of(broken)]
    assert keys == ["times.wait", "rung[0] (warn).title", "rung[1] (escalate).requires[0].taken", "rung[3] (warn).id"]


@pytest.mark.parametrize("code", ["en", "pt-BR", "zh-Hans", "zh-Hans-CN", "es-419", "gsw"])
def test_scripts_are_in_languages_by_their_code(code: str) -> None:
    text = re.sub(r"\ben( = \[?\")", rf"{code}\1", TEXT)
    assert parse(text, "floor.toml").languages() == (code, "de")


@pytest.mark.parametrize("code", ["", "EN", "english", "en_GB", "e n", "en\n", "repeatable", "de-"])
def test_another_key_is_no_language(code: str) -> None:
    text = re.sub(r"\ben( = \[?\")", lambda found: json.dumps(code) + found[1], TEXT)
    place = repr(code) if not re.fullmatch(r"[\w-]+", code) else code
    mend = "is no language code, such as en, de or pt-BR; what belongs to the rung stands above its [rung.script]"
    assert lines_of(text)[0] == f"rung[0] (warn).script.{place}: {mend}"


@settings(max_examples=150)
@given(st.integers(0, len(TEXT)), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=3))
def test_whatever_is_typed_into_a_file_it_is_read_or_refused_in_lines(at: int, gone: int, instead: bytes) -> None:
    whole = TEXT.encode()
    try:
        parse(whole[:at] + instead + whole[at + gone :], "floor.toml")
    except PolicyError as error:
        assert all(line.startswith("floor.toml: ") and line.isprintable() for line in str(error).split("\n"))


def test_of_unknown_and_missing_keys_and_values_of_another_type_all_are_told() -> None:
    source = """
        version = "1"
        titel = "x"
        common_grounds = ["slur", "threat"]
        [grounds]
        ending = ["sexsist", "profanity", "homofobic"]
        [times]
        wait = "5"
        say = 3
        [[rung]]
        id = "warn"
        button = "wrn"
        role = "agent"
        does = "shout"
        requires = [{ ground = 3, taken = "x", persisted = "yes" }]
        script = { en = 3, de = "ja", repeatable = true }
        [[duty]]
        do = "reveiw"
        when = "ended"
        """
    assert [line.partition(": ")[0] for line in lines_of(source)] == [
        "version",
        "titel",
        "common_grounds",
        "grounds.ending[0]",
        "grounds.ending[2]",
        "times.wait",
        "times.say",
        "rung[0].button",
        "rung[0].does",
        "rung[0].requires[0].ground",
        "rung[0].requires[0].taken",
        "rung[0].requires[0].persisted",
        "rung[0].script.en",
        "rung[0].script.repeatable",
        "rung[0]",  # has no title
        "duty[0].do",
        "top level",  # nor has this a name
        "top level",
    ]
