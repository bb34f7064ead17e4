"""Every desk of the floor in its own place: who sits there, what goes on since when, who listens, what one can do."""

import time
from functools import partial

from rung.floor.base import Doing, Status
from rung.page.cards import Cards
from rung.page.floor_seen import Choice, FloorSeen, Live, at_desk
from rung.page.say import Say
from rung.page.seen import Seen
from rung.page.shell import Page, set_attributes, tag

WALL_MS = time.time_ns() // 1_000_000 - time.monotonic_ns() // 1_000_000  # how far apart both clocks are
# By shape as well as by word and colour.
SIGNS = {
    Doing.IDLE: "○",
    Doing.RINGING: "◔",
    Doing.TALKS: "●",
    Doing.HOLDS: "Ⅱ",
    Doing.ASKS: "?",
    Doing.SUPERVISED: "◉",
    Doing.CRISIS: "⚠",
    Doing.EMERGENCY: "⚠⚠",
    Doing.RESTS: "~",
}


class Desks:
    """In the order of their names, so that each stays where one has learnt to look for it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.text(lambda seen: _counted(page.say, seen.around), classes="counted")
        self._tiles: Cards[str, Tile] = Cards(tag("ul", "", "places"), lambda name: Tile(page, name))
        page.on_change(self._change)

    def _change(self, seen: Seen) -> None:
        desks = seen.around.desks
        for name, tile in self._tiles.arrange(sorted(desks)).items():
            tile.change(desks[name], at_desk(seen.around, name, self._page.site.here))


class Tile:
    """One desk."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._name = name
        self._drawn: Live | None = None
        self._chosen: tuple[Choice, ...] = ()
        self.element = tag("li", "", "place")
        with self.element:
            with tag("h3", name):
                self._person = tag("span", "", "person")
            with tag("p", "", "doing"):
                self._doing = tag("span")
                self._since = tag("span", "", "since")
            self._ears = tag("p", "", "ears", hidden=True)
            self._choices = tag("div", "", "choices", role="group", aria_label=name)

    def change(self, live: Live, choices: tuple[Choice, ...]) -> None:
        if live != self._drawn:
            self._drawn = live
            self._draw(live)
        if choices != self._chosen:
            self._chosen = choices
            self._choices.clear()
            with self._choices:
                for choice in choices:
                    text = self._page.say(choice.name)
                    self._page.button(text, partial(self._do, choice), aria_label=f"{text}: {self._name}")

    def _draw(self, live: Live) -> None:
        say, place = self._page.say, live.place
        self._person.text = f" {place.person.id if place.person else say('console.nobody')}"
        self._doing.text = f"{sign(live)} {state(say, live)} "
        since_ms = live.since_ns // 1_000_000 or (place.since_ms - WALL_MS if place.since_ms else 0)
        set_attributes(self._since, {"data_since": str(since_ms) if since_ms else None})
        set_attributes(self.element, {"data_doing": str(place.doing)})
        ears = ", ".join(f"{desk} ({say(f'listen.{how}')})" for desk, how in place.listeners.items())
        self._ears.text = say("console.ears", who=ears) if ears else ""
        set_attributes(self._ears, {"hidden": not ears})

    async def _do(self, choice: Choice) -> None:
        if self._page.alive():
            assert not isinstance(choice.act, str), "answers stand on the card of their ask"
            await self._page.site.act_at(self._name, choice.act)


def sign(live: Live) -> str:
    return "-" if _is_away(live) else SIGNS[live.place.doing]


def state(say: Say, live: Live) -> str:
    """In one word."""
    return say("doing.away") if _is_away(live) else say(f"doing.{live.place.doing}")


def _is_away(live: Live) -> bool:
    return live.place.doing == Doing.IDLE and (live.place.status == Status.AWAY or live.place.person is None)


def _counted(say: Say, around: FloorSeen) -> str:
    """How many desks do what, those that matter most first."""
    order = [*reversed(Doing)]
    counts = {doing: sum(live.place.doing == doing for live in around.desks.values()) for doing in order}
    return " · ".join(f"{count} {say(f'doing.{doing}')}" for doing, count in counts.items() if count)
