"""The three buttons on the screen: what each means now, its lamp, and the same gestures as on a box.

The browser tells taps from holds (`static/buttons.js`); here they become presses. Where a virtual box is drawn, the
same buttons press its pins instead, and show its lamps' own colours.
"""

from typing import Any

from nicegui import Client
from nicegui.events import GenericEventArguments

from rung import words as w
from rung.desk.signs import SIGNS
from rung.page.seen import Seen
from rung.page.shell import Page, clock, set_attributes, tag
from rung.page.site import Pixels, clock_ms
from rung.words import Button, Gesture, LampMark

BRIGHTER = 4
KEYS = {Button.ESCALATE: "1", Button.WARN: "2", Button.RELEASE: "3"}


def buttons(page: Page) -> None:
    with tag(
        "section", classes="buttons", aria_label=page.say("agent.buttons"), data_box=page.site.box is not None
    ) as row:
        for button in Button:
            _button(page, button)
    row.on("rungpress", lambda event: _pressed(page, event), ["detail"])
    if page.site.box is not None:
        row.on("rungdown", lambda event: _pin(page, event, "down"), ["detail"])
        row.on("rungup", lambda event: _pin(page, event, "up"), ["detail"])
        page.client.on_delete(page.site.box.pixels.watch(lambda pixels: _shine(page, pixels)))
        _shine(page, page.site.box.pixels.value)


def _button(page: Page, button: Button) -> None:
    say = page.say
    tile = tag("button", "", "tile", type="button", data_button=str(button), data_press=KEYS[button])
    with tile:
        with tag("span", classes="head"):
            sign = tag("span", "", "lamp", aria_hidden=True)
            tag("span", say(f"button.{button}"), "name")
            tag("kbd", KEYS[button], aria_hidden=True)
        state = tag("span", "", "state")
        meaning = tag("span", "", "meaning")
        fills = clock("", classes="fills", bar=True)
        tag("span", "", "hold", aria_hidden=True)

    def change(seen: Seen) -> None:
        lamp: w.Lamp = getattr(seen.lamps, button)
        sign.text = SIGNS[lamp.state]
        mark = "" if lamp.mark == LampMark.NONE else f" · {say(f'mark.{lamp.mark}')}"
        state.text = say(f"lamp.{lamp.state}") + mark
        view = seen.view
        meaning.text = say.desk(view.buttons.get(button, "")) if view is not None else ""
        filling = lamp.mark == LampMark.FILLING
        fills.shows(seen.lamps.fill_ms if filling else None, seen.lamps_ns, -1)
        attributes: dict[str, object] = {"data-lamp": str(lamp.state), "data-epoch": seen.lamps.epoch}
        set_attributes(tile, attributes | {"data-mark": str(lamp.mark)})

    page.on_change(change)


def _pressed(page: Page, event: GenericEventArguments) -> None:
    """What a browser says is believed no further than that somebody there made this gesture, no later than now."""
    found = _detail(event)
    try:
        names = tuple(Button(name) for name in found["buttons"])
        gesture, epoch = Gesture(found["gesture"]), int(found["epoch"])
        age_ms = max(0, clock_ms() - int(found["beat"]) - int(found["since"]))
    except (KeyError, TypeError, ValueError):
        return
    if page.alive():
        page.site.press(names, gesture, epoch, age_ms)


def _shine(page: Page, pixels: Pixels) -> None:
    """The lamps' own colours: a box is dimmer than a screen."""
    colours = [f"rgb({','.join(str(min(255, BRIGHTER * c)) for c in pixel)})" for pixel in pixels]
    if page.client.id in Client.instances:
        page.client.run_javascript(f"rung.pixels?.({colours})")


def _pin(page: Page, event: GenericEventArguments, how: str) -> None:
    name, box = _detail(event).get("button"), page.site.box
    if box is not None and name in set(Button) and page.alive():
        (box.down if how == "down" else box.up)(str(name))


def _detail(event: GenericEventArguments) -> dict[str, Any]:
    detail = event.args.get("detail") if isinstance(event.args, dict) else None
    return detail if isinstance(detail, dict) else {}
