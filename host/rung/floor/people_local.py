"""The directory of a desk without a floor: its own file. Passwords are checked off the event loop."""

import asyncio

from rung.floor.people import Known, People, Refusal


class LocalDirectory:
    """As `rung.desk.seat.Directory` asks for it."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._one = asyncio.Lock()  # a check takes 64 MiB for a moment: one after the other

    async def check(self, name: str, password: str) -> Known | Refusal:
        async with self._one:
            return await asyncio.to_thread(self._people.check, name, password)

    async def find(self, name: str) -> Known | None:
        return await asyncio.to_thread(self._people.find, name)

    def sits(self, name: str | None) -> None:
        """Nobody else needs to know."""
