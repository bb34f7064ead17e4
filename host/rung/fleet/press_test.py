"""The press test: one button's lamp breathes, that button is pressed, and the box says which one it was."""

import time
from collections.abc import Callable

from rung.fleet.visit import Event, Visit
from rung_wire import codes, names

BUTTONS = {"escalate": names.ESCALATE, "warn": names.WARN, "release": names.RELEASE}
OK = "ok"
NOTHING = "nothing came"
PRESS_S = 20.0
STILL_S = 0.3  # what was pressed before is told within this time

_DARK = (codes.OFF, codes.NO_MARK)
_NAMES = {code: name for name, code in BUTTONS.items()}


def try_button(visit: Visit, button: str, ask: Callable[[], None], seconds: float = PRESS_S) -> str:
    """Light that button's lamp alone, `ask` for the press, and wait for it; what came of it, OK or a few words."""
    _forget(visit)
    wanted = BUTTONS[button]
    visit.show(tuple((codes.BREATHING, codes.NO_MARK) if code == wanted else _DARK for code in BUTTONS.values()))
    asked = False
    for event in visit.events(time.monotonic() + seconds):
        if event[0] == "shown" and not asked:
            asked = True
            ask()
        elif event[0] == "press":
            visit.acknowledge(event)
            return OK if event[3] == wanted else f"{_name(event)} came instead"
        elif event[0] == "lost":
            return "the box went away"
    return NOTHING if asked else "the box took no lamps"


def all_done(visit: Visit) -> None:
    """All lamps say that it is over, for as long as it takes to see it."""
    visit.show(((codes.DONE, codes.NO_MARK),) * len(BUTTONS))
    _forget(visit)


def _forget(visit: Visit) -> None:
    """Take what was pressed unasked, so that it is not taken for an answer."""
    for event in visit.events(time.monotonic() + STILL_S):
        if event[0] == "press":
            visit.acknowledge(event)


def _name(press: Event) -> str:
    return " and ".join(_NAMES.get(letter, letter) for letter in press[3])
