"""The demo in a terminal and two browser pages: an agent's desk and a supervisor's, and a caller.

The virtual boxes run the real firmware. Keys here press the agent's; on each page its own is drawn, to be pressed with
the mouse.
"""

import asyncio
import contextlib
import os
import signal
import tempfile
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path

from rung import words as w
from rung.cli.keys import TICK, TYPED, Keys
from rung.cli.screen import Screen
from rung.cli.terminal import keys_of_stdin
from rung.desk.happening import Happening
from rung.floor.base import FloorError
from rung.page.site import DrawnBox, Site
from rung.phone.base import PhoneError
from rung.policy import load
from rung.sim.box import VirtualBox
from rung.sim.desk import TAP_S, SimDesk
from rung.sim.floor_stage import AGENT, SUPERVISOR, FloorStage, Parts
from rung.sim.handset import StageError
from rung.words import Button, Reply

POLICY = "warm-transfer"
BOX_HELP = "box: 1 2 3 tap escalate, warn, release · 4 5 6 hold them, again to let go · 0 escalate and warn at once\n"
OTHERS_HELP = "caller: N calls, G hangs up · supervisor: A answers by itself or not, V hangs up\n"
COMES_S = 2.0  # after which a supervisor who answers by themselves does
YES = (Reply.ACCEPT, Reply.GRANT, Reply.JOIN, Reply.ADVISE)


def live() -> int:
    """Until Ctrl-C; the exit code."""
    with contextlib.suppress(asyncio.CancelledError), tempfile.TemporaryDirectory(prefix="rung-demo-") as folder:
        try:
            asyncio.run(_live(Path(folder)))
        except StageError as error:
            print(f"rung: {error}")
            return 1
    return 0


async def _live(folder: Path) -> None:
    screen = Screen(BOX_HELP + OTHERS_HELP)
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
    sites = {AGENT: Site(), SUPERVISOR: Site()}

    def watch(desk: str, happening: Happening) -> None:
        sites[desk].happened(happening)
        if desk == AGENT:
            screen.happened(happening)

    async with FloorStage(folder, load(POLICY), Parts.REAL, watch) as stage, _pages(folder, stage, sites) as addresses:
        assert stage.agent.box is not None
        stage.agent.box.watch_lamps(lambda frame: setattr(screen, "box_lamps", frame.pixels))
        for name, address in addresses.items():
            stage.agent.teller.tell("page", text=f"{name} {address}")
        _open(addresses)
        await stage.caller.dial(stage.agent.handset.address)
        hands = Hands(stage, screen)
        with screen, keys_of_stdin(hands.key):
            await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def _pages(folder: Path, stage: FloorStage, sites: dict[str, Site]) -> AsyncIterator[dict[str, str]]:
    """Both desks' pages, each with its box drawn; their addresses, by desk."""
    from rung.page.server import Settings, serve

    async with contextlib.AsyncExitStack() as exits:
        addresses = {}
        for desk in (stage.agent, stage.supervisor):
            site, box = sites[desk.name], desk.box
            assert box is not None
            site.open(desk.bridge, desk.teller, desk.place, desk.floor)
            site.box = DrawnBox(box.press, box.let_go)
            box.watch_lamps(lambda frame, drawn=site.box: drawn.pixels.show(frame.pixels))  # type: ignore[misc]  # by name
            settings = Settings(sessions=folder / f"{desk.name}.sessions", desk=desk.name)
            addresses[desk.name] = await exits.enter_async_context(serve(site, settings))
        yield addresses


def _open(addresses: dict[str, str]) -> None:
    """In the browser of whoever has a screen; else the addresses are there to be read."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        for address in addresses.values():
            webbrowser.open(address)


TAPS = dict(zip("123", Button, strict=True))
HOLDS = dict(zip("456", Button, strict=True))
CHORD = "0"


class BoxKeys:
    """The keys that press the buttons of a virtual box."""

    def __init__(self, box: VirtualBox) -> None:
        self._box = box
        self._held: set[Button] = set()

    @property
    def holds(self) -> bool:
        """Is a button held down?"""
        return bool(self._held)

    def has(self, char: str) -> bool:
        return char in (*TAPS, *HOLDS, CHORD)

    async def do(self, char: str) -> None:
        """A tap and a chord are let go again; a held button is by its key's next stroke."""
        if char in HOLDS:
            button = HOLDS[char]
            self._box.let_go(button) if button in self._held else self._box.press(button)
            self._held ^= {button}
            return
        buttons = (Button.ESCALATE, Button.WARN) if char == CHORD else (TAPS[char],)
        for button in buttons:
            self._box.press(button)
        await asyncio.sleep(TAP_S)
        for button in buttons:
            self._box.let_go(button)


class Hands:
    """What each key does. Keys that are not the box's, the caller's or the supervisor's go to the agent's desk."""

    def __init__(self, stage: FloorStage, screen: Screen) -> None:
        assert stage.agent.box is not None
        self._stage = stage
        self._screen = screen
        self._box = BoxKeys(stage.agent.box)
        self._keys = Keys(self._act, lambda: stage.agent.bridge.look().tick)
        self._helper: asyncio.Task[None] | None = None
        self._last = ""
        self._tasks: set[asyncio.Task[None]] = set()

    def _act(self, act: w.Input) -> None:
        answer = self._stage.agent.act(act)
        if answer is not None:
            self._stage.agent.teller.tell("answer", answer=answer)

    def key(self, char: str) -> None:
        last, self._last = self._last, char
        taken_back = last == "-" and not self._keys.typing
        if self._keys.typing or (char in TYPED and not taken_back) or char == TICK or (char == "!" and taken_back):
            self._keys.key(char)
            self._screen.prompt = "type the note or reason, then Enter" if self._keys.typing else ""
        elif self._box.has(char) or char in "NGAV":
            task = asyncio.get_running_loop().create_task(self._do(char))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._keys.key(char)

    async def _do(self, char: str) -> None:
        stage = self._stage
        with contextlib.suppress(PhoneError):  # pressed twice, or too late: nothing happens
            if self._box.has(char):
                await self._box.do(char)
            elif char == "N":
                await stage.caller.dial(stage.agent.handset.address)
            elif char == "A" and self._helper is not None:
                self._helper.cancel()
                self._helper = None
            elif char == "A":
                self._helper = asyncio.create_task(_answers(stage.supervisor))
            else:
                phone = stage.caller if char == "G" else stage.supervisor.handset
                await phone.decline()
                await phone.hang_up()


async def _answers(supervisor: SimDesk) -> None:
    """A supervisor who says yes to everything, after a while."""
    while True:
        await asyncio.sleep(COMES_S)
        for asked in supervisor.asks:
            yes = next((reply for reply in YES if reply in asked.may), None)
            if asked.over is None and yes is not None:
                with contextlib.suppress(FloorError):  # it was over at that very moment
                    await supervisor.floor.reply(asked.desk, asked.ask, yes)
