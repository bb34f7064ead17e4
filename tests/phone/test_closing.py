"""The end of a connection: whoever is cancelled while closing it is cancelled."""

import asyncio

import pytest

from rung.phone.closing import let_go


def test_whoever_is_cancelled_while_closing_is_cancelled() -> None:
    async def story() -> None:
        stopping = asyncio.Event()

        async def slow_to_stop() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                stopping.set()
                await asyncio.sleep(0.05)

        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        listening = asyncio.ensure_future(slow_to_stop())
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(let_go(listening, writer))
        await stopping.wait()
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await asyncio.wait([listening])
        writer.close()
        server.close()

    asyncio.run(story())
