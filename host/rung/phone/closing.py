"""The end of a connection that one task listens to."""

import asyncio
import contextlib


async def let_go(listening: "asyncio.Future[None]", writer: asyncio.StreamWriter) -> None:
    """Stop listening, and close. The task is not awaited itself: that would hide that we are cancelled meanwhile."""
    listening.cancel()
    await asyncio.wait([listening])
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
