"""A sheet on which lines, boxes and words are put, and which becomes an SVG file."""

from __future__ import annotations

from html import escape

INK = "#222222"


class Sheet:
    """Everything in `unit` of the sheet's own: pixels for a drawing, millimetres for a template."""

    def __init__(self, width: float, height: float, title: str, unit: str = "") -> None:
        self._head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}{unit}" height="{_n(height)}{unit}" '
            f'viewBox="0 0 {_n(width)} {_n(height)}" font-family="DejaVu Sans, Arial, sans-serif" role="img">\n'
            f"<title>{escape(title)}</title>"
        )
        self._body: list[str] = []
        self.box(0, 0, width, height, fill="#ffffff", ink="none")

    def line(self, *points: tuple[float, float], ink: str = INK, width: float = 2, dash: str = "") -> None:
        way = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._body.append(f'<polyline points="{way}" fill="none" stroke="{ink}" stroke-width="{_n(width)}"{dashes}/>')

    def shape(self, *points: tuple[float, float], fill: str = "#ffffff", ink: str = INK, width: float = 2) -> None:
        way = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._body.append(f'<polygon points="{way}" fill="{fill}" stroke="{ink}" stroke-width="{_n(width)}"/>')

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str = "#ffffff",
        ink: str = INK,
        round_: float = 0,
        line: float = 2,
    ) -> None:
        self._body.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(round_)}" '
            f'fill="{fill}" stroke="{ink}" stroke-width="{_n(line)}"/>'
        )

    def disc(self, x: float, y: float, radius: float, fill: str = INK, ink: str = "none", line: float = 2) -> None:
        self._body.append(
            f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}" stroke="{ink}" '
            f'stroke-width="{_n(line)}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 13,
        anchor: str = "start",
        ink: str = INK,
        bold: bool = False,
    ) -> None:
        weight = ' font-weight="bold"' if bold else ""
        self._body.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}" fill="{ink}"{weight}>'
            f"{escape(words)}</text>"
        )

    def __str__(self) -> str:
        return "\n".join([self._head, *self._body, "</svg>\n"])


def _n(number: float) -> str:
    return f"{number:g}"
