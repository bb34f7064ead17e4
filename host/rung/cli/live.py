"""The demo in a terminal: keys press and hold the buttons of the virtual box, a caller and a supervisor play along."""

import asyncio
import contextlib
import signal
import tempfile
from pathlib import Path

from rung.cli.keys import TICK, TYPED
from rung.cli.screen import Screen
from rung.cli.terminal import keys_of_stdin
from rung.phone.base import PhoneError
from rung.sim.box import VirtualBox
from rung.sim.handset import StageError
from rung.sim.stage import TAP_S, Stage
from rung.words import Button, CallState

BOX_HELP = "box: 1 2 3 tap escalate, warn, release · 4 5 6 hold them, again to let go · 0 escalate and warn at once\n"
OTHERS_HELP = "caller: N calls, G hangs up · supervisor: A answers by itself or not, V hangs up\n"


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
    async with Stage(folder, watch=screen.happened) as stage:
        stage.box.watch_lamps(lambda frame: setattr(screen, "box_lamps", frame.pixels))
        await stage.supervisor.client.auto_answer(3000)
        await stage.call_in()
        hands = Hands(stage, screen)
        with screen, keys_of_stdin(hands.key):
            await asyncio.Event().wait()


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
    """What each key does. Keys that are not the box's, the caller's or the supervisor's go to the bridge."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        self._stage = stage
        self._screen = screen
        self._box = BoxKeys(stage.box)
        self._answers = True
        self._typing = False  # a note or a reason: every key is the bridge's until Enter
        self._last = ""
        self._tasks: set[asyncio.Task[None]] = set()

    def key(self, char: str) -> None:
        last, self._last = self._last, char
        if self._typing or (char in TYPED and last != "-") or char == TICK or (char == "!" and last == "-"):
            self._typing = char not in "\r\n"
            self._screen.prompt = "type the note or reason, then Enter" if self._typing else ""
            self._stage.type(char)
        elif self._box.has(char) or char in "NGAV":
            task = asyncio.get_running_loop().create_task(self._do(char))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._stage.type(char)

    async def _do(self, char: str) -> None:
        with contextlib.suppress(PhoneError):  # pressed twice, or too late: nothing happens
            if self._box.has(char):
                await self._box.do(char)
            elif char == "N":
                await self._stage.call_in()
            elif char == "A":
                self._answers = not self._answers
                await self._stage.supervisor.client.auto_answer(3000 if self._answers else None)
            else:
                phone = self._stage.caller if char == "G" else self._stage.supervisor
                for call in phone.living:
                    await (phone.client.reject if call.state == CallState.RINGING else phone.client.hang_up)(call.id)
