"""The three lamps as plain LEDs, which show the rhythm alone."""

from machine import PWM, Pin

_PWM_HZ = 1000
_BRIGHTEST = 90  # of any part of a colour


class Leds:
    """Of escalate, warn, release. In place of `lamps.Lamps`."""

    def __init__(self, pins: "tuple[int, int, int]") -> None:
        self._leds = [PWM(Pin(pin), freq=_PWM_HZ, duty_u16=0) for pin in pins]

    def show(self, colours) -> None:
        """As bright as the brightest part of each colour."""
        for led, colour in zip(self._leds, colours):
            led.duty_u16(min(65535, max(colour) * 65535 // _BRIGHTEST))

    def dark(self) -> None:
        """Say nothing: the box's program does not run."""
        self.show(((0,),) * 3)
