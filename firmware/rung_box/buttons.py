"""The three buttons: the interrupt only latches the edge; debouncing and reading it are the task's."""

import asyncio

from machine import Pin

from rung_box import board
from rung_box.clock import now_ms
from rung_box.debounce import Debounce
from rung_box.edges import EdgeRing


class Buttons:
    """Tells `gestures` what the hands do, whenever `service` is called. Interrupts come until `stop`."""

    def __init__(self, gestures) -> None:
        self._gestures = gestures
        self._edges = EdgeRing()
        self._edge = asyncio.ThreadSafeFlag()
        self._pins = [Pin(number, Pin.IN, Pin.PULL_UP) for number in board.BUTTON_PINS]
        self._contacts = [self._contact(button) for button in range(len(self._pins))]
        for button, pin in enumerate(self._pins):
            pin.irq(self._latch(button), Pin.IRQ_FALLING | Pin.IRQ_RISING)

    @property
    def overflows(self) -> int:
        """Edges that found the ring full."""
        return self._edges.overflows

    async def edge(self) -> None:
        """Wait for an edge that `service` has not seen."""
        await self._edge.wait()

    def service(self, now: int) -> None:
        """Let every edge latched, and the time up to `now`, have its effect."""
        edges = self._edges
        while edges.take():
            self._contacts[edges.button].edge(edges.level, edges.epoch, edges.ms)
        for button, contact in enumerate(self._contacts):
            contact.settle(self._is_down(button), self._gestures.epoch, now)
        self._gestures.tick(now)

    def next_due(self, now: int):
        """Milliseconds until `service` must be called; None: not before the next edge."""
        soonest = self._gestures.next_due(now)
        for contact in self._contacts:
            due = contact.next_due(now)
            if due is not None and (soonest is None or due < soonest):
                soonest = due
        return soonest

    def stop(self) -> None:
        """No interrupts any more."""
        for pin in self._pins:
            pin.irq(None)

    def _is_down(self, button: int) -> bool:
        return self._pins[button].value() == 0

    def _contact(self, button: int) -> Debounce:
        held = self._is_down(button)
        if held:
            self._gestures.held_at_boot(button)

        def down(epoch: int, ms: int) -> None:
            self._gestures.down(button, epoch, ms)

        def up(ms: int) -> None:
            self._gestures.up(button, ms)

        return Debounce(down, up, held)

    def _latch(self, button: int):
        edges, gestures, edge = self._edges, self._gestures, self._edge

        def latch(pin: Pin) -> None:
            edges.put(button, pin.value() == 0, gestures.epoch, now_ms())
            edge.set()

        return latch
