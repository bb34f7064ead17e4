"""The pages of `rung run`: where they are, and who gets in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rung.cli.ends import need
from rung.config import Config
from rung.page.site import Site

NO_PAGES = "the pages need NiceGUI: install rung with its extra `page`, or take [page] out of rung.toml"


def site_of(config: Config) -> Site | None:
    """What this desk's pages will show; None: it has none. Ends with one line where it cannot have them."""
    if config.page is None:
        return None
    need("nicegui", NO_PAGES)
    return Site()


@asynccontextmanager
async def served(config: Config, site: Site | None) -> AsyncIterator[str]:
    """Serve an open site's pages; the address to open, empty without pages. Raises PageError."""
    if config.page is None or site is None:
        yield ""
        return
    from rung.page.server import Settings, serve

    page = config.page
    host, _, port = page.listen.rpartition(":")
    settings = Settings(
        host=host.strip("[]"),
        port=int(port),
        names=page.names,
        certificate=page.certificate,
        key=page.key,
        sessions=config.state_folder() / "page.sessions",
        shift_s=page.shift_hours * 3600,
        desk=config.desk.name,
        language=page.language,
        emergency=page.emergency,
    )
    async with serve(site, settings) as address:
        yield address
