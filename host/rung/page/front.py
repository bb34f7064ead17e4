"""The front of a site: signing on, by password or by the key in the printed address, and off. Plain HTML and forms."""

import asyncio
import hmac
import secrets
from collections.abc import Callable
from html import escape
from typing import Any, Protocol

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from rung.page.look import Look, look_of
from rung.page.say import Say
from rung.page.sessions import Sessions, TooManyError
from rung.page.site import Site
from rung.words import Person

BODY_MAX = 4096  # bytes of a form: two short fields


class NotKnownError(Exception):
    """Nobody of this name with this password may sit here; one line for them."""


class Gate(Protocol):
    """Knows people by password. It may be slow: it runs on a thread of its own."""

    def __call__(self, person: str, password: str) -> Person:
        """Who that is now, with role and training. Raises NotKnownError."""


class Front:
    """``gate`` knows people by password; without one, the address with ``key`` lets in whoever the desk is for."""

    def __init__(
        self, site: Site, sessions: Sessions, desk: str, *, gate: Gate | None, tls: bool, on_end: Callable[[], None]
    ) -> None:
        self.sessions = sessions
        self.key = secrets.token_urlsafe(24)
        self._site = site
        self._desk = desk
        self._gate = gate
        self._tls = tls
        self._on_end = on_end
        self._app = Starlette(
            routes=[
                Route("/sign-on", self._form, methods=["GET"]),
                Route("/sign-on", self._sign_on, methods=["POST"]),
                Route("/sign-off", self._sign_off, methods=["POST"]),
                Route("/enter/{key}", self._enter, methods=["GET"]),
            ]
        )

    def has(self, path: str) -> bool:
        return path in ("/sign-on", "/sign-off") or path.startswith("/enter/")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    @property
    def way_in(self) -> str:
        """The path by which one gets in."""
        return "/" if self._gate is not None else f"/enter/{self.key}"

    async def _form(self, request: Request) -> Response:
        return self._page(look_of(request.cookies, self._site.language), "")

    async def _enter(self, request: Request) -> Response:
        right = hmac.compare_digest(request.path_params["key"].encode(), self.key.encode())
        if self._gate is not None or not right or self._site.person is None:
            return RedirectResponse("/sign-on", 303)
        return self._let_in(self._site.person)

    async def _sign_on(self, request: Request) -> Response:
        look = look_of(request.cookies, self._site.language)
        if self._gate is None or int(request.headers.get("content-length", BODY_MAX + 1)) > BODY_MAX:
            return self._page(look, "", 400)
        form = await request.form(max_files=0, max_fields=4)
        try:
            self.sessions.may_try()
            # Counted as wrong until it was right, so that many at once are no way round it.
            self.sessions.was_wrong()
            person = await asyncio.to_thread(self._gate, str(form.get("person", "")), str(form.get("password", "")))
        except TooManyError as many:
            return self._page(look, str(many), 429)
        except NotKnownError as not_known:
            return self._page(look, str(not_known), 401)
        self.sessions.was_right()
        if self._site.person is None or self._site.person.id != person.id:
            self._on_end()
        self._site.sit(replace(self._site.place, person=person))
        return self._let_in(person)

    def _let_in(self, person: Person) -> Response:
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            "rung_session", self.sessions.begin(person), httponly=True, secure=self._tls, samesite="strict", path="/"
        )
        return answer

    async def _sign_off(self, request: Request) -> Response:
        """Only whoever sits here can, and only where one can sign on again."""
        if request.scope["rung.session"] is not None and self._gate is not None:
            self.sessions.end()
            self._site.sit(replace(self._site.place, person=None))
            self._on_end()
        return RedirectResponse("/sign-on", 303)

    def _page(self, look: Look, wrong: str, status: int = 200) -> Response:
        say = Say(look.language)
        inside = _FORM if self._gate is not None else f"<p>{escape(say('shell.no_keys'))}</p>"
        names = ("person", "password", "sign_on")
        texts = {name: escape(say(f"shell.{name}")) for name in names}
        why = escape(say("shell.sign_on_why", desk=self._desk)) if self._gate is not None else ""
        page = _PAGE.format(
            language=say.language,
            theme=look.theme,
            size=look.size,
            why=why,
            wrong=f'<p role="alert" class="wrong">✖ {escape(say.desk(wrong))}</p>' if wrong else "",
            inside=inside.format(**texts),
            **texts,
        )
        return HTMLResponse(page, status)


_PAGE = """<!doctype html>
<html lang="{language}" data-theme="{theme}" data-size="{size}"><head>
<meta charset="utf-8"><title>Rung: {sign_on}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/rung/rung.css"></head>
<body class="front"><main><h1>Rung</h1><p>{why}</p>{wrong}{inside}</main></body></html>"""
_FORM = """<form method="post" action="/sign-on"><label for="person">{person}</label>
<input id="person" name="person" autocomplete="username" maxlength="200" required autofocus>
<label for="password">{password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1000" required>
<button type="submit">{sign_on}</button></form>"""
