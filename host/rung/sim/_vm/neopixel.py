# mypy: ignore-errors
"""Stand-in for MicroPython's `neopixel`: colours in, green-red-blue on the wire."""

import _wires


class NeoPixel:
    def __init__(self, pin, n):
        self._wire = bytearray(1 + 3 * n)
        self._wire[0] = pin.number

    def __setitem__(self, index, colour):
        place = 1 + 3 * index
        self._wire[place : place + 3] = bytes((colour[1], colour[0], colour[2]))

    def write(self):
        """The lamps on the pin latch what arrives."""
        _wires.send(b"L", self._wire)
