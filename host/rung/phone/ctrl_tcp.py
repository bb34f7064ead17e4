"""baresip's control line (its module ctrl_tcp): JSON in netstrings over TCP, one client at a time.

What is written at once baresip reads and does at once, before anything else: so several commands act together.
"""

import asyncio
import itertools
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.closing import let_go

REPLY_S = 1.5  # an idle baresip replies within a millisecond; the person is told of a silent one within 3 s
MOST = 256 * 1024  # bytes of one message; a list of all calls is some hundred
_DIGITS = len(str(MOST))

Command = tuple[str, str]  # its name and its parameters
Event = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    ok: bool
    text: str


@dataclass
class _Asked:
    tokens: list[str]
    done: asyncio.Future[list[Reply]]
    then: Callable[[list[Reply]], object] | None
    replies: dict[str, Reply] = field(default_factory=dict)


def frame(body: bytes) -> bytes:
    return b"%d:%s," % (len(body), body)


def frames(buffer: bytearray) -> list[bytes]:
    """The whole messages at the front of ``buffer``, which keeps the rest. ValueError: these are no netstrings."""
    found = []
    while buffer:
        head, colon, _ = buffer[: _DIGITS + 1].partition(b":")
        if not head.isdigit() or (not colon and len(head) > _DIGITS) or int(head) > MOST:
            raise ValueError("no netstring")
        end = len(head) + 1 + int(head)
        if not colon or len(buffer) <= end:
            break
        if buffer[end : end + 1] != b",":
            raise ValueError("no netstring")
        found.append(bytes(buffer[len(head) + 1 : end]))
        del buffer[: end + 1]
    return found


class ControlLine:
    """One connection, for its one life. ``on_event`` is called for each event, in order with the replies."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_event: Callable[[Event], None]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._tokens = itertools.count(1)
        self._waiting: dict[str, _Asked] = {}
        self.lost = ""  # why, once it is
        self._acknowledge()
        self._listening = asyncio.ensure_future(self._listen())

    @classmethod
    async def connect(cls, host: str, port: int, on_event: Callable[[Event], None]) -> "ControlLine":
        """PhoneError if nobody listens there."""
        try:
            async with asyncio.timeout(REPLY_S):
                reader, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            raise PhoneError(f"no baresip listens at {host}:{port} (ctrl_tcp): {error or 'no answer'}") from error
        return cls(reader, writer, on_event)

    async def close(self) -> None:
        await let_go(self._listening, self._writer)

    async def ask(self, *commands: Command, then: Callable[[list[Reply]], object] | None = None) -> list[Reply]:
        """All in one write; the replies in their order. ``then`` has them before any later event is heard.

        PhoneUnsureError if a reply is missing: perhaps they were done, or will be once baresip goes on.
        """
        if self.lost:
            raise PhoneError(self.lost)
        asked = _Asked([str(next(self._tokens)) for _ in commands], asyncio.get_running_loop().create_future(), then)
        bodies = [
            json.dumps({"command": name, "params": params, "token": token}).encode()
            for (name, params), token in zip(commands, asked.tokens, strict=True)
        ]
        self._waiting |= dict.fromkeys(asked.tokens, asked)
        self._writer.write(b"".join(map(frame, bodies)))
        try:
            async with asyncio.timeout(REPLY_S):
                return await asked.done
        except TimeoutError:
            raise PhoneUnsureError("baresip does not answer") from None

    async def _listen(self) -> None:
        buffer, why = bytearray(), "baresip closed its control line"
        try:
            while data := await self._reader.read(65536):
                self._acknowledge()
                buffer += data
                for message in frames(buffer):
                    self._hear(json.loads(message, strict=False))  # it puts colours, raw, inside its strings
        except OSError as error:
            why = f"the control line of baresip was lost: {error}"
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            why = "what listens there does not speak as baresip's ctrl_tcp does"
        finally:
            self.lost = why
            self._writer.close()
            for asked in self._waiting.values():
                if not asked.done.done():
                    asked.done.set_exception(PhoneUnsureError(why))
                    asked.done.exception()  # whoever gave up waiting does not need it

    def _acknowledge(self) -> None:
        """At once: baresip sends each reply by itself, and the second waits until the first is acknowledged."""
        if hasattr(socket, "TCP_QUICKACK"):
            self._writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _hear(self, said: dict[str, Any]) -> None:
        if said.get("event"):
            self._on_event(said)
            return
        asked = self._waiting.pop(str(said["token"]), None)
        if asked is None:
            return
        asked.replies[str(said["token"])] = Reply(bool(said["ok"]), str(said["data"]))
        if len(asked.replies) == len(asked.tokens):
            replies = [asked.replies[token] for token in asked.tokens]
            if asked.then is not None and not asked.done.done():
                asked.then(replies)
            if not asked.done.done():
                asked.done.set_result(replies)
