"""The supervisor's console: alarms and asks first, one's own case, what was lately, and every desk."""

from collections.abc import Iterable

from nicegui import ui

from rung import words as w
from rung.floor.base import Status
from rung.page.agent import buttons, crisis, grounds, ladder, saying
from rung.page.console_asks import Queue
from rung.page.console_desks import Desks
from rung.page.console_past import lately
from rung.page.floor_seen import FloorSeen, Waiting
from rung.page.seen import Seen
from rung.page.shell import Page, set_attributes, tag
from rung.words import Verdict


def build(page: Page) -> None:
    """The whole of it: what is urgent stands first, on the screen and for whoever cannot see it."""
    ui.add_head_html(
        '<link rel="stylesheet" href="/rung/agent.css"><link rel="stylesheet" href="/rung/console.css">'
        '<script src="/rung/buttons.js" defer></script><script src="/rung/console.js"></script>'
    )
    _bar(page)
    _summary(page)
    page.text(lambda seen: _answer(page, seen), "p", "heard live", role="status", aria_live="polite")
    _mine(page)
    with tag("div", classes="console"):
        with tag("section", classes="queue", aria_labelledby="queue-title"):
            tag("h2", page.say("console.asks"), id="queue-title", tabindex="-1")
            Queue(page)
            page.text(lambda seen: "" if seen.around.waiting else page.say("console.no_asks"), classes="soft")
            lately(page)
        with tag("section", classes="desks", aria_labelledby="desks-title"):
            tag("h2", page.say("console.desks"), id="desks-title")
            Desks(page)


def _bar(page: Page) -> None:
    say = page.say
    with page.bar:
        tag("h1", say("console.title"))
        with tag("nav", aria_label=say("console.pages")):
            tag("a", say("after.title"), href="/after")
        page.text(lambda seen: _floor(page, seen), "p", "floor live", role="status")
        away = page.button(say("console.away"), lambda: _away(page), "away")
        sound = tag("button", say("console.sound_off"), "sound", type="button", id="sound", aria_pressed="false")
        sound._props["data-on"], sound._props["data-off"] = say("console.sound_on"), say("console.sound_off")
        page.button(say("console.next_ask"), lambda: None, "next-ask", data_key="a", onclick="rung.nextAsk()")
        tag("p", say("shell.who", person=page.session.person.id), "who")
        page.looks()

    def change(seen: Seen) -> None:
        is_away = page.site.place.status == Status.AWAY
        set_attributes(away, {"aria_pressed": "true" if is_away else "false"})
        away.text = say("console.back") if is_away else say("console.away")

    page.on_change(change)


def _mine(page: Page) -> None:
    """The case that was handed over to this desk, or in whose call one is: with the supervisor's own ladder."""
    with tag("section", "", "mine", id="mine", aria_labelledby="mine-title") as section:
        with tag("header"):
            title = tag("h2", id="mine-title")
            page.text(lambda seen: page.say.desk(seen.view.call) if seen.view else "", "p", "call live", role="status")
            back = page.button(page.say("act.hand_back"), lambda: page.act(w.HandBack()))
            stop = page.button(page.say("agent.take_back"), lambda: page.act(w.AskTakenBack()))
            over = page.button(page.say("act.take_over"), lambda: page.act(w.TakeOver()))
            crisis(page)
        saying(page)
        ladder(page)
        buttons(page)
        grounds(page)

    def change(seen: Seen) -> None:
        there = seen.front.desk
        title.text = page.say("console.joined", desk=there) if there else page.say("console.mine")
        may = () if there or seen.view is None else seen.view.may  # a caller of one's own goes back to nobody
        set_attributes(back, {"hidden": "hand back" not in may})
        set_attributes(stop, {"hidden": "take back" not in may})
        set_attributes(over, {"hidden": not there})
        set_attributes(section, {"hidden": seen.view is None or not seen.view.epoch})

    page.on_change(change)


def _away(page: Page) -> None:
    """Nobody who is away is asked."""
    if page.alive():
        page.site.go_away(page.site.place.status != Status.AWAY)


def _floor(page: Page, seen: Seen) -> str:
    if page.site.floor is None:
        return page.say("console.no_floor")
    return page.say("console.floor_up") if seen.floor.up else page.say("console.floor_lost")


def _answer(page: Page, seen: Seen) -> str:
    if seen.answer is None:
        return ""
    sign = {Verdict.TAKEN: "✔", Verdict.NOTHING: "·"}.get(seen.answer.verdict, "✖")
    return f"{sign} {page.say.desk(seen.answer.why)}"


def _summary(page: Page) -> None:
    """For the browser's sound and title, and read out when it changes: how much is urgent, how much waits."""
    urgent = tag("p", "", "alarm-line live", id="alarm", role="alert")
    waits = tag("p", "", "quiet", id="waits", role="status", aria_live="polite")

    def change(seen: Seen) -> None:
        around = seen.around
        set_attributes(urgent, {"data_alarm": _worst(around), "data_asks": str(_new(around))})
        urgent.text = _named(page, [each for each in around.waiting if each.alarm and each.replied is None])
        waiting = page.say("console.waiting", count=len(around.waiting))
        waits.text = f"{waiting}. {_named(page, around.waiting)}"

    page.on_change(change)


def _named(page: Page, waiting: Iterable[Waiting]) -> str:
    return "; ".join(f"{page.say(f'want.{each.asked.want}')}: {each.asked.desk}" for each in waiting)


def _worst(around: FloorSeen) -> str:
    """The most urgent alarm that nobody here has answered; empty: none."""
    return next((str(each.asked.want) for each in around.waiting if each.alarm and each.replied is None), "")


def _new(around: FloorSeen) -> int:
    """Changes whenever an ask has come."""
    return max((each.came_ns for each in around.waiting), default=0) // 1_000_000
