"""The live demo and the phone's command as their user has them: in a terminal, ended by a key or a signal."""

import asyncio
import contextlib
import fcntl
import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")

from playwright.async_api import expect
from tests.page.browser import chromium, looking
from tests.real.box_rig import wait_for
from tests.real.sip_rig import connected

PATIENCE_S = 120.0
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-Z\\-_])")
HOME = "\x1b[H"  # each drawing of the screen begins here
NORMAL_SCREEN = "\x1b[?1049l"
CTRL_C = "\x03"


class Terminal:
    """A program in a terminal of its own, 150 by 45. Whatever it leaves behind is ended with it."""

    def __init__(self, *command: str, folder: Path) -> None:
        self._folder = folder
        self._seen = ""
        self._fd, theirs = os.openpty()
        termios.tcsetwinsize(theirs, (45, 150))
        self._before = termios.tcgetattr(theirs)
        environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**environment, "TERM": "xterm", "TMPDIR": str(folder)},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C is a signal to it
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.close(self._fd)

    def family(self) -> set[int]:
        """Itself and all it has started, at any remove, that live: whoever keeps temporary files in its folder."""
        found = set()
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):  # it has just ended, or is somebody else's
                if f"TMPDIR={self._folder}".encode() in environ.read_bytes().split(b"\0"):
                    found.add(int(environ.parent.name))
        return found

    @property
    def screen(self) -> str:
        """The latest whole drawing, in one line: a sentence may be broken anywhere."""
        drawings = self._seen.split(HOME)
        return re.sub(r"[\s│]+", " ", ESCAPE.sub("", drawings[-2] if len(drawings) > 1 else self._seen))

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def shows(self, *texts: str) -> None:
        """Wait until one drawing holds them all."""
        self._until(lambda: all(text in self.screen for text in texts), f"shows {texts}")

    @property
    def farewell(self) -> str:
        """What it has left on the normal screen, in one line."""
        return re.sub(r"\s+", " ", ESCAPE.sub("", self._seen.rpartition(NORMAL_SCREEN)[2])).strip()

    def ends(self, last: str = "") -> int:
        """Wait until the program ends, and leaves the terminal as it was; its exit code, negative for a signal.

        ``last``: its last words, on the normal screen.
        """
        self._until(lambda: self.process.poll() is not None and self.farewell.endswith(last), "ends")
        assert termios.tcgetattr(self._fd) == self._before
        assert NORMAL_SCREEN in self._seen and bool(self.farewell) == bool(last)
        return self.process.wait()

    def _until(self, true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, f"waited in vain: {what}; the screen: {self.screen}"
            self._read()

    def _read(self) -> None:
        if select.select([self._fd], [], [], 0.05)[0]:
            try:
                self._seen = (self._seen + os.read(self._fd, 1 << 16).decode(errors="replace"))[-100_000:]
            except OSError:  # nobody holds the terminal any more: the program is about to be gone
                time.sleep(0.05)


def test_a_newcomer_plays_the_demo(tmp_path: Path) -> None:
    pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")
    with Terminal("-m", "rung", "demo", folder=tmp_path) as demo:
        demo.shows("in a call with sip:caller@", "phone: answers", "WARN lit")
        assert len(demo.family()) >= 8, "the demo, board and VM of each box, and three phones"
        demo.type("3")
        demo.shows("refused: Release the call: first: give the final notice; no warning has been given", "Next: warn.")
        demo.type("p2")
        demo.shows("grounds: profanity", "taken: Warn the caller", "SAY: Warn the caller", "if the language stops")
        demo.type(CTRL_C)
        assert demo.ends() == 0
        wait_for(lambda: not demo.family())
        assert not list(tmp_path.iterdir()), "it leaves no file behind"


def test_the_demos_pages_have_the_box_to_be_pressed(tmp_path: Path) -> None:
    """The mouse presses the pins of the VM; the lamps on the page are the firmware's own pixels."""
    pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")
    (tmp_path / "demo").mkdir()
    with (
        chromium(tmp_path / "chromium") as browser,
        Terminal("-m", "rung", "demo", folder=tmp_path / "demo") as demo,
    ):
        demo.shows(
            "in a call with sip:caller@", "phone: answers", "WARN lit", "page: agent http", "page: supervisor http"
        )
        found = dict(re.findall(r"page: (agent|supervisor) (http\S+)", demo.screen))
        asyncio.run(_press_the_box(browser, found))
        demo.type(CTRL_C)
        assert demo.ends() == 0


async def _press_the_box(browser: str, addresses: dict[str, str]) -> None:
    async with looking(browser) as context:
        page, console = await context.new_page(), await context.new_page()
        await console.goto(addresses["supervisor"])
        await page.goto(addresses["agent"])
        await page.keyboard.press("p")
        await expect(page.get_by_role("list").get_by_text("profanity")).to_be_visible()
        warn = page.locator("[data-button=warn]")
        await expect(warn).to_have_attribute("data-lamp", re.compile("lit|breathing"))
        await warn.hover()
        await page.mouse.down()
        await asyncio.sleep(0.3)
        await page.mouse.up()
        await expect(page.get_by_text("I can do that if the language stops")).to_be_visible()
        colour = "el => getComputedStyle(el.querySelector('.lamp')).backgroundColor"
        await expect(page.locator("[data-button=escalate]")).to_have_attribute("data-lamp", "breathing", timeout=20_000)
        seen = {await page.locator("[data-button=escalate]").evaluate(colour) for _ in range(40)}
        assert len(seen) > 1, "a lamp that invites breathes, as the firmware makes it"
        # Held for two seconds it is panic, whoever holds it: the firmware tells it, and the supervisor's page shows it.
        await page.locator("[data-button=escalate]").hover()
        await page.mouse.down()
        await expect(console.get_by_role("alert").filter(has_text="agent")).to_be_visible()
        await page.mouse.up()


def test_an_agent_practises_with_a_scripted_caller(tmp_path: Path) -> None:
    pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")
    with Terminal("-m", "rung", "demo", "--drill", "swearing", folder=tmp_path) as drill:
        drill.shows("the caller", "“I have waited twenty minutes to ask where my refund is.”", "WARN lit")
        drill.type("3")
        drill.shows("refused: Release the call: first: give the final notice")
        drill.shows("“Three weeks!")
        drill.type("p2")
        drill.shows("grounds: profanity", "SAY: Warn the caller")
        drill.type(CTRL_C)
        assert drill.ends("Nothing of this is kept.") == 0
        for told in ("too early release", "right Warn the caller", "right named: profanity", "the call is still up"):
            assert told in drill.farewell
        wait_for(lambda: not drill.family())
        assert not list(tmp_path.iterdir()), "it leaves no file behind"


def test_a_desk_in_a_terminal(tmp_path: Path) -> None:
    config, control = desk(tmp_path)
    with Terminal("-m", "rung", "run", "-c", str(config), folder=tmp_path) as bridge:
        bridge.shows("no call", "agent-17", "phone: answers", "box: /dev/rung-none")
        bridge.type("-")
        bridge.shows("take back: ")
        bridge.type("?O")
        bridge.shows("note or reason, then Enter: ")
        bridge.type("barks")
        bridge.shows("note or reason, then Enter: barks")
        bridge.type(CTRL_C)
        assert bridge.ends() == 0
        assert bridge.family() == {asyncio.run(answers(control))}, "the phone outlives the bridge"


def test_the_phones_command_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    config, control = desk(tmp_path)
    phone = subprocess.Popen([sys.executable, "-m", "rung", "phone", "-c", config], stdin=subprocess.DEVNULL)
    try:
        assert asyncio.run(answers(control)) == phone.pid
        phone.terminate()
        assert phone.wait(PATIENCE_S) == 0
        assert not control.exists()
    finally:
        phone.kill()
        phone.wait()


def desk(folder: Path) -> tuple[Path, Path]:
    """The configuration of a desk without a box, and where its phone's control file will be."""
    config = folder / "rung.toml"
    config.write_text(
        '[desk]\nperson = "agent-17"\nstate = "desk"\n[box]\nport = "/dev/rung-none"\n'
        '[phone]\nuser = "agent"\nlisten = "127.0.0.1:0"\nsupervisors = "sip:s@127.0.0.1"\n'
    )
    return config, folder / "desk" / "phone.json"


async def answers(control: Path) -> int:
    """Wait until a phone answers behind this control file; its process id."""
    client = await connected(control)
    await client.close()
    return client.pid
