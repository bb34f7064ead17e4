"""Whoever the settings name as sitting at a desk: whether they are trained, the record tells.

Where people sign on, `rung.floor.people` has the same rule for its list.
"""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from rung import words as w

LOOK_S = 5.0  # between two looks at whether a training has expired


class Named:
    """Of one desk. ``training``: what the record tells of somebody's; ``wall_ms``: the clock, Unix milliseconds."""

    def __init__(self, training: Callable[[str], w.Training], wall_ms: Callable[[], int]) -> None:
        self.acknowledges = False  # they would be trained, once they acknowledge that every ending is reviewed
        self._training = training
        self._wall_ms = wall_ms
        self._until_ms = 0  # it is to be looked at anew then; 0: never

    def person(self, who: w.Person) -> w.Person:
        """As they stand now. The settings may say that they are trained, without a day; the record counts more."""
        told, now = self._training(who.id), self._wall_ms()
        given = now < told.until_ms if told.given_ms else who.trained
        trained = given and told.acknowledged(told.given_ms)
        self.acknowledges = given and not trained
        self._until_ms = told.until_ms if trained else 0
        return replace(who, trained=trained)

    async def run(self, again: Callable[[], object]) -> None:
        """Until cancelled: ``again`` looks at them anew once their training has expired."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._until_ms and self._wall_ms() >= self._until_ms:
                again()
