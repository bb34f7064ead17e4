# mypy: ignore-errors
"""The floor that a press is measured against: one byte from a pin's edge, and nothing else.

It waits as asyncio lets a program wait on silicon and here; the byte leaves in the pin's handler.
"""

import asyncio
import sys

from machine import Pin

PRESS_PIN = 25


def edge(pin):
    sys.stdout.write("!")


Pin(PRESS_PIN, Pin.IN, Pin.PULL_UP).irq(edge, Pin.IRQ_FALLING)
asyncio.run(asyncio.Event().wait())
