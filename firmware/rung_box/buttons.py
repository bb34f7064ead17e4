"""The pins of the three buttons. The interrupt only latches the edge; reading it is the task's business."""

import asyncio

from machine import Pin

from rung_box.clock import now_ms
from rung_box.contacts import Contacts


def open_pins(setup) -> "list[Pin]":
    """Those of escalate, warn, release: low while pressed."""
    return [Pin(number, Pin.IN, Pin.PULL_UP) for number in setup.buttons]


class Buttons:
    """`contacts` is to be served whenever `edge` returns. Interrupts come until `stop`."""

    def __init__(self, setup, gestures) -> None:
        self._pins = open_pins(setup)
        self.contacts = Contacts(gestures, lambda button: self._pins[button].value() == 0)
        self._gestures = gestures
        self._edge = asyncio.ThreadSafeFlag()
        for button, pin in enumerate(self._pins):
            pin.irq(self._latch(button), Pin.IRQ_FALLING | Pin.IRQ_RISING)

    async def edge(self) -> None:
        """Wait for an edge after the last one that was waited for."""
        await self._edge.wait()

    def ring(self) -> None:
        """Let `edge` return without one: whoever waits for it shows that he does."""
        self._edge.set()

    def stop(self) -> None:
        """No interrupts any more."""
        for pin in self._pins:
            pin.irq(None)

    def _latch(self, button: int):
        edges, gestures, edge = self.contacts.edges, self._gestures, self._edge

        def latch(pin: Pin) -> None:
            edges.put(button, pin.value() == 0, gestures.epoch, now_ms())
            edge.set()

        return latch
