"""What was lately: asks that are over, by whom they ended, and those that nobody answered."""

from rung.page.floor_seen import End, Past
from rung.page.say import Say
from rung.page.shell import Page, tag
from rung.words import Outcome, Want

SHOWN = 8
SIGNS = {"mine": "✔", "other": "→", "missed": "✖", "gone": "·"}


def lately(page: Page) -> None:
    tag("h2", page.say("console.lately"))

    def draw(past: tuple[Past, ...]) -> None:
        for each in past:
            end = each.end(page.site.here)
            with tag("li", "", f"past {end}", data_end=end):
                tag("span", f"{SIGNS[end]} {told(page.say, each, end)} ")
                tag("span", "", "since", data_since=str(each.ended_ns // 1_000_000))

    page.part(lambda seen: seen.around.past[:SHOWN], draw, "ul", "pasts", aria_label=page.say("console.lately"))
    page.text(lambda seen: "" if seen.around.past else page.say("console.nothing_lately"), classes="soft")


def told(say: Say, past: Past, end: End) -> str:
    """One ask that is over, in a line."""
    what = f"{say(f'want.{past.asked.want}')}: {past.asked.desk}"
    comes = past.asked.over == Outcome.ACCEPTED and past.asked.want != Want.TRANSFER
    return f"{what}. {say(f'end.{end}')} {say('outcome.comes' if comes else f'outcome.{past.asked.over}')}"
