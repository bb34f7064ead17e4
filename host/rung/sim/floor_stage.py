"""A small floor on this computer: an agent's desk and a supervisor's, each with its own bridge, and a caller.

`Parts.REAL`: boxes with the real firmware, real SIP phones. `Parts.VIRTUAL`: phones at a virtual exchange, which can
bring others into a call and play to the caller, as the embedded SIP phone cannot; presses are fed to the bridge. A
drill has the real firmware on the agent's box, and virtual phones.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path

from rung.desk.happening import Happening
from rung.floor.base import Floor, Place
from rung.floor.local import LocalFloor
from rung.phone.base import Phone
from rung.phone.sip import SipPhone
from rung.policy import Book, Policy
from rung.policy.book import Recording
from rung.sim.desk import SimDesk
from rung.sim.exchange import VirtualExchange
from rung.sim.handset import Handset, VirtualHandset
from rung.sim.phone import VirtualPhone
from rung.sim.scenery import Scenery
from rung.sim.sip_handset import start_phone
from rung.sim.telephone import Telephone
from rung.words import Person, Role

CALLER_HZ, SUPERVISOR_HZ, AGENT_HZ = 440, 620, 880
AGENT, SUPERVISOR = "agent", "supervisor"
Watch = Callable[[str, Happening], None]  # at which desk
OnEdge = Callable[[str, int, str], None]


class Parts(StrEnum):
    """What a stage is made of."""

    REAL = "real SIP phones, the real firmware on virtual boxes"
    VIRTUAL = "virtual phones, presses fed to the bridge"
    DRILL = "virtual phones, the real firmware on a virtual box"
    PAGES = "real SIP phones, presses on the pages of the desks"
    PBX = "real SIP phones at a real PBX, presses fed to the bridge"


ANSWERS_MS = {
    Parts.REAL: 50,
    Parts.PAGES: 50,
    Parts.PBX: 50,
    Parts.VIRTUAL: 0,
    Parts.DRILL: 500,
}  # after ringing for so long


class FloorStage(Scenery):
    """Use as an async context manager. ``watch`` is told every happening at either desk."""

    def __init__(
        self,
        folder: Path,
        policy: Policy,
        parts: Parts,
        watch: Watch = lambda desk, happening: None,
        on_edge: OnEdge = lambda desk, at_ns, text: None,
        *,
        trained: bool = True,
        recording: Recording = "never",
    ) -> None:
        super().__init__()
        self.policy = policy
        self.parts = parts
        self.exchange = VirtualExchange()
        self._folder = folder
        self._watch = watch
        self._on_edge = on_edge
        self._floor = LocalFloor()
        self._trained = trained
        self._recording: Recording = recording

    async def _set_up(self) -> None:
        self.caller = await self._caller()
        made = await asyncio.gather(
            self._desk(AGENT, AGENT_HZ, Person("agent-17", trained=self._trained)),
            self._desk(SUPERVISOR, SUPERVISOR_HZ, Person("supervisor-3", Role.SUPERVISOR)),
            return_exceptions=True,  # so that neither is left half set up when the other fails
        )
        for failed in made:
            if isinstance(failed, BaseException):
                raise failed
        self.agent, self.supervisor = (desk for desk in made if isinstance(desk, SimDesk))
        await self.agent.until(lambda: not self.agent.alone(), "a supervisor is present")

    async def _caller(self) -> Handset:
        if self.parts in (Parts.REAL, Parts.PAGES):
            return await start_phone(self._folder, "caller", CALLER_HZ, asyncio.Event(), self._exits)
        return VirtualHandset("caller", Telephone(self.exchange, "0151-5551", tone_hz=CALLER_HZ))

    def _handle(self, name: str) -> Floor:
        """The desk's handle on its floor."""
        return self._floor.desk(name)

    def _has_box(self, name: str) -> bool:
        return self.parts == Parts.REAL or (self.parts == Parts.DRILL and name == AGENT)

    async def _desk(self, name: str, hz: int, person: Person, group: int = 0) -> SimDesk:
        phone, handset = await self._phone(name, hz)
        await handset.answers(ANSWERS_MS[self.parts])
        desk = SimDesk(
            name,
            self._folder / name,
            Book(self.policy, desk=name, recording=self._recording),
            phone,
            handset,
            self._handle(name),
            Place(extension=handset.address, person=person, group=group),
            partial(self._watch, name),
            partial(self._on_edge, name),
            box=self._has_box(name),
        )
        return await self._exits.enter_async_context(desk)

    async def _phone(self, name: str, hz: int) -> tuple[Phone, Handset]:
        return await self._sip(name, hz) if self.parts in (Parts.REAL, Parts.PAGES) else self._virtual(name, hz)

    def _virtual(self, name: str, hz: int) -> tuple[Phone, Handset]:
        phone = VirtualPhone(self.exchange, {AGENT: "1001", SUPERVISOR: "2001"}[name], tone_hz=hz)
        return phone, VirtualHandset(name, phone)

    async def _sip(self, name: str, hz: int) -> tuple[Phone, Handset]:
        """The bridge's adapter to a phone in a process of its own, and a second line to it for the story's hand."""
        handset = await start_phone(self._folder, name, hz, asyncio.Event(), self._exits)
        return SipPhone(self._folder / name / "phone.json"), handset
