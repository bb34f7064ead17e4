"""`rung run` in a process group of its own, which may be killed at any instant."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from rung import words as w
from rung.desk.happening import Happening
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.sim.life import die_with_parent

_LINE_BYTES = 1 << 20  # the longest happening: a whole policy stands in one

_decode = msgspec.json.Decoder(Happening).decode


class BridgeProcess:
    """One of them, for its one life. Make it with `start`."""

    def __init__(self, process: asyncio.subprocess.Process, happened: Callable[[Happening], None]) -> None:
        self._process = process
        self._happened = happened
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls, program: Sequence[str], config: Path, happened: Callable[[Happening], None], *more: str
    ) -> BridgeProcess:
        """``program`` is `rung`, ``more`` options of `rung run`; ``happened`` is told every happening, in order."""
        process = await asyncio.create_subprocess_exec(
            *(*program, "run", "--json", "--callers", "-c", str(config), *more),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent,  # left over, it would take the next virtual box that gets its port's name
            limit=_LINE_BYTES,
        )
        return cls(process, happened)

    @property
    def pid(self) -> int:
        """Of the bridge, and of its process group."""
        return self._process.pid

    def type(self, keys: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(keys.encode())

    async def ended(self) -> int:
        """Wait until it ends by itself; its exit code, negative for a signal."""
        return await self._process.wait()

    async def kill(self) -> None:
        """SIGKILL to the whole group; returns when all that it had said has been told."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            with contextlib.suppress(msgspec.DecodeError):  # the last line of a killed bridge may be half
                self._happened(_decode(line))


def recorded(journal: Path) -> list[w.Event]:
    """Every event of a record that nobody writes any more, with what it names."""
    store, vault = Journal(journal), Vault(journal.with_name("vault.db"))
    events = [vault.opened(entry.event) for entry in store.entries()]
    store.close()
    vault.close()
    return events
