"""What the caller does: a chip for each ground with its key, the commonest first; crisis, calmed, false alarm."""

from functools import partial

from nicegui.element import Element

from rung import words as w
from rung.page.keys import KEY_OF
from rung.page.seen import Seen
from rung.page.shell import Page, asks, clock, set_attributes, tag
from rung.words import Ground, Marker


def grounds(page: Page) -> None:
    say = page.say
    with tag("section", classes="grounds", aria_label=say("agent.grounds")):
        with tag("div", classes="head"):
            tag("h2", say("agent.grounds"))
            page.part(_standing, lambda standing: _named(page, standing), "ul", "standing")
            _markers(page)
        with tag("div", classes="chips"):
            for ground in Ground:
                if ground != Ground.OTHER:
                    chip = page.button("", partial(page.act, w.Declared(ground)), "chip", data_key=KEY_OF[ground])
                    _follows(page, chip, ground)
            note = asks(page, "", say("agent.other_note"), partial(_other, page), data_key=KEY_OF[Ground.OTHER])
            _follows(page, note, Ground.OTHER)


def _standing(seen: Seen) -> tuple[tuple[Ground, str | None], ...]:
    return tuple(dict.fromkeys(seen.view.declared)) if seen.view is not None else ()


def _named(page: Page, standing: tuple[tuple[Ground, str | None], ...]) -> None:
    """Who declared one takes it back; both stay in the record."""
    if not standing:
        tag("li", page.say("agent.no_ground"), "soft")
    for ground, person in standing:
        with tag("li"):
            name = page.say.ground(ground)
            tag("span", name if person in (None, page.session.person.id) else f"{name} ({person})")
            if person == page.session.person.id:
                undo = page.button("✕", partial(page.act, w.TakenBack(ground)), "undo")
                set_attributes(undo, {"aria-label": page.say("agent.take_ground_back", ground=name)})


def _markers(page: Page) -> None:
    say = page.say
    with tag("div", classes="marks"):
        calmed = page.button(say("agent.calmed"), lambda: page.act(w.Calmed()), "calmed", data_key="c")
        crisis = page.button(say("agent.crisis"), lambda: page.act(w.Marked(Marker.CRISIS)), "crisis", data_key="!")
        lift = asks(page, say("agent.lift"), say("agent.lift_why"), lambda why: _lift(page, why), optional=True)
        alarm = page.button(say("agent.false_alarm"), lambda: page.act(w.Unmarked(Marker.EMERGENCY)), "first alarm")
        left = clock(say("agent.alarm_left"), classes="alarm-left")

    def change(seen: Seen) -> None:
        view = seen.view
        on_call = view is not None and view.epoch != 0
        marked = view is not None and "crisis" in view.markers
        set_attributes(calmed, {"disabled": not on_call})
        set_attributes(crisis, {"disabled": not on_call, "aria-pressed": "true" if marked else "false"})
        set_attributes(lift, {"hidden": view is None or "lift crisis" not in view.may})
        alarm_ms = view.alarm_ms if view is not None else 0
        set_attributes(alarm, {"hidden": not alarm_ms})
        left.shows(alarm_ms or None, seen.view_ns, -1)
        if alarm_ms:  # when it is too late nothing else changes
            page.later(alarm_ms / 1000, lambda: set_attributes(alarm, {"hidden": True}))

    page.on_change(change)


def _lift(page: Page, why: str) -> None:
    page.act(w.Unmarked(Marker.CRISIS, why))


def _other(page: Page, note: str) -> None:
    page.act(w.Declared(Ground.OTHER, note))


def _follows(page: Page, chip: Element, ground: Ground) -> None:
    """A chip of a ground: what it says stays, how it looks follows the call."""
    inside = chip if ground != Ground.OTHER else chip.default_slot.children[0]
    with inside:
        tag("span", page.say.ground(ground))
        tag("kbd", KEY_OF[ground], aria_hidden=True)

    def change(seen: Seen) -> None:
        view = seen.view
        stands = view is not None and any(ground == declared for declared, _ in view.declared)
        common = view is not None and ground in view.common
        chip.classes(add="common" if common else "", remove="" if common else "common")
        pressed = ("true" if stands else "false") if ground != Ground.OTHER else None
        set_attributes(chip, {"aria-pressed": pressed, "disabled": view is None or not view.epoch})

    page.on_change(change)
