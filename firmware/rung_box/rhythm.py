"""What the lamps look like: each signal has a rhythm of its own, and a colour beside it for those who see it. Pure."""

from rung_wire import codes, const, ticks

FRAME_MS = 40  # 25 frames a second: the shortest light or dark of a rhythm lasts two

# A rhythm: which colour of a palette, and steps that repeat for ever: how long in 10 ms, brightness at its start and at
# its end (of 255).
_RHYTHMS = {
    codes.OFF: bytes([0, 100, 0, 0]),
    codes.LIT: bytes([0, 100, 255, 255]),
    codes.BREATHING: bytes([1, 120, 30, 255, 120, 255, 30]),
    codes.BLINKING: bytes([2, 28, 255, 255, 28, 0, 0]),
    codes.REFUSED: bytes([3, 8, 255, 255, 12, 0, 0, 8, 255, 255, 12, 0, 0, 8, 255, 255, 72, 0, 0]),
    codes.DONE: bytes([1, 140, 255, 255, 20, 0, 0]),
    codes.UNCONFIRMED: bytes([4, 12, 255, 255, 12, 0, 0, 12, 255, 255, 64, 0, 0]),
    codes.LINK_LOST: bytes([5, 150, 0, 255, 150, 255, 0, 60, 0, 0]),
    codes.FAULT: bytes([3, 60, 255, 255, 20, 0, 0, 20, 255, 255, 20, 0, 0]),
    codes.OWN_NAMING: bytes([7, 12, 0, 0, 12, 255, 255, 12, 0, 0, 88, 255, 255]),
}
_ALONE_COLOUR = const(6)
_FILLING_COLOUR = const(7)

# The palettes: red, green, blue of white, green, cyan, red, amber, blue, violet and warm white. The second is for those
# who see few colours: no two of its colours look alike to anybody; a test reckons it.
STANDARD = bytes([60, 60, 60, 0, 90, 0, 0, 60, 60, 90, 0, 0, 90, 45, 0, 0, 0, 90, 60, 0, 60, 90, 90, 60])
COLOUR_BLIND = bytes([60, 60, 60, 0, 50, 70, 50, 90, 40, 70, 0, 10, 90, 50, 10, 20, 10, 70, 50, 20, 0, 90, 80, 0])


def frame(signals, now: int, palette: bytes = STANDARD):
    """The colours (red, green, blue) of the three lamps now.

    A signal is (name, mark, since, full_ms): the wire code of a lamp state, or what `codes.PRECEDENCE` names; the wire
    code of the mark over it; when its rhythm began; and for `filling` how many ms it takes.
    """
    return tuple([_light(signal, now, palette) for signal in signals])


def is_steady(signal) -> bool:
    """Whether it looks the same all the time."""
    return signal[0] in (codes.OFF, codes.LIT) and signal[1] == codes.NO_MARK


def _light(signal, now: int, palette: bytes):
    name, mark, since, full_ms = signal
    passed_ms = max(0, ticks.diff(now, since))
    steps = _RHYTHMS[name]
    colour = steps[0]
    if mark == codes.FILLING:
        level = _filling_level(passed_ms, full_ms)
        if name == codes.OFF:
            colour = _FILLING_COLOUR
    elif mark == codes.ALONE and passed_ms % 1600 < 400:  # over the state: a flash of 160 ms between two dark gaps
        colour = _ALONE_COLOUR
        level = 255 if 120 <= passed_ms % 1600 < 280 else 0
    else:
        level = _level(steps, passed_ms)
    return tuple([part * level // 255 for part in palette[3 * colour : 3 * colour + 3]])


def _level(steps: bytes, passed_ms: int) -> int:
    passed_ms %= sum([steps[place] for place in range(1, len(steps), 3)]) * 10
    for place in range(1, len(steps), 3):
        length_ms, start, end = steps[place] * 10, steps[place + 1], steps[place + 2]
        if passed_ms < length_ms:
            return start + (end - start) * passed_ms // length_ms
        passed_ms -= length_ms
    return 0


def _filling_level(passed_ms: int, full_ms: int) -> int:
    """It has no period: brighter and brighter until it is full, with a dark tick of 80 ms four times a second."""
    if passed_ms >= full_ms:
        return 255
    return 0 if passed_ms % 240 < 80 else 40 + 215 * passed_ms // full_ms
