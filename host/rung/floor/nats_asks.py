"""Asks between desks: each desk that asks sends every desk that it asks a board, always the whole of it.

So whatever is lost, late or doubled on the way, the next board puts right; and the asks live where their case is.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from rung import words as w
from rung.floor.base import Asked, AsksAre, FloorError, FloorUnsureError, asked_by
from rung.floor.nats_letters import Board
from rung.words import Outcome

AGAIN_S = 0.2  # after a board to which no answer came


class _Outgoing:
    """What one desk is asked, and how much of it that desk has."""

    def __init__(self) -> None:
        self.asks: dict[int, Asked] = {}
        self.number = 0
        self.arrived = 0
        self.sender: asyncio.Task[None] | None = None


class Asking:
    """What this desk asks of others, over one connection."""

    def __init__(self, desk: str, connection: str, send: Callable[[str, Board], Awaitable[object]]) -> None:
        self._desk = desk
        self._connection = connection
        self._send = send
        self._asks: dict[int, w.AskFloor] = {}
        self._boards: dict[str, _Outgoing] = {}

    def ask(self, effect: w.AskFloor) -> None:
        """Put it before all whom it names; again under the same number, it changes what is put there."""
        self._asks[effect.ask] = effect
        for to in effect.to:
            self._set(to, asked_by(self._desk, effect))

    def close(self, closed: w.CloseAsk) -> None:
        effect = self._asks.pop(closed.ask, None)
        for to in () if effect is None else effect.to:
            assert effect is not None
            self._set(to, asked_by(self._desk, effect, closed))

    @property
    def open(self) -> Mapping[int, w.AskFloor]:
        """By number."""
        return self._asks

    def came(self, desk: str) -> None:
        """That desk is there anew and knows nothing: it gets what is asked of it."""
        if (board := self._boards.get(desk)) is not None:
            board.asks = {number: asked for number, asked in board.asks.items() if asked.over is None}
            board.number += 1
            self._start(desk, board)

    def stop(self) -> None:
        for board in self._boards.values():
            if board.sender is not None:
                board.sender.cancel()

    def _set(self, to: str, asked: Asked) -> None:
        board = self._boards.setdefault(to, _Outgoing())
        board.asks[asked.ask] = asked
        board.number += 1
        self._start(to, board)

    def _start(self, to: str, board: _Outgoing) -> None:
        if board.sender is None or board.sender.done():
            board.sender = asyncio.get_running_loop().create_task(self._deliver(to, board))

    async def _deliver(self, to: str, board: _Outgoing) -> None:
        """Until that desk has the newest, or is gone: then it is told when it comes."""
        while board.arrived != board.number:
            number, asks = board.number, tuple(board.asks.values())
            try:
                await self._send(to, Board(connection=self._connection, number=number, asks=asks))
            except FloorUnsureError:
                await asyncio.sleep(AGAIN_S)
            except FloorError:
                if board.number == number:
                    return
            else:
                board.arrived = number
                for asked in asks:
                    if asked.over is not None and board.asks.get(asked.ask) == asked:
                        del board.asks[asked.ask]


class Before:
    """What is put before this desk, by all who ask."""

    def __init__(self) -> None:
        self._boards: dict[str, tuple[str, int]] = {}  # by desk: the connection it came over, and its number
        self._open: dict[tuple[str, int], Asked] = {}  # oldest first
        self._over: deque[Asked] = deque()  # to be told once

    def take(self, sender: str, board: Board) -> None:
        """A stale board changes nothing."""
        if self._boards.get(sender, ("", 0))[0] != board.connection:
            self.gone(sender)
        elif board.number <= self._boards[sender][1]:
            return
        self._boards[sender] = (board.connection, board.number)
        for asked in board.asks:
            key = (sender, asked.ask)
            if asked.over is None:
                self._open[key] = asked
            elif self._open.pop(key, None) is not None:
                self._over.append(asked)

    def gone(self, desk: str) -> None:
        """It is out of reach, or there anew, and so is over what it asked."""
        self._boards.pop(desk, None)
        for key in [key for key in self._open if key[0] == desk]:
            asked = self._open.pop(key)
            self._over.append(replace(asked, over=Outcome.INTERRUPTED))

    def told(self) -> AsksAre:
        """To be told now."""
        asks = AsksAre((*self._open.values(), *self._over))
        self._over.clear()
        return asks

    def find(self, desk: str, ask: int) -> Asked:
        if (asked := self._open.get((desk, ask))) is None:
            raise FloorError("that is over, or was not asked of this desk")
        return asked
