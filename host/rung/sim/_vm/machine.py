# mypy: ignore-errors
"""Stand-in for MicroPython's `machine`: as much of the ESP32's as the firmware uses."""

import sys
import time

import _life
import _wires

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


def unique_id():
    return _life.unique_id


def reset_cause():
    return _life.reset_cause


def reset():
    _wires.send(b"R")
    while True:  # the board takes the power away
        time.sleep_ms(100)


class Pin:
    IN, OUT = 1, 3
    PULL_UP = 2
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, number, mode=None, pull=None):
        if not 0 <= number < _wires.PINS:
            raise ValueError("invalid pin")
        self.number = number
        if pull is not None:
            _wires.pulled[number] = pull == Pin.PULL_UP

    def value(self):
        return _wires.level(self.number)

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING):
        if "asyncio.core" in sys.modules:
            _more("_ticking")
        _wires.listeners[self.number] = (trigger, handler, self) if handler else None


class WDT:
    """The counter itself is the board's, and it outlives a soft reset."""

    def __init__(self, timeout=5000):
        _wires.send(b"W", timeout.to_bytes(4, "little"))

    def feed(self):
        _wires.send(b"F")


class RTC:
    """Only its memory; the board keeps it from life to life, as long as there is power."""

    def memory(self, data=None):
        if data is None:
            return _life.rtc
        _life.rtc = bytes(data)
        _wires.send(b"M", _life.rtc)


def _more(name):
    """What takes heap only if it is used."""
    sys.path.append("/rom")
    try:
        return __import__(name)
    finally:
        sys.path.pop()


def __getattr__(name):
    if name == "PWM":
        return _more("_pwm").PWM
    raise AttributeError(name)
