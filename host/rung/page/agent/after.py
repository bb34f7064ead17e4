"""After the call: how it ended, that the order was kept, the wrap-up, and the breather. For whoever sits here alone."""

from rung import words as w
from rung.page.agent.wrap_up import wrap_up
from rung.page.seen import Seen
from rung.page.shell import Page, clock, set_attributes, tag

Line = tuple[str, str]  # a sign, and what happened


def after(page: Page) -> None:
    say = page.say
    with tag("section", classes="after", aria_label=say("after.call")) as box:
        with tag("div", classes="breather") as rest:
            tag("h2", say("after.breather"))
            left = clock(say("after.breather_left"), classes="left")
            page.button(say("after.breather_over"), lambda: page.act(w.BreatherOver()), data_key="B")
        with tag("div", classes="training") as training:
            tag("p", say("after.training"))
            page.button(say("after.acknowledge"), lambda: _acknowledge(page))
        page.text(lambda seen: _ended(page, seen), "p", "ended live", role="status")
        with tag("div", classes="columns"):
            with tag("section", classes="order", aria_label=say("after.order")):
                page.part(_story, lambda story: _order(page, story))
            wrap_up(page)

    def change(seen: Seen) -> None:
        view = seen.view
        resting = view is not None and view.breather_ms > 0
        set_attributes(training, {"hidden": not page.site.acknowledges})
        set_attributes(rest, {"hidden": not resting})
        left.shows(view.breather_ms if view is not None and resting else None, seen.view_ns, -1)
        on_call = view is not None and view.epoch != 0
        set_attributes(box, {"hidden": on_call})

    page.on_change(change)


def _acknowledge(page: Page) -> None:
    if page.alive():
        page.site.attend(w.Acknowledged())


def _ended(page: Page, seen: Seen) -> str:
    if seen.closed is None:
        return page.say("after.nothing") if seen.view is not None and not seen.view.epoch else ""
    return page.say("after.ended", how=page.say.desk(seen.closed.how))


def _story(seen: Seen) -> tuple[w.Event, ...]:
    return seen.story if seen.closed is not None else ()


def _order(page: Page, story: tuple[w.Event, ...]) -> None:
    """What was done, in its order, and what Rung held back until it was its turn. It is no score, and nobody else's."""
    if not story:
        return
    say = page.say
    refused = [e for e in story if isinstance(e, w.PressAnswered) and e.answer.verdict != w.Verdict.TAKEN]
    tag("h2", say("after.order"))
    tag("p", say("after.kept"), "kept")
    with tag("ol"):
        for sign, text in _lines(page, story):
            tag("li", f"{sign} {text}")
    if refused:
        tag("p", say("after.held_back", count=len(refused)), "soft")


def _lines(page: Page, story: tuple[w.Event, ...]) -> list[Line]:
    say, found = page.say, list[Line]()
    for event in story:
        if isinstance(event, w.GroundDeclared):
            found.append(("·", say("after.named", ground=say.ground(event.ground))))
        elif isinstance(event, w.RungTaken):
            found.append(("✔", say.desk(page.site.title(event.rung))))
        elif isinstance(event, w.AskClosed):
            found.append(("·", say(f"came.{event.outcome}", person=say("agent.a_supervisor"))))
        elif isinstance(event, w.CallerCalmed):
            found.append(("·", say("agent.calmed")))
        elif isinstance(event, w.MarkerSet):
            found.append(("⚠", say(f"after.{event.marker}")))
    return found
