"""NiceGUI, one for a whole process, run in the loop of whoever serves pages; and started again in a later loop."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from nicegui import Client, core, ui
from starlette.staticfiles import StaticFiles

RECONNECT_S = 3.0
_served = 0  # sites, in this process


@cache
def app() -> FastAPI:
    """The one application behind all doors of this process."""
    from rung.page import homes  # it says which pages there are, and NiceGUI must know them before it starts

    homes.register()
    made = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    core.app.mount("/rung", StaticFiles(directory=Path(__file__).parent / "static"))
    core.app.config.socket_io_js_transports = ["websocket"]
    ui.run_with(
        made,
        title="Rung",
        dark=None,
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECT_S,
        message_history_length=200,
        gzip_middleware_factory=None,
        show_welcome_message=False,
    )
    # What stands now stays for good. Looking through it again and again stops everything here for some 80 ms each time.
    gc.collect()
    gc.freeze()
    return made


@asynccontextmanager
async def running() -> AsyncIterator[FastAPI]:
    """NiceGUI works on this loop as long as anybody here serves pages."""
    global _served
    made = app()
    if _served:
        _served += 1
        try:
            yield made
        finally:
            _served -= 1
        return
    # Several servers share one NiceGUI: the first to come starts it, and is the last to go.
    async with made.router.lifespan_context(made):
        _served += 1
        try:
            yield made
        finally:
            _served -= 1
            for client in list(Client.instances.values()):
                client.delete()
            if core.sio.eio.service_task_handle is not None:  # else nobody has looked in this loop
                await core.sio.eio.shutdown()
            core.sio.eio.start_service_task = True  # it watches connections, and belongs to this loop
