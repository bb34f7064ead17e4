"""Serving one desk's pages: in the bridge's own process and loop, behind the doors, with a beat for who looks."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from msgspec import Struct
from nicegui import Client

from rung.page import engine
from rung.page.doors import Doors
from rung.page.front import Front
from rung.page.sessions import SHIFT_S, Sessions
from rung.page.site import PageError, Site, clock_ms

BEAT_S = 0.4  # a page that misses them for 1.5 s says that the bridge is gone
CLOSE_S = 1
TOLD_S = 0.2


class Settings(Struct, frozen=True, kw_only=True):
    """Where and for whom. Off this computer's own loopback there must be ``certificate`` and ``key``."""

    host: str = "127.0.0.1"
    port: int = 0  # 0: any that is free
    names: tuple[str, ...] = ()  # by which browsers may call it beside ``host``, without port
    certificate: str = ""  # PEM files
    key: str = ""
    sessions: Path = Path("page.sessions")
    shift_s: float = SHIFT_S
    desk: str = "desk"  # as people know it
    emergency: str = ""  # the number to call when somebody is in danger
    language: str = "en"  # of the pages, until somebody chooses another


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the bridge's."""
        yield


@asynccontextmanager
async def serve(site: Site, settings: Settings) -> AsyncIterator[str]:
    """Serve an open site's pages as long as the context lasts; gives the address to open. Raises PageError."""
    tls = _tls(settings)
    listening = _listen(settings)
    port = listening.getsockname()[1]
    names = {settings.host, *settings.names} | (
        {"localhost", "127.0.0.1", "[::1]"} if _is_loopback(settings) else set()
    )
    sessions = Sessions(settings.sessions, settings.shift_s)
    site.language, site.emergency = settings.language, settings.emergency
    front = Front(site, sessions, settings.desk, tls=tls, on_end=lambda: _close(site))
    async with engine.running() as app:
        hosts = frozenset(f"{name.lower()}:{port}" for name in names)
        config = uvicorn.Config(
            Doors(app, site, front, hosts, tls=tls),
            lifespan="off",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="websockets-sansio",
            ssl_certfile=settings.certificate or None,
            ssl_keyfile=settings.key or None,
            timeout_graceful_shutdown=CLOSE_S,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            listening.close()
            raise PageError(f"page.certificate and page.key cannot be used: {error}") from None
        server = _Server(config)
        tasks = [asyncio.create_task(server.serve([listening])), asyncio.create_task(_beat(site))]
        try:  # what is in front of somebody in the end says by itself that the bridge is gone
            yield f"{'https' if tls else 'http'}://{settings.host}:{port}{front.way_in}"
        finally:
            server.should_exit = server.force_exit = True
            tasks[1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def looking(site: Site) -> list[Client]:
    """The browsers that have a page of this site open."""
    return [c for c in list(Client.instances.values()) if c.request.scope.get("rung.site") is site]


def _close(site: Site) -> None:
    """These pages act no more; what is still in front of somebody is loaded anew, and shows the sign-on."""
    for client in looking(site):
        _reload(client)


def _reload(client: Client) -> None:
    """It can do nothing more, and shows what there is now: its elements are gone once it has been told."""
    client.run_javascript("location.reload()")
    asyncio.get_running_loop().call_later(TOLD_S, lambda: client.delete() if client.id in Client.instances else None)


async def _beat(site: Site) -> None:
    """Tell every page that the desk lives, and what time it is here; end those whose session is over."""
    while True:
        for client in looking(site):
            if not client.request.scope["rung.alive"]():
                _reload(client)
            elif client.has_socket_connection:
                client.run_javascript(f"rung.beat({clock_ms()})")
        await asyncio.sleep(BEAT_S)


def _is_loopback(settings: Settings) -> bool:
    return settings.host == "localhost" or ip_address(settings.host).is_loopback


def _tls(settings: Settings) -> bool:
    has = bool(settings.certificate and settings.key)
    if not has and not _is_loopback(settings):
        raise PageError(f"page.listen {settings.host} is not this computer's own: set page.certificate and page.key")
    return has


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
        made.listen()  # whoever opens the address at once waits until it is served, and is not refused
    except OSError as error:
        made.close()
        raise PageError(f"page.listen {settings.host}:{settings.port} cannot be used: {error}") from None
    return made
