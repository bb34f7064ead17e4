"""The floors under a press: one byte from the pin's edge, and one write that the disk has taken.

The byte comes from a second box on the same VM, whose program does nothing else.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from rung.sim.box import VirtualBox
from rung.sim.flash import FLOOR, install
from rung.sim.handset import StageError

BUTTON = "escalate"  # the pin that the floor program watches
LET_GO_S = 0.02
TRY_AGAIN_S = 0.2
PATIENCE_S = 20.0
RECORD = bytes(8 * 1024)  # about what one press adds to the journal's log


def write_and_sync(file: int) -> int:
    """One write and its fsync, in ns."""
    begun_ns = time.monotonic_ns()
    os.write(file, RECORD)
    os.fsync(file)
    return time.monotonic_ns() - begun_ns


class Floor:
    """The box, and the process that stamps its bytes."""

    def __init__(self, box: VirtualBox, reader: asyncio.subprocess.Process, file: int) -> None:
        assert reader.stdout is not None
        self._box = box
        self._reader = reader
        self._stamps = reader.stdout
        self._file = file

    async def sync(self) -> int:
        """One write and its fsync, in ns."""
        return await asyncio.to_thread(write_and_sync, self._file)

    async def byte(self) -> int:
        """From the pin's edge to its byte here, in ns."""
        edge_ns = self._box.press(BUTTON)
        async with asyncio.timeout(PATIENCE_S):
            stamp = await self._stamps.readline()
            if not stamp:
                raise StageError(f"the floor's reader has ended with {await self._reader.wait()}")
        await self._let_go()
        return int(stamp) - edge_ns

    async def _let_go(self) -> None:
        await asyncio.sleep(LET_GO_S)
        self._box.let_go(BUTTON)
        await asyncio.sleep(LET_GO_S)

    async def settle(self) -> None:
        """Press until the program has attached its handler: before that a press says nothing."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._box.press(BUTTON)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TRY_AGAIN_S):
                        await self._stamps.readline()
                        return await self._let_go()
                await self._let_go()


@contextlib.asynccontextmanager
async def floor(folder: Path) -> AsyncIterator[Floor]:
    flash = folder / "flash"
    install(flash, FLOOR)
    box = VirtualBox(flash, link=folder / "ttyRUNG0")
    await asyncio.to_thread(box.__enter__)
    try:
        reader = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.floor_reader", box.port), stdout=asyncio.subprocess.PIPE
        )
        try:
            with (folder / "synced").open("wb") as file:
                made = Floor(box, reader, file.fileno())
                await made.settle()
                yield made
        finally:
            with contextlib.suppress(ProcessLookupError):
                reader.kill()
            await reader.wait()
    finally:
        await asyncio.to_thread(box.__exit__, None, None, None)
