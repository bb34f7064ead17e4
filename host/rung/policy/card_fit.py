"""How large can a column of the card be written, so that all of it fits the page?

A printed page cannot measure itself, and readers' fonts differ, so this counts letters of a rather wide font: what fits
here fits in the fonts that `card.css` names. Sizes are in the em of `card.css`.
"""

import re
from html import unescape
from math import ceil

PAGE_MM = 277.0  # of A4, between its margins
SMALLEST_PT, LARGEST_PT = 6.0, 13.0
_MM = 25.4 / 72  # of a point
_CHAR = 0.49  # em, the mean width of a letter
_EM = {"h1": 1.0, "h2": 1.5, "h3": 1.0, "h4": 1.2, "p": 1.0, "blockquote": 1.28}  # size
_LINE = {"h1": 1.1, "h2": 1.8, "h3": 1.32, "h4": 1.5, "p": 1.32, "blockquote": 1.64}  # from line to line
_GAP = {"li": 0.6, "section": 1.4, "article": 1.0, "i>": 2.3}  # em above and below; an `i` is a line to write on
_BLOCK = re.compile(r"<(h1|h2|h3|h4|p|blockquote)\b[^>]*>(.*?)</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def height_mm(html: str, width_mm: float, size_pt: float) -> float:
    """How much of a column this takes, by the widest of the fonts."""
    ems = sum(_GAP[kind] * html.count(f"<{kind}") for kind in _GAP)
    for kind, text in _BLOCK.findall(html):
        written = len(unescape(_TAG.sub("", text))) + 3 * text.count("<svg")
        lines = ceil(written * _EM[kind] * _CHAR * size_pt * _MM / width_mm)
        ems += lines * _LINE[kind]
    return ems * size_pt * _MM


def fit_pt(html: str, width_mm: float, room_mm: float) -> float:
    """The largest size in points at which ``html`` fits into this column, within what can be read."""
    sizes = [size / 10 for size in range(round(LARGEST_PT * 10), round(SMALLEST_PT * 10), -1)]
    return next((size for size in sizes if height_mm(html, width_mm, size) <= room_mm), SMALLEST_PT)
