"""The bridge of one desk. Data flows one way: input → step → journal (durable) → acknowledgement and effects.

One lock covers step, append and the swap of the Desk, for every input from any thread: the link's thread brings
presses, the event loop brings what the phone says, keys, and the passing of time. It is never held over an await or a
command to the phone. Effects go to the event loop by its queue; their answers come back as inputs.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from msgspec.structs import replace

from rung import words as w
from rung.clock import wall_ms
from rung.desk.afterwards import Afterwards
from rung.desk.blocking import Blocker
from rung.desk.commands import Commands
from rung.desk.copying import Copier
from rung.desk.erasing import Erasing
from rung.desk.happening import Teller
from rung.desk.incidents import incidents
from rung.desk.known_cases import KnownCases
from rung.desk.missed import CATCH_UP_S, Missed
from rung.desk.named import Named
from rung.desk.policies import HandedHere, Policies
from rung.desk.presence import Presenter
from rung.desk.privacy import Privacy, Retention
from rung.desk.recovery import recover
from rung.desk.showing import Showing, read
from rung.desk.upkeep import Upkeep
from rung.floor.base import AsksAre, BlocksAre, DesksAre, ErasuresAre, Floor, FloorError, FloorNews, Place, PoliciesAre
from rung.journal.after.decide import NO_RULES, Rules
from rung.journal.format import JournalError
from rung.journal.signing import Signer
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.link.door import BoxIs, Counters, NotRecorded
from rung.link.line import Line
from rung.link.search import BoxAt
from rung.phone.base import Phone
from rung.policy import Book, Policy, lamps, next_change, step
from rung.policy.language import version_of
from rung.policy.state import Who
from rung.policy.view import View, view


class Bridge:
    """Joins record, phone, floor and box for one desk. `run` until cancelled; it is the `Door` behind the line."""

    def __init__(
        self,
        book: Book,
        journal: Journal,
        phone: Phone,
        teller: Teller,
        *,
        floor: Floor | None = None,
        box: BoxAt | None = None,
        vault: Vault | None = None,
        retention: Retention | None = None,
        rules: Rules = NO_RULES,
        shelf: Path | None = None,
        signer: Signer | None = None,
        by_settings: bool = False,
    ) -> None:
        """Without ``floor`` the supervisors' extension is rung; without ``box`` presses come by `feed` alone. ``shelf``
        is the file in which the policies stay that the floor hands out. ``by_settings``: those name who sits here, and
        perhaps a training, but not that it was acknowledged: this record tells that.
        ``vault`` has the keys of what names a caller, ``signer`` the desk's own; without them, which is for tests, the
        record is in clear text, nothing is erased and nobody gets a head.

        Raises JournalError if the record cannot be read, or has an open case whose policy is not readable here.
        """
        self.asks = AsksAre()  # what other desks ask of whoever sits here
        self.desks = DesksAre()  # what goes on at the desks, where a supervisor sits here
        self._journal = journal
        self._phone = phone
        self._floor = floor
        self._teller = teller
        self._lock = threading.Lock()
        self._desk = recover(journal, vault)
        self._cases = KnownCases(journal)
        self._clock_start = self._desk.at_ms - time.monotonic_ns() // 1_000_000
        self.handed = HandedHere(shelf, vault, lambda why: teller.tell("trouble", text=why), rules.emergency)
        self._policies = Policies(book, journal, self._desk, self.now(), self.handed.good())
        self._lamps: w.Lamps | None = None
        self._line = None if box is None else Line(box, self)
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._copier = Copier(journal, self._lock, floor, teller, signer)
        self.privacy = None if vault is None else Privacy(journal, vault, self._lock, self.now, wall_ms)
        self._erasing = Erasing(self.privacy, floor, teller) if self.privacy is not None and floor is not None else None
        self._retention = retention or Retention()
        self._commands = Commands(phone, floor, teller, self.now, self.feed, vault.index if vault else str)
        self._decided: list[tuple[w.Effect, int]] = []  # to be done, in the order of the record, and since when
        self._answering = False  # a press is on record and about to be acknowledged: the phone is told after that
        self._missed = Missed(journal, phone, self._commands, self.feed)
        self._place = Place(extension="")
        self._presenter = Presenter()
        self._showing = Showing(floor)
        self._extension = ""  # of the supervisors
        self.after = Afterwards(journal, self._lock, self.record, wall_ms, rules, vault)
        self.after.attended.append(self._attended)
        self.named = Named(self.after.training, wall_ms) if by_settings else None
        if self.privacy is not None:
            self.privacy.written = lambda: self._loop.call_soon_threadsafe(self._copier.wake)
            self.privacy.erased = self.after.forget
        self._blocker = Blocker(self.after, phone, lambda: self._desk.facts, teller, self.handed, self._commands)
        self._broken: asyncio.Future[None] = self._loop.create_future()

    def now(self) -> int:
        """The desk's clock, in milliseconds; it goes on where the record ended."""
        return self._clock_start + time.monotonic_ns() // 1_000_000

    @property
    def _book(self) -> Book:
        return self._policies.book

    def use(self, handed: Mapping[str, Policy]) -> None:
        """For calls that begin from now on: these instead of the desk's own of those names. Raises JournalError."""
        with self._lock:
            self._policies.use(handed, self._desk, self.now())
        self._teller.tell("policies", text=", ".join(self._book.runs))
        self._changed.set()

    async def run(self, place: Place, supervisors: str = "") -> None:
        """Work until cancelled. Box, phone and floor may come and go at any time.

        ``place`` is this desk as the floor shows it, with who sits here; ``supervisors`` is rung for a supervisor where
        there is no floor. Raises JournalError when a case is open and the record does not take that the bridge is back,
        and JournalDamaged when the record is found damaged: calls stay up, and the next bridge begins a fresh one.
        """
        self._extension = supervisors
        if self.privacy is not None:
            self.privacy.start()
        if self._desk.case is not None:
            self._take(w.Restarted())
        self.sit(place)
        self.feed(w.FloorIs(extension=supervisors))
        policy = self._book.default
        self._teller.tell("started", text=f"{policy.name} {version_of(policy)}")
        if self._line is not None:
            self._line.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._phone.run(self._from_phone))
                group.create_task(self._run_floor())
                group.create_task(self._copier.run())
                group.create_task(self.handed.run(self.use))
                group.create_task(self._pass_time())
                group.create_task(self._missed.run())
                group.create_task(self._blocker.run())
                if self.named is not None:
                    group.create_task(self.named.run(lambda: self.sit(self._place)))
                if self.privacy is not None:
                    upkeep = Upkeep(self.privacy, self._retention, self._floor, self._teller, lambda: self.busy)
                    group.create_task(upkeep.run())
                if self._erasing is not None:
                    group.create_task(self._erasing.run())
                await self._broken
        finally:
            if self._line is not None:
                await asyncio.to_thread(self._line.stop)
            self._copier.close()

    # -- every input, from any thread --------------------------------------------------------------------------------

    def sit(self, place: Place) -> None:
        """Whoever signs on here, goes away or comes back: the desk and the floor learn it."""
        self._place = place
        who = place.person
        if who is not None and self.named is not None:
            who = self.named.person(who)
        self.feed(w.SignedOn(None) if who is None else w.SignedOn(who.id, who.role, who.trained))

    def feed(self, input: w.Input) -> w.Answer | None:
        """Take one input. Returns the answer for the person who acted; nothing is taken when the record fails."""
        self._missed.told(input)
        try:
            return self._take(input)
        except JournalError as error:
            self._missed.lost(input)
            self._teller.tell("trouble", text=f"not recorded, so not done: {error}")
            return w.Answer(verdict=w.Verdict.REFUSED, why=f"The record cannot be written: {error}")
        finally:
            if isinstance(input, w.Pressed):
                self.act()

    def attend(self, act: w.AfterAct, actor: w.Actor) -> w.Answer:
        """What somebody does after a call; nothing is done when the record fails."""
        return self.after.attend(act, actor)

    def _attended(self, act: w.AfterAct) -> None:
        if self.named is not None and isinstance(act, w.Trained | w.Acknowledged):
            self.sit(self._place)

    def record(self, *events: w.Event) -> None:
        """Keep what people did beside a call, or after it: it changes no desk. Raises JournalError: it is not kept."""
        with self._lock:
            self._append(events, "", self.now())
        self._loop.call_soon_threadsafe(self._copier.wake)

    def last_of(self, *kinds: type[w.Event]) -> w.Event | None:
        """The latest entry of these kinds. Raises JournalError."""
        with self._lock:
            found = [entry for kind in kinds if (entry := self._journal.last(kind)) is not None]
        return max(found, key=lambda entry: entry.seq).event if found else None

    @property
    def busy(self) -> bool:
        """A case is open here, or on its way: it must have somebody who is known."""
        return self._desk.case is not None or bool(self._desk.parked) or self._desk.arriving is not None

    def look(self, who: Who | None = None) -> View:
        """The desk in words, for whoever sits here or for ``who``: a supervisor in the call."""
        with self._lock:
            return view(self._book, self._desk, self.now(), who)

    def _take(self, input: w.Input) -> w.Answer | None:
        arrived = self.now()
        with self._lock:
            now = self.now()
            if isinstance(input, w.Pressed):  # it has waited for the lock: perhaps for a slow disk
                input = replace(input, age_ms=input.age_ms + now - arrived)
            elif isinstance(input, w.CaseOffered):
                self._policies.keep_that_of(input, now)
            before = self._desk
            made = step(self._book, before, input, now)
            if made.events:
                self._append(made.events, before.case.id if before.case else "", made.desk.at_ms)
            self._desk = made.desk
            self._decided += ((effect, now) for effect in made.effects)
            self._answering = self._answering or isinstance(input, w.Pressed)
            self._hand_over()
            self._show(now)
        self._cases.recorded(made.events)
        for found in incidents(before, made.events, date.today().isoformat()):
            self._loop.call_soon_threadsafe(self._commands.report, *found)
        self._loop.call_soon_threadsafe(self._changed.set)
        if made.events:
            self._loop.call_soon_threadsafe(self._copier.wake)
        return made.answer

    def _append(self, events: Sequence[w.Event], case: str, at_ms: int) -> None:
        """``case``: what the desk is about before them."""
        wall = wall_ms()
        sealed = events if self.privacy is None else self.privacy.sealed(events, case, wall)
        head = self._journal.append(sealed, at_ms=at_ms, wall_ms=wall)
        for seq, event in enumerate(events, head.seq - len(events) + 1):
            self._teller.tell("recorded", event=event, seq=seq)

    def _hand_over(self) -> None:
        if not self._answering:
            for effect, decided_ms in self._decided:
                self._loop.call_soon_threadsafe(self._commands.start, effect, decided_ms)
            self._decided = []

    def _show(self, now: int) -> None:
        shown = lamps(self._book, self._desk, now)
        if shown != self._lamps:
            self._lamps = shown
            if self._line is not None:
                self._line.show(shown)
            self._teller.tell("lamps", lamps=shown)

    # -- the door behind the line: called on the link's thread -------------------------------------------------------

    def last_press(self, box: str, boot: str) -> int:
        try:
            with self._lock:
                last = self._journal.last_press(box)
        except JournalError as error:
            raise NotRecorded(str(error)) from None
        return last[1] if last is not None and last[0] == boot else 0

    def press(self, press: w.Pressed) -> w.Answer:
        self._teller.tell("press", press=press)
        try:
            answer = self._take(press)
        except JournalError as error:
            self._missed.lost(press)
            raise NotRecorded(f"the press is not recorded, so not acknowledged: {error}") from None
        assert answer is not None
        return answer

    def acknowledged(self, press: w.Pressed) -> None:
        self._teller.tell("acknowledged", press=press)

    def act(self) -> None:
        with self._lock:
            self._answering = False
            self._hand_over()

    def shown(self, lamps: w.Lamps) -> None:
        self._teller.tell("shown", lamps=lamps)

    def box(self, status: BoxIs) -> None:
        told = f"box {status.box}, firmware {status.firmware}" if status.up else status.trouble
        self._teller.tell("box", up=status.up, text=told)
        if status.up and status.trouble:
            self._teller.tell("trouble", text=status.trouble)
        if status.up and status.caught:
            self._teller.tell("trouble", text=f"the box was reset with {status.caught} unconfirmed: press again")

    def counted(self, counters: Counters) -> None:
        self._teller.tell("line", counters=counters)

    def failed(self, error: BaseException) -> None:
        # A bridge without its line must not look alive: it ends, and the next one goes on from the record.
        self._loop.call_soon_threadsafe(self._broken.set_exception, error)

    # -- the event loop ----------------------------------------------------------------------------------------------

    def _from_phone(self, news: w.PhoneIs | w.CallIs | w.CallsAre) -> None:
        if isinstance(news, w.PhoneIs):
            self._teller.tell("phone", up=news.up, text=news.why)
        elif isinstance(news, w.CallIs):
            news = w.CallIs(self._cases.believed(news.call))
            self.handed.rings(news.call)
            self._teller.tell("call", call=news.call)
        else:
            news = w.CallsAre(self._cases.all_believed(news.calls))
        self.feed(news)

    async def _run_floor(self) -> None:
        if self._floor is None:
            return
        try:
            await self._floor.run(self._from_floor)
        except FloorError as error:  # it can never work; the desk goes on without
            self._teller.tell("trouble", text=str(error))
            self._from_floor(w.FloorIs())

    def _from_floor(self, news: FloorNews) -> w.Answer | None:
        match news:
            case AsksAre(asks=asks):
                self.asks = news
                self._cases.asked(asks)
                self._teller.tell("asked", asks=asks)
            case DesksAre(desks=desks):
                self.desks = news
                self._teller.tell("desks", desks=desks)
            case w.CaseShown(desk=desk, state=state):
                self._teller.tell("joined", text=desk, shown=read(state))
            case w.GrantRefused() | w.ActRefused():
                with contextlib.suppress(JournalError):  # nothing was done, either way
                    self.record(news)
            case PoliciesAre() | BlocksAre():
                self.handed.heard(news)
            case ErasuresAre():
                if self._erasing is not None:
                    self._erasing.heard(news)
            case w.FloorIs(up=up):
                self._teller.tell("floor", up=up)
                news = replace(news, extension=self._extension)
                self._commands.floor_is(news)
                if up:
                    self._copier.reached()
                return self.feed(news)
            case _:
                return self.feed(news)
        return None

    async def _pass_time(self) -> None:
        """A Tick whenever time alone changes something."""
        while True:
            self._changed.clear()
            self._teller.tell("view", view=view(self._book, self._desk, self.now()))
            self._showing.change(self._book, self._desk, self.now())
            await self._tell_place()
            due = next_change(self._book, self._desk)
            wait_s = None if due is None else max(0, due - self.now()) / 1000
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                if self.feed(w.Tick()) is not None:  # not recorded, so it is still due
                    await asyncio.sleep(CATCH_UP_S)

    async def _tell_place(self) -> None:
        if self._floor is not None:
            place = self._presenter.change(self._place, self._desk, self._book, wall_ms())
            if place is not None:
                await self._floor.sign_on(place)
