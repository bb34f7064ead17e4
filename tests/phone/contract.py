"""What every phone keeps to, whatever system is behind it: one suite, played over each of them.

What a phone cannot, by its `PhoneIs.can`, it must decline clearly, and nothing may come of it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from rung.phone.base import Phone, PhoneError, PhoneNews
from rung.words import Call, CallIs, CallsAre, CallState, EndedBy, Outcome, PhoneIs

UP, HELD, RINGING, DIALLING, ENDED = (
    CallState.UP, CallState.HELD, CallState.RINGING, CallState.DIALLING, CallState.ENDED,
)  # fmt: skip
PATIENCE_S = 30.0
CALLER_HZ, AGENT_HZ, SUP_HZ = 440, 620, 1000
CASE = "büro-1-17"  # a case's name, with what a header does not like


class Hand(Protocol):
    """Somebody at a telephone, who is no desk."""

    address: str

    async def dial(self, target: str) -> str: ...
    async def answer(self, call: str) -> None: ...
    async def decline(self, call: str) -> None: ...
    async def hang_up(self, call: str) -> None: ...
    def seen(self) -> int: ...  # how many states of its calls there have been: where `until` may begin
    async def until(self, wanted: Callable[[Call], bool], since: int = 0) -> Call: ...
    async def hears(self, call: str, hz: int) -> None: ...


@dataclass
class Desk:
    """What the phone has fed, in order."""

    news: list[PhoneNews] = field(default_factory=list)
    also: list[Callable[[PhoneNews], object]] = field(default_factory=list)  # who else is told
    _came: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def feed(self, news: PhoneNews) -> None:
        self.news.append(news)
        for tell in self.also:
            tell(news)
        self._came.set()

    async def told(self, wanted: Callable[[PhoneNews], bool], since: int = 0) -> PhoneNews:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not (found := [n for n in self.news[since:] if wanted(n)]):
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"never told; told was {self.news}") from None
        return found[0]

    async def call(self, wanted: Callable[[Call], bool], since: int = 0) -> Call:
        said = await self.told(lambda n: isinstance(n, CallIs) and wanted(n.call), since)
        assert isinstance(said, CallIs)
        return said.call

    async def becomes(self, call: str, state: CallState, since: int = 0) -> Call:
        return await self.call(lambda c: c.id == call and c.state is state, since)


@asynccontextmanager
async def running(phone: Phone) -> AsyncIterator[Desk]:
    """It has told its calls."""
    desk = Desk()
    task = asyncio.ensure_future(phone.run(desk.feed))
    try:
        await desk.told(lambda news: isinstance(news, CallsAre))
        yield desk
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass
class World:
    """A desk's phone that runs, with its agent's hand on it, a caller and a supervisor."""

    phone: Phone
    desk: Desk
    agent: Hand
    caller: Hand
    sup: Hand
    theirs: str = field(default="", kw_only=True)  # the call that rings at the supervisor's in a blind transfer
    cannot: set[str] = field(default_factory=set, kw_only=True)  # what was asked for and this phone cannot

    async def line(self) -> tuple[str, str]:
        """A call that the agent has answered: its id at the caller's and at the desk's phone."""
        mark = len(self.desk.news)
        out = await self.caller.dial(self.agent.address)
        line = (await self.desk.call(lambda c: c.state is RINGING, mark)).id
        await self.agent.answer(line)
        await self.desk.becomes(line, UP, mark)
        await self.caller.until(lambda c: c.id == out and c.state is UP)
        return out, line

    async def consult(self, line: str) -> tuple[Call, Call]:
        """Dialled for ``line``: the consult as the desk has it, and as it rings at the supervisor's."""
        mark = len(self.desk.news)
        await self.phone.consult(line, self.sup.address, CASE)
        consult = await self.desk.call(lambda c: c.consult_for == line and c.state is DIALLING, mark)
        return consult, await self.sup.until(lambda c: c.state is RINGING)

    async def can(self, what: str) -> bool:
        await self.desk.told(lambda n: isinstance(n, PhoneIs) and n.up)
        can = what in [n for n in self.desk.news if isinstance(n, PhoneIs) and n.up][-1].can
        self.cannot |= set() if can else {what}
        return can


