"""The pages' words: each key stands in one file, in every language; the desk's sentences fit their German ones."""

import tomllib
from collections import Counter
from importlib import resources

import pytest

from rung.page.say import LANGUAGES, Say

GAP = "Lassen Sie es den Anrufer hören: halten Sie in 3 s noch einmal."
FOLDER = resources.files("rung.page") / "texts"


def files(language: str) -> list[dict[str, str]]:
    found = [f for f in FOLDER.iterdir() if f.name.endswith(f".{language}.toml") and not f.name.startswith("desk.")]
    return [tomllib.loads(f.read_text(encoding="utf-8")) for f in found]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_in_two_files(language: str) -> None:
    assert [key for key, times in Counter(key for file in files(language) for key in file).items() if times > 1] == []


def test_the_desks_sentences_have_as_many_gaps_in_german() -> None:
    for english, german in tomllib.loads((FOLDER / "desk.de.toml").read_text(encoding="utf-8")).items():
        assert english.count("{}") == german.count("{}"), english


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Not now: first: give the final notice", "Jetzt nicht: zuerst: Letzten Hinweis geben"),
        ("Let the caller hear it: hold again in 3 s.", GAP),
        ("Ground declared: hate_speech.", "Benannt: Hassrede."),
        ("name the ground (slur, threat)", "den Grund benennen (Verunglimpfung, Drohung)"),
        ("nobody has ever said this", "nobody has ever said this"),
    ],
)
def test_a_sentence_of_the_desks_in_german(english: str, german: str) -> None:
    assert Say("de").desk(english) == german
    assert Say("en").desk(english) == english
