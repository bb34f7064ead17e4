"""The call and its timer, who sits here, and what does not work: the bar at the top."""

from rung.page.seen import Part, Seen
from rung.page.shell import Page, clock, tag


def call(page: Page) -> None:
    say = page.say
    tag("h1", "Rung", "quiet")
    page.text(lambda seen: say.desk(seen.view.call) if seen.view else "", "p", "call live", role="status")
    talk = clock(say("agent.talk"), classes="talk")
    held = clock(say("agent.held"), classes="held")

    def times(seen: Seen) -> None:
        view = seen.view
        talks = view is not None and view.epoch != 0
        runs = talks and view is not None and not view.held_ms and view.call.startswith("in a call")
        talk.shows(view.talk_ms if view is not None and talks else None, seen.view_ns, 1 if runs else 0)
        held.shows(view.held_ms if view is not None and view.held_ms else None, seen.view_ns, 1)

    page.on_change(times)
    page.part(_beside, lambda parts: _parts(page, parts), "ul", "beside", aria_label=say("agent.beside"))
    person = page.site.person
    tag("p", say("shell.who", person=person.id) if person is not None else say("shell.nobody"), "who")


def _beside(seen: Seen) -> tuple[Part, Part, Part]:
    return seen.box, seen.phone, seen.floor


def _parts(page: Page, parts: tuple[Part, Part, Part]) -> None:
    for name, part in zip(("box", "phone", "floor"), parts, strict=True):
        if part.up is None:
            continue
        sign, how = ("✔", "up") if part.up else ("✖", "down")
        text = page.say(f"agent.{name}_{how}")
        tag("li", f"{sign} {text}", how, title=part.text or None)
