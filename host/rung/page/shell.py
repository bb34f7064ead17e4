"""The frame of every page: look, words and watchdog; and parts that are drawn anew when what they show changes."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from nicegui import Client, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from rung import words as w
from rung.page.look import Look, look_of
from rung.page.say import LANGUAGES, Say
from rung.page.seen import Seen
from rung.page.sessions import Session
from rung.page.site import Site

T = TypeVar("T")


def tag(name: str, /, text: str = "", classes: str = "", **attributes: object) -> TextElement:
    """An HTML element with text; ``aria_label="…"`` is the attribute aria-label. Others may be put inside it."""
    made = TextElement(tag=name, text=text)
    made.classes(classes)
    set_attributes(made, attributes)
    return made


def set_attributes(element: Element, attributes: dict[str, object]) -> None:
    """Set these, and take away those that are None or False; the browser hears of it only where something changes."""
    wanted = {key.strip("_").replace("_", "-"): value for key, value in attributes.items()}
    changed = False
    for key, value in wanted.items():
        if value is None or value is False:
            changed = element._props.pop(key, None) is not None or changed
        elif element._props.get(key) != (text := "true" if value is True else str(value)):
            element._props[key] = text
            changed = True
    if changed:
        element.update()


class Page:
    """One browser that looks at a desk. Parts that are made while the page is built follow the desk by themselves."""

    def __init__(self, client: Client, title: str) -> None:
        """Within a `ui.page`: the frame is drawn, and what is built next stands in its ``main``."""
        scope = client.request.scope
        self.client = client
        self.site: Site = scope["rung.site"]
        self.session: Session = scope["rung.session"]
        self.look: Look = look_of(client.request.cookies, self.site.language)
        self.say = Say(self.look.language)
        self._changes: list[Callable[[Seen], None]] = []
        client.title = f"{self.say(title)} · Rung"
        client.on_delete(self.site.watch(self._changed))
        if (slot := client.content.parent_slot) is not None:
            slot.parent.tag = "div"  # NiceGUI's own would be a second, outer `main`
        _head(client, self.look)
        _gone(self.say)
        self.bar = tag("header", classes="bar")
        self.main = tag("main", id="main")

    # -- following the desk -------------------------------------------------------------------------------------------

    def _changed(self, seen: Seen) -> None:
        with self.client:
            for change in tuple(self._changes):
                change(seen)

    def on_change(self, change: Callable[[Seen], None]) -> None:
        """Call it now, and on every change; it updates elements that stay (so the keyboard's focus stays too)."""
        self._changes.append(change)
        change(self.site.seen)

    def part(
        self,
        see: Callable[[Seen], T],
        draw: Callable[[T], None],
        name: str = "div",
        classes: str = "",
        **attributes: object,
    ) -> TextElement:
        """An element whose inside is built anew whenever what ``see`` finds is another than before.

        What can have the keyboard's focus is better updated in ``on_change``: here it would lose it.
        """
        element = tag(name, "", classes, **attributes)
        last: list[T] = []

        def change(seen: Seen) -> None:
            found = see(seen)
            if last != [found]:
                last[:] = [found]
                element.clear()
                with element:
                    draw(found)

        self.on_change(change)
        return element

    def text(self, see: Callable[[Seen], str], name: str = "p", classes: str = "", **attributes: object) -> TextElement:
        """An element whose text follows the desk; while there is none it is not there to see."""
        element = tag(name, "", classes, **attributes)

        def change(seen: Seen) -> None:
            element.text = see(seen)
            if "live" not in element.classes:  # a live region stays, or what comes into it is not read out
                set_attributes(element, {"hidden": not element.text})

        self.on_change(change)
        return element

    # -- acting -------------------------------------------------------------------------------------------------------

    def act(self, act: w.Act) -> None:
        """By whoever signed on at this browser, as long as they sit at this desk."""
        if self.alive():
            self.site.act(act)

    def alive(self) -> bool:
        """Is this browser's session still that of whoever sits here?"""
        return bool(self.client.request.scope["rung.alive"]())

    def later(self, seconds: float, do: Callable[[], Any]) -> None:
        """Once, if this browser still looks then."""

        def now() -> None:
            if self.client.id in Client.instances:
                with self.client:
                    do()

        asyncio.get_running_loop().call_later(seconds, now)

    def button(self, text: str, do: Callable[[], Any], classes: str = "", **attributes: object) -> TextElement:
        """A real button; ``data_key="c"`` presses it by that key too, where single keys act."""
        made = tag("button", text, classes, type="button", **attributes)
        made.on("click", lambda: do(), [])
        return made

    def looks(self) -> None:
        """The choices of how pages look, and the way out: for the bar."""
        say, look = self.say, self.look
        with tag("details", classes="menu"):
            tag("summary", say("shell.look"))
            with tag("div", classes="menu-inside"):
                _choice(say("shell.language"), 0, look, {code: code for code in LANGUAGES})
                _choice(say("shell.theme"), 1, look, {c: say(f"shell.theme_{c}") for c in ("auto", "light", "dark")})
                _choice(say("shell.size"), 2, look, {c: say(f"shell.size_{c}") for c in ("usual", "large")})
                _choice(say("shell.keys"), 3, look, {"keys": say("shell.keys_on"), "nokeys": say("shell.keys_off")})
                tag("button", say("shell.small"), type="button", onclick="rung.small()")
                with tag("form", method="post", action="/sign-off"):
                    tag("button", say("shell.sign_off"), type="submit")


class Clock(Element):
    """Minutes and seconds that the browser counts by itself; with ``bar``, seconds to wait and how much is left."""

    def __init__(self, label: str, classes: str, bar: bool) -> None:
        super().__init__(tag="rung-clock")
        self.classes(classes)
        set_attributes(self, {"label": label, "bar": bar, "hidden": True})

    def shows(self, ms: int | None, at_ns: int, run: int) -> None:
        """So many milliseconds at that moment, since then counted up (1), down (-1) or not (0); None: nothing."""
        set_attributes(self, {"ms": ms, "at": at_ns // 1_000_000, "run": run, "hidden": ms is None})


def clock(label: str, classes: str = "", bar: bool = False) -> Clock:
    """A clock that shows nothing yet; ``label`` says of what it is, for those who cannot see where it stands."""
    return Clock(label, classes, bar)


def form(do: Callable[[dict[str, str]], Any], classes: str = "") -> TextElement:
    """A form; its fields, by name, come here when it is sent, and are then empty again."""
    made = tag("form", "", classes)
    made.on("submit", lambda event: do(_fields(event.args)), js_handler="(e) => emit(rung.sent(e))")
    return made


def _fields(sent: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in sent.items()} if isinstance(sent, dict) else {}


def asks(
    page: Page, text: str, label: str, do: Callable[[str], Any], *, optional: bool = False, data_key: str | None = None
) -> TextElement:
    """A button that asks for words first: a note, or a reason."""
    with tag("details", classes="asks") as made:
        tag("summary", text, data_key=data_key)
        with form(lambda fields: do(fields.get("text", "").strip())):
            with tag("label", label):
                tag("input", name="text", maxlength="500", required=not optional, autocomplete="off")
            tag("button", page.say("shell.keep"), "first", type="submit")
    return made


def _choice(label: str, place: int, look: Look, choices: dict[str, str]) -> None:
    chosen = look.cookie().split(".")[place]
    with tag("label", label), tag("select", aria_label=label, onchange=f"rung.look({place}, this.value)"):
        for value, text in choices.items():
            tag("option", text, value=value, selected=value == chosen)


def _head(client: Client, look: Look) -> None:
    values = {"theme": look.theme, "size": look.size, "keys": "true" if look.keys else "false"}
    data = "".join(f'r.dataset.{name}="{value}";' for name, value in values.items())
    with client:
        ui.add_head_html(
            f'<script>{{const r=document.documentElement;r.lang="{look.language}";{data}}}</script>'
            '<link rel="stylesheet" href="/rung/rung.css"><script src="/rung/rung.js"></script>'
        )


def _gone(say: Say) -> None:
    """Shown by the browser alone, when the desk's beat stays away."""
    with tag("div", id="gone", role="alert"):
        tag("p", say("shell.gone"), "gone-title")
        tag("p", say("shell.gone_why"))
