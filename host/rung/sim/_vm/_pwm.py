# mypy: ignore-errors
"""Stand-in for `machine.PWM`."""

import _wires


class PWM:
    """The board is told what comes out of the pin: the frequency in Hz and the duty of 65535."""

    def __init__(self, pin, freq=0, duty_u16=0):
        self._pin = pin
        self._freq = freq
        self._duty = duty_u16
        self._tell()

    def freq(self, new):
        self._freq = new
        self._tell()

    def duty_u16(self, new):
        self._duty = new
        self._tell()

    def _tell(self):
        payload = bytes([self._pin.number]) + self._freq.to_bytes(4, "little") + self._duty.to_bytes(2, "little")
        _wires.send(b"D", payload)
