"""Which page is whose: by path, and by the role of whoever sits at the desk."""

from collections.abc import Callable

from nicegui import Client, ui
from starlette.responses import RedirectResponse

from rung.page import after, agent, console
from rung.page.shell import Page
from rung.words import Role

HOMES: dict[Role, tuple[str, Callable[[Page], None]]] = {
    Role.AGENT: ("agent.title", agent.build),
    Role.SUPERVISOR: ("console.title", console.build),
}


def register() -> None:
    """Tell NiceGUI of all pages."""
    ui.page("/")(_home)
    ui.page("/after")(_after)


def _home(client: Client) -> None:
    role = client.request.scope["rung.session"].person.role
    title, build = HOMES.get(role, HOMES[Role.AGENT])
    page = Page(client, title)
    with page.main:
        build(page)


def _after(client: Client) -> RedirectResponse | None:
    """What comes after calls is for supervisors; an agent's own is on the agent's page."""
    if client.request.scope["rung.session"].person.role != Role.SUPERVISOR:
        return RedirectResponse("/", 303)
    page = Page(client, "after.title")
    with page.main:
        after.build(page)
    return None
