"""One login at Asterisk's manager for many telephones: each has a line of its own over the one connection."""

import asyncio
import itertools

from rung.phone.asterisk.link import REPLY_S, Account, AmiLink, OnEvent
from rung.phone.asterisk.wire import Message


class SharedAmi:
    """`connect` as that of `AmiLink`; a connection is made when somebody needs one and there is none."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._link: AmiLink | None = None
        self._making = asyncio.Lock()
        self._lines: dict[str, SharedLink] = {}
        self._numbers = itertools.count(1)

    async def connect(self, account: Account, on_event: OnEvent) -> "SharedLink":
        """Raises as `AmiLink.connect`. ``account`` is what this was made with: there is no other."""
        async with self._making:
            if self._link is None or self._link.lost.done():
                if self._link is not None:
                    await self._link.close()
                self._lines = {}
                self._link = await AmiLink.connect(self._account, self._heard)
            line = SharedLink(self._link, on_event, f"L{next(self._numbers)}", self._lines)
            self._lines[line.name] = line
            return line

    async def close(self) -> None:
        if self._link is not None:
            await self._link.close()

    def _heard(self, event: Message) -> None:
        """What answers one line's action is for that line alone; the rest is for all."""
        asked = self._lines.get(event.get("ActionID", "").partition(".")[0])
        for line in [asked] if asked is not None else list(self._lines.values()):
            line.on_event(event)


class SharedLink:
    """An `AmiLink` for one telephone. Closing it leaves the connection to the others."""

    def __init__(self, link: AmiLink, on_event: OnEvent, name: str, lines: "dict[str, SharedLink]") -> None:
        self.name = name
        self.on_event = on_event
        self._link = link
        self._lines = lines
        self._ids = itertools.count(1)
        self.lost = link.lost
        self.channels = link.channels

    async def do(
        self, name: str, within_s: float = REPLY_S, /, *, id: str = "", **fields: str | tuple[str, ...]
    ) -> Message:
        return await self._link.do(name, within_s, id=id or self._id(), **fields)

    async def list(self, name: str, /, *, id: str = "", **fields: str | tuple[str, ...]) -> list[Message]:
        return await self._link.list(name, id=id or self._id(), **fields)

    async def close(self) -> None:
        self._lines.pop(self.name, None)

    def _id(self) -> str:
        return f"{self.name}.{next(self._ids)}"
