"""`rung run` with its page, killed and started again: the page says so, and comes back to whoever had signed on."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.page.browser import Chromium, looking
from tests.real.peers import free_port

from rung.sim.sip_handset import end_phone

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")


class Run:
    """The bridge in a process of its own; ``address`` is what it prints of its page."""

    def __init__(self, config: Path) -> None:
        command = [sys.executable, "-m", "rung", "run", "--json", "-c", str(config)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.address = ""

    def until_served(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            if told["kind"] == "page":
                self.address = told["text"]
                return
        raise AssertionError(f"the bridge has ended with {self.process.wait()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def test_a_page_outlives_its_bridge(tmp_path: Path, chromium: Chromium) -> None:
    config = tmp_path / "rung.toml"
    config.write_text(
        f'[desk]\nperson = "agent-17"\nstate = "desk"\n[box]\nport = "/dev/rung-none"\n'
        f'[page]\nlisten = "127.0.0.1:{free_port()}"\n'
        f'[phone]\nuser = "agent"\nlisten = "127.0.0.1:0"\nsupervisors = "sip:s@127.0.0.1"\n'
    )
    run = Run(config)

    async def test() -> None:
        nonlocal run
        async with looking(chromium) as browser:
            await asyncio.to_thread(run.until_served)
            page = await browser.new_page()
            await page.goto(run.address)
            await expect(page.get_by_text("✔ Telephone")).to_be_visible()
            run.kill()
            at = time.monotonic()
            await expect(page.get_by_role("alert")).to_contain_text("The bridge is gone")
            print(f"told {time.monotonic() - at:.1f} s after the kill")
            await expect(page.get_by_text("✔ Telephone")).to_be_hidden()
            run = Run(config)
            await asyncio.to_thread(run.until_served)
            await expect(page.get_by_text("✔ Telephone")).to_be_visible(timeout=20_000)
            await expect(page.get_by_text("At this desk: agent-17")).to_be_visible()

    try:
        chromium.run(test())
    finally:
        run.kill()
        asyncio.run(end_phone(tmp_path / "desk" / "phone.json"))  # it outlives the bridge on purpose
