"""The pins of the three buttons. The interrupt only latches the edge; reading it is the loop's business."""

import io

from machine import Pin

from rung_box.clock import now_ms
from rung_box.contacts import Contacts
from rung_wire import const

_IS_READY = const(3)  # of MicroPython's requests to a stream


def open_pins(setup) -> "list[Pin]":
    """Those of escalate, warn, release: low while pressed."""
    return [Pin(number, Pin.IN, Pin.PULL_UP) for number in setup.buttons]


class Bell(io.IOBase):
    """What an interrupt rings. `poll` takes it for a stream on which something has come."""

    def __init__(self) -> None:
        self.is_rung = False

    def ioctl(self, request: int, flags: int) -> int:
        if request == _IS_READY:
            return flags if self.is_rung else 0
        return -1  # unknown


class Buttons:
    """`contacts` is to be served whenever `bell` is rung. Interrupts come until `stop`."""

    def __init__(self, setup, gestures) -> None:
        self._pins = open_pins(setup)
        self.contacts = Contacts(gestures, lambda button: self._pins[button].value() == 0)
        self._gestures = gestures
        self.bell = Bell()
        for button, pin in enumerate(self._pins):
            pin.irq(self._latch(button), Pin.IRQ_FALLING | Pin.IRQ_RISING)

    def stop(self) -> None:
        """No interrupts any more."""
        for pin in self._pins:
            pin.irq(None)

    def _latch(self, button: int):
        edges, gestures, bell = self.contacts.edges, self._gestures, self.bell

        def latch(pin: Pin) -> None:
            edges.put(button, pin.value() == 0, gestures.epoch, now_ms())
            bell.is_rung = True

        return latch
