"""One desk behind its pages: what they may see and do. Pages come and go; the desk never waits for one."""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Callable, Coroutine
from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.floor.base import Asked, Floor, FloorError, Place, Status
from rung.journal.format import JournalError
from rung.page.drawing import Drawing
from rung.page.seen import Seen, fold
from rung.words import Button, Gesture, Person, Reply

if TYPE_CHECKING:
    from rung.desk.seat import Seat  # it needs what checks passwords, which a desk without them has not

Pixels = tuple[tuple[int, int, int], ...]
LAMPS_S = 0.04
CHANGE_S = 0.02  # changes of one moment are drawn at once, after the effects of the press that made them


class PageError(Exception):
    """The pages cannot be served; one line with the mend."""


class Site:
    """What pages know of a desk. Make it first: its ``happened`` goes to the desk's Teller, then ``open`` it.

    Everything but ``happened`` belongs to the event loop.
    """

    def __init__(self) -> None:
        self.emergency = ""  # the number to call when somebody is in danger
        self.language = "en"  # of its pages, until somebody chooses another
        self.floor: Floor | None = None
        self.seat: Seat | None = None  # where people sign on; None: the configuration says who sits here
        self.box: DrawnBox | None = None  # a virtual box, whose buttons and lamps the page draws
        self._bridge: Bridge | None = None
        self._teller: Teller | None = None
        self._place = Place(extension="")
        self._drawing = Drawing(Seen(), CHANGE_S)
        self.watch = self._drawing.watch  # after each change, within 100 ms
        self._tasks: set[asyncio.Future[object]] = set()
        self._boot = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._shown: set[tuple[str, int]] = set()  # asks that somebody here has seen

    def open(
        self, bridge: Bridge, teller: Teller, place: Place, floor: Floor | None = None, seat: "Seat | None" = None
    ) -> None:
        """The desk is there. Who sits at it says ``seat``, where people sign on, else ``place``."""
        self._bridge, self._teller, self._place, self.floor, self.seat = bridge, teller, place, floor, seat
        self._drawing.begin()

    @property
    def seen(self) -> Seen:
        """What its pages show."""
        return self._drawing.value

    # -- what the desk tells: on the teller's thread ------------------------------------------------------------------

    def happened(self, happening: Happening) -> None:
        after = fold(self.seen, happening)
        if after is not self.seen:
            self._drawing.show(after)

    # -- what a person does there -------------------------------------------------------------------------------------

    @property
    def desk(self) -> Bridge:
        """The desk itself."""
        assert self._bridge is not None, "the site is not open"
        return self._bridge

    @property
    def place(self) -> Place:
        """This desk as the floor shows it."""
        return self._place if self.seat is None else self.seat.place

    @property
    def person(self) -> Person | None:
        """Who sits here."""
        return self.place.person

    def act(self, act: w.Act) -> None:
        """By whoever sits here, on the case in front of them; every page shows the answer."""
        if there := self.seen.front.desk:
            self._later(self.act_at(there, act))
        else:
            self.say(self.desk.feed(act))

    def say(self, answer: w.Answer | None) -> None:
        """Show an answer on every page of this desk, and tell whoever else watches it."""
        if answer is not None and self._teller is not None:
            self._teller.tell("answer", answer=answer)

    @property
    def actor(self) -> w.Actor | None:
        """Who sits here, for what is done after a call: with their jobs where people sign on, else with their role."""
        if self.person is None:
            return None
        known = None if self.seat is None else self.seat.known
        return w.Actor(self.person.id, (w.Job(self.person.role),) if known is None else tuple(known.jobs))

    def attend(self, act: w.AfterAct) -> None:
        """What whoever sits here does after a call; every page shows the answer. The record is read on a thread."""
        if (actor := self.actor) is None:
            return
        self._later(self._attend(act, actor))

    def _later(self, done: Coroutine[object, object, object]) -> None:
        """Nobody waits for it."""
        task = asyncio.ensure_future(done)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attend(self, act: w.AfterAct, actor: w.Actor) -> None:
        answer = await asyncio.to_thread(self.desk.attend, act, actor)
        if self.seat is not None and isinstance(act, w.Acknowledged):
            with contextlib.suppress(JournalError):  # the seat's own next look does it
                await self.seat.look()
        self.say(answer)

    @property
    def acknowledges(self) -> bool:
        """Whoever sits here has been trained, and may end calls once they acknowledge that every ending is reviewed."""
        if self.seat is None:
            return self.desk.named is not None and self.desk.named.acknowledges
        return self.seat.known is not None and self.seat.known.may_acknowledge(date.today())

    @property
    def here(self) -> str:
        """This desk's name on the floor; empty without one."""
        return "" if self.floor is None else self.floor.desk

    def go_away(self, away: bool) -> None:
        """Whoever sits here is away for a while, or back: nobody asks them meanwhile."""
        if self.seat is not None:
            self.seat.go_away(away)
        else:
            self._place = replace(self._place, status=Status.AWAY if away else Status.FREE)
            self.desk.sit(self._place)

    async def show(self, asked: Asked) -> None:
        """It is in front of somebody here; the desk that asks learns it once."""
        key = (asked.desk, asked.ask)
        self._shown &= {waiting.key for waiting in self.seen.around.waiting}
        if self.floor is not None and key not in self._shown:
            self._shown.add(key)
            with contextlib.suppress(FloorError):  # it is over, or the floor is lost: then nobody waits for it
                await self.floor.see(asked.desk, asked.ask)

    async def reply(self, asked: Asked, reply: Reply, word: str = "") -> str:
        """Answer what another desk asks; empty, or why it did not get through."""
        if self.floor is None or self._teller is None:
            return "this desk has no floor"
        try:
            await self.floor.reply(asked.desk, asked.ask, reply, word)
        except FloorError as error:
            return str(error)
        self._teller.tell("replied", asks=(asked,), text=str(reply))
        return ""

    async def act_at(self, desk: str, act: w.Act) -> w.Answer:
        """Act on another desk's case; every page of this one shows the answer."""
        try:
            if self.floor is None:
                raise FloorError("this desk has no floor")
            answer = await self.floor.act(desk, act)
        except FloorError as error:
            answer = w.Answer(verdict=w.Verdict.REFUSED, why=str(error))
        self.say(answer)
        return answer

    def press(self, buttons: tuple[Button, ...], gesture: Gesture, epoch: int, age_ms: int) -> None:
        """A press of the buttons on the screen; ``epoch`` is that of the first edge, ``age_ms`` since the last."""
        press = w.Pressed(
            box="page",
            boot=self._boot,
            number=next(self._numbers),
            buttons=buttons,
            gesture=gesture,
            epoch=epoch,
            age_ms=age_ms,
        )
        if there := self.seen.front.desk:
            self._later(self.act_at(there, press))
        else:
            self.desk.feed(press)

    def title(self, rung: str) -> str:
        """Of a rung of this call's ladder, or of the last one's."""
        return self.seen.titles.get(rung, rung)


class DrawnBox:
    """A virtual box that pages draw: hands for its buttons, and the colours of its lamps, at most 25 times a second."""

    def __init__(self, down: Callable[[str], object], up: Callable[[str], object]) -> None:
        self.down = down
        self.up = up
        self.pixels = Drawing[Pixels]((), LAMPS_S)
        self.pixels.begin()


def clock_ms() -> int:
    """The clock that beats and ages are told in."""
    return time.monotonic_ns() // 1_000_000
