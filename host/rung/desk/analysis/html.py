"""The figures of a floor as one HTML page with its plots in it; nothing is fetched."""

from collections.abc import Iterator
from html import escape

import polars as pl

from rung.desk.analysis import plots
from rung.desk.analysis.tables import Table
from rung.desk.report.page import shell, table
from rung.desk.report.rows import Say, plain

ROWS_MOST = 200  # on the page; the exports have them all
RAW = 3  # the first tables have a row for each happening, and are left to the exports
FAIR = (
    "Nobody is named here, and nothing is counted by person: an ask that nobody answered is the floor's, and how often "
    "somebody presses is theirs alone to see."
)


def html(found: list[Table], since: str, until: str, say: Say = plain, language: str = "en") -> str:
    """The page. ``since`` and ``until``: days, as its head tells them."""
    span = say(f"{since} to {until}") if since else say("nothing is on record yet")
    return shell(say("What the record comes to"), span, _parts(found, say), language)


def _parts(found: list[Table], say: Say) -> Iterator[str]:
    by_name = {told.name: told.rows for told in found}
    yield f"<p>{escape(say(FAIR))}</p>"
    for told in found[RAW:]:
        yield f"<h2>{escape(say(told.title))}</h2>"
        if not told.rows.is_empty() and (drawn := _plot(told, by_name["asks"], say)):
            label = f"{say(told.title)}; {say('the table below has the numbers')}"
            yield f'<figure role="img" aria-label="{escape(label)}">{drawn}</figure>'
        yield _table(told.rows, say)


def _plot(told: Table, asks: pl.DataFrame, say: Say) -> str:
    match told.name:
        case "asks_by_hour":
            return plots.asks_by_hour(asks, say)
        case "asks_by_outcome":
            return plots.time_to_answer(asks, say)
        case "endings_by_policy":
            return plots.bars(told.rows, "how", "incidents", say)
        case "endings_by_ground":
            return plots.bars(told.rows, "ground", "incidents", say)
        case "refusals_by_reason":
            return plots.bars(told.rows, "reason", "refused presses", say)
    return ""


def _table(rows: pl.DataFrame, say: Say) -> str:
    heads = [say(name.replace("_", " ")) for name in rows.columns]
    cells = [["" if cell is None else say(str(cell)) for cell in row] for row in rows.head(ROWS_MOST).iter_rows()]
    more = rows.height - ROWS_MOST
    under = f"<p class='soft'>{escape(say(f'and {more} more, in the exports'))}</p>" if more > 0 else ""
    return table(heads, cells, say("Nothing on record.")) + under
