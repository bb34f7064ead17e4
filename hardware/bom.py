"""The bill of materials: counted out of the circuits, and beside it what no circuit knows: case, cable, wire."""

from __future__ import annotations

import csv
import functools
import io
import re
from dataclasses import dataclass, replace

from hardware.boards import BOARDS, LAMPS
from hardware.circuit import build
from hardware.quiet import skidl

DESCRIPTIONS = {
    "board": "development board with its headers soldered in, the MicroPython image of its chip on it",
    "bus buffer": "74AHCT125N, four gates with TTL inputs, DIP-14, with a socket",
    "button": "push button with a white translucent cap, a microswitch (normally open, rated from 1 mA up: gold or "
    "cross-point contacts) and room for a pixel below the cap",
    "ceramic capacitor": "X7R, 50 V, 5 mm pitch",
    "electrolytic capacitor": "radial, 16 V or more, 105 °C",
    "LED": "10 mm, diffuse, bright at 10 mA",
    "piezo sounder": "piezo disc in a case, without an oscillator, two leads, up to 20 V, 25 nF at most",
    "pixel": "WS2812B on a round carrier of 10 mm, colours in the order green, red, blue",
    "resettable fuse": "PTC, radial, holds 0.35 A, trips at 0.7 A, 16 V or more",
    "resistor": "metal film, 0.25 W, 1 %, with leads",
}


@dataclass(frozen=True)
class Line:
    quantity: int
    part: str
    value: str
    refs: tuple[str, ...]
    description: str
    only_for: str = ""  # a board, or plain LEDs; empty: every box


OTHER = (
    Line(1, "USB cable", "1.5 m", (), "for data too, with the plug of the board; a ferrite at the box's end", ""),
    Line(
        1, "case", "270 x 110 x 75 mm", (), "ABS or steel, flat lid, 70 mm deep inside; one kilogram with its ballast"
    ),
    Line(
        1, "collar", "38 mm inside, 54 mm outside", (), "ring of wood or plastic, as high as RELEASE stands, and 6 mm"
    ),
    Line(3, "tactile bumper", "6 mm, 2 mm high", (), "clear, self-adhesive: one for ESCALATE, two for WARN"),
    Line(
        1, "tactile bar", "14 x 4 mm, 1.5 mm high", (), "clear, self-adhesive, for RELEASE: cut from a strip of bumper"
    ),
    Line(1, "perforated board", "70 x 90 mm", (), "2.54 mm, pads on one side or both, with four spacers of 10 mm"),
    Line(2, "socket strip", "one for each row of the board", (), "2.54 mm, so that a board can be changed"),
    Line(6, "push-on terminal", "for the tabs of the switches", (), "insulated, 4.8 or 6.3 mm, as the switches have"),
    Line(3, "cable, 2 wires", "25 cm", (), "0.25 mm², to the buttons"),
    Line(3, "cable, 3 wires", "25 cm", (), "0.25 mm², to the pixels"),
    Line(1, "cable clip", "5 mm", (), "P-clip with a screw: holds the USB cable, so no pull reaches the plug"),
    Line(1, "grommet", "for a hole of 16 mm", (), "rubber, slit, so that the plug passes the hole before it"),
    Line(4, "foot", "12 mm", (), "rubber, self-adhesive"),
)


@functools.cache
def bill() -> list[Line]:
    """Every line, once for all boards: that the boards share the rest is part of the design."""
    bills = [(board, _counted(build(board).parts)) for board in BOARDS]
    shared = [line for line in bills[0][1] if line.part != "board"]
    lines = []
    for board, counted in bills:
        (own,) = (line for line in counted if line.part == "board")
        lines.append(Line(1, own.part, own.value, own.refs, f"{own.description}; {board.usb}", board.title))
        if [line for line in counted if line.part != "board"] != shared:
            raise ValueError(f"The box around {board.title} has other parts than the others.")
    return lines + shared + _with_leds() + list(OTHER)


def _with_leds() -> list[Line]:
    """What a box with plain LEDs has, and for what in exchange."""
    pixels, leds = ({part.ref: part for part in build(BOARDS[0], lamps).parts} for lamps in LAMPS)
    gone = ", ".join(sorted(pixels.keys() - leds.keys(), key=_natural))
    counted = _counted([part for ref, part in leds.items() if ref not in pixels])
    return [
        replace(line, description=f"{line.description}; instead of {gone}", only_for="plain LEDs") for line in counted
    ]


def as_csv() -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["quantity", "part", "value", "refs", "description", "only for"])
    for line in bill():
        writer.writerow([line.quantity, line.part, line.value, " ".join(line.refs), line.description, line.only_for])
    return out.getvalue()


def as_table() -> str:
    rows = ["| | part | value | on the drawing | what to look for |", "| --- | --- | --- | --- | --- |"]
    for line in bill():
        quantity = f"{line.quantity}, {line.only_for}" if line.only_for == "plain LEDs" else str(line.quantity)
        rows.append(f"| {quantity} | {line.part} | {line.value} | {_span(line.refs)} | {line.description} |")
    return "\n".join(rows)


def _counted(parts: list[skidl.Part]) -> list[Line]:
    groups: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        groups.setdefault((part.name, part.value), []).append(part.ref)
    return [
        Line(len(refs), name, value, tuple(sorted(refs, key=_natural)), DESCRIPTIONS[name])
        for (name, value), refs in sorted(groups.items())
    ]


def _natural(ref: str) -> tuple[str, int]:
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", ref).groups()  # type: ignore[union-attr]
    return letters, int(digits)


def _span(refs: tuple[str, ...]) -> str:
    """R1 to R3, where none is missing between."""
    if len(refs) > 2 and _natural(refs[-1])[1] - _natural(refs[0])[1] == len(refs) - 1:
        return f"{refs[0]} to {refs[-1]}"
    return ", ".join(refs)
