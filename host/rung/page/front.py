"""The front of a site: signing on, by password or by the key in the printed address, and off. Plain HTML and forms."""

import hmac
import secrets
from collections.abc import Callable
from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from rung.page.look import Look, look_of
from rung.page.say import Say
from rung.page.sessions import Sessions, cookie_of
from rung.page.site import Site
from rung.words import Person

BODY_MAX = 4096  # bytes of a form: two short fields


class Front:
    """Where people sign on at the desk they do it here; else the address with ``key`` lets in whoever it is for."""

    def __init__(self, site: Site, sessions: Sessions, desk: str, *, tls: bool, on_end: Callable[[], None]) -> None:
        self.sessions = sessions
        self.key = secrets.token_urlsafe(24)
        self._site = site
        self._desk = desk
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
        return "/" if self._site.seat is not None else f"/enter/{self.key}"

    async def _form(self, request: Request) -> Response:
        return self._page(look_of(request.cookies, self._site.language), "")

    async def _enter(self, request: Request) -> Response:
        right = hmac.compare_digest(request.path_params["key"].encode(), self.key.encode())
        if self._site.seat is not None or not right or self._site.person is None:
            return RedirectResponse("/sign-on", 303)
        return self._let_in(request, self._site.person)

    async def _sign_on(self, request: Request) -> Response:
        look = look_of(request.cookies, self._site.language)
        seat = self._site.seat
        if seat is None or int(request.headers.get("content-length", BODY_MAX + 1)) > BODY_MAX:
            return self._page(look, "", 400)
        form = await request.form(max_files=0, max_fields=4)
        person, password, relieves = (str(form.get(name, "")) for name in ("person", "password", "relieves"))
        if why := self.sessions.must_wait():
            return self._page(look, why, 429)
        before = self._site.person
        self.sessions.was_wrong()  # until it was right: many at once are no way round the limit
        came = await seat.sign_on(person, password, relieves)
        if not isinstance(came, Person):
            return self._page(look, came.why, 401)
        self.sessions.was_right()
        if before is not None and before.id != came.id:
            self._on_end()
        return self._let_in(request, came)

    def _let_in(self, request: Request, person: Person) -> Response:
        answer = RedirectResponse("/", 303)
        name, token = cookie_of(request.scope), self.sessions.begin(person)
        answer.set_cookie(name, token, httponly=True, secure=self._tls, samesite="strict", path="/")
        return answer

    async def _sign_off(self, request: Request) -> Response:
        """Only whoever sits here can, and only where one can sign on again."""
        session, seat, sitting = request.scope["rung.session"], self._site.seat, self._site.person
        if seat is None or session is None or sitting is None or sitting.id != session.person.id:
            return RedirectResponse("/sign-on", 303)
        if (refused := await seat.sign_off()) is not None:
            return self._page(look_of(request.cookies, self._site.language), refused.why, 409)
        self.sessions.end()
        self._on_end()
        return RedirectResponse("/sign-on", 303)

    def _page(self, look: Look, wrong: str, status: int = 200) -> Response:
        say = Say(look.language)
        texts = {name: escape(say(f"shell.{name}")) for name in ("person", "password", "sign_on", "back")}
        why, inside = escape(say("shell.no_keys")), ""
        if self._site.seat is not None:
            why = escape(say("shell.sign_on_why", desk=self._desk))
            inside = _FORM.format(**texts, relieves=self._relieves(say))
        told = f'<p role="alert" class="wrong">✖ {escape(say.desk(wrong))}</p>' if wrong else ""
        head = {"language": say.language, "theme": look.theme, "size": look.size}
        return HTMLResponse(_PAGE.format(**head, **texts, why=why, wrong=told, inside=inside), status)

    def _relieves(self, say: Say) -> str:
        """Whoever comes in mid-call says by name from whom they take over."""
        sitting = self._site.person
        if sitting is None or not self._site.desk.busy:
            return ""
        text = escape(say("shell.relieves", person=sitting.id))
        return f'<label><input type="checkbox" name="relieves" value="{escape(sitting.id)}"> {text}</label>'


_PAGE = """<!doctype html>
<html lang="{language}" data-theme="{theme}" data-size="{size}"><head>
<meta charset="utf-8"><title>Rung: {sign_on}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/rung/rung.css"></head>
<body class="front"><main><h1>Rung</h1><p>{why}</p>{wrong}{inside}<p><a href="/">{back}</a></p></main></body></html>"""
_FORM = """<form method="post" action="/sign-on"><label for="person">{person}</label>
<input id="person" name="person" autocomplete="username" maxlength="200" required autofocus>
<label for="password">{password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1000" required>
{relieves}<button type="submit">{sign_on}</button></form>"""
