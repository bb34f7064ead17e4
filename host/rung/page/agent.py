"""The agent's page."""

from rung.page.shell import Page, tag


def build(page: Page) -> None:
    """The call and what each button means now."""
    with page.bar:
        tag("h1", "Rung")
        page.text(lambda seen: seen.view.call if seen.view else "", "p", "call live", role="status")
        page.looks()
