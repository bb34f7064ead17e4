"""A whole desk on this computer: virtual box, the real bridge, and caller and supervisor as SIP phones of their own.

The bridge is the very `rung run` of a real desk, in its own process; the stage only presses pins, types keys and drives
the other two phones. It may kill the bridge at any instant and start it again.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from rung import words as w
from rung.desk.happening import Happening
from rung.link.keys import keep_key, new_key
from rung.policy import Times
from rung.policy.view import View
from rung.sim.box import VirtualBox
from rung.sim.bridge_process import BridgeProcess, recorded
from rung.sim.flash import install
from rung.sim.handset import PATIENCE_S, patience
from rung.sim.scenery import Scenery
from rung.sim.sip_handset import connect, end_phone, start_phone
from rung.sim.tamper import Tamper

CALLER_HZ, SUPERVISOR_HZ, AGENT_HZ = 440, 620, 880
TAP_S = 0.2  # longer than the 150 ms in which escalate and warn could still become a chord


class Stage(Scenery):
    """Use as an async context manager. ``watch`` is told every happening of the bridge."""

    def __init__(
        self,
        folder: Path,
        times: Times | None = None,
        watch: Callable[[Happening], None] = lambda happening: None,
        *,
        tampered: bool = False,
        baud: int | None = None,
    ) -> None:
        """``tampered`` puts a hand on the line between box and bridge: ``tamper``. ``baud``: one that slows it down."""
        super().__init__()
        self.folder = folder
        self.times = times
        self.watch = watch
        self.program = [sys.executable, "-m", "rung"]  # what `start_bridge` starts; a test may choose one that dies
        self.tamper: Tamper | None = None
        self._tampered = tampered or baud is not None
        self._baud = baud
        self.record: list[w.Event] = []  # everything in the journal, in order
        self.lamps = w.Lamps()  # what the box shows; dark while its link is lost
        self.view: View | None = None
        self.on_edge: Callable[[int, str], None] = lambda at_ns, text: None  # the edge that completes a gesture
        self.kills = 0
        self.patience_s = PATIENCE_S  # longer where the bridge is killed meanwhile: each time its clock stands still
        self.changed = asyncio.Event()  # by the bridge or by a phone: who waits may look at all of them
        self._bridge: BridgeProcess | None = None

    async def _set_up(self) -> None:
        flash = self.folder / "flash"
        key = new_key()
        install(flash, key=key)
        self.box = await asyncio.to_thread(VirtualBox(flash, link=self.folder / "ttyRUNG0").__enter__)
        self._exits.push_async_callback(asyncio.to_thread, self.box.__exit__, None, None, None)
        keep_key(self.folder / "desk" / "keys", self.box.unique_id, key)
        self.port = self.box.port
        if self._tampered:
            self.tamper = self._exits.enter_context(Tamper(self.box.port, self.folder / "ttyRUNG1", self._baud))
            self.port = self.tamper.port
        await self._set_up_phones()
        self.config = self.folder / "rung.toml"
        self.config.write_text(self._config())
        self._exits.push_async_callback(self.kill_bridge)
        await self.start_bridge()
        await self._meet_agent()
        await self.until(lambda: self.ready, "the bridge has its box and its phone")

    async def _set_up_phones(self) -> None:
        self.caller = await start_phone(self.folder, "caller", CALLER_HZ, self.changed, self._exits)
        self.supervisor = await start_phone(self.folder, "supervisor", SUPERVISOR_HZ, self.changed, self._exits)
        self._exits.push_async_callback(end_phone, self.folder / "desk" / "phone.json")

    async def _meet_agent(self) -> None:
        """A line of our own to the phone that the bridge has started."""
        async with patience("the agent's phone answers"):
            self.agent = await connect(self.folder / "desk" / "phone.json")
        self._exits.push_async_callback(self.agent.close)

    def _config(self) -> str:
        times = msgspec.structs.asdict(self.times) if self.times else {}
        lines = [f"{key} = {value}" for key, value in times.items()]
        return "\n".join(
            [
                f'[desk]\nname = "demo"\nperson = "agent-17"\nstate = "{self.folder / "desk"}"',
                f'[box]\nport = "{self.port}"',
                *self._phone_config(),
                *(["[times]", *lines] if lines else []),
            ]
        )

    def _phone_config(self) -> list[str]:
        return [
            f'[phone]\nuser = "agent"\nlisten = "127.0.0.1:0"\nauto_answer_ms = 50\ntone_hz = {AGENT_HZ}',
            f'supervisors = "sip:{self.supervisor.address}"',
        ]

    # -- the bridge --------------------------------------------------------------------------------------------------

    async def start_bridge(self) -> None:
        self._up = self._phone_up = False
        self.lamps = w.Lamps()
        self._bridge = await BridgeProcess.start(self.program, self.config, self._happened)

    async def kill_bridge(self) -> None:
        """SIGKILL to the bridge's whole process group; what it recorded is then read from the journal itself."""
        bridge, self._bridge = self._bridge, None
        if bridge is None:
            return
        await bridge.kill()
        self.kills += 1
        self.record = recorded(self.folder / "desk" / "journal.db")

    @property
    def bridge_pid(self) -> int:
        """Of the bridge, and of its process group."""
        assert self._bridge is not None
        return self._bridge.pid

    async def bridge_ends(self) -> int:
        """Wait until the bridge ends by itself; its exit code, negative for a signal."""
        assert self._bridge is not None
        return await self._bridge.ended()

    async def restart_bridge(self) -> None:
        """Kill it and start it again; returns when box and phone are back."""
        await self.kill_bridge()
        await self.start_bridge()
        await self.until(lambda: self.ready, "the bridge is back, with its box and its phone")

    _up = False
    _phone_up = False

    @property
    def ready(self) -> bool:
        """Has the bridge its box and its phone?"""
        return self._up and self._phone_up

    def _happened(self, happening: Happening) -> None:
        if happening.kind == "recorded" and happening.event is not None:
            self.record.append(happening.event)
        elif happening.kind == "shown" and happening.lamps is not None:
            self.lamps = happening.lamps
        elif happening.kind == "view":
            self.view = happening.view
        elif happening.kind == "box":
            self._up = bool(happening.up)
            self.lamps = self.lamps if self._up else w.Lamps()
        elif happening.kind == "phone":
            self._phone_up = bool(happening.up)
        self.watch(happening)
        self.changed.set()

    async def until(self, true: Callable[[], bool], what: str, patience_s: float | None = None) -> None:
        """Wait until something is so; StageError with ``what`` if it never is."""
        async with patience(what, self.patience_s if patience_s is None else patience_s):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    # -- hands -------------------------------------------------------------------------------------------------------

    def type(self, keys: str) -> None:
        if self._bridge is not None:
            self._bridge.type(keys)

    async def tap(self, button: w.Button) -> None:
        await self.hold(button, TAP_S)

    async def hold(self, button: w.Button, seconds: float) -> None:
        """Press, and let go after so long."""
        self.box.press(button)
        await asyncio.sleep(seconds)
        self.on_edge(self.box.let_go(button), f"lets go of {button} after {seconds:g} s")

    async def call_in(self) -> str:
        """The caller dials the agent; the id of the call at the caller's phone."""
        return await self.caller.client.dial(f"sip:{self.agent.address}")
