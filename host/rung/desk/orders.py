"""Erasing, holds and clear text, asked for on the command line while the desk runs.

The bridge alone has the record and its keys open, so it answers on a socket in the state folder, which its owner alone
can reach. Nothing that is asked or answered is ever in a file.
"""

import asyncio
import contextlib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from rung import words as w
from rung.desk.own_data import Own
from rung.desk.privacy import Privacy, PrivacyError, Retention
from rung.journal.format import JournalError

SOCKET = "orders"
LINE_BYTES = 64 * 1024 * 1024  # the longest answer: all that one person has done here
ANSWER_S = 60.0


class Order(Struct, frozen=True, kw_only=True):
    """What one person wants. ``caller`` instead of ``cases``: all that this desk has of them."""

    do: Literal["erase", "hold", "lift", "retain", "reveal", "mine"]
    cases: tuple[str, ...] = ()
    caller: str = ""
    person: str = ""
    why: str = ""


class Line(Struct, frozen=True):
    """One entry in clear text; ``event`` None: what it named is erased."""

    seq: int
    wall_ms: int
    kind: str
    event: w.Event | None


class Done(Struct, frozen=True, kw_only=True):
    """What came of an order; ``wrong`` says why nothing was done."""

    told: tuple[str, ...] = ()
    entries: tuple[Line, ...] = ()
    own: Own | None = None
    wrong: str = ""


def carry_out(order: Order, privacy: Privacy, retention: Retention) -> Done:
    """Do it; whatever stops it is in the answer."""
    try:
        cases = tuple(privacy.cases_of(order.caller)) if order.caller else order.cases
        if not cases and order.do in ("erase", "hold", "lift", "reveal"):
            return Done(wrong="nothing is kept here of this caller" if order.caller else "name a case, or a caller")
        match order.do:
            case "erase":
                keys = privacy.erase(cases, order.person, order.why)
                return Done(told=(f"erased: {', '.join(cases)} ({len(keys)} keys)",))
            case "retain":
                keys = privacy.retain(retention)
                return Done(told=(f"erased, since their time was over: {len(keys)} keys", *keys))
            case "hold":
                for case in cases:
                    privacy.hold(case, order.person, order.why)
                return Done(told=tuple(f"{case}: held by {order.person}" for case in cases))
            case "lift":
                for case in cases:
                    privacy.lift(case, order.person, order.why)
                return Done(told=tuple(f"{case}: held no more" for case in cases))
            case "reveal":
                seen = [one for case in cases for one in privacy.see(case, order.person, order.why or "the whole case")]
                lines = (Line(one.entry.seq, one.entry.wall_ms, one.entry.kind, one.event) for one in seen)
                return Done(entries=tuple(lines))
            case "mine":
                return Done(own=privacy.own(order.person))
    except (PrivacyError, JournalError) as error:
        return Done(wrong=str(error))


async def serve(folder: Path, privacy: Privacy, retention: Retention) -> None:
    """Answer until cancelled. OSError where there can be no such socket: the commands then need the desk stopped."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            order = msgspec.json.decode(await reader.readuntil(b"\n"), type=Order)
            done = await asyncio.to_thread(carry_out, order, privacy, retention)
            writer.write(msgspec.json.encode(done) + b"\n")
            await writer.drain()
        writer.close()

    if not hasattr(asyncio, "start_unix_server"):
        raise OSError("this system has no sockets in a folder")
    at = folder / SOCKET
    at.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(answer, at)
    at.chmod(0o600)
    try:
        async with server:
            await server.serve_forever()
    finally:
        at.unlink(missing_ok=True)


async def ask(folder: Path, order: Order) -> Done | None:
    """What the running desk says; None: no desk runs there, or this system has no such sockets (Windows)."""
    if not hasattr(asyncio, "open_unix_connection"):
        return None
    try:
        reader, writer = await asyncio.open_unix_connection(folder / SOCKET, limit=LINE_BYTES)
    except OSError:
        return None
    try:
        async with asyncio.timeout(ANSWER_S):
            writer.write(msgspec.json.encode(order) + b"\n")
            return msgspec.json.decode(await reader.readuntil(b"\n"), type=Done)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, msgspec.MsgspecError):
        return Done(wrong="the running desk does not answer; stop it and try again")
    finally:
        writer.close()
