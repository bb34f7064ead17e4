"""The lid of the case: where the buttons stand, what keeps RELEASE from a cup, and how fingers tell the buttons apart.

All in millimetres. The left-handed lid is the mirror image: each button keeps its name, its wire and its mark.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hardware.boards import BUTTONS
from hardware.svg import Sheet

WIDTH, HEIGHT = 270.0, 110.0  # the top of the case; inside, 70 deep at least
RECESS = 6.0  # RELEASE stands this far below the rim of its collar
MARK_HEIGHT = 1.0  # at least; what a fingertip finds without searching
SHEET_MARGIN = 8.0  # so that A4 holds it


@dataclass(frozen=True)
class Place:
    """One button's place. `across` is all that it covers of the lid; `opening` is where a finger goes in."""

    role: str
    x: float
    y: float
    hole: float
    across: float
    opening: float
    recess: float
    mark: str


RIGHT_HANDED = (
    Place("escalate", 50, 55, hole=24, across=60, opening=60, recess=0, mark="one dot"),
    Place("warn", 135, 55, hole=24, across=60, opening=60, recess=0, mark="two dots"),
    Place("release", 220, 55, hole=30, across=54, opening=38, recess=RECESS, mark="bar"),
)
LEFT_HANDED = tuple(replace(place, x=WIDTH - place.x) for place in reversed(RIGHT_HANDED))
LIDS = {"right-handed": RIGHT_HANDED, "left-handed": LEFT_HANDED}
assert {place.role for place in RIGHT_HANDED} == set(BUTTONS)


def template(hand: str) -> str:
    """The drilling template, to be printed at its true size."""
    title = f"Rung box, {hand} lid, seen from above"
    sheet = Sheet(WIDTH + 2 * SHEET_MARGIN, HEIGHT + 2 * SHEET_MARGIN + 16, title, unit="mm")
    sheet.text(SHEET_MARGIN, 6, f"{title}. Print at 100 %: the line below must be 100 mm long.", size=4.5)
    sheet.box(SHEET_MARGIN, SHEET_MARGIN, WIDTH, HEIGHT, line=0.3)
    for place in LIDS[hand]:
        _button(sheet, SHEET_MARGIN + place.x, SHEET_MARGIN + place.y, place)
    ruler = SHEET_MARGIN + HEIGHT + 10
    for end in (0, 100):
        sheet.line((SHEET_MARGIN + end, ruler - 2), (SHEET_MARGIN + end, ruler + 2), width=0.4)
    sheet.line((SHEET_MARGIN, ruler), (SHEET_MARGIN + 100, ruler), width=0.4)
    sheet.text(SHEET_MARGIN + 104, ruler + 1.5, "100 mm. The far edge, with the cable, is above.", size=4.5)
    return str(sheet)


def _button(sheet: Sheet, x: float, y: float, place: Place) -> None:
    sheet.disc(x, y, place.across / 2, fill="#f4f4f4", ink="#555555", line=0.3)
    if place.recess:
        sheet.disc(x, y, place.opening / 2, fill="#ffffff", ink="#555555", line=0.3)
    sheet.disc(x, y, place.hole / 2, fill="#ffffff", ink="#000000", line=0.4)
    sheet.line((x - 7, y), (x + 7, y), width=0.2)
    sheet.line((x, y - 7), (x, y + 7), width=0.2)
    below = y + place.across / 2
    words = f"{place.role.upper()}: hole {place.hole:g}"
    sheet.text(x, below + 6, words, size=4.5, anchor="middle", bold=True)
    sheet.text(x, below + 11.5, f"mark: {place.mark}", size=4, anchor="middle")
    if place.recess:
        sheet.text(x, below + 17, f"collar {place.across:g}, opening {place.opening:g}", size=4, anchor="middle")
