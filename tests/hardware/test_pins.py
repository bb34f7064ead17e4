"""Every pin of every circuit is the firmware's, and every pin of the firmware is in a circuit."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hardware.boards import BOARDS, BUTTONS, LAMPS, Board
from hardware.circuit import build
from hardware.quiet import skidl
from hardware.trace import functions, net_of

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware" / "rung_box"
MAPS = {path.stem: path for path in (FIRMWARE / "boards").glob("[a-z]*.py")}
each_lamps = pytest.mark.parametrize("lamps", LAMPS)
each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)


def the_map(board: Board) -> dict[str, Any]:
    """The names in the firmware's map of this board."""
    return runpy.run_path(str(MAPS[board.firmware or board.name]))


def expected(board: Board, lamps: str) -> dict[str, int]:
    """What the firmware expects at which GPIO, with such lamps."""
    names = the_map(board)
    pins = dict(zip(BUTTONS, names["BUTTONS"], strict=True)) | {"buzzer": names["BUZZER"]}
    if lamps == "pixels":
        return pins | {"lamps": names["PIXELS"]}
    return pins | {f"lamp {role}": gpio for role, gpio in zip(BUTTONS, names["LEDS"], strict=True)}


def differences(circuit: skidl.Circuit, pins: dict[str, int]) -> list[str]:
    """Where circuit and firmware do not agree, either way round."""
    wired = functions(circuit)
    found = [
        f"{function}: the firmware has GPIO {gpio}, the circuit {wired.get(function)}"
        for function, gpio in pins.items()
        if wired.get(function) != [gpio]
    ]
    unit = next(part for part in circuit.parts if part.name == "board")
    unknown = {pin.gpio for pin in unit.pins if pin.gpio is not None and net_of(pin)} - set(pins.values())
    return found + [f"GPIO {gpio} is wired, and the firmware knows nothing of it" for gpio in sorted(unknown)]


def test_every_map_of_the_firmware_has_a_circuit() -> None:
    assert {board.firmware or board.name for board in BOARDS} == MAPS.keys()


@each_board
def test_the_firmware_has_no_pin_that_this_test_does_not_know(board: Board) -> None:
    names = {name for name in the_map(board) if name.isupper()}
    assert names == {"CHIP", "BUTTONS", "PIXELS", "LEDS", "BUZZER"}


@each_lamps
@each_board
def test_circuit_and_firmware_agree_on_every_pin(board: Board, lamps: str) -> None:
    assert differences(build(board, lamps), expected(board, lamps)) == []


@each_board
def test_both_refuse_a_button_on_a_pin_that_is_unfit(board: Board) -> None:
    """The firmware knows the chip, the circuit the board as well: what the first refuses, so does the second."""
    problems = runpy.run_path(str(FIRMWARE / "pins.py"))["problems"]
    names, (_, *others) = the_map(board), board.buttons
    on_headers = {gpio for row in board.headers.values() for gpio in row if isinstance(gpio, int)}
    free = on_headers - {*others, board.pixels, *board.leds, board.buzzer}
    refused = {gpio for gpio in free if problems(SimpleNamespace(**names | {"BUTTONS": (gpio, *others)}))}
    assert free & board.strapping <= refused
    assert refused <= board.strapping | board.taken | board.input_only


@pytest.mark.parametrize("function", sorted(BOARDS[0].pins("pixels").keys() | BOARDS[0].pins("leds").keys()))
def test_a_pin_that_moves_on_either_side_is_told(function: str) -> None:
    """To a GPIO that would do as well."""
    board, elsewhere = BOARDS[0], 32
    lamps = "leds" if function.startswith("lamp ") else "pixels"
    pins = board.pins(lamps)
    moved = pins | {function: elsewhere}
    assert len(differences(build(_with(board, function, elsewhere), lamps), pins)) == 2
    assert len(differences(build(board, lamps), moved)) == 2
    assert len(differences(build(board, lamps), {name: gpio for name, gpio in pins.items() if name != function})) == 1


def _with(board: Board, function: str, gpio: int) -> Board:
    """The board with one function at another GPIO."""
    if function in ("lamps", "buzzer"):
        return replace(board, **{"pixels" if function == "lamps" else function: gpio})
    field = "leds" if function.startswith("lamp ") else "buttons"
    place = BUTTONS.index(function.removeprefix("lamp "))
    pins = list(getattr(board, field))
    pins[place] = gpio
    return replace(board, **{field: tuple(pins)})
