"""One desk in this process: its record, its bridge, its handset, and hands for its buttons.

The buttons are those of a virtual box with the real firmware; or, to be quicker, presses are fed to the bridge.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.floor.base import Asked, Floor, Place, Status
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.link.keys import keep_key, new_key
from rung.link.search import BoxAt
from rung.phone.base import Phone
from rung.policy import Book
from rung.policy.view import View
from rung.sim.box import VirtualBox
from rung.sim.flash import install
from rung.sim.handset import PATIENCE_S, Handset, patience
from rung.sim.scenery import Scenery
from rung.words import Button, Gesture, LampMark, LampState

SITE = bytes(32)  # the floor of a story keeps no secrets
TAP_S = 0.2  # longer than the 150 ms in which escalate and warn could still become a chord
OPEN = (LampState.LIT, LampState.BREATHING)
HOLD_S = {Button.ESCALATE: 2.3, Button.RELEASE: 1.8}  # panic counts at 2 s; release is let go between 1.5 and 5 s


class SimDesk(Scenery):
    """Use as an async context manager. ``watch`` is told every happening of its bridge."""

    def __init__(
        self,
        name: str,
        folder: Path,
        book: Book,
        phone: Phone,
        handset: Handset,
        floor: Floor,
        place: Place,
        watch: Callable[[Happening], None],
        on_edge: Callable[[int, str], None],
        *,
        box: bool,
    ) -> None:
        """``on_edge`` is told the edge that completes each gesture of the box."""
        super().__init__()
        self.name = name
        self.handset = handset
        self.floor = floor
        self.place = place
        self.asks: tuple[Asked, ...] = ()  # what other desks ask of whoever sits here
        self.record: list[w.Event] = []  # everything in the journal, in order
        self.lamps = w.Lamps()  # what the box shows, or would
        self._wanted = w.Lamps()  # what it is to show
        self.view: View | None = None
        self.changed = asyncio.Event()
        self.box: VirtualBox | None = None
        self._folder = folder
        self._book = book
        self._phone = phone
        self._watch = watch
        self._on_edge = on_edge
        self._has_box = box
        self._up = {"phone": False, "floor": False} | ({"box": False} if box else {})
        self._numbers = itertools.count(1)

    async def _set_up(self) -> None:
        self._folder.mkdir(exist_ok=True)
        box = await self._plug_in() if self._has_box else None
        journal = Journal(self._folder / "journal.db")
        self._exits.callback(journal.close)
        vault = Vault(self._folder / "vault.db", site=SITE)
        self._exits.callback(vault.close)
        loop = asyncio.get_running_loop()

        def tell(happening: Happening) -> None:
            loop.call_soon_threadsafe(self._happened, happening)

        self.teller = teller = Teller(tell)
        self._exits.push_async_callback(asyncio.to_thread, teller.close)
        self.bridge = Bridge(self._book, journal, self._phone, teller, floor=self.floor, box=box, vault=vault)
        running = asyncio.create_task(self.bridge.run(self.place))
        self._exits.push_async_callback(_cancel, running)
        await self.until(lambda: running.done() or all(self._up.values()), f"{self.name}: the bridge is up")
        if running.done():
            running.result()

    async def _plug_in(self) -> BoxAt:
        """A virtual box with the real firmware, paired with this desk."""
        key = new_key()
        install(self._folder / "flash", key=key)
        self.box = VirtualBox(self._folder / "flash", link=self._folder / "ttyRUNG0")
        await asyncio.to_thread(self.box.__enter__)
        self._exits.push_async_callback(asyncio.to_thread, self.box.__exit__, None, None, None)
        keep_key(self._folder / "keys", self.box.unique_id, key)
        return BoxAt(self._folder / "keys", self.box.port)

    def _happened(self, happening: Happening) -> None:
        if happening.event is not None:
            self.record.append(happening.event)
        elif happening.lamps is not None:
            self._wanted = happening.lamps if happening.kind == "lamps" else self._wanted
            self.lamps = happening.lamps if happening.kind == "shown" or not self._has_box else self.lamps
        elif happening.view is not None:
            self.view = happening.view
        elif happening.kind == "asked":
            self.asks = happening.asks
        elif happening.kind in self._up:
            self._up[happening.kind] = bool(happening.up)
        self._watch(happening)
        self.changed.set()

    async def until(self, true: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait until something is so; StageError with ``what`` if it never is."""
        async with patience(what, seconds):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    # -- what is in the record ---------------------------------------------------------------------------------------

    def has(self, kind: type[w.Event], **fields: object) -> bool:
        """Is there an event of this kind with these values?"""
        return any(
            isinstance(event, kind) and all(getattr(event, key) == value for key, value in fields.items())
            for event in self.record
        )

    def alone(self) -> bool:
        """Does this desk know that no supervisor is present?"""
        return self.view is None or "No supervisor is present." in self.view.troubles

    def answers(self) -> list[w.Answer]:
        return [event.answer for event in self.record if isinstance(event, w.PressAnswered)]

    # -- hands -------------------------------------------------------------------------------------------------------

    def act(self, act: w.Input) -> w.Answer | None:
        """As by a key or on the page."""
        return self.bridge.feed(act)

    def sits(self, status: Status) -> None:
        """Whoever is signed on here is away, or back."""
        self.bridge.sit(replace(self.place, status=status))

    def may_press(self, button: Button) -> bool:
        """Does the lamp say so, and is nothing else on its way to it?"""
        lamp: w.Lamp = getattr(self.lamps, button)
        settled = self.lamps.epoch == self._wanted.epoch and lamp == getattr(self._wanted, button)
        return settled and lamp.state in OPEN and lamp.mark != LampMark.FILLING

    async def press(self, button: Button, gesture: Gesture = Gesture.TAP) -> w.Answer:
        """The answer to it."""
        seen = len(self.answers())
        if self.box is None:
            self._on_edge(time.monotonic_ns(), f"{gesture} of {button}, fed")
            self.bridge.feed(self.pressed(button, gesture))
        else:
            await self._by_hand(self.box, button, gesture)
        await self.until(lambda: len(self.answers()) > seen, f"{self.name}: an answer to the press of {button}")
        return self.answers()[-1]

    async def _by_hand(self, box: VirtualBox, button: Button, gesture: Gesture) -> None:
        box.press(button)
        await asyncio.sleep(TAP_S if gesture == Gesture.TAP else HOLD_S[button])
        self._on_edge(box.let_go(button), f"lets go of {button}")

    def pressed(self, button: Button, gesture: Gesture) -> w.Pressed:
        """A press as a box would send it now."""
        return w.Pressed(
            box="fed",
            boot="fed",
            number=next(self._numbers),
            buttons=(button,),
            gesture=gesture,
            epoch=self.lamps.epoch,
            age_ms=0,
        )


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
