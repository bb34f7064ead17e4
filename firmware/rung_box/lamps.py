"""The three lamps: NeoPixels, or plain LEDs that show the rhythm alone."""

from machine import PWM, Pin
from neopixel import NeoPixel

DARK = ((0, 0, 0),) * 3
_PWM_HZ = 1000
_BRIGHTEST = 90  # of any part of a colour: what a pixel shows at most


class Lamps:
    """Written to only when they change: writing to pixels holds up interrupts for 90 microseconds."""

    def __init__(self, setup) -> None:
        self._is_mirrored = setup.is_mirrored
        self._leds = None
        if setup.leds:
            self._leds = [PWM(Pin(pin), freq=_PWM_HZ, duty_u16=0) for pin in setup.leds]
        else:
            self._pixels = NeoPixel(Pin(setup.pixels, Pin.OUT), 3)
        self._shown = None

    def show(self, colours) -> None:
        """Three colours: (red, green, blue) of escalate, warn, release."""
        if colours == self._shown:
            return
        self._shown = colours
        if self._leds:
            for led, colour in zip(self._leds, colours):
                led.duty_u16(min(65535, max(colour) * 65535 // _BRIGHTEST))
            return
        for index in range(3):
            self._pixels[2 - index if self._is_mirrored else index] = colours[index]
        self._pixels.write()

    def dark(self) -> None:
        """Say nothing: the box's program does not run."""
        self._shown = None
        self.show(DARK)
