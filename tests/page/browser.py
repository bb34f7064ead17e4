"""Real Chromium for the tests of pages: one for a file's tests, and a context of its own for each."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

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


class Chromium:
    """One Chromium that is connected once, and the event loop in which a file's tests use it."""

    def __init__(self, browser: Browser, runner: asyncio.Runner) -> None:
        self.browser = browser
        self._runner = runner

    def run(self, test: Coroutine[object, object, None]) -> None:
        """As `asyncio.run`, in the browser's own loop: what a test leaves running is cancelled."""
        loop = self._runner.get_loop()
        before = asyncio.all_tasks(loop)
        try:
            self._runner.run(test)
        finally:
            self._runner.run(_end(asyncio.all_tasks(loop) - before))


async def _end(tasks: set[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def connected(folder: Path) -> Iterator[Chromium]:
    """A Chromium of one's own."""
    with chromium(folder) as where, asyncio.Runner() as runner:
        playwright = runner.run(async_playwright().start())
        try:
            yield Chromium(runner.run(playwright.chromium.connect_over_cdp(where)), runner)
        finally:
            runner.run(playwright.stop())


@asynccontextmanager
async def looking(
    chromium: Chromium | str, *, width: int = 1280, height: int = 720, **options: object
) -> AsyncIterator[BrowserContext]:
    """A person's browser with nothing in it yet; by its control line in whatever loop."""
    async with AsyncExitStack() as exits:
        if isinstance(chromium, str):
            playwright = await exits.enter_async_context(async_playwright())
            browser = await playwright.chromium.connect_over_cdp(chromium)
        else:
            browser = chromium.browser
        context = await browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        exits.push_async_callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        yield context
