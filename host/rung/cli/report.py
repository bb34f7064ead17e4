"""`rung report`: what the record comes to, as tables, exports and one page with plots."""

from pathlib import Path
from typing import TYPE_CHECKING

from rung.cli.after import asked, say_of
from rung.cli.ends import NO_REPORT, need, stop
from rung.desk.after_desk import Count
from rung.journal.after.figures import Counting, Figures
from rung.journal.format import JournalError
from rung.journal.reading import reading
from rung.page.say import Say

if TYPE_CHECKING:
    import polars as pl

    from rung.desk.analysis.tables import Table

SHOWN = 20  # rows of a table in the terminal


def report(
    config: Path,
    who: str,
    copies: list[Path],
    html: Path | None,
    csv: Path | None,
    parquet: Path | None,
    language: str = "",
) -> None:
    """``copies``: records at rest, instead of the desk's own. ``language`` empty: that of its pages."""
    said = say_of(config, language)
    for module in ("polars", "matplotlib"):
        need(module, NO_REPORT)
    from rung.desk.analysis.tables import tables

    figures = _of_copies(copies) if copies else _of_desk(config, who)
    found = tables(figures)
    try:
        if html is not None:
            _page(found, html, said)
        for folder, kind in ((csv, "csv"), (parquet, "parquet")):
            if folder is not None:
                _export(found, folder, kind)
    except OSError as error:
        stop(f"{error.filename}: cannot be written: {error.strerror}")
    if html is None and csv is None and parquet is None:
        _print(found, said)


def _of_desk(config: Path, who: str) -> Figures:
    reply = asked(config, Count(), who)
    if not reply.done or reply.figures is None:
        stop(reply.why)
    return reply.figures


def _of_copies(copies: list[Path]) -> Figures:
    """Callers are sealed in a copy, so nobody is known again there."""
    counting = Counting()
    for copy in copies:
        try:
            with reading(copy) as record:
                counting.take(record.id, record.entries())
        except JournalError as error:
            stop(str(error))
    return counting.figures()


def _page(found: "list[Table]", file: Path, say: Say) -> None:
    from rung.desk.analysis.html import html

    days = sorted(day for told in found[:3] for day in told.rows["day"])
    first, last = (days[0], days[-1]) if days else ("", "")
    file.write_text(html(found, first, last, say.desk, say.language), encoding="utf-8")


def _export(found: "list[Table]", folder: Path, kind: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for told in found:
        file = folder / f"{told.name}.{kind}"
        if kind == "csv":
            _harmless(told.rows).write_csv(file)
        else:
            told.rows.write_parquet(file)


def _harmless(rows: "pl.DataFrame") -> "pl.DataFrame":
    """A text that begins as a formula does would be run by a spreadsheet."""
    import polars as pl

    texts = [name for name, kind in rows.schema.items() if kind == pl.String]
    formula = {name: pl.col(name).str.contains(r"^[=+\-@\t]") for name in texts}
    return rows.with_columns(
        pl.when(formula[name]).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name) for name in texts
    )


def _print(found: "list[Table]", say: Say) -> None:
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    console = Console()
    for told in found[3:]:
        grid = Grid(title=say.desk(told.title), title_justify="left")
        for name in told.rows.columns:
            grid.add_column(say.desk(name.replace("_", " ")), overflow="fold")
        for row in told.rows.head(SHOWN).iter_rows():
            grid.add_row(*(Text("" if cell is None else say.desk(str(cell))) for cell in row))
        console.print(grid)
        if told.rows.height > SHOWN:
            console.print(f"and {told.rows.height - SHOWN} more; --csv has them all")
