"""How each kind of part looks. A symbol draws itself and tells where its pins end, and where they point."""

from __future__ import annotations

from collections.abc import Callable

from hardware.quiet import skidl
from hardware.svg import INK, Sheet
from hardware.trace import net_of

Point = tuple[float, float, str]  # x, y, and where the pin points: up, down, left, right
Symbol = Callable[[Sheet, skidl.Part, float, float], dict[str, Point]]

HALF = 35  # from the middle of a lying part to the end of its pins
TALL = 60  # of a standing part, pins and all


def across(sheet: Sheet, part: skidl.Part, x: float, y: float) -> dict[str, Point]:
    """A part with two pins, lying, its first pin on the left."""
    sheet.line((x - HALF, y), (x - 20, y))
    sheet.line((x + 20, y), (x + HALF, y))
    sheet.box(x - 20, y - 8, 40, 16)
    if part.name == "resettable fuse":
        sheet.line((x - 20, y), (x + 20, y))
    sheet.text(x, y - 14, f"{part.ref}  {part.value}", anchor="middle")
    return {"1": (x - HALF, y, "left"), "2": (x + HALF, y, "right")}


def across_turned(sheet: Sheet, part: skidl.Part, x: float, y: float) -> dict[str, Point]:
    """The same, its second pin on the left."""
    ends = across(sheet, part, x, y)
    return {"2": (*ends["1"][:2], "left"), "1": (*ends["2"][:2], "right")}


def upright(sheet: Sheet, part: skidl.Part, x: float, y: float) -> dict[str, Point]:
    """A part with two pins, standing: towards ground below, or towards a supply above."""
    first, second = part.pins
    top, bottom = (first, second) if net_of(second) == "GND" or "V" in net_of(first) else (second, first)
    middle = y + TALL / 2
    if "capacitor" in part.name:
        sheet.line((x, y), (x, middle - 4))
        sheet.line((x, middle + 4), (x, y + TALL))
        sheet.line((x - 13, middle - 4), (x + 13, middle - 4), width=3)
        sheet.line((x - 13, middle + 4), (x + 13, middle + 4), width=3)
        if part.name == "electrolytic capacitor":
            sheet.text(x - 20, middle - 8, "+" if top.name == "+" else "-", size=16, bold=True, anchor="middle")
    else:
        sheet.line((x, y), (x, y + TALL))
        if part.name == "piezo sounder":
            sheet.disc(x, middle, 17, fill="#ffffff", ink=INK)
            sheet.line((x - 10, middle), (x + 10, middle), width=4)
        else:
            sheet.box(x - 8, y + 12, 16, TALL - 24)
    sheet.text(x + 20, middle - 3, part.ref)
    sheet.text(x + 20, middle + 13, part.value.split(",")[0])
    return {top.num: (x, y, "up"), bottom.num: (x, y + TALL, "down")}


def switch(sheet: Sheet, part: skidl.Part, x: float, y: float) -> dict[str, Point]:
    """A button, open at rest, with its third tab left empty."""
    sheet.line((x - 60, y), (x - 20, y))
    sheet.line((x + 20, y), (x + 60, y))
    sheet.line((x - 20, y), (x + 17, y - 16), width=3)
    for end in (-20, 20):
        sheet.disc(x + end, y, 4, fill="#ffffff", ink=INK)
    sheet.text(x, y - 42, f"{part.ref}  {part.role.upper()}", size=15, anchor="middle", bold=True)
    sheet.text(x, y - 24, part.value, anchor="middle")
    sheet.text(x - 38, y + 17, "NO", size=11, anchor="middle")
    sheet.text(x + 38, y + 17, "COM", size=11, anchor="middle")
    sheet.text(x, y + 36, "NC stays empty", size=11, anchor="middle")
    return {"2": (x - 60, y, "left"), "1": (x + 60, y, "right"), "3": (x, y + 20, "down")}


def pixel(sheet: Sheet, part: skidl.Part, x: float, y: float) -> dict[str, Point]:
    sheet.box(x - 40, y - 30, 80, 60, fill="#fbf3fb", round_=6)
    sheet.text(x, y - 12, part.ref, anchor="middle", bold=True)
    sheet.text(x, y + 4, part.role, size=12, anchor="middle")
    sheet.text(x, y + 20, "in        out", size=10, anchor="middle")
    sheet.line((x - 48, y), (x - 40, y))
    sheet.line((x + 40, y), (x + 48, y))
    return {
        "1": (x, y - 30, "up"),
        "3": (x, y + 30, "down"),
        "4": (x - 48, y, "left"),
        "2": (x + 48, y, "right"),
    }


