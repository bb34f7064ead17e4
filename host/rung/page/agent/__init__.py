"""The agent's page: everything of one call at a glance, from 80 cm, without scrolling."""

from nicegui import ui

from rung.page.agent.after import after
from rung.page.agent.buttons import buttons
from rung.page.agent.call import call
from rung.page.agent.grounds import grounds
from rung.page.agent.helping import crisis, helping
from rung.page.agent.ladder import ladder
from rung.page.agent.notes import notes
from rung.page.agent.saying import saying
from rung.page.shell import Page, tag

__all__ = ["build", "buttons", "crisis", "grounds", "helping", "ladder", "notes", "saying"]


def build(page: Page) -> None:
    """The whole page."""
    ui.add_head_html('<link rel="stylesheet" href="/rung/agent.css"><script src="/rung/buttons.js" defer></script>')
    with page.bar:
        call(page)
        page.looks()
    with tag("div", classes="desk"):
        saying(page)
        buttons(page)
        grounds(page)
        with tag("div", classes="side"):
            ladder(page)
            helping(page)
            notes(page)
    after(page)
