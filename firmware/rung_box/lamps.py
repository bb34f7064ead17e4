"""The three lamps as NeoPixels in a row."""

from machine import Pin
from neopixel import NeoPixel

DARK = ((0, 0, 0),) * 3


class Lamps:
    """Written to only when they change: writing holds up interrupts for 90 microseconds."""

    def __init__(self, pin: int, is_mirrored: bool) -> None:
        self._pixels = NeoPixel(Pin(pin, Pin.OUT), 3)
        self._is_mirrored = is_mirrored
        self._shown = None

    def show(self, colours) -> None:
        """Three colours: (red, green, blue) of escalate, warn, release."""
        if colours != self._shown:
            for index in range(3):
                self._pixels[2 - index if self._is_mirrored else index] = colours[index]
            self._pixels.write()
            self._shown = colours

    def dark(self) -> None:
        """Say nothing: the box's program does not run."""
        self._shown = None
        self.show(DARK)
