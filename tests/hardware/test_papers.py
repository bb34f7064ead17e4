"""What is written out of the circuits: as the circuits are, whole, and right where it is written by hand."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hardware import bom, drawing
from hardware.boards import BOARDS, LAMPS, Board
from hardware.circuit import build
from hardware.lid import HEIGHT, LEFT_HANDED, LIDS, RIGHT_HANDED, WIDTH, Place, template
from hardware.papers import HERE, papers
from hardware.trace import lamp_order, net_of

ROOT = HERE.parent
each_lamps = pytest.mark.parametrize("lamps", LAMPS)
each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)


@pytest.fixture(scope="module")
def made() -> dict[Path, str]:
    return papers()


def test_the_papers_are_as_the_circuits_are(made: dict[Path, str]) -> None:
    stale = [path.name for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
    assert stale == [], "run `make hardware`"


def test_no_paper_is_left_from_a_circuit_that_is_gone(made: dict[Path, str]) -> None:
    there = {path for folder in ("netlist", "wiring", "lid") for path in (HERE / folder).iterdir()}
    assert there <= made.keys()


@each_board
def test_the_netlist_holds_every_wire(board: Board, made: dict[Path, str]) -> None:
    text = made[HERE / "netlist" / f"{board.name}.net"]
    nets = re.findall(r'\(net\s+\(code \d+\)\s+\(name "([^"]+)"\)(.*?)(?=\(net\s|\Z)', text, re.DOTALL)
    written = {
        (name, ref, pin)
        for name, body in nets
        for ref, pin in re.findall(r'\(ref "([^"]+)"\)\s+\(pin "([^"]+)"\)', body)
    }
    wired = {(net_of(pin), part.ref, pin.num) for part in build(board).parts for pin in part.pins if net_of(pin)}
    assert written == wired


@each_lamps
@each_board
def test_the_drawing_shows_every_part_and_every_gpio(board: Board, lamps: str, made: dict[Path, str]) -> None:
    words = [text.text or "" for text in _texts(made[HERE / "wiring" / f"{board.name}-{lamps}.svg"])]
    parts = build(board, lamps).parts
    assert [part.ref for part in parts if part.name != "board" and part.ref not in " ".join(words).split()] == []
    for function, gpio in board.pins(lamps).items():
        assert f"GPIO {gpio}" in words
        assert function in words


def test_the_drawing_moves_with_a_pin() -> None:
    moved = drawing.draw(replace(BOARDS[0], buzzer=32))
    assert "GPIO 32" in moved and "left-7" in moved
    assert f"GPIO {BOARDS[0].buzzer}" not in moved


@each_lamps
@each_board
def test_the_drawings_words_stay_on_the_sheet(board: Board, lamps: str, made: dict[Path, str]) -> None:
    """By a generous width of a letter."""
    for text in _texts(made[HERE / "wiring" / f"{board.name}-{lamps}.svg"]):
        x, wide = float(text.get("x", "")), 0.62 * float(text.get("font-size", "")) * len(text.text or "")
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[text.get("text-anchor", "")]
        assert left >= 0 and left + wide <= drawing.WIDTH, text.text


def _texts(svg: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(svg).findall("{http://www.w3.org/2000/svg}text")


@each_board
def test_the_bill_counts_every_part_once(board: Board) -> None:
    rows = list(csv.DictReader(io.StringIO(bom.as_csv())))
    mine = [row for row in rows if row["refs"] and row["only for"] in ("", board.title)]
    refs = [ref for row in mine for ref in row["refs"].split()]
    assert sorted(refs) == sorted(part.ref for part in build(board).parts)
    assert all(int(row["quantity"]) == len(row["refs"].split()) for row in mine)


@each_board
def test_the_bill_tells_what_plain_leds_take_and_replace(board: Board) -> None:
    pixels, leds = ({part.ref for part in build(board, lamps).parts} for lamps in LAMPS)
    rows = [row for row in csv.DictReader(io.StringIO(bom.as_csv())) if row["only for"] == "plain LEDs"]
    assert {ref for row in rows for ref in row["refs"].split()} == leds - pixels
    for row in rows:
        assert set(row["description"].split("instead of ")[1].split(", ")) == pixels - leds


def test_the_lamps_stand_in_the_order_of_the_firmware() -> None:
    assert {tuple(lamp_order(build(board))) for board in BOARDS} == {("escalate", "warn", "release")}


def test_a_box_is_built_in_an_hour() -> None:
    minutes = re.findall(r"^\| (\d+) \| [A-Z]", (HERE / "README.md").read_text("utf-8").split("## Building")[1], re.M)
    assert sum(int(each) for each in minutes) == 60


def test_the_rules_and_the_papers_leave_nothing_behind(tmp_path: Path) -> None:
    """SKiDL writes logs where it is started, and folders into the home."""
    environment = {
        **os.environ,
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment.pop("XDG_DATA_HOME", None)
    where = tmp_path / "here"
    where.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "hardware", "check"], cwd=where, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"{2 * len(BOARDS)} circuits keep the electrical rules.\n",
        "",
    )
    assert list(tmp_path.rglob("*")) == [where]


# The lid.


def gap(one: Place, other: Place) -> float:
    return abs(one.x - other.x) - (one.across + other.across) / 2


@pytest.mark.parametrize("hand", LIDS)
def test_no_hand_or_cup_presses_two_buttons_or_release(hand: str) -> None:
    places = {place.role: place for place in LIDS[hand]}
    escalate, warn, release = places["escalate"], places["warn"], places["release"]
    assert min(gap(escalate, warn), gap(warn, release)) >= 20  # a finger's breadth
    assert gap(escalate, release) > gap(escalate, warn)  # release stands at the end
    assert abs(escalate.x - warn.x) <= 120  # one hand spans the chord
    assert release.recess >= 5 and release.opening <= 40 < release.across
    assert not escalate.recess and not warn.recess
    assert len({place.mark for place in places.values()}) == 3


@pytest.mark.parametrize("hand", LIDS)
def test_everything_is_on_the_lid_and_the_template_on_a_sheet(hand: str) -> None:
    for place in LIDS[hand]:
        assert place.across / 2 + 15 <= place.x <= WIDTH - place.across / 2 - 15
        assert place.across / 2 + 15 <= place.y <= HEIGHT - place.across / 2 - 15
    sheet = ElementTree.fromstring(template(hand))
    width, height = sheet.get("width", ""), sheet.get("height", "")
    assert sheet.get("viewBox") == f"0 0 {width.removesuffix('mm')} {height.removesuffix('mm')}"  # true size
    assert float(width.removesuffix("mm")) <= 287 and float(height.removesuffix("mm")) <= 200  # A4, as printers can


def test_the_left_handed_lid_is_the_mirror_image() -> None:
    assert [place.role for place in LEFT_HANDED] == [place.role for place in reversed(RIGHT_HANDED)]
    assert {replace(place, x=WIDTH - place.x) for place in LEFT_HANDED} == set(RIGHT_HANDED)
