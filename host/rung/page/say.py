"""The page's own words, in the language of the page, which is not that of the scripts: `texts/*.LANGUAGE.toml`.

The desk speaks English, as its record does. ``desk`` turns its sentences into the page's language by the table
`texts/desk.LANGUAGE.toml`, where `{}` stands for whatever stands there; what has no entry stays as it is.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources

from rung.policy import load
from rung.policy.library import shipped
from rung.policy.wording import wording

LANGUAGES = ("en", "de")
JOINTS = (". ", "; ")


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
    if (whole := _phrase(language, sentence)) is not None:
        return whole
    if sentence.endswith("."):
        return _translated(language, sentence[:-1]) + "."
    head, colon, rest = sentence.partition(": ")  # a title, and what is said of that step
    if colon and (title := _phrase(language, head)) is not None:
        return f"{title}: {_translated(language, rest)}"
    for joint in JOINTS:
        if joint in sentence:
            return joint.join(_joined(language, sentence.split(joint), joint))
    if colon:
        return f"{_translated(language, head)}: {_translated(language, rest)}"
    return ", ".join(_translated(language, part) for part in sentence.split(", ")) if ", " in sentence else sentence


def _joined(language: str, parts: list[str], joint: str) -> Iterator[str]:
    """As long as they are one phrase together: some have a joint in them."""
    while parts:
        many = next((n for n in range(len(parts), 1, -1) if _phrase(language, joint.join(parts[:n])) is not None), 1)
        yield _translated(language, joint.join(parts[:many]))
        parts = parts[many:]


def _phrase(language: str, sentence: str) -> str | None:
    """One of the table; what stands in its gaps is translated as well."""
    for pattern, into in _phrases(language) if sentence else ():
        if (found := pattern.fullmatch(sentence)) is not None:
            said = into.format(*(_translated(language, part) for part in found.groups()))
            return said[0].upper() + said[1:] if sentence[0].isupper() else said
    return None


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
    return [(_pattern(english), into) for english, into in longest]


def _pattern(english: str) -> re.Pattern[str]:
    """Where hardly a word stands beside the gaps ("{} to {}", "{} told"), no sentence of several parts is meant."""
    gap = "(.*?)" if len(re.sub("[{} ]", "", english)) > 4 else "([^:;]*?)"
    return re.compile(re.escape(english).replace(r"\{\}", gap), re.IGNORECASE)


def _files(suffix: str) -> list[tuple[str, str]]:
    folder = resources.files("rung.page") / "texts"
    return [(f.name, f.read_text(encoding="utf-8")) for f in folder.iterdir() if f.name.endswith(suffix)]
