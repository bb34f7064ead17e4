"""The figures as tables (polars). Nobody is in them to be ranked: `journal.after.figures` names nobody."""

from collections.abc import Iterable
from datetime import datetime

import polars as pl
from msgspec import Struct

from rung.journal.after.figures import Figures

ASKS = {
    "day": pl.String, "hour": pl.Int64, "policy": pl.String, "want": pl.String, "outcome": pl.String,
    "open_s": pl.Float64, "answered_s": pl.Float64,
}  # fmt: skip
ENDINGS = {
    "day": pl.String, "hour": pl.Int64, "policy": pl.String, "how": pl.String, "side": pl.String,
    "grounds": pl.String, "path": pl.String, "nth_of_caller": pl.Int64,
}  # fmt: skip
REFUSALS = {"day": pl.String, "hour": pl.Int64, "policy": pl.String, "button": pl.String, "reason": pl.String}


class Table(Struct, frozen=True):
    """One table: its file's name, what it tells, and its rows."""

    name: str
    title: str
    rows: pl.DataFrame


def tables(figures: Figures) -> list[Table]:
    """Every table; the first three have a row for each happening, the others sum them up. Hours are of this place."""
    asks = _frame(ASKS, ((*_when(a.wall_ms), a.policy, a.want, a.outcome, a.after_s, a.answered_s)
                         for a in figures.asks))  # fmt: skip
    endings = _frame(ENDINGS, ((*_when(e.wall_ms), e.policy, e.how, e.side, e.grounds, e.path, e.calls_of_caller)
                               for e in figures.endings))  # fmt: skip
    refusals = _frame(REFUSALS, ((*_when(r.wall_ms), r.policy, r.button, r.reason) for r in figures.refusals))
    return [
        Table("asks", "Every ask for a supervisor", asks),
        Table("endings", "Every incident, and how it ended", endings),
        Table("refusals", "Every press that was refused", refusals),
        Table("asks_by_outcome", "Asks by outcome, and how fast", _asks_by(asks, "outcome")),
        Table("asks_by_hour", "Asks by hour and outcome, and how fast", _asks_by(asks, "hour", "outcome")),
        Table("endings_by_policy", "Endings by policy", _count(endings, "policy", "how", "side")),
        Table("endings_by_ground", "Endings by ground; one with several counts for each", _by_ground(endings)),
        Table("endings_by_path", "Endings by the steps taken before", _count(endings, "policy", "path", "how")),
        Table("refusals_by_reason", "Refusals by reason", _count(refusals, "button", "reason")),
        Table("repeat_callers", "Callers by how many incidents they had", _repeat(endings)),
    ]


def _frame(schema: dict[str, type[pl.DataType]], rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def _when(wall_ms: int) -> tuple[str, int]:
    at = datetime.fromtimestamp(wall_ms / 1000)
    return at.date().isoformat(), at.hour


def _count(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    return rows.group_by(*by).len("count").sort("count", *by, descending=[True, *(False for _ in by)])


def _asks_by(asks: pl.DataFrame, *by: str) -> pl.DataFrame:
    return (
        asks.group_by(*by)
        .agg(
            pl.len().alias("count"),
            pl.col("answered_s").median().round(1).alias("answered_s_median"),
            pl.col("answered_s").quantile(0.9, "higher").round(1).alias("answered_s_p90"),
            pl.col("answered_s").null_count().alias("nobody_answered"),
        )
        .sort(*by)
    )


def _by_ground(endings: pl.DataFrame) -> pl.DataFrame:
    rows = endings.with_columns(pl.col("grounds").str.split(", ").alias("ground")).explode("ground")
    return _count(rows.with_columns(pl.col("ground").replace("", "none")), "ground", "how")


def _repeat(endings: pl.DataFrame) -> pl.DataFrame:
    """A caller's n-th incident is on record once for each n, so the callers with just n are those that have no next."""
    reached = dict(_count(endings.drop_nulls("nth_of_caller"), "nth_of_caller").iter_rows())
    rows = [(n, reached[n] - reached.get(n + 1, 0)) for n in sorted(reached)]
    return _frame({"incidents": pl.Int64, "callers": pl.Int64}, [row for row in rows if row[1]])
