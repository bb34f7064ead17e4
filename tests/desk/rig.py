"""A bridge on a real record and a scripted phone; presses are handed to its door as the link's thread does."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import apsw
from tests.desk.scripted_phone import LINE, ScriptedPhone

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.floor.base import Place
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.link.door import NotRecorded
from rung.link.search import BoxAt
from rung.policy import Book, Policy, Times, load
from rung.sim.disk import Disk, FileLayer, Step
from rung.words import Button, CallState, Gesture

PATIENCE_S = 30.0
TIMES = Times(wait=0.05, say_time=0.05, answer_within=0.3)
NO_BOX = BoxAt(Path("/nonexistent"), "/nonexistent/ttyRUNG0")
_names = itertools.count(1)


class Desk:
    """What outlives a bridge: the disk with the record, the phone, the box's numbers."""

    def __init__(self, times: Times = TIMES, *, by_settings: bool = False) -> None:
        self.policy: Policy = load("warm-transfer", times)
        self.phone = ScriptedPhone()
        self._by_settings = by_settings
        self.told: list[Happening] = []
        self._disk = Disk()
        self._layer = FileLayer(self._disk)
        self._numbers = itertools.count(1)
        self.epoch = 1

    def disk_is(self, full: bool) -> None:
        def fail(step: Step) -> None:
            raise apsw.FullError("injected")

        self._disk.fault = fail if full else None

    def stall_disk(self, stall: Callable[[Step], None]) -> None:
        self._disk.fault = stall

    def make_bridge(self) -> Teller:
        self.journal = Journal("/desk.journal", vfs=self._layer.name)
        teller = Teller(self.told.append)
        self.vault = Vault("/desk.vault", vfs=self._layer.name)
        self.now = Bridge(
            Book(self.policy),
            self.journal,
            self.phone,
            teller,
            box=NO_BOX,
            vault=self.vault,
            by_settings=self._by_settings,
        )
        return teller

    async def run(self) -> None:
        place = Place(extension="1001", person=w.Person("agent-17"))
        await self.now.run(place, "sip:supervisor@example.invalid")

    @asynccontextmanager
    async def bridge(self) -> AsyncIterator["Desk"]:
        """Leaving it ends the bridge as a kill does: nothing is said or written for the occasion."""
        teller = self.make_bridge()
        running = asyncio.create_task(self.run())
        try:
            await self.phone.up.wait()
            yield self
            assert not running.done(), running.exception()
        finally:
            running.cancel()
            self.phone.up.clear()
            try:
                with suppress(asyncio.CancelledError):
                    await running
            finally:
                teller.close()
                with suppress(JournalError):  # a test may have closed it
                    self.vault.close()
                    self.journal.close()

    # -- hands -------------------------------------------------------------------------------------------------------

    async def press(self, button: Button, gesture: Gesture = Gesture.TAP, number: int = 0) -> w.Answer:
        """A fresh press, or one that the box repeats. Raises NotRecorded."""
        return await asyncio.to_thread(self._through_the_door, self.pressed(button, gesture, number))

    def pressed(self, button: Button, gesture: Gesture, number: int = 0) -> w.Pressed:
        return w.Pressed(
            box="box",
            boot="boot",
            number=number or next(self._numbers),
            buttons=(button,),
            gesture=gesture,
            epoch=self.epoch,
            age_ms=0,
        )

    def _through_the_door(self, press: w.Pressed) -> w.Answer:
        try:
            answer = self.now.press(press)
            self.now.acknowledged(press)
            return answer
        finally:
            self.now.act()

    async def unrecorded_press(self, button: Button, gesture: Gesture = Gesture.TAP) -> int:
        """A press that the record does not take; its number."""
        number = next(self._numbers)
        with suppress(NotRecorded):
            await self.press(button, gesture, number)
            raise AssertionError("the press was taken")
        return number

    def call_comes(self) -> None:
        self.phone.now(LINE, CallState.UP)

    async def climb_to_release(self) -> None:
        """Up to where a held release ends the call."""
        self.call_comes()
        self.now.feed(w.Declared(w.Ground.PROFANITY))
        await self.may_press(Button.WARN)
        await self.ask()
        await self.until(lambda: self.has(w.AskClosed))
        await self.may_press(Button.WARN)
        await self.may_press(Button.RELEASE)

    async def ask(self) -> None:
        await self.may_press(Button.ESCALATE)

    async def may_press(self, button: Button, gesture: Gesture = Gesture.TAP) -> None:
        """Press until it is taken."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.press(button, gesture)).verdict != w.Verdict.TAKEN:
                await asyncio.sleep(0.02)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.01)

    # -- what is on record -------------------------------------------------------------------------------------------

    def record(self) -> list[w.Event]:
        return [self.vault.opened(entry.event) for entry in self.journal.entries()]

    def has(self, kind: type[w.Event]) -> bool:
        return any(isinstance(event, kind) for event in self.record())

    def of(self, kind: type[w.Event]) -> list[w.Event]:
        return [event for event in self.record() if isinstance(event, kind)]

    def troubles(self) -> list[str]:
        return [told.text for told in self.told if told.kind == "trouble"]
