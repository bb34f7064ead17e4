"""The bridge of one desk. Data flows one way: input → step → journal (durable) → acknowledgement and effects.

One lock covers step, append and the swap of the Desk, for every input from any thread: the link's thread brings
presses, the event loop brings what the phone says, keys, and the passing of time. It is never held over an await or a
command to the phone. Effects go to the event loop by its queue; their answers come back as inputs.
"""

import asyncio
import threading
import time

from msgspec.structs import replace

from rung import words as w
from rung.desk.happening import Teller
from rung.desk.recovery import policy_of, recover
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.link.door import BoxIs, Counters, NotRecorded
from rung.link.line import Line
from rung.link.search import BoxAt
from rung.phone.base import Phone, PhoneError, PhoneUnsureError
from rung.policy import Policy, lamps, next_change, step
from rung.policy.language import canonical, version_of
from rung.policy.view import view

CATCH_UP_S = 1.0  # after the record failed, ask the phone again this often for what was missed
ACT_WITHIN_MS = 2000  # what ends the call for the agent is done soon after the press, or not at all (a stalled disk)


class Bridge:
    """Joins record, phone and box for one desk. `run` until cancelled; it is the `Door` behind the line."""

    def __init__(self, policy: Policy, journal: Journal, phone: Phone, box: BoxAt, teller: Teller) -> None:
        self._journal = journal
        self._phone = phone
        self._teller = teller
        self._lock = threading.Lock()
        self._desk = recover(journal)
        case = self._desk.case
        self._next_policy = policy  # for the next call
        self._policy = policy if case is None else policy_of(journal, case.version, policy)
        self._clock_start = self._desk.at_ms - time.monotonic_ns() // 1_000_000
        self._lamps: w.Lamps | None = None
        self._line = Line(box, self)
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._decided: list[tuple[w.Effect, int]] = []  # for the phone, in the order of the record, and since when
        self._answering = False  # a press is on record and about to be acknowledged: the phone is told after that
        self._missed = False  # an input could not be recorded: what was missed must be learnt anew
        self._facts: dict[type, w.Input] = {}  # the newest of each kind
        self._broken: asyncio.Future[None] = self._loop.create_future()
        self._keep_policy()

    def now(self) -> int:
        """The desk's clock, in milliseconds; it goes on where the record ended."""
        return self._clock_start + time.monotonic_ns() // 1_000_000

    async def run(self, person: str | None, supervisors: str) -> None:
        """Work until cancelled. The box and the phone may come and go at any time.

        Raises JournalError when a case is open and the record does not take that the bridge is back.
        """
        if self._desk.case is not None:
            self._take(w.Restarted())
        self.feed(w.SignedOn(person))
        self.feed(w.FloorIs(extension=supervisors))
        self._teller.tell("started", text=f"{self._policy.name} {version_of(self._policy)}")
        self._line.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._phone.run(self._from_phone))
                group.create_task(self._pass_time())
                group.create_task(self._catch_up())
                await self._broken
        finally:
            await asyncio.to_thread(self._line.stop)

    # -- every input, from any thread --------------------------------------------------------------------------------

    def feed(self, input: w.Input) -> w.Answer | None:
        """Take one input. Returns the answer for the person who acted; nothing is taken when the record fails."""
        if isinstance(input, w.PhoneIs | w.SignedOn | w.FloorIs):
            self._facts[type(input)] = input
        try:
            return self._take(input)
        except JournalError as error:
            self._missed = True
            self._teller.tell("trouble", text=f"not recorded, so not done: {error}")
            return w.Answer(verdict=w.Verdict.REFUSED, why=f"The record cannot be written: {error}")

    def _take(self, input: w.Input) -> w.Answer | None:
        arrived = self.now()
        with self._lock:
            now = self.now()
            if isinstance(input, w.Pressed):  # it has waited for the lock: perhaps for a slow disk
                input = replace(input, age_ms=input.age_ms + now - arrived)
            if self._desk.case is None:
                self._policy = self._next_policy
            made = step(self._policy, self._desk, input, now)
            if made.events:
                head = self._journal.append(made.events, at_ms=made.desk.at_ms, wall_ms=time.time_ns() // 1_000_000)
                for seq, event in enumerate(made.events, head.seq - len(made.events) + 1):
                    self._teller.tell("recorded", event=event, seq=seq)
            self._desk = made.desk
            self._decided += ((effect, now) for effect in made.effects)
            self._answering = self._answering or isinstance(input, w.Pressed)
            self._hand_over()
            self._show(now)
        self._loop.call_soon_threadsafe(self._changed.set)
        return made.answer

    def _hand_over(self) -> None:
        if not self._answering:
            for effect, decided_ms in self._decided:
                self._loop.call_soon_threadsafe(self._start, effect, decided_ms)
            self._decided = []

    def _show(self, now: int) -> None:
        shown = lamps(self._policy, self._desk, now)
        if shown != self._lamps:
            self._lamps = shown
            self._line.show(shown)
            self._teller.tell("lamps", lamps=shown)

    def _keep_policy(self) -> None:
        """The record holds the whole policy once, before any case that it governs."""
        kept = self._journal.last(w.PolicyKept)
        version = version_of(self._next_policy)
        event = kept.event if kept is not None else None
        if not isinstance(event, w.PolicyKept) or event.version != version:
            keep = w.PolicyKept(version, canonical(self._next_policy))
            self._journal.append([keep], at_ms=self.now(), wall_ms=time.time_ns() // 1_000_000)

    # -- the door behind the line: called on the link's thread -------------------------------------------------------

    def last_press(self, box: str, boot: str) -> int:
        last = self._journal_last_press(box)
        return last[1] if last is not None and last[0] == boot else 0

    def _journal_last_press(self, box: str) -> tuple[str, int] | None:
        try:
            with self._lock:
                return self._journal.last_press(box)
        except JournalError as error:
            raise NotRecorded(str(error)) from None

    def press(self, press: w.Pressed) -> w.Answer:
        self._teller.tell("press", press=press)
        try:
            answer = self._take(press)
        except JournalError as error:
            self._missed = True
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
        self._teller.tell("box", up=status.up, text=status.trouble or f"box {status.box}, firmware {status.firmware}")
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
            self._teller.tell("call", call=news.call)
        self.feed(news)

    def _start(self, effect: w.Effect, decided_ms: int) -> None:
        """Tasks start in the order of their making, so commands reach the phone in the order of the record."""
        task = self._loop.create_task(self._perform(effect, decided_ms))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, effect: w.Effect, decided_ms: int) -> None:
        if isinstance(effect, w.HangUp | w.Complete) and self.now() - decided_ms > ACT_WITHIN_MS:
            self.feed(w.EffectRefused(effect.id, "too late, press again"))
            return
        self._teller.tell("command", effect=effect)
        try:
            await self._command(effect)
        except PhoneUnsureError as error:  # perhaps done: the deadline passes, the phone is asked
            self._teller.tell("trouble", text=f"the phone's answer is missing: {error}")
            self._missed = self._missed or isinstance(effect, w.AskPhone)
        except PhoneError as error:
            self._teller.tell("trouble", text=f"the phone did not accept a command: {error}")
            if isinstance(effect, w.AskPhone):
                self._missed = True
            else:
                self.feed(w.EffectRefused(effect.id, str(error)))
        else:
            self._teller.tell("accepted", effect=effect)

    async def _pass_time(self) -> None:
        """A Tick whenever time alone changes something."""
        while True:
            self._changed.clear()
            self._teller.tell("view", view=view(self._policy, self._desk, self.now()))
            due = next_change(self._policy, self._desk)
            wait_s = None if due is None else max(0, due - self.now()) / 1000
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                if self.feed(w.Tick()) is not None:  # not recorded, so it is still due
                    await asyncio.sleep(CATCH_UP_S)

    async def _catch_up(self) -> None:
        """Once the record takes entries again, learn anew what could not be recorded meanwhile."""
        while True:
            await asyncio.sleep(CATCH_UP_S)
            if self._missed:
                self._missed = False
                for fact in tuple(self._facts.values()):
                    self.feed(fact)
                try:
                    await self._phone.recount()
                except PhoneError:
                    self._missed = True

    async def _command(self, effect: w.Effect) -> None:
        phone = self._phone
        match effect:
            case w.Hold(call=call):
                await phone.hold(call)
            case w.Consult(call=call, target=target):
                await phone.consult(call, target)
            case w.Complete(call=call, consult=consult):
                await phone.complete(call, consult)
            case w.TakeBack(call=call, consult=back):
                await phone.take_back(call, back)
            case w.HangUp(call=call):
                await phone.hang_up(call)
            case w.AskPhone():
                await phone.recount()