def led(sheet: Sheet, part: skidl.Part, x: float, y: float) -> dict[str, Point]:
    sheet.line((x - HALF, y), (x + HALF, y))
    sheet.shape((x - 12, y - 12), (x - 12, y + 12), (x + 12, y))
    sheet.line((x + 12, y - 12), (x + 12, y + 12), width=3)
    sheet.text(x, y - 18, f"{part.ref}  {part.role}", anchor="middle")
    return {"1": (x - HALF, y, "left"), "2": (x + HALF, y, "right")}


def gate(number: int) -> Symbol:
    """One of the buffer's gates, as a triangle with the numbers of its pins."""

    def symbol(sheet: Sheet, part: skidl.Part, x: float, y: float) -> dict[str, Point]:
        into, out = (next(p.num for p in part.pins if p.name == f"{letter}{number}") for letter in "AY")
        sheet.line((x - 40, y), (x - 25, y))
        sheet.line((x + 25, y), (x + 40, y))
        sheet.shape((x - 25, y - 26), (x - 25, y + 26), (x + 25, y))
        sheet.text(x, y - 32, f"{part.ref}  {part.value}", anchor="middle")
        sheet.text(x - 34, y - 6, into, size=11, anchor="middle")
        sheet.text(x + 33, y - 6, out, size=11, anchor="middle")
        return {into: (x - 40, y, "left"), out: (x + 40, y, "right")}

    return symbol


def rest_of_gates(drawn: set[str]) -> Symbol:
    """The buffer's pins but those, as they lie on the chip seen from above, the notch at the top."""
    return lambda sheet, part, x, y: _rest_of_gates(sheet, part, x, y, drawn)


def _rest_of_gates(sheet: Sheet, part: skidl.Part, x: float, y: float, drawn: set[str]) -> dict[str, Point]:
    sheet.box(x - 90, y - 4, 180, 14 * 7 + 44, fill="#f2f2f2", round_=4)
    sheet.disc(x, y - 4, 7, fill="#ffffff", ink=INK)
    sheet.text(x, y + 66, part.ref, size=15, anchor="middle", bold=True)
    sheet.text(x, y + 84, part.value, size=11, anchor="middle")
    ends: dict[str, Point] = {}
    for pin in part.pins:
        number = int(pin.num)
        side, row = (-1, number - 1) if number <= 7 else (1, 14 - number)
        height = y + 12 + 19 * row
        anchor = "start" if side < 0 else "end"
        sheet.text(x + 84 * side, height + 4, f"{pin.num} {pin.name}", size=11, anchor=anchor)
        sheet.line((x + 90 * side, height), (x + 102 * side, height))
        if pin.name in drawn:
            sheet.text(x + 107 * side, height + 4, "above", size=11, anchor="end" if side < 0 else "start")
            continue
        ends[pin.num] = (x + 102 * side, height, "left" if side < 0 else "right")
        if not net_of(pin):
            sheet.text(x + 107 * side, height + 4, "open", size=11, anchor="end" if side < 0 else "start")
    return ends


def rail_mark(sheet: Sheet, rail: str, end: Point, ink: str) -> None:
    """The sign for ground or for a supply, at the end of a pin."""
    x, y, way = end
    if way in ("left", "right"):
        side = -1 if way == "left" else 1
        sheet.line((x, y), (x + 12 * side, y), ink=ink, width=3)
        sheet.text(x + 16 * side, y + 4, rail, anchor="end" if side < 0 else "start", ink=ink, bold=True)
    elif way == "up":
        sheet.line((x, y), (x, y - 12), ink=ink, width=3)
        sheet.line((x - 10, y - 12), (x + 10, y - 12), ink=ink, width=3)
        sheet.text(x, y - 17, rail, anchor="middle", ink=ink, bold=True)
    else:
        sheet.line((x, y), (x, y + 10), ink=ink, width=3)
        for step, half in enumerate((12, 8, 4)):
            sheet.line((x - half, y + 10 + 4 * step), (x + half, y + 10 + 4 * step), ink=ink, width=2)


def tag(sheet: Sheet, x: float, y: float, words: str, where: str, ink: str) -> None:
    """A pin of the board, to which a wire goes."""
    sheet.shape((x, y), (x - 14, y - 14), (x - 96, y - 14), (x - 96, y + 14), (x - 14, y + 14), ink=ink, width=3)
    sheet.text(x - 54, y + 5, words, size=14, anchor="middle", ink=ink, bold=True)
    sheet.text(x - 96, y + 30, where, size=11)
