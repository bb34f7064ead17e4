"""What the supervisors do about an ask, who is in the call or listens, the crisis card, and the coach."""

from rung import words as w
from rung.page.seen import Seen
from rung.page.shell import Page, clock, set_attributes, tag
from rung.policy.wording import wording
from rung.words import Outcome

WAITING = "◌"


def helping(page: Page) -> None:
    say = page.say
    with tag("section", classes="helping", aria_label=say("agent.supervisor")):
        tag("h2", say("agent.supervisor"))
        page.text(lambda seen: _status(page, seen), "p", "status live", role="status")
        since = clock(say("agent.asked_since"), classes="since")
        with tag("div", classes="row"):
            back = page.button(say("agent.take_back"), lambda: page.act(w.AskTakenBack()), data_key="k")
            unwanted = page.button(say("agent.unwanted"), lambda: page.act(w.Unwanted()), data_key="w")
        page.part(_present, lambda lines: _lines(page, lines), "ul", "inside")

    def change(seen: Seen) -> None:
        view = seen.view
        may = view.may if view is not None else ()
        set_attributes(back, {"hidden": "take back" not in may})
        set_attributes(unwanted, {"hidden": "unwanted" not in may})
        since.shows(view.asked_ms if view is not None and view.ask else None, seen.view_ns, 1)

    page.on_change(change)
    crisis(page)
    with tag("details", classes="coach", open=True):
        tag("summary", say("agent.coach"))
        with tag("ul"):
            for line in wording(say.language).card["coach_text"].split(" · "):
                tag("li", line)


def _status(page: Page, seen: Seen) -> str:
    """How far the open ask is; else what became of the newest one; else who could be asked."""
    view, say = seen.view, page.say
    if view is None:
        return ""
    if view.ask:
        how = ", ".join(say.desk(part) for part in view.ask.split(", ")[1:])
        return f"{WAITING} {say('agent.asked')}: {'; '.join(filter(None, (_coming(page, seen), how)))}"
    if view.leave:
        return f"✔ {say.desk(view.leave)}"
    if view.supervisors:
        return f"✔ {say('agent.joined', people=', '.join(view.supervisors))}"
    if seen.outcome is not None and view.epoch:
        return _came_out(page, seen, seen.outcome)
    if any("No supervisor" in trouble for trouble in view.troubles):
        return f"○ {say('agent.nobody')}"
    return f"● {say('agent.somebody')}" if seen.floor.up else ""


def _coming(page: Page, seen: Seen) -> str:
    reply = seen.replied
    return "" if reply is None else page.say(f"says.{reply.reply}", person=reply.person)


def _came_out(page: Page, seen: Seen, closed: w.AskClosed) -> str:
    reply = seen.replied
    person = reply.person if reply is not None else page.say("agent.a_supervisor")
    text = page.say(f"came.{closed.outcome}", person=person)
    good = closed.outcome in (Outcome.ACCEPTED, Outcome.GRANTED, Outcome.ADVISED, Outcome.JOINED)
    word = f" “{reply.word}”" if reply is not None and reply.word else ""
    return f"{'✔' if good else '✖'} {text}{word}"


def _present(seen: Seen) -> tuple[str, ...]:
    view = seen.view
    if view is None:
        return ()
    recording = ("this call is being recorded",) if view.recording else ()
    called = (seen.called,) if seen.called else ()  # nobody is called any more: who comes, or that nobody can
    others = tuple(f"also in this call: {other}" for other in view.others)
    return (*view.alerts, *called, *others, *view.listening, *recording)


def _lines(page: Page, lines: tuple[str, ...]) -> None:
    for line in lines:
        tag("li", page.say.desk(line))


def crisis(page: Page) -> None:
    """The floor's crisis card, as long as one is marked."""
    card = wording(page.say.language).card
    with tag("section", classes="card-crisis", role="alert", aria_label=card["crisis"]) as box:
        tag("h2", f"⚠ {card['crisis']}")
        tag("p", card["crisis_text"])
        if page.site.emergency:
            tag("p", f"{card['emergency_number']}: {page.site.emergency}", "number")

    def change(seen: Seen) -> None:
        set_attributes(box, {"hidden": seen.view is None or "crisis" not in seen.view.markers})

    page.on_change(change)
