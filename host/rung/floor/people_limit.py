"""How often a wrong password may be tried: kept by the process that checks, gone with it."""

import time
from collections import OrderedDict
from collections.abc import Callable

FREE = 5  # wrong ones before anybody has to wait; people mistype
WAIT_S = 30.0  # then, twice as long each time
WAIT_MAX_S = 900.0  # nobody is locked out for a shift by somebody who types their name
NAMES_MAX = 10_000  # of which it is known; the one tried longest ago is forgotten first


class Attempts:
    """By the name that was typed, be it known or not: so it does not tell which names exist."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and until when to wait

    def must_wait(self, name: str) -> str:
        """Why not now; empty: it may be tried."""
        _, until = self._wrong.get(name, (0, 0.0))
        left = until - self._clock()
        return f"too many wrong passwords for {name}; try again in {left:.0f} s" if left > 0 else ""

    def failed(self, name: str) -> None:
        wrong = self._wrong.pop(name, (0, 0.0))[0] + 1
        wait_s = 0.0 if wrong < FREE else min(WAIT_S * 2 ** min(wrong - FREE, 10), WAIT_MAX_S)
        self._wrong[name] = (wrong, self._clock() + wait_s)
        if len(self._wrong) > NAMES_MAX:
            self._wrong.popitem(last=False)

    def forget(self, name: str) -> None:
        self._wrong.pop(name, None)
