"""The self-test, by two buttons held at power-up: every lamp in every colour, and every button lights its lamp."""

import time

COLOURS = ((90, 0, 0), (0, 90, 0), (0, 0, 90))
WHITE, DARK = (60, 60, 60), (0, 0, 0)
CONFIRM_MS = 1500  # held for so long: whoever lets go before has not meant it
STEP_MS = 200
IDLE_MS = 8000  # nothing pressed for so long: the box starts as always


def run_if_wanted(setup, lamps, feed) -> None:
    """`feed` keeps the watchdog quiet."""
    from rung_box.buttons import open_pins

    pins = open_pins(setup)

    def held() -> "list[bool]":
        return [pin.value() == 0 for pin in pins]

    if is_wanted(held, lamps):
        from rung_box.buzzer import Buzzer

        run(held, lamps, Buzzer(setup.buzzer), feed)


def is_wanted(held, lamps) -> bool:
    """Whether exactly two buttons are held, and stay so. `held()` reads all three."""
    for _ in range(CONFIRM_MS // STEP_MS):
        if held().count(True) != 2:
            return False
        lamps.show(tuple([WHITE if is_held else DARK for is_held in held()]))
        time.sleep_ms(STEP_MS)
    return True


def run(held, lamps, buzzer, feed) -> None:
    """Until nothing has been pressed for IDLE_MS."""
    for colour in COLOURS:
        for lamp in range(3):
            lamps.show(tuple([colour if index == lamp else DARK for index in range(3)]))
            buzzer.sound(500 * (lamp + 1))
            time.sleep_ms(STEP_MS)
            feed()
    buzzer.sound(0)
    shown = held()
    idle_ms = 0
    while idle_ms < IDLE_MS:
        now_held = held()
        idle_ms = idle_ms + 20 if now_held == shown else 0
        shown = now_held
        lamps.show(tuple([WHITE if is_held else DARK for is_held in shown]))
        time.sleep_ms(20)
        feed()
    lamps.dark()