async def it_greets_and_then_tells_all_calls(w: World) -> None:
    await w.desk.told(lambda n: isinstance(n, CallsAre))
    assert isinstance(w.desk.news[0], PhoneIs) and w.desk.news[0].up
    assert w.desk.news[1] == CallsAre(())


async def a_call_comes_in_and_is_answered(w: World) -> None:
    out, line = await w.line()
    rang = await w.desk.becomes(line, RINGING)
    assert (rang.direction, rang.consult_for, rang.case, rang.parties) == ("in", None, "", ())
    assert rang.queue and rang.queue in w.agent.address, "the number that was called"
    await w.caller.hears(out, AGENT_HZ)
    await w.agent.hears(line, CALLER_HZ)


async def hold_and_resume_are_confirmed_by_states(w: World) -> None:
    out, line = await w.line()
    mark = len(w.desk.news)
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD, mark)
    await w.caller.hears(out, 0)
    mark = len(w.desk.news)
    await w.phone.resume(line)
    await w.desk.becomes(line, UP, mark)
    await w.caller.hears(out, AGENT_HZ)


async def the_one_who_hangs_up_is_known(w: World) -> None:
    out, line = await w.line()
    await w.phone.hang_up(line)
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.US
    assert (await w.caller.until(lambda c: c.id == out and c.state is ENDED)).ended_by is EndedBy.THEM
    out, line = await w.line()
    await w.caller.hang_up(out)
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.THEM


async def a_consult_on_hold_is_completed_with_the_case(w: World) -> None:
    out, line = await w.line()
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD)
    consult, rang = await w.consult(line)
    assert rang.case == (CASE if await w.can("case") else "") and rang.queue and rang.queue in w.sup.address
    await w.sup.answer(rang.id)
    await w.desk.becomes(consult.id, UP)
    await w.caller.hears(out, 0)
    await _completed(w, out, line, consult.id, rang.id)


async def a_consult_without_hold_leaves_the_caller_live(w: World) -> None:
    out, line = await w.line()
    consult, rang = await w.consult(line)
    await w.caller.hears(out, AGENT_HZ)
    assert not [n for n in w.desk.news if isinstance(n, CallIs) and n.call.id == line and n.call.state is HELD]
    await w.sup.answer(rang.id)
    await w.desk.becomes(consult.id, UP)
    await _completed(w, out, line, consult.id, rang.id)  # at once, as where the supervisor takes the call


async def rings(w: World, *before: str) -> str:
    """The supervisor's phone, for a transfer; a phone that would drop the caller rings it once before."""
    rang = (await w.sup.until(lambda c: c.state is RINGING and c.id not in before)).id
    return rang if await w.can("returns") else await _rings_again(w, *before, rang)


async def _rings_again(w: World, *before: str) -> str:
    return (await w.sup.until(lambda c: c.state is RINGING and c.id not in before)).id


async def _completed(w: World, out: str, line: str, consult: str, at_sup: str) -> None:
    attended, case = await w.can("attended"), CASE if await w.can("case") else ""
    await w.phone.complete(line, consult)
    if not attended:  # they are rung a second time, by the caller
        await w.sup.answer(await rings(w, at_sup))
    for call in (line, consult):
        told = await w.desk.becomes(call, ENDED)
        assert (told.ended_by, told.outcome) == (EndedBy.TRANSFER, None)
    old = await w.sup.until(lambda c: c.id == at_sup and c.state is ENDED)
    assert old.ended_by is (EndedBy.TRANSFER if attended else EndedBy.THEM)
    new = await w.sup.until(lambda c: c.id != at_sup and c.state is UP)
    assert new.case == case, "the case comes with the caller"
    joined = await w.caller.until(lambda c: c.id != out and c.state is UP)
    await w.caller.hears(joined.id, SUP_HZ)
    await w.sup.hears(new.id, CALLER_HZ)


