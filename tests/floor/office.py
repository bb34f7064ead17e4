"""Whole bridges in one process, joined by a floor and a virtual exchange; presses are fed by hand.

Whoever has a case at every instant is read from the journals of all desks, in the order of their entries.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.floor.base import Asked, Place
from rung.floor.local import Carry, LocalFloor, at_once
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.policy import Book, Rule, Times, load
from rung.sim.disk import Disk, FileLayer, Step
from rung.sim.exchange import VirtualExchange
from rung.sim.phone import VirtualPhone
from rung.sim.telephone import Telephone
from rung.words import Button, Gesture, Reply, Role, Verdict

PATIENCE_S = 20.0
MOMENT_S = 0.01  # what is declared in the very millisecond in which a supervisor joins does not count as heard since
TIMES = Times(wait=0.05, say_time=0.05, answer_within=3, widen_after=0.3)
EXTENSION = "600"  # the supervisors' telephone


@dataclass
class Seat:
    """A desk with its person, phone and record; its bridge may be killed and started again."""

    office: "Office"
    name: str
    number: str
    role: Role = Role.AGENT
    group: int = 0
    policy: str = "warm-transfer"
    told: list[Happening] = field(default_factory=list)
    shelf: Path | None = None  # where the floor's policies stay
    vault: Vault | None = None  # without it the record is in clear text

    def __post_init__(self) -> None:
        self.person = w.Person(f"p-{self.name}", self.role, trained=True)
        self.place = Place(extension=self.number, person=self.person, group=self.group)
        self.phone = VirtualPhone(self.office.exchange, self.number)
        self.phone.habit("answer")
        self.policies = Book(load(self.policy, TIMES), (Rule("777", load("no-hang-up", TIMES), "de"),), desk=self.name)
        self._disk = Disk()
        self._layer = FileLayer(self._disk)
        self._numbers = itertools.count(1)

    async def start(self) -> None:
        self.floor = self.office.floor.desk(self.name)
        self.journal = Journal("/desk.journal", vfs=self._layer.name)
        self._teller = Teller(self.told.append)
        self.bridge = Bridge(
            self.policies, self.journal, self.phone, self._teller, floor=self.floor, shelf=self.shelf, vault=self.vault
        )
        self.task = asyncio.create_task(self.bridge.run(self.place, EXTENSION))
        await self.until(lambda: self.name in self.bridge._desk.facts.desks or self.floor.is_lost)

    async def kill(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        self._teller.close()
        self.journal.close()

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        def fail(step: Step) -> None:
            raise apsw.FullError("injected")

        self._disk.fault = fail
        yield
        self._disk.fault = None

    # -- hands -------------------------------------------------------------------------------------------------------

    def pressed(self, button: str, gesture: str = "tap", epoch: int | None = None) -> w.Pressed:
        return w.Pressed(
            box=f"box-{self.name}",
            boot="boot",
            number=next(self._numbers),
            buttons=tuple(Button(name) for name in button.split("+")),
            gesture=Gesture(gesture),
            epoch=self.bridge.look().epoch if epoch is None else epoch,
            age_ms=0,
        )

    def press(self, button: str, gesture: str = "tap") -> w.Answer:
        answer = self.bridge.feed(self.pressed(button, gesture))
        assert answer is not None
        return answer

    async def must(self, button: str, gesture: str = "tap") -> None:
        """Press until it is taken; a tap of escalate before its time would be a quiet ask."""
        if (button, gesture) == ("escalate", "tap"):
            await self.until(self._escalates)
        answer: list[w.Answer] = []

        def is_taken() -> bool:
            answer.append(self.press(button, gesture))
            return answer[-1].verdict == Verdict.TAKEN

        try:
            await self.until(is_taken)
        except AssertionError as error:
            raise AssertionError(f"{button} was never taken: {answer[0].why}; {answer[-1].why}; {error}") from None

    def _escalates(self) -> bool:
        view = self.bridge.look()
        is_open = any((rung.button, rung.state) == ("escalate", "open") for rung in view.ladder)
        return view.buttons[Button.ESCALATE].startswith(("Transfer the caller to", "Hand the call")) or (
            is_open and not view.ask
        )

    async def until(self, true: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            tail = [type(e).__name__ for e in self.record()[-12:]]
            raise AssertionError(f"{self.name}: never; {self.bridge.look()}; {tail}; {self.troubles()}") from None

    async def asked(self) -> Asked:
        """What is put before this desk, once there is something."""
        await self.until(lambda: self.open())
        return self.open()[0]

    def open(self) -> list[Asked]:
        return [asked for asked in self.bridge.asks.asks if asked.over is None]

    async def reply(self, reply: str, word: str = "") -> None:
        asked = await self.asked()
        await self.floor.reply(asked.desk, asked.ask, Reply(reply), word)

    # -- what came of it ---------------------------------------------------------------------------------------------

    def record(self) -> list[w.Event]:
        return [entry.event for entry in self.journal.entries()]

    def of(self, kind: type) -> list[w.Event]:
        return [event for event in self.record() if isinstance(event, kind)]

    def last(self, kind: type) -> w.Event:
        return self.of(kind)[-1]

    def sent(self, kind: type) -> list[w.Effect]:
        return [
            e.effect for e in self.of(w.EffectDecided) if isinstance(e, w.EffectDecided) and isinstance(e.effect, kind)
        ]

    def outcomes(self) -> list[str]:
        return [e.outcome for e in self.of(w.AskClosed) if isinstance(e, w.AskClosed)]

    def rungs(self) -> list[str]:
        return [e.rung for e in self.of(w.RungTaken) if isinstance(e, w.RungTaken)]

    def troubles(self) -> list[str]:
        return [told.text for told in self.told if told.kind == "trouble"]

    @property
    def has_told(self) -> bool:
        """Has everything that is on record here been told?"""
        return self._teller._queue.empty()

    @property
    def has_case(self) -> bool:
        return self.bridge.look().epoch > 0


class Office:
    """Ada is an agent; eve and fay are supervisors who are asked first, gus is asked later."""

    def __init__(self, policy: str = "warm-transfer", carry: Carry = at_once, floor: Any = None) -> None:
        self.exchange = VirtualExchange()
        self.floor = LocalFloor(carry) if floor is None else floor
        self.caller = Telephone(self.exchange, "caller")
        self.extension = Telephone(self.exchange, EXTENSION)
        self.ada = Seat(self, "ada", "500", policy=policy)
        self.eve, self.fay, self.gus = (
            Seat(self, name, number, Role.SUPERVISOR, group, policy)
            for name, number, group in (("eve", "601", 0), ("fay", "602", 0), ("gus", "603", 1))
        )
        self.seats: list[Seat] = []

    async def call(self, number: str = "500") -> str:
        """The caller rings, and talks with whoever answers; the case's name."""
        before = {seat.name: len(seat.of(w.CaseOpened)) for seat in self.seats}
        self.caller.dial(number)
        await self.ada.until(lambda: any(len(s.of(w.CaseOpened)) > before[s.name] for s in self.seats))
        opened = next(s.last(w.CaseOpened) for s in self.seats if len(s.of(w.CaseOpened)) > before[s.name])
        assert isinstance(opened, w.CaseOpened)
        return opened.case

    async def until_heard(self, number: str) -> None:
        """Until the caller hears just this one."""
        await self.ada.until(lambda: self.talking_to == {number})

    @property
    def talking_to(self) -> set[str]:
        """Whom the caller hears."""
        return self.caller.hears()

    def owners(self) -> list[tuple[str, dict[str, str]]]:
        """How each desk stands to a case, whenever that changed: from all journals, in the order of their entries."""
        told = [(h.at_ns, seat.name, h.event) for seat in self.seats for h in seat.told if h.event is not None]
        states: dict[str, dict[str, str]] = {}
        history = []
        for _, desk, event in sorted(told, key=lambda each: each[0]):
            case = getattr(event, "case", None)
            if not isinstance(case, str):
                continue
            stands = states.setdefault(case, {})
            match event:
                case w.CaseOpened() | w.CaseArrived():
                    stands[desk] = "has"
                case w.CaseReceived():
                    stands[desk] = "coming"
                case w.CaseReleased():
                    stands[desk] = "released"
                case w.CaseReturned():
                    stands[desk] = "has" if stands[desk] == "released" else "gone"
                case w.CaseClosed():
                    stands[desk] = "gone"
            history.append((case, dict(stands)))
        return history

    def check_owners(self) -> None:
        """One owner at a time; a desk lets go only of what another has written down."""
        while any(not seat.has_told for seat in self.seats):  # each tells on a thread of its own
            time.sleep(0.001)
        for case, stands in self.owners():
            having = [desk for desk, how in stands.items() if how == "has"]
            assert len(having) <= 1, f"two owners of {case}: {stands}"
            if "released" in stands.values():
                assert having or "coming" in stands.values(), f"{case} released to nobody: {stands}"


@asynccontextmanager
async def office(
    policy: str = "warm-transfer",
    carry: Carry = at_once,
    only: tuple[str, ...] = ("ada", "eve", "fay", "gus"),
    floor: Any = None,
    before: Callable[[Office], None] = lambda made: None,
) -> AsyncIterator[Office]:
    """``floor`` hands out desks' handles, as `LocalFloor.desk` does; left out: a local one, which ``carry`` carries."""
    made = Office(policy, carry, floor)
    before(made)
    made.seats = [seat for seat in (made.ada, made.eve, made.fay, made.gus) if seat.name in only]
    try:
        for seat in made.seats:
            await seat.start()
        await made.ada.until(lambda: len(made.ada.bridge._desk.facts.present) == len(made.seats) - 1)
        yield made
        for seat in made.seats:
            assert not seat.task.done(), seat.task.exception()
    finally:
        for seat in made.seats:
            with suppress(Exception):
                await seat.kill()
    made.check_owners()
