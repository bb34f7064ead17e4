"""The report as one HTML page with its own style; nothing is fetched. Words carry every meaning, colour repeats it."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources

from rung.desk.report.model import Report
from rung.desk.report.rows import Cell, Grid, Said, Say, Section, plain, private, under, whole

TAGS = {"small": "small", "quote": "blockquote"}  # of a line in a cell; else it has a class, if it has a tone


def shell(title: str, under: str, parts: Iterable[str], language: str = "en") -> str:
    """A whole page around its parts, which are HTML already."""
    style = (resources.files("rung.desk.report") / "report.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="{escape(language)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>
<style>
{style}</style></head>
<body>
<header><h1>{escape(title)}</h1><p>{escape(under)}</p></header>
<main>
{"".join(parts)}</main>
</body>
</html>
"""


def page(report: Report, say: Say = plain, language: str = "en") -> str:
    """For those who review: everything that is on record of the case."""
    title = say(f"Incident {report.case}")
    return shell(title, under(report, say), map(_section, whole(report, say)), language)


def private_page(report: Report, person: str, say: Say = plain, language: str = "en") -> str:
    """For the agent alone: see `rows.private`."""
    title = say(f"Your call {report.case}")
    return shell(title, under(report, say), map(_section, private(report, person, say)), language)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], otherwise: str) -> str:
    """A table of plain texts, or the sentence ``otherwise`` where it would have no row."""
    cells = tuple(tuple((Said(text),) for text in row) for row in rows)
    return _grid(Grid(heads=tuple(heads), rows=cells, widths=(), otherwise=otherwise))


def _section(section: Section) -> str:
    return "".join(_of_section(section))


def _of_section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"<h2>{escape(section.title)}</h2>"
    for said in section.before:
        yield f'<p class="{said.tone}">{escape(said.text)}</p>\n'
    if section.grid is not None:
        yield _grid(section.grid)
    if section.after:
        first, *rest = section.after
        yield f"<p>{escape(first)}</p><ul>{''.join(f'<li>{escape(text)}</li>' for text in rest)}</ul>"


def _grid(grid: Grid) -> str:
    if not grid.rows:
        return f"<p>{escape(grid.otherwise)}</p>\n" if grid.otherwise else ""
    if not grid.heads:
        told = (f"<dt>{_cell(name)}</dt><dd>{_cell(text)}</dd>" for name, text in grid.rows)
        return f"<dl>{''.join(told)}</dl>\n"
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in grid.heads)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>\n" for row in grid.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n"


def _cell(cell: Cell) -> str:
    return "<br>".join(map(_line, cell))


def _line(said: Said) -> str:
    if tag := TAGS.get(said.tone):
        language = f' lang="{escape(said.language)}"' if said.language else ""
        return f"<{tag}{language}>{escape(said.text)}</{tag}>"
    return f'<span class="{said.tone}">{escape(said.text)}</span>' if said.tone else escape(said.text)
