"""The pin maps of the boards, and the box's settings."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import rung_box
from rung_box import boards, pins
from rung_box.settings import NAMES, parse

FOLDER = Path(rung_box.__path__[0]) / "boards"
BOARDS = sorted(file.stem for file in FOLDER.glob("[!_]*.py"))
README = FOLDER.parents[1] / "README.md"


def board(name: str) -> Any:
    return importlib.import_module(f"rung_box.boards.{name}")


def test_every_board_can_be_chosen_and_every_chip_has_one() -> None:
    assert set(NAMES["board"]) - {""} == set(BOARDS)
    assert {chip: board(name).CHIP for chip, name in boards.USUAL.items()} == {chip: chip for chip in pins.CHIPS}


@pytest.mark.parametrize("name", BOARDS)
def test_no_board_uses_a_pin_that_it_must_not(name: str) -> None:
    assert pins.problems(board(name)) == []


@pytest.mark.parametrize("name", BOARDS)
def test_the_readme_tells_the_pins(name: str) -> None:
    chosen = board(name)
    told = {cells[0]: cells[1:] for cells in rows(README.read_text(encoding="utf-8"))}
    leds = "/".join(map(str, chosen.LEDS))
    assert told[f"`{name}`"][-6:] == [*map(str, chosen.BUTTONS), str(chosen.PIXELS), leds, str(chosen.BUZZER)]


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:2] == "| "]


@pytest.mark.parametrize(
    ("chip", "strapping"),
    [("ESP32", [0, 2, 5, 12, 15]), ("ESP32S2", [0, 45, 46]), ("ESP32S3", [0, 3, 45, 46]), ("ESP32C3", [2, 8, 9])],
)
def test_every_strapping_pin_is_refused_for_every_part(chip: str, strapping: list[int]) -> None:
    good = board(boards.USUAL[chip])
    for pin in strapping:
        for part in ("BUTTONS", "LEDS"):
            for place in range(3):
                three = list(getattr(good, part))
                three[place] = pin
                assert any(f"GPIO {pin} is a strapping pin" in told for told in changed(good, part, tuple(three)))
        for part in ("PIXELS", "BUZZER"):
            assert any(f"GPIO {pin} is a strapping pin" in told for told in changed(good, part, pin))


@pytest.mark.parametrize(
    ("pin", "said"), [(6, "in use"), (1, "in use"), (35, "no pull-up"), (24, "no GPIO"), (26, "twice")]
)
def test_other_pins_that_cannot_be_a_button(pin: int, said: str) -> None:
    assert any(said in told for told in changed(board("esp32_devkitc"), "BUTTONS", (25, 26, pin)))


def changed(good: Any, part: str, value: object) -> list[str]:
    names = ("CHIP", "BUTTONS", "PIXELS", "LEDS", "BUZZER")
    return pins.problems(SimpleNamespace(**{name: getattr(good, name) for name in names} | {part: value}))


@pytest.mark.parametrize(
    ("machine", "chip"),
    [
        ("Generic ESP32 module with ESP32", "ESP32"),
        ("Generic ESP32S3 module with ESP32S3", "ESP32S3"),
        ("LOLIN_S2_MINI with ESP32-S2FN4R2", "ESP32S2"),
        ("ESP32C3 module with ESP32C3", "ESP32C3"),
        ("linux [GCC 14.2.1] version", ""),
    ],
)
def test_the_chip_is_known_by_its_name(machine: str, chip: str) -> None:
    assert pins.chip_of(machine) == chip


# -- settings ----------------------------------------------------------------------------------------------------------


def test_without_a_file_everything_has_its_first_value() -> None:
    assert parse("") == ({name: allowed[0] for name, allowed in NAMES.items()}, "")


def test_the_file_is_read_with_remarks_and_blank_lines() -> None:
    values, wrong = parse("# left-handed\n\nmirror = yes\npalette=colour_blind  # red and green\n")
    assert (values["mirror"], values["palette"], wrong) == ("yes", "colour_blind", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mirror = maybe", "line 1: mirror cannot be maybe"),
        ("mirror = yes\nmiror = no", "line 2: no setting miror"),
        ("palette", "line 1: palette cannot be "),
        ("a = b = c\nmirror = 7", "line 1: no setting a"),
        ("board =", "line 1: board cannot be "),
    ],
)
def test_a_line_that_is_not_understood_is_told_and_changes_nothing(text: str, said: str) -> None:
    values, wrong = parse(f"{text}\nlamps = leds")
    assert wrong == said
    assert values["lamps"] == "leds", "the others count"
    assert all(values[name] in NAMES[name] for name in NAMES)


def test_the_readme_tells_every_setting_and_value() -> None:
    told = {cells[0].strip("`"): re.findall(r"`(\w+)`", cells[1]) for cells in rows(README.read_text(encoding="utf-8"))}
    for name, allowed in NAMES.items():
        assert set(allowed) - {""} <= set(told[name])
