"""Who gets in: this host's own names and origin, a browser that has signed on; and the headers of every answer.

It stands before the pages as plain ASGI, for HTTP and websockets alike. A page from another origin changes nothing:
its request or websocket is refused before anything behind it hears of it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import SimpleCookie
from typing import Any

from starlette.responses import PlainTextResponse, RedirectResponse

from rung.page.front import Front
from rung.page.sessions import Session, cookie_of
from rung.page.site import Site

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = ("/_nicegui/", "/rung/", "/favicon.ico")  # files that say nothing of any desk
# NiceGUI starts by scripts in the page and compiles its templates, so these two cannot be forbidden. Nothing is loaded
# from, sent to, or shown inside anything else than this very origin.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",  # with none at all a browser sends its forms from nowhere, and they are refused
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=()",
}


class Doors:
    """Before one site. ``hosts`` are the names, with port, by which a browser may call it."""

    def __init__(self, app: App, site: Site, front: Front, hosts: frozenset[str], *, tls: bool) -> None:
        self._app = app
        self._site = site
        self._front = front
        self._hosts = hosts
        scheme = "https" if tls else "http"
        self._origins = frozenset(f"{scheme}://{host}" for host in hosts)
        self._headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._foreign(scope)
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send, refused)
            return
        answer = self._app_for(scope) if refused is None else PlainTextResponse(refused, 403)
        await answer(scope, receive, self._with_headers(scope, send))

    def _foreign(self, scope: Scope) -> str | None:
        """Why this request is not from a page of ours, if it is not."""
        headers = {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}
        scope["rung.headers"] = headers
        if headers.get("host", "").lower() not in self._hosts:
            return "This desk is not known by that name."
        origin = headers.get("origin")
        acts = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if origin is not None and origin.lower() not in self._origins:
            return "Not from a page of this desk."
        if acts and origin is None:
            return "A browser says where it comes from; this did not."
        return None

    def _app_for(self, scope: Scope) -> App:
        path = scope["path"]
        if path.startswith(OPEN):
            return self._app
        scope["rung.site"] = self._site
        scope["rung.session"] = session = self._front.sessions.of(self._token(scope))
        if self._front.has(path):
            return self._front
        if session is not None and self._sits(session):
            scope["rung.alive"] = lambda: self._sits(self._front.sessions.alive(session.key))
            return self._app
        if path.startswith("/_nicegui_ws"):
            return PlainTextResponse("Sign on first.", 401)
        return RedirectResponse("/sign-on", 303)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, refused: str | None) -> None:
        session = self._front.sessions.of(self._token(scope)) if refused is None else None
        if not self._sits(session):
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refused or "Sign on first."})
            return
        await self._app(scope, receive, send)

    def _sits(self, session: Session | None) -> bool:
        """A session acts only for whoever sits at the desk."""
        sitting = self._site.person
        return session is not None and sitting is not None and sitting.id == session.person.id

    @staticmethod
    def _token(scope: Scope) -> str | None:
        found = SimpleCookie(scope["rung.headers"].get("cookie", "")).get(cookie_of(scope))
        return None if found is None else found.value

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        more = [(name.lower().encode(), value.encode()) for name, value in self._headers.items()]
        if not scope["path"].startswith(OPEN):
            more.append((b"cache-control", b"no-store"))

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                added = {name for name, _ in more}
                kept = [pair for pair in message["headers"] if pair[0].lower() not in added]
                message = {**message, "headers": [*kept, *more]}
            await send(message)

        return sending
