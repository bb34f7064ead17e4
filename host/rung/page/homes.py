"""Which page is whose: by path, and by the role of whoever sits at the desk."""

from collections.abc import Callable

from nicegui import Client, ui

from rung.page import agent
from rung.page.shell import Page
from rung.words import Role

HOMES: dict[Role, tuple[str, Callable[[Page], None]]] = {
    Role.AGENT: ("agent.title", agent.build),
    Role.SUPERVISOR: ("agent.title", agent.build),
}


def register() -> None:
    """Tell NiceGUI of all pages."""
    ui.page("/")(_home)


def _home(client: Client) -> None:
    role = client.request.scope["rung.session"].person.role
    title, build = HOMES.get(role, HOMES[Role.AGENT])
    page = Page(client, title)
    with page.main:
        build(page)
