"""Every text of the console is written in each of the page's languages, with the same gaps."""

import re
import tomllib
from importlib import resources

from rung import words as w
from rung.floor.base import Asked, Doing
from rung.page.after_forms import ANY, DUE
from rung.page.floor_seen import answers
from rung.page.say import LANGUAGES, Say
from rung.policy.asks import replies
from rung.policy.state import Desk

GAP = re.compile(r"\{(\w+)\}")


def texts(language: str) -> dict[str, str]:
    folder = resources.files("rung.page") / "texts"
    files = [(folder / f"{name}.{language}.toml").read_text("utf-8") for name in ("console", "after")]
    return {key: text for file in files for key, text in tomllib.loads(file).items()}


def test_the_languages_have_the_same_texts_with_the_same_gaps() -> None:
    english = texts("en")
    for language in LANGUAGES:
        there = texts(language)
        assert there.keys() == english.keys()
        assert {key: GAP.findall(text) for key, text in there.items()} == {
            k: GAP.findall(t) for k, t in english.items()
        }


def test_whatever_is_asked_answered_or_goes_on_has_its_words() -> None:
    brief = w.Brief(case="", caller="", person=None)
    keys = {f"want.{want}" for want in w.Want} | {f"doing.{doing}" for doing in Doing}
    keys |= {f"outcome.{outcome}" for outcome in w.Outcome} | {f"reply.{reply}" for reply in w.Reply}
    for want in w.Want:
        asked = Asked(desk="ada", ask=1, want=want, brief=brief, may=(w.Reply.JOIN, *replies(Desk(), want)))
        keys |= {choice.name for choice in answers(asked)}
    for form in (*ANY, *(form for forms in DUE.values() for form in forms)):
        keys |= {f"form.{form.name}"} | {f"field.{field.name}" for field in form.fields}
        keys |= {f"option.{option}" for field in form.fields for option in field.options}
    keys |= {f"duty.{duty}" for duty in DUE}
    for language in LANGUAGES:
        say = Say(language)
        assert {key for key in keys if say(key) == key} == set(), language
