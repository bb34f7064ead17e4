"""What a life of the box leaves to the next one, in the chip's RTC memory: it outlives every reset but a loss of power.

A chip may lose it by its reset pin too; then all is as on the first day.
"""

import binascii

import machine


class Memory:
    """`running`: the firmware did not end in good order. `row`: how many lives in a row have failed. `presses`: the
    buttons of presses that no bridge has confirmed, or that a reset caught and no bridge has heard of."""

    def __init__(self) -> None:
        self.running = False
        self.row = 0
        self.presses: "list[str]" = []
        try:
            self._take(machine.RTC().memory())
        except (AttributeError, ValueError, IndexError):
            pass  # a chip without it, or that had no power

    def _take(self, kept: bytes) -> None:
        text = kept[8:].decode()
        if kept[:8] == _sum(text):
            self.running = text[0] == "r"
            self.row = int(text[1])
            self.presses = text[2:].split(",") if text[2:] else []

    def keep(self) -> None:
        """From now on a reset leaves what stands here."""
        text = "%s%d%s" % ("r" if self.running else "-", min(self.row, 9), ",".join(self.presses))
        try:
            machine.RTC().memory(_sum(text) + text.encode())
        except AttributeError:
            pass


def _sum(text: str) -> bytes:
    return ("%08x" % binascii.crc32(text.encode())).encode()
