"""Keys of the terminal become inputs."""

import pytest

from rung import words as w
from rung.cli.keys import GROUNDS, TICK, TYPED, Keys
from rung.words import Ground, Marker


def typed(text: str) -> list[w.Input]:
    inputs: list[w.Input] = []
    keys = Keys(inputs.append, lambda: ("listening", "empathy"))
    for char in text:
        keys.key(char)
    return inputs


def test_every_ground_has_one_key() -> None:
    assert sorted(GROUNDS.values()) == sorted(Ground)


@pytest.mark.parametrize(("char", "ground"), [(c, g) for c, g in GROUNDS.items() if g != Ground.OTHER])
def test_a_grounds_key_declares_it_and_minus_takes_it_back(char: str, ground: Ground) -> None:
    assert typed(char) == [w.Declared(ground)]
    assert typed("-" + char) == [w.TakenBack(ground)]


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("!", [w.Marked(Marker.CRISIS)]),
        ("-!\n", [w.Unmarked(Marker.CRISIS)]),
        ("-!no fire\n", [w.Unmarked(Marker.CRISIS, "no fire")]),
        ("f", [w.Unmarked(Marker.EMERGENCY)]),
        ("c", [w.Calmed()]),
        ("k", [w.AskTakenBack()]),
        ("Obarks at mx\x7fe\n", [w.Declared(Ground.OTHER, "barks at me")]),
        ("-O", [w.TakenBack(Ground.OTHER)]),
        ("w", [w.Unwanted()]),
        ("aall is said\n", [w.Attested("all is said")]),
        ("Lde\n", [w.LanguageChosen("de")]),
        ("Mbill\nFrefund\nDangry\n", [w.Noted(matter="bill"), w.Noted(offered="refund"), w.Noted(demeanour="angry")]),
        ("y2\n", [w.Ticked("empathy")]),
        ("y9\ny\n", [w.Ticked("9"), w.Ticked("")]),
        ("-?p", [w.Declared(Ground.PROFANITY)]),
        ("?\x1b ", []),
    ],
)
def test_keys(text: str, inputs: list[w.Input]) -> None:
    assert typed(text) == inputs


def test_what_is_being_typed_is_shown() -> None:
    keys = Keys(lambda _: None)
    for char in "Obarks":
        keys.key(char)
    assert keys.prompt.endswith("barks")


def test_no_key_means_two_things() -> None:
    assert not (set(TYPED) - {"O"} | {TICK, *"c!fkw-"}) & set(GROUNDS)
