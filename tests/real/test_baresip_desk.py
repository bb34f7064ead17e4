"""A whole desk on Debian's baresip: the ladder of `warm-transfer`, from the press to what caller and others hear."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.desk.rig import NO_BOX
from tests.real.sip_rig import AGENT_HZ, SUP_HZ, Rig, RigPhone, play
from tests.real.test_baresip_contract import BaresipHand, three_phones

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.floor.base import Place
from rung.journal.store import Journal
from rung.phone.baresip import BaresipPhone
from rung.policy import Book, Times, load
from rung.words import Button, CallState, Gesture, Ground, Verdict

UP, RINGING, ENDED = CallState.UP, CallState.RINGING, CallState.ENDED
TIMES = Times(wait=0.3, say_time=0.3, answer_within=2)  # shortened; the phones' own clock is real
PATIENCE_S = 30.0


@dataclass
class Desk:
    bridge: Bridge
    hand: BaresipHand
    caller: RigPhone
    sup: RigPhone
    told: list[Happening]
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def until(self, wanted: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                await asyncio.sleep(0.01)

    def events(self, kind: type) -> list[w.Event]:
        return [h.event for h in self.told if h.event is not None and isinstance(h.event, kind)]

    async def press(self, button: Button, gesture: Gesture = Gesture.TAP) -> w.Answer:
        press = w.Pressed(
            box="box", boot="boot", number=next(self.numbers), buttons=(button,), gesture=gesture, epoch=1, age_ms=0
        )
        answer = self.bridge.press(press)
        self.bridge.acknowledged(press)
        self.bridge.act()
        await asyncio.sleep(0)
        return answer

    async def must(self, button: Button, gesture: Gesture = Gesture.TAP) -> None:
        """As soon as it is open."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.press(button, gesture)).verdict is not Verdict.TAKEN:
                await asyncio.sleep(0.1)

    async def called(self) -> str:
        out = await self.caller.client.dial(self.hand.address)
        await self.until(lambda: [h for h in self.told if h.call is not None and h.call.state is RINGING])
        await self.hand.answer("")
        await self.until(lambda: self.events(w.CaseOpened))
        return out


@asynccontextmanager
async def desk(made: Rig) -> AsyncIterator[Desk]:
    async with three_phones(made) as (peer, caller, sup):
        told: list[Happening] = []
        journal, teller = Journal(made.folder / "journal.db"), Teller(told.append)
        phone = BaresipPhone("127.0.0.1", peer.control_port)
        book = Book(load("warm-transfer", TIMES), recording="announced")
        bridge = Bridge(book, journal, phone, teller, box=NO_BOX)
        place = Place(extension="agent", person=w.Person("agent-17"))
        running = asyncio.ensure_future(bridge.run(place, sup.client.address))
        made_desk = Desk(bridge, BaresipHand(peer), caller, sup, told)
        try:
            await made_desk.until(lambda: [h for h in told if h.kind == "phone" and h.up])
            yield made_desk
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            teller.close()
            journal.close()


def on_a_desk(story: Callable[[Desk], Awaitable[None]], folder: Path) -> None:
    async def whole(made: Rig) -> None:
        async with desk(made) as d:
            await story(d)

    play(whole, folder)


def test_the_supervisor_takes_the_caller(tmp_path: Path) -> None:
    async def story(d: Desk) -> None:
        out = await d.called()
        d.bridge.feed(w.Declared(Ground.SLUR))
        await d.must(Button.WARN)
        await d.must(Button.ESCALATE)
        first = await d.sup.until(lambda c: c.state is RINGING)
        await d.caller.hears(out, 0)
        await d.sup.client.answer(first.id)
        await d.until(lambda: any("drops a caller" in text for text in d.bridge.look().troubles))
        await d.must(Button.ESCALATE)  # 3 s after the answer
        probe = await d.sup.until(lambda c: c.state is RINGING and c.id != first.id)
        second = await d.sup.until(lambda c: c.state is RINGING and c.id not in (first.id, probe.id))
        await d.sup.client.answer(second.id)
        await d.until(lambda: d.events(w.CaseClosed))
        (closed,) = d.events(w.CaseClosed)
        assert isinstance(closed, w.CaseClosed) and closed.how == "transferred"
        joined = await d.caller.until(lambda c: c.id != out and c.state is UP)
        await d.caller.hears(joined.id, SUP_HZ)

    on_a_desk(story, tmp_path)


def test_nobody_answers_and_the_agent_ends_it_step_by_step(tmp_path: Path) -> None:
    async def story(d: Desk) -> None:
        out = await d.called()
        d.bridge.feed(w.Declared(Ground.SLUR))
        assert (await d.press(Button.RELEASE)).verdict is Verdict.REFUSED
        await d.must(Button.WARN)
        await d.must(Button.ESCALATE)
        await d.sup.until(lambda c: c.state is RINGING)
        await d.until(lambda: d.events(w.AskClosed))  # ignored, and the caller is off hold before that is shown
        await d.caller.hears(out, AGENT_HZ)
        await d.must(Button.WARN)
        await d.must(Button.RELEASE)
        await d.must(Button.RELEASE, Gesture.HOLD)
        assert (await d.caller.becomes(out, ENDED)).ended_by is w.EndedBy.THEM
        await d.until(lambda: d.events(w.CaseClosed))
        (closed,) = d.events(w.CaseClosed)
        assert isinstance(closed, w.CaseClosed) and (closed.how, closed.by) == ("released", w.EndedBy.US)

    on_a_desk(story, tmp_path)


def test_a_click_is_found_and_what_panic_cannot_do_is_a_task(tmp_path: Path) -> None:
    async def story(d: Desk) -> None:
        out = await d.called()
        await d.press(Button.ESCALATE, Gesture.HOLD)
        await d.until(lambda: len(d.events(w.TaskDue)) == 2)
        tasks = [event.task for event in d.events(w.TaskDue) if isinstance(event, w.TaskDue)]
        assert tasks == ["join", "record"] and len(d.bridge.look().tasks) == 2
        d.bridge.feed(w.Declared(Ground.SLUR))
        await d.hand.hang_up("")
        await d.caller.becomes(out, ENDED)
        await d.until(lambda: d.events(w.CaseClosed))
        (closed,) = d.events(w.CaseClosed)
        assert isinstance(closed, w.CaseClosed) and closed.review
        assert closed.how == "ended from the agent's side, not through Rung"

    on_a_desk(story, tmp_path)
