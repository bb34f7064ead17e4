"""The bridge's door for what concerns past calls: `rung incidents`, `report` and `privacy` come in while a bridge runs.

It alone has the record, so whoever wants to write there asks it. Loopback TCP; the port and a secret are in a file that
only this desk's user can read. One request a connection::

    bridge:  nonce, 32 hex digits
    client:  HMAC-SHA256(secret, "ask" nonce line), in hex · a space · the request as one line of JSON
    bridge:  HMAC-SHA256(secret, "reply" nonce line) · a space · the reply as one line of JSON

So the secret never travels, neither line can be used again, and another program that has taken the port is found out.
Nothing is queued: what the bridge has not answered is not done, and the command says so.
"""

import asyncio
import contextlib
import hmac
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from rung.desk.after_desk import Reply, Request
from rung.private import write_private

DOOR = "after.json"  # in the desk's state folder
LINE_MAX = 64 * 1024 * 1024  # bytes; the figures of a year are some millions
WITHIN_S = 60.0  # the first reading of a long record takes a while

Handle = Callable[[Request], Awaitable[Reply]]


class DoorError(Exception):
    """The bridge was not reached, or is not what it seems; the message says what to do."""


class AfterDoor:
    """Use as an async context manager, on the bridge's event loop."""

    def __init__(self, folder: Path, handle: Handle) -> None:
        self._file = folder / DOOR
        self._handle = handle
        self._secret = secrets.token_hex(32)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "AfterDoor":
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0, limit=LINE_MAX)
        port = self._server.sockets[0].getsockname()[1]
        write_private(self._file, json.dumps({"port": port, "secret": self._secret}).encode())
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._file.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(WITHIN_S):
                nonce = secrets.token_hex(16)
                writer.write(nonce.encode() + b"\n")
                line = (await reader.readuntil(b"\n")).rstrip(b"\n")
                writer.write(_sealed(self._secret, "reply", nonce, msgspec.json.encode(await self._reply(nonce, line))))
                await writer.drain()
        writer.close()

    async def _reply(self, nonce: str, line: bytes) -> Reply:
        asked = _unsealed(self._secret, "ask", nonce, line)
        if asked is None:
            return Reply(why="refused: this does not come from the desk's own user")
        try:
            return await self._handle(msgspec.json.decode(asked, type=Request))
        except msgspec.MsgspecError as error:
            return Reply(why=f"not understood ({error}): bridge and command are of two versions; restart the bridge")


def ask(folder: Path, request: Request) -> Reply | None:
    """Ask the bridge whose state folder this is; None: no bridge runs. Raises DoorError."""
    try:
        door = json.loads((folder / DOOR).read_text())
        port, secret = int(door["port"]), str(door["secret"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DoorError(f"{folder / DOOR}: cannot be read ({error}); restart the bridge") from None
    try:
        with socket.create_connection(("127.0.0.1", port), WITHIN_S) as line, line.makefile("rb") as answers:
            nonce = answers.readline(100).decode().strip()
            line.sendall(_sealed(secret, "ask", nonce, msgspec.json.encode(request)))
            told = answers.readline(LINE_MAX).rstrip(b"\n")
    except ConnectionRefusedError:
        return None  # it was killed, and its file is still there
    except (OSError, ValueError) as error:
        raise DoorError(f"the bridge did not answer ({error}), so look whether it was done") from None
    reply = _unsealed(secret, "reply", nonce, told)
    if reply is None:
        raise DoorError("the bridge did not answer as itself; is it running? restart it, then look whether it was done")
    return msgspec.json.decode(reply, type=Reply)


def _proof(secret: str, way: str, nonce: str, line: bytes) -> bytes:
    return hmac.digest(secret.encode(), b" ".join((way.encode(), nonce.encode(), line)), "sha256").hex().encode()


def _sealed(secret: str, way: str, nonce: str, line: bytes) -> bytes:
    return _proof(secret, way, nonce, line) + b" " + line + b"\n"


def _unsealed(secret: str, way: str, nonce: str, line: bytes) -> bytes | None:
    proof, _, body = line.partition(b" ")
    return body if hmac.compare_digest(proof, _proof(secret, way, nonce, body)) else None
