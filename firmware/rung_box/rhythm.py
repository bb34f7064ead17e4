"""What the lamps look like: each signal has a rhythm of its own, and a colour beside it for those who see it. Pure."""

from rung_wire import codes, ticks

FRAME_MS = 40  # 25 frames a second: the shortest light or dark of a rhythm lasts two

# A step of a rhythm: how long in ms, brightness at its start and at its end (of 255). The steps repeat for ever.
_OFF = ((1000, 0, 0),)
_STEADY = ((1000, 255, 255),)
_RHYTHMS = {
    codes.OFF: ((0, 0, 0), _OFF),
    codes.LIT: ((60, 60, 60), _STEADY),
    codes.BREATHING: ((0, 90, 0), ((1200, 30, 255), (1200, 255, 30))),
    codes.BLINKING: ((0, 60, 60), ((280, 255, 255), (280, 0, 0))),
    codes.REFUSED: ((90, 0, 0), ((80, 255, 255), (120, 0, 0)) * 3 + ((600, 0, 0),)),
    codes.DONE: ((0, 90, 0), ((1400, 255, 255), (200, 0, 0))),
    codes.UNCONFIRMED: ((90, 45, 0), ((120, 255, 255), (120, 0, 0), (120, 255, 255), (640, 0, 0))),
    codes.LINK_LOST: ((0, 0, 90), ((1500, 0, 255), (1500, 255, 0), (600, 0, 0))),
    codes.FAULT: ((90, 0, 0), ((600, 255, 255), (200, 0, 0), (200, 255, 255), (200, 0, 0))),
    codes.SAFE_MODE: ((90, 45, 0), ((400, 255, 255), (800, 0, 0))),
}
_SAFE_MODE_SHIFT_MS = 800  # from lamp to lamp: one light wanders over the three

# `alone` lies over the state: once in a while a flash between two dark gaps.
_ALONE_COLOUR = (60, 0, 60)
_ALONE_PERIOD_MS = 1600
_ALONE_GAP_MS = 120
_ALONE_FLASH_MS = 160

# `filling` has no period: it grows brighter until it is full, with a dark tick four times a second. It keeps the colour
# of the state it lies over.
_FILLING_COLOUR = (90, 90, 60)
_FILLING_LEAST = 40
_FILLING_TICK_MS = 240
_FILLING_DARK_MS = 80


def frame(signals, now: int):
    """The colours (red, green, blue) of the three lamps now.

    A signal is (name, mark, since, full_ms): the wire code of a lamp state, or what `codes.PRECEDENCE` names; the wire
    code of the mark over it; when its rhythm began; and for `filling` how many ms it takes.
    """
    return tuple([_colour(index, signal, now) for index, signal in enumerate(signals)])


def is_steady(signal) -> bool:
    """Whether it looks the same all the time."""
    return signal[0] in (codes.OFF, codes.LIT) and signal[1] == codes.NO_MARK


def _colour(index: int, signal, now: int):
    name, mark, since, full_ms = signal
    passed_ms = max(0, ticks.diff(now, since))
    colour, steps = _RHYTHMS[name]
    if mark == codes.FILLING:
        level = _filling_level(passed_ms, full_ms)
        colour = _FILLING_COLOUR if name == codes.OFF else colour
    elif mark == codes.ALONE and passed_ms % _ALONE_PERIOD_MS < 2 * _ALONE_GAP_MS + _ALONE_FLASH_MS:
        colour, level = _ALONE_COLOUR, _alone_level(passed_ms % _ALONE_PERIOD_MS)
    else:
        shift_ms = index * _SAFE_MODE_SHIFT_MS if name == codes.SAFE_MODE else 0
        level = _level(steps, passed_ms + shift_ms)
    red, green, blue = colour
    return red * level // 255, green * level // 255, blue * level // 255


def _level(steps, passed_ms: int) -> int:
    passed_ms %= sum([step[0] for step in steps])
    for length_ms, start, end in steps:
        if passed_ms < length_ms:
            return start + (end - start) * passed_ms // length_ms
        passed_ms -= length_ms
    return 0


def _alone_level(passed_ms: int) -> int:
    return 255 if _ALONE_GAP_MS <= passed_ms < _ALONE_GAP_MS + _ALONE_FLASH_MS else 0


def _filling_level(passed_ms: int, full_ms: int) -> int:
    if passed_ms >= full_ms:
        return 255
    if passed_ms % _FILLING_TICK_MS < _FILLING_DARK_MS:
        return 0
    return _FILLING_LEAST + (255 - _FILLING_LEAST) * passed_ms // full_ms
