"""The buzzer: a passive one. Loaded only where the settings want it."""

from machine import PWM, Pin

from rung_box.sounds import Sounds

_HALF = 32768


class Buzzer:
    """Silent until told otherwise."""

    def __init__(self, pin: int, if_in_call: bool = False) -> None:
        self._sounds = Sounds(if_in_call)
        self._pwm = PWM(Pin(pin), freq=1000, duty_u16=0)
        self._tone = 0

    def follow(self, signals, is_in_call: bool, now: int) -> bool:
        """Say what the lamps say; whether this must be called with every frame."""
        self.sound(self._sounds.hear(signals, is_in_call, now))
        return self._sounds.is_sounding()

    def sound(self, tone: int) -> None:
        """A tone in Hz from now on; 0: silence."""
        if tone != self._tone:
            self._tone = tone
            if tone:
                self._pwm.freq(tone)
            self._pwm.duty_u16(_HALF if tone else 0)

    def silent(self) -> None:
        self._tone = -1
        self.sound(0)
