"""`rung sim boxes`: virtual boxes with ports of their own, for trying out whatever opens a port."""

import signal
import tempfile
import threading
from pathlib import Path
from types import FrameType

from rung.cli.ends import need, stop
from rung.firmware import build
from rung.fleet.board import Board, BoardError
from rung.sim.box import BoxError, VirtualBox
from rung.sim.chip import blank_chip
from rung.sim.hands import hands
from rung.sim.hub import UART_BAUD, Hub, Plugged

NO_VM = "virtual boxes need the MicroPython VM: install rung with its extra `sim` (Linux x86_64)"


def sim_boxes(
    count: int, folder: Path, *, bare: bool, full_speed: bool, foreign: bool, taken: bool, flash_kb: int
) -> None:
    """Start them, tell their ports, and wait for Ctrl-C."""
    need("micropython_run", NO_VM)
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with tempfile.TemporaryDirectory(prefix="rung-boxes-") as scratch:
        try:
            like = None if bare else flashed(Path(scratch), 1024 * flash_kb)
            baud = None if full_speed else UART_BAUD
            with Hub(folder, count, baud=baud, like=like, flash_bytes=1024 * flash_kb) as hub:
                if taken:
                    hub.take_last()
                if foreign:
                    hub.add_gps()
                with hands(folder, hub.ports()):
                    _tell(hub, full_speed)
                    ended.wait()
        except (BoardError, BoxError, OSError, TimeoutError) as error:
            stop(f"{folder}: {error}")


def flashed(scratch: Path, flash_bytes: int) -> Path:
    """A chip with this firmware on it, put there as anybody would."""
    chip = blank_chip(scratch / "flashed", flash_bytes)
    with VirtualBox(chip, link=scratch / "ttyRUNG0") as box, Board.open(box.port) as board:
        board.install(build(board.about().mpy))
    return chip


def _tell(hub: Hub, full_speed: bool) -> None:
    for plugged in hub.plugged:
        print(f"{plugged.port}  {_what(plugged)}")
    speed = "as fast as the computer goes" if full_speed else f"{UART_BAUD:,} baud"
    print(f"Lines: {speed}. Their flash stays in {hub.folder}. Ctrl-C unplugs them.")
    print(f"Flash them: rung flash --in {hub.folder} --all", flush=True)


def _what(plugged: Plugged) -> str:
    if plugged.box is None:
        return "a GPS receiver, no board"
    return f"box {plugged.box.unique_id}" + (", its port held by this program" if plugged.is_taken else "")
