"""The ladder: which rungs are taken, which is open, and what a closed one lacks."""

from rung.page.seen import Seen
from rung.page.shell import Page, tag
from rung.policy.view import RungView

SIGNS = {"taken": "✔", "open": "●", "closed": "○"}


def ladder(page: Page) -> None:
    with tag("section", classes="ladder", aria_label=page.say("agent.ladder"), tabindex="0"):  # a long one scrolls
        tag("h2", page.say("agent.ladder"))
        page.part(_rungs, lambda rungs: _draw(page, rungs), "ol")
        page.text(lambda seen: "" if seen.view and seen.view.ladder else page.say("agent.no_ladder"), "p", "soft")


def _rungs(seen: Seen) -> tuple[RungView, ...]:
    return seen.view.ladder if seen.view is not None else ()


def _draw(page: Page, rungs: tuple[RungView, ...]) -> None:
    say, before = page.say, tuple[str, ...]()
    for rung in rungs:
        with tag("li", classes=rung.state):
            tag("span", SIGNS[rung.state], "sign", aria_hidden=True)
            with tag("span", classes="rung"):
                tag("span", say.desk(rung.title), "title")
                button = say(f"button.{rung.button}")
                tag("span", f"{button} · {say(f'rung.{rung.state}')}", "state")
                if rung.lacks and rung.lacks != before:  # what stops all of them is said once
                    tag("span", say.desk("; ".join(rung.lacks)), "lacks")
        before = rung.lacks
