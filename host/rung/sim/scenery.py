"""What is set up as a whole or not at all, and taken down in reverse."""

import contextlib
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Scenery(ABC):
    """An async context manager: `_set_up` pushes on `_exits` whatever must be taken down again."""

    def __init__(self) -> None:
        self._exits = contextlib.AsyncExitStack()

    @abstractmethod
    async def _set_up(self) -> None: ...

    async def __aenter__(self) -> Self:
        try:
            await self._set_up()
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()
