"""For the brief and the record: matter, offer, demeanour; what was tried; why no supervisor is needed."""

from functools import partial

from rung import words as w
from rung.page.seen import Seen
from rung.page.shell import Page, asks, set_attributes, tag
from rung.words import Earlier

NOTES = ("matter", "offered", "demeanour")


def notes(page: Page) -> None:
    say = page.say
    with tag("section", classes="notes", aria_label=say("agent.notes")):
        with tag("div", classes="row"):
            for name in NOTES:
                asks(page, say(f"agent.{name}"), say(f"agent.{name}_label"), partial(_noted, page, name))
            attest = asks(page, say("agent.attest"), say("agent.attest_why"), lambda why: page.act(w.Attested(why)))
        page.part(
            lambda seen: (seen.view.tick, seen.view.tried) if seen.view is not None else ((), ()),
            lambda found: _ticks(page, *found),
            "div",
            "row ticks",
        )
        page.part(lambda seen: seen.view.earlier if seen.view else (), lambda found: _earlier(page, found), "ul")
        page.part(
            lambda seen: (*seen.view.tasks, *seen.view.troubles) if seen.view is not None else (),
            lambda found: _lines(page, found),
            "ul",
            "troubles",
        )
        page.text(lambda seen: f"⚠ {say.desk(seen.trouble)}" if seen.trouble else "", "p", "trouble")

    def change(seen: Seen) -> None:
        set_attributes(attest, {"hidden": seen.view is None or "attest" not in seen.view.may})

    page.on_change(change)


def _noted(page: Page, name: str, text: str) -> None:
    page.act(w.Noted(**{name: text}))


def _ticks(page: Page, ticks: tuple[str, ...], tried: tuple[str, ...]) -> None:
    if ticks:
        tag("h2", page.say("agent.tried"))
    for item in ticks:
        sign, pressed = ("☑", "true") if item in tried else ("☐", "false")
        page.button(f"{sign} {item}", partial(page.act, w.Ticked(item)), "tick", aria_pressed=pressed)


def _earlier(page: Page, earlier: tuple[Earlier, ...]) -> None:
    for one in earlier:
        grounds = ", ".join(map(page.say.ground, one.grounds))
        tag("li", page.say("agent.earlier", day=one.day, grounds=grounds, how=page.say.desk(one.how)))


def _lines(page: Page, lines: tuple[str, ...]) -> None:
    for line in lines:
        tag("li", f"⚠ {page.say.desk(line)}")
