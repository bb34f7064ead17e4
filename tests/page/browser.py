"""Real Chromium for the tests of pages: one for a file's tests, and a context of its own for each."""

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, async_playwright, expect

PATIENCE_MS = 20_000  # on a busy computer; where something must be quick, the test says how quick
expect.set_options(timeout=PATIENCE_MS)
WHERE = re.compile(rb"DevTools listening on (ws://\S+)")


@contextmanager
def chromium(folder: Path) -> Iterator[str]:
    """A running Chromium; where its control line is. Skips where there is none, unless peers are required."""
    program = shutil.which("chromium")
    if program is None:
        missing = "no chromium on PATH; `make peers` installs it"
        pytest.fail(missing) if os.environ.get("RUNG_REQUIRE_PEERS") else pytest.skip(missing)
    usual = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}", "--no-first-run"]
    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # the superuser has no sandbox
    quiet = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--mute-audio"]
    running = subprocess.Popen([program, *usual, *root, *quiet, "about:blank"], stderr=subprocess.PIPE)
    try:
        assert running.stderr is not None
        for line in running.stderr:
            if (found := WHERE.search(line)) is not None:
                yield found[1].decode()
                return
        raise AssertionError(f"chromium has ended with {running.wait()}")
    finally:
        running.terminate()
        running.communicate()


@asynccontextmanager
async def looking(
    chromium: str, *, width: int = 1280, height: int = 720, **options: object
) -> AsyncIterator[BrowserContext]:
    """A person's browser with nothing in it yet."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(chromium)
        context = await browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        try:
            yield context
        finally:
            await context.close()
