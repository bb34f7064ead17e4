"""The plots (matplotlib), each an SVG that stands by itself. Hatching and order tell what colour tells."""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rung.desk.report.rows import Say

WIDTH_IN, HEIGHT_IN = 8.0, 3.6
MOST = 12  # bars in one plot: more cannot be read, and the table has them all
COLOURS = ("#1f5f99", "#8a5a00", "#a32626", "#4a535c", "#1c6b3a", "#6b4c9a", "#b9c0c7")
HATCHES = ("", "//", "xx", "..", "\\\\", "++", "oo")
_OUTSIDE = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>", re.DOTALL)  # prolog, and addresses of vocabularies


def asks_by_hour(asks: pl.DataFrame, say: Say) -> str:
    """Stacked by outcome."""

    def draw(axes: Axes) -> None:
        below = [0] * 24
        for i, outcome in enumerate(sorted(asks["outcome"].unique())):
            of = asks.filter(pl.col("outcome") == outcome)["hour"].value_counts()
            counts = dict(of.iter_rows())
            heights = [counts.get(hour, 0) for hour in range(24)]
            axes.bar(range(24), heights, bottom=below, label=say(outcome.replace("_", " ")), **_look(i))
            below = [a + b for a, b in zip(below, heights, strict=True)]
        axes.set_xticks(range(0, 24, 2))
        axes.set_xlabel(say("hour of the day"))
        axes.set_ylabel(say("asks"))
        axes.legend(fontsize=8)

    return _svg(draw, "asks-by-hour")


def time_to_answer(asks: pl.DataFrame, say: Say) -> str:
    """The share of asks that had an answer within so many seconds; those that nobody answered never reach it."""

    def draw(axes: Axes) -> None:
        seconds = sorted(asks["answered_s"].drop_nulls())
        shares = [(i + 1) / asks.height * 100 for i in range(len(seconds))]
        axes.step([0.0, *seconds], [0.0, *shares], where="post", color=COLOURS[0])
        axes.set_ylim(0, 100)
        axes.set_xlabel(say("seconds from the ask"))
        axes.set_ylabel(say("answered, % of all asks"))

    return _svg(draw, "time-to-answer")


def bars(rows: pl.DataFrame, label: str, across: str, say: Say) -> str:
    """The commonest, lying; ``rows`` have a column ``count``."""

    def draw(axes: Axes) -> None:
        top = rows.group_by(label).agg(pl.col("count").sum()).sort("count", label, descending=[True, False]).head(MOST)
        names = [say(str(name))[:60] for name in top[label]][::-1]
        axes.barh(names, list(top["count"])[::-1], **_look(0))
        axes.set_xlabel(say(across))
        axes.tick_params(axis="y", labelsize=8)

    return _svg(draw, label)


def _look(i: int) -> dict[str, Any]:
    return {"color": COLOURS[i % len(COLOURS)], "hatch": HATCHES[i % len(HATCHES)], "edgecolor": "white"}


def _svg(draw: Callable[[Axes], None], name: str) -> str:
    # Made the same from the same figures; the salt keeps the ids of two plots on one page apart.
    with mpl.rc_context({"svg.hashsalt": name, "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return _OUTSIDE.sub("", out.getvalue())
