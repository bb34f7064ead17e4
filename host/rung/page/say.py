"""The page's own words, in the language of the page, which is not that of the scripts: `texts/*.LANGUAGE.toml`.

The desk speaks English, as its record does. ``desk`` turns its sentences into the page's language by the table
`texts/desk.LANGUAGE.toml`, where `{}` stands for whatever stands there; what has no entry stays as it is.
"""

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources

from rung.policy import load
from rung.policy.library import shipped
from rung.policy.wording import wording

LANGUAGES = ("en", "de")
JOINTS = (". ", "; ", ", ")


class Say:
    """One language's words."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._texts = _texts(self.language)

    def __call__(self, key: str, **values: object) -> str:
        """The text of this key, with its values; the key itself where nothing is written for it."""
        text = self._texts.get(key, key)
        return text.format(**values) if values else text

    def ground(self, ground: str) -> str:
        """A ground's name; of another release one may come that has none here."""
        return wording(self.language).ground.get(ground, ground)

    def desk(self, sentence: str) -> str:
        """A sentence of the desk's in this language."""
        return _translated(self.language, sentence)


@lru_cache(4096)
def _translated(language: str, sentence: str) -> str:
    """The same words come again and again; where a number is in them, at the pace of a person."""
    phrases = _phrases(language)
    if not phrases or not sentence:
        return sentence
    for pattern, into in phrases:
        if (found := pattern.fullmatch(sentence)) is not None:
            said = into.format(*(_translated(language, part) for part in found.groups()))
            return said[0].upper() + said[1:] if sentence[0].isupper() else said
    if sentence.endswith("."):
        return _translated(language, sentence[:-1]) + "."
    for joint in JOINTS:
        if joint in sentence:
            return joint.join(_translated(language, part) for part in sentence.split(joint))
    return sentence


@cache
def _texts(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in _files(f".{language}.toml"):
        if not name.startswith("desk."):
            found |= tomllib.loads(text)
    return found


@cache
def _phrases(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Longer ones first: they are the more exact."""
    found: dict[str, str] = {}
    for name, text in _files(f".{language}.toml"):
        if name.startswith("desk."):
            found |= tomllib.loads(text)
    if not found:  # English is what the desk speaks
        return []
    for name in shipped():
        found |= load(name).translations.get(language, {})
    english = wording(LANGUAGES[0]).ground
    for ground, name in wording(language).ground.items():
        found |= {str(ground): name, english[ground]: name}
    longest = sorted(found.items(), key=lambda item: -len(item[0]))
    return [
        (re.compile(re.escape(english).replace(r"\{\}", "(.*?)"), re.IGNORECASE), into) for english, into in longest
    ]


def _files(suffix: str) -> list[tuple[str, str]]:
    folder = resources.files("rung.page") / "texts"
    return [(f.name, f.read_text(encoding="utf-8")) for f in folder.iterdir() if f.name.endswith(suffix)]
