"""What the buzzer says: a few signals, heard as well as seen, and never by a caller unless the agent wants it. Pure."""

from rung_wire import codes, ticks

_ORDER = (codes.FAULT, codes.LINK_LOST, codes.REFUSED, codes.DONE)  # of several that begin at once the first is heard

# Tones that follow each other: Hz / 10, and how long in 10 ms; 0 Hz is a pause.
_SOUNDS = {
    codes.FAULT: bytes([40, 60]),
    codes.LINK_LOST: bytes([80, 12, 0, 8, 60, 12, 0, 8, 40, 24]),
    codes.REFUSED: bytes([50, 8, 0, 8, 50, 8]),
    codes.DONE: bytes([100, 12, 150, 16]),
}


class Sounds:
    """A sound is made when its signal begins on any lamp; in a call only `if_in_call`."""

    def __init__(self, if_in_call: bool) -> None:
        self._if_in_call = if_in_call
        self._before: "tuple[str, ...]" = ()
        self._sound = b""
        self._since = 0

    def hear(self, signals, is_in_call: bool, now: int) -> int:
        """The tone of this moment in Hz, 0 for silence; `signals` are those of the lamps."""
        names = tuple([signal[0] for signal in signals])
        begun = [name for name in _ORDER if name in names and name not in self._before]
        self._before = names
        if is_in_call and not self._if_in_call:
            self._sound = b""
            return 0
        if begun:
            self._sound = _SOUNDS[begun[0]]
            self._since = now
        passed_ms = max(0, ticks.diff(now, self._since))
        for place in range(0, len(self._sound), 2):
            passed_ms -= self._sound[place + 1] * 10
            if passed_ms < 0:
                return self._sound[place] * 10
        self._sound = b""
        return 0

    def is_sounding(self) -> bool:
        """Whether `hear` must be called with every frame."""
        return bool(self._sound)