async def a_consult_that_is_declined_leaves_the_line_as_it_was(w: World) -> None:
    _, line = await w.line()
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD)
    consult, rang = await w.consult(line)
    await w.sup.decline(rang.id)
    assert (await w.desk.becomes(consult.id, ENDED)).outcome in (Outcome.DECLINED, Outcome.BUSY)
    mark = len(w.desk.news)
    await w.phone.take_back(line, consult.id)
    await w.desk.becomes(line, UP, mark)


async def a_supervisor_who_hangs_up_has_declined(w: World) -> None:
    _, line = await w.line()
    consult, rang = await w.consult(line)
    await w.sup.answer(rang.id)
    await w.desk.becomes(consult.id, UP)
    await w.sup.hang_up(rang.id)
    assert (await w.desk.becomes(consult.id, ENDED)).outcome is Outcome.DECLINED


async def a_consult_is_taken_back(w: World) -> None:
    out, line = await w.line()
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD)
    consult, rang = await w.consult(line)
    mark = len(w.desk.news)
    await w.phone.take_back(line, consult.id)
    told = await w.desk.becomes(consult.id, ENDED, mark)
    assert (told.ended_by, told.outcome) == (EndedBy.US, None)
    await w.desk.becomes(line, UP, mark)
    assert (await w.sup.until(lambda c: c.id == rang.id and c.state is ENDED)).ended_by is EndedBy.THEM
    await w.caller.hears(out, AGENT_HZ)


async def an_ending_stops_a_consult_that_rings(w: World) -> None:
    """Both are told at once, and each ends once."""
    out, line = await w.line()
    consult, rang = await w.consult(line)
    mark = len(w.desk.news)
    await asyncio.gather(w.phone.hang_up(consult.id), w.phone.hang_up(line))
    for call in (consult.id, line):
        assert (await w.desk.becomes(call, ENDED, mark)).ended_by is EndedBy.US
    for hand, call in ((w.sup, rang.id), (w.caller, out)):
        await hand.until(lambda c, call=call: c.id == call and c.state is ENDED)  # type: ignore[misc]


async def the_caller_may_leave_while_on_hold(w: World) -> None:
    out, line = await w.line()
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD)
    await w.caller.hang_up(out)
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.THEM


async def the_agent_may_leave_while_the_caller_is_on_hold(w: World) -> None:
    """By a click; it is told from whose side, and the caller's own phone is no reason for it."""
    _, line = await w.line()
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD)
    await w.agent.hang_up(line)
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.US


async def a_blind_transfer_goes_through(w: World) -> None:
    out, line = await w.line()
    await w.phone.transfer(line, w.sup.address)
    await w.sup.answer(await rings(w))
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER
    joined = await w.caller.until(lambda c: c.id != out and c.state is UP)
    await w.caller.hears(joined.id, SUP_HZ)


async def a_transfer_that_fails_leaves_the_caller_here(w: World) -> None:
    out, line = await w.line()
    await w.phone.transfer(line, w.sup.address)
    await w.sup.decline(await rings(w))
    failed = await w.desk.call(lambda c: c.cause.startswith("transfer failed"))
    if not await w.can("returns"):
        assert (failed.id, failed.state, failed.ended_by) == (line, ENDED, EndedBy.PHONE)
        return
    assert (failed.id, failed.state, failed.doing) == (line, UP, "")
    await w.caller.hears(out, AGENT_HZ)


async def each_command_hits_its_own_line(w: World) -> None:
    one_out, one = await w.line()
    await w.phone.hold(one)
    await w.desk.becomes(one, HELD)
    two_out, two = await w.line()
    await w.phone.hang_up(two)
    assert (await w.desk.becomes(two, ENDED)).ended_by is EndedBy.US
    await w.caller.until(lambda c: c.id == two_out and c.state is ENDED)
    mark = len(w.desk.news)
    await w.phone.resume(one)
    await w.desk.becomes(one, UP, mark)
    await w.caller.hears(one_out, AGENT_HZ)


async def a_recount_tells_living_and_ended(w: World) -> None:
    _, gone = await w.line()
    await w.phone.hang_up(gone)
    await w.desk.becomes(gone, ENDED)
    _, line = await w.line()
    mark = len(w.desk.news)
    await w.phone.recount()
    told = await w.desk.told(lambda n: isinstance(n, CallsAre), mark)
    assert isinstance(told, CallsAre)
    assert [(c.id, c.state) for c in told.calls] == [(gone, ENDED), (line, UP)]


