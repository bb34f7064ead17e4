"""The record's figures as plots: bars in a table, so that they are read as well as seen. Nobody is compared by name."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from rung.journal.after.figures import Figures
from rung.page.say import Say
from rung.page.shell import tag


def plots(say: Say, figures: Figures) -> None:
    """Asks by outcome and by hour, how fast they were answered, endings by how, refusals by reason."""
    if not (figures.asks or figures.endings or figures.refusals):
        tag("p", say("plot.none"), "soft")
    asks, answered = figures.asks, [row.answered_s for row in figures.asks if row.answered_s is not None]
    _bars(say("plot.asks"), Counter(say(f"outcome.{row.outcome}") for row in asks).most_common())
    hours = Counter(datetime.fromtimestamp(row.wall_ms / 1000).hour for row in asks)
    _bars(say("plot.hours"), [(f"{hour}:00", hours[hour]) for hour in sorted(hours)])
    speeds = Counter(next(limit for limit in (5, 15, 30, 3600) if s < limit or limit == 3600) for s in answered)
    _bars(say("plot.speed"), [(say(f"plot.within_{limit}"), speeds[limit]) for limit in sorted(speeds)])
    _bars(say("plot.endings"), Counter(say.desk(row.how) for row in figures.endings).most_common())
    _bars(say("plot.refusals"), Counter(say.desk(row.reason) for row in figures.refusals).most_common(8))


def _bars(title: str, counts: Iterable[tuple[str, int]]) -> None:
    counts = list(counts)
    if not counts:
        return
    most = max(count for _, count in counts)
    with tag("table", "", "bars"):
        tag("caption", title)
        for name, count in counts:
            with tag("tr"):
                tag("th", name, scope="row")
                tag("td", str(count), "count")
                with tag("td", "", "bar-cell"):
                    tag("span", "", "bar-of", style=f"inline-size: {100 * count / most:.0f}%", aria_hidden="true")
