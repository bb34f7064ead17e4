"""The pages' words: each key stands in one file, in every language; the desk's sentences fit their German ones."""

import ast
import re
import tomllib
from collections import Counter
from importlib import resources

import pytest

from rung import words as w
from rung.page.say import LANGUAGES, Say
from rung.policy import chores, listening, load
from rung.policy.library import shipped

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


@pytest.mark.parametrize("language", LANGUAGES)
def test_grounds_endings_outcomes_and_every_rung_of_every_policy_have_their_words(language: str) -> None:
    say, english = Say(language), language == LANGUAGES[0]
    titles = {rung.title for name in shipped() for rung in load(name).rung}
    if not english:
        assert [text for text in (*titles, *w.Ending) if say.desk(text) == text] == []
    names = [say.ground(ground) for ground in w.Ground]
    assert len(set(names)) == len(names) and not any("_" in name for name in names)
    assert english or [ground for ground in w.Ground if say.ground(ground) == Say("en").ground(ground)] == []
    assert [outcome for outcome in w.Outcome if say(f"outcome.{outcome}") == f"outcome.{outcome}"] == []


def said(node: ast.expr) -> str:
    """What a literal sentence says, with something in its gaps; empty where it is none."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_whatever_a_desk_answers_has_a_german_sentence() -> None:
    """Each sentence that the policy's code hands to a person, found in its source."""
    made = ("refuse", "taken", "nothing", "Missing")
    found = set()
    for file in (f for f in resources.files("rung.policy").iterdir() if f.name.endswith(".py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in made and node.args:
                found.add(said(node.args[0]))
    assert len(found) > 80
    whole = {text for text in found if re.search("[A-Za-z]{2}", text)}  # not what is put together of others
    assert sorted(text for text in whole if Say("de").desk(text) == text) == []


def test_whatever_a_person_is_to_do_for_the_phone_has_a_german_sentence() -> None:
    tasks = (*chores.RECORDING.values(), chores.NO_JOIN, chores.NO_CASE, chores.NO_BLOCK, listening.CONSENT)
    assert [text for text in tasks if re.search(r"\b(the|this|whoever)\b", Say("de").desk(text))] == []


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Not now: first: give the final notice", "Jetzt nicht: zuerst: Letzten Hinweis geben"),
        ("Let the caller hear it: hold again in 3 s.", GAP),
        ("Ground declared: hate_speech.", "Benannt: Hassrede."),
        ("name the ground (slur, threat)", "den Grund benennen (Verunglimpfung, Drohung)"),
        ("nobody has ever said this", "nobody has ever said this"),
        (
            "Transfer to a supervisor: let the caller answer: 5 s more of talk",
            "An die Teamleitung weiterverbinden: den Anrufer antworten lassen: noch 5 s Gespräch",
        ),
        (
            "Quiet ask: a supervisor has been told. Ask a supervisor to join: first: warn the caller.",
            "Stille Frage: die Teamleitung weiß es. Teamleitung dazubitten: zuerst: Anrufer warnen.",
        ),
        (
            "End the call: let the caller answer: 3 s more of talk; "
            "the caller had calmed down; if it began again, name the ground anew",
            "Anruf beenden: den Anrufer antworten lassen: noch 3 s Gespräch; "
            "der Anrufer hatte sich beruhigt; fängt es wieder an, benennen Sie den Grund neu",
        ),
        ("Ground declared: threat; a supervisor has been told.", "Benannt: Drohung; die Teamleitung weiß es."),
        ("Tell the caller; then the agent is rung.", "Sagen Sie es dem Anrufer; dann wird der Platz angerufen."),
        ("on another call, crisis: nobody told yet", "in einem anderen Gespräch, Krise: noch weiß es niemand"),
        ("Our own step: name the ground", "Our own step: den Grund benennen"),
    ],
)
def test_a_sentence_of_the_desks_in_german(english: str, german: str) -> None:
    assert Say("de").desk(english) == german
    assert Say("en").desk(english) == english