async def no_command_is_taken_for_a_call_that_does_not_live(w: World) -> None:
    _, gone = await w.line()
    await w.phone.hang_up(gone)
    await w.desk.becomes(gone, ENDED)
    _, line = await w.line()
    mark = len(w.desk.news)
    do = w.phone
    for call in (gone, "nonsense"):
        for command in (do.hold, do.resume, do.hang_up, do.leave):
            with pytest.raises(PhoneError):
                await command(call)
        for pair in (do.consult, do.complete, do.transfer, do.take_back, do.join):
            with pytest.raises(PhoneError):
                await pair(call, line)
        with pytest.raises(PhoneError):
            await do.play(call, "text", "en")
    await asyncio.sleep(0.05)
    assert w.desk.news[mark:] == [], "and nothing came of it"


async def a_call_that_comes_while_another_is_ended_stays(w: World) -> None:
    """B arrives between aiming at A and hanging it up."""
    for after_ms in (0, 1, 2, 4):
        out, line = await w.line()
        mark = len(w.desk.news)
        ending = asyncio.ensure_future(w.phone.hang_up(line))
        await asyncio.sleep(after_ms / 1000)
        second = await w.caller.dial(w.agent.address)
        came = (await w.desk.call(lambda c: c.state is RINGING, mark)).id
        with suppress(PhoneError):  # "cannot aim" is allowed; hitting B is not
            await ending
        ended = [n.call for n in w.desk.news[mark:] if isinstance(n, CallIs) and n.call.state is ENDED]
        assert came not in [call.id for call in ended]
        await w.agent.answer(came)
        await w.desk.becomes(came, UP, mark)
        await w.caller.hears(second, AGENT_HZ)
        for call in (line, came):
            with suppress(PhoneError):  # the first one's end may be on its way
                await w.phone.hang_up(call)
            assert (await w.desk.becomes(call, ENDED)).ended_by is EndedBy.US
        await w.caller.until(lambda c, out=out: c.id == out and c.state is ENDED)  # type: ignore[misc]


async def a_command_for_a_call_that_has_just_ended_hits_no_other(w: World) -> None:
    """A ends by itself as we act on it, while B is up."""
    b_out, b = await w.line()
    for delay_ms in (0, 1, 2):
        out, line = await w.line()
        leaving = asyncio.ensure_future(w.caller.hang_up(out))
        await asyncio.sleep(delay_ms / 1000)
        with suppress(PhoneError):
            await w.phone.hang_up(line)
        with suppress(PhoneError):  # ours was first
            await leaving
        await w.desk.becomes(line, ENDED)
    mark = len(w.desk.news)
    await w.phone.resume(b)  # where its phone has put it on hold for the others
    await w.desk.becomes(b, UP, mark)
    await w.caller.hears(b_out, AGENT_HZ)


CONTRACT: tuple[Callable[[World], Awaitable[None]], ...] = (
    it_greets_and_then_tells_all_calls,
    a_call_comes_in_and_is_answered,
    hold_and_resume_are_confirmed_by_states,
    the_one_who_hangs_up_is_known,
    a_consult_on_hold_is_completed_with_the_case,
    a_consult_without_hold_leaves_the_caller_live,
    a_consult_that_is_declined_leaves_the_line_as_it_was,
    a_supervisor_who_hangs_up_has_declined,
    a_consult_is_taken_back,
    an_ending_stops_a_consult_that_rings,
    the_caller_may_leave_while_on_hold,
    the_agent_may_leave_while_the_caller_is_on_hold,
    a_blind_transfer_goes_through,
    a_transfer_that_fails_leaves_the_caller_here,
    each_command_hits_its_own_line,
    a_recount_tells_living_and_ended,
    no_command_is_taken_for_a_call_that_does_not_live,
    a_call_that_comes_while_another_is_ended_stays,
    a_command_for_a_call_that_has_just_ended_hits_no_other,
)
