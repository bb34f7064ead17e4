"""A small site in real processes: `rung floor`, and `rung run` at each desk with a SIP phone of its own."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from tests.real.peers import free_port

from rung import words as w
from rung.desk.happening import Happening
from rung.floor.base import Asked, FloorError
from rung.floor.enrolment import enrol, keep_enrolment
from rung.floor.site import SiteFolder
from rung.floor.site_service import code_for
from rung.link.keys import keep_key, new_key
from rung.sim.box import VirtualBox
from rung.sim.bridge_process import BridgeProcess, recorded
from rung.sim.flash import install
from rung.sim.handset import StageError, patience
from rung.sim.scenery import Scenery
from rung.sim.sip_handset import end_phone, start_phone
from rung.words import Button, LampState, Role

HERE = "127.0.0.1"
TAP_S = 0.2  # longer than the 150 ms in which escalate and warn could still become a chord
HOLD_S = 1.8
PATIENCE_S = 40.0
CALLER_HZ = 440
TIMES = "[times]\nwait = 0.5\nsay_time = 0.5\nanswer_within = 20\nwiden_after = 5\n"


class DeskProcess:
    """`rung run` in a process of its own."""

    def __init__(self, folder: Path, name: str, role: Role, changed: asyncio.Event) -> None:
        self.name = name
        self.role = role
        self.folder = folder / name
        self.box: VirtualBox | None = None
        self.record: list[w.Event] = []
        self.asks: tuple[Asked, ...] = ()
        self.lamps = w.Lamps()
        self.up: dict[str, bool] = {}
        self.troubles: list[str] = []
        self.extension = f"sip:{name}@{HERE}:{free_port()}"
        self._changed = changed
        self._bridge: BridgeProcess | None = None

    async def come(self, site: SiteFolder, exits: contextlib.AsyncExitStack, *, box: bool) -> None:
        """Onto the floor with a code, with a box if it gets one; then start."""
        seed = site.invite(self.name, self.role, time.time())
        code = code_for(site, self.name, seed)
        async with patience(f"{self.name} is enrolled"):
            while True:
                with contextlib.suppress(FloorError):  # the server does not know the code yet
                    enrolment, _ = await enrol(code)
                    break
                await asyncio.sleep(0.1)
        self.folder.mkdir(parents=True, exist_ok=True)
        keep_enrolment(self.folder / "floor.json", enrolment)
        port = str(self.folder / "no-box")
        if box:
            key = new_key()
            install(self.folder / "flash", key=key)
            self.box = VirtualBox(self.folder / "flash", link=self.folder / "ttyRUNG0")
            await asyncio.to_thread(self.box.__enter__)
            exits.push_async_callback(asyncio.to_thread, self.box.__exit__, None, None, None)
            keep_key(self.folder / "state" / "keys", self.box.unique_id, key)
            port = self.box.port
        (self.folder / "rung.toml").write_text(self.config(port))
        exits.push_async_callback(end_phone, self.folder / "state" / "phone.json")
        exits.push_async_callback(self.kill)
        await self.start()

    def config(self, port: str) -> str:
        """The desk's rung.toml; ``port`` is its box's."""
        listen = self.extension.partition("@")[2]
        return (
            f'[desk]\nname = "{self.name}"\nperson = "p-{self.name}"\nrole = "{self.role}"\nstate = "state"\n'
            f'[box]\nport = "{port}"\n[floor]\nextension = "{self.extension}"\n'
            f'[phone]\nuser = "{self.name}"\nlisten = "{listen}"\nauto_answer_ms = 50\n'
            f'supervisors = "sip:nobody@{HERE}:9"\n{TIMES}'
        )

    async def start(self, *more: str) -> None:
        """``more``: options of `rung run`."""
        config = self.folder / "rung.toml"
        self._bridge = await BridgeProcess.start([sys.executable, "-m", "rung"], config, self._happened, *more)

    async def kill(self) -> None:
        """SIGKILL; what it recorded is then read from its journal."""
        bridge, self._bridge = self._bridge, None
        if bridge is None:
            return
        await bridge.kill()
        self.up = {}
        self.record = recorded(self.folder / "state" / "journal.db")

    def _happened(self, happening: Happening) -> None:
        if happening.event is not None:
            self.record.append(happening.event)
        elif happening.kind == "asked":
            self.asks = happening.asks
        elif happening.kind == "shown" and happening.lamps is not None:
            self.lamps = happening.lamps
        elif happening.kind == "trouble":
            self.troubles.append(happening.text)
        elif happening.kind in ("box", "phone", "floor"):
            self.up[happening.kind] = bool(happening.up)
            self.troubles += [happening.text] if not happening.up else []
        self._changed.set()

    # -- hands -------------------------------------------------------------------------------------------------------

    def type(self, keys: str) -> None:
        assert self._bridge is not None
        self._bridge.type(keys)

    def may(self, button: Button) -> bool:
        lamp: w.Lamp = getattr(self.lamps, button)
        return lamp.state in (LampState.LIT, LampState.BREATHING)

    async def press(self, button: Button, seconds: float = TAP_S) -> None:
        assert self.box is not None
        self.box.press(button)
        await asyncio.sleep(seconds)
        self.box.let_go(button)

    # -- what came of it ---------------------------------------------------------------------------------------------

    def of(self, kind: type) -> list[w.Event]:
        return [event for event in self.record if isinstance(event, kind)]

    def open(self) -> list[Asked]:
        return [asked for asked in self.asks if asked.over is None]


class SmallSite(Scenery):
    """Three agents and two supervisors. Use as an async context manager."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.changed = asyncio.Event()
        agents, supervisors = ("ada", "bea", "cyd"), ("eve", "fay")
        self.desks = {name: DeskProcess(folder, name, Role.AGENT, self.changed) for name in agents}
        self.desks |= {name: DeskProcess(folder, name, Role.SUPERVISOR, self.changed) for name in supervisors}

    async def _set_up(self) -> None:
        self.site = SiteFolder(self.folder / "floor")
        self._port = free_port()
        self._exits.push_async_callback(self.kill_floor)
        await self.start_floor()
        await self.until(lambda: (self.folder / "floor" / "site.json").exists(), "the floor is set up")
        await self._phones()
        for desk in self.desks.values():
            await desk.come(self.site, self._exits, box=desk.name in ("ada", "eve", "fay"))
        await self.until(
            lambda: all(d.up.get("floor") and d.up.get("phone") for d in self.desks.values()),
            "each desk has its floor and its phone",
        )
        await self.until(lambda: all(self.desks[n].up.get("box") for n in ("ada", "eve", "fay")), "the boxes are there")

    async def _phones(self) -> None:
        self.caller = await start_phone(self.folder, "caller", CALLER_HZ, self.changed, self._exits)

    async def start_floor(self) -> None:
        self._floor = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rung", "floor", "--address", HERE, "--listen", HERE),
            *("--port", str(self._port), "--folder", str(self.folder / "floor")),
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )

    async def kill_floor(self) -> None:
        """The program and its server at one blow."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._floor.pid, signal.SIGKILL)
        await self._floor.wait()

    async def until(self, true, what: str) -> None:  # type: ignore[no-untyped-def]
        try:
            async with patience(what, PATIENCE_S):
                while not true():
                    self.changed.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.2):
                            await self.changed.wait()
        except StageError as error:
            stands = {name: (desk.up, desk.troubles[-3:]) for name, desk in self.desks.items()}
            raise StageError(f"{error}; the desks: {stands}") from None
