"""The contract of what only some phones can. Where one cannot, it declines, and nothing comes of it."""

import time
from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from tests.phone.contract import AGENT_HZ, CALLER_HZ, CASE, ENDED, HELD, RINGING, UP, World

from rung.phone.base import PhoneError
from rung.words import CallIs, CallsAre, EndedBy, PhoneIs


async def a_third_party_comes_in_without_hold_and_may_have_the_call(w: World) -> None:
    out, line = await w.line()
    if not await w.can("join"):
        await declined(w, line, w.phone.join(line, w.sup.address, CASE), w.phone.leave(line))
        return
    await w.phone.join(line, w.sup.address, CASE)
    rang = await w.sup.until(lambda c: c.state is RINGING)
    assert rang.case == CASE
    await w.caller.hears(out, AGENT_HZ)
    await w.sup.answer(rang.id)
    assert (await w.desk.call(lambda c: c.parties == (w.sup.address,))).id == line
    await w.caller.until(lambda c: c.id == out and len(c.parties) == 1)
    await w.caller.hears(out, 0)  # two voices at once
    assert not [n for n in w.desk.news if isinstance(n, CallIs) and n.call.state is HELD]
    await w.phone.leave(line)
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER
    assert (await w.sup.until(lambda c: c.id == rang.id and c.state is ENDED)).ended_by is EndedBy.TRANSFER
    new = await w.sup.until(lambda c: c.id != rang.id and c.state is UP)
    assert (new.case, new.parties) == (CASE, ())
    await w.sup.hears(new.id, CALLER_HZ)


async def a_third_party_may_leave_again(w: World) -> None:
    out, line = await w.line()
    if not await w.can("join"):
        return
    await w.phone.join(line, w.sup.address, CASE)
    rang = await w.sup.until(lambda c: c.state is RINGING)
    await w.sup.answer(rang.id)
    await w.desk.call(lambda c: c.parties == (w.sup.address,))
    mark = len(w.desk.news)
    await w.sup.hang_up(rang.id)
    alone = await w.desk.call(lambda c: c.id == line, mark)
    assert (alone.state, alone.parties) == (UP, ())
    await w.caller.hears(out, AGENT_HZ)


async def nobody_comes_into_the_call(w: World) -> None:
    out, line = await w.line()
    if not await w.can("join"):
        return
    await w.phone.join(line, w.sup.address, CASE)
    declined = (await w.sup.until(lambda c: c.state is RINGING)).id
    await w.sup.decline(declined)
    failed = await w.desk.call(lambda c: c.cause.startswith("join failed"))
    assert (failed.id, failed.state, failed.parties) == (line, UP, ())
    mark = len(w.desk.news)
    await w.phone.join(line, w.sup.address, CASE)
    assert (await w.desk.becomes(line, UP, mark)).cause == "", "what comes of this one is told anew"
    rang = await w.sup.until(lambda c: c.state is RINGING and c.id != declined)
    await w.phone.take_back(line, None)
    assert (await w.desk.becomes(line, UP, mark)).cause == ""
    await w.sup.until(lambda c: c.id == rang.id and c.state is ENDED)
    await w.caller.hears(out, AGENT_HZ)


async def what_is_played_changes_no_call(w: World) -> None:
    out, line = await w.line()
    if not await w.can("play"):
        await declined(w, line, w.phone.play(line, "This call ends now.", "en"))
        return
    mark = len(w.desk.news)
    await w.phone.play(line, "This call ends now.", "en")
    assert w.desk.news[mark:] == []
    await w.caller.hears(out, AGENT_HZ)


async def declined(w: World, line: str, *commands: Awaitable[None]) -> None:
    mark = len(w.desk.news)
    for command in commands:
        with pytest.raises(PhoneError, match="this phone cannot"):
            await command
    await w.phone.recount()
    told = await w.desk.told(lambda n: isinstance(n, CallsAre), mark)
    assert isinstance(told, CallsAre) and [(c.id, c.state) for c in told.calls] == [(line, UP)]


async def a_recording_is_begun_and_stopped(w: World) -> None:
    out, line = await w.line()
    if not await w.can("record"):
        await declined(w, line, w.phone.record(line, "case-1"), w.phone.stop_recording(line))
        return
    await w.phone.record(line, "case-1")
    assert (await w.desk.call(lambda c: c.recording == "case-1")).id == line
    mark = len(w.desk.news)
    await w.phone.stop_recording(line)
    assert (await w.desk.call(lambda c: c.recording == "", mark)).id == line
    await w.caller.hears(out, AGENT_HZ)


async def somebody_listens(w: World) -> None:
    await _hears(w, "listen", at_agent=CALLER_HZ, at_caller=AGENT_HZ)


async def somebody_coaches_the_agent(w: World) -> None:
    await _hears(w, "coach", at_agent=0, at_caller=AGENT_HZ)


async def somebody_barges_in(w: World) -> None:
    await _hears(w, "barge", at_agent=0, at_caller=0)


async def _hears(w: World, how: Literal["listen", "coach", "barge"], at_agent: int, at_caller: int) -> None:
    """0 Hz: two voices at once."""
    out, line = await w.line()
    if not await w.can(how):
        await declined(w, line, w.phone.listen(line, w.sup.address, how), w.phone.stop_listening(line, w.sup.address))
        return
    await w.phone.listen(line, w.sup.address, how, CASE)
    rang = await w.sup.until(lambda c: c.state is RINGING)
    await w.sup.answer(rang.id)
    told = await w.desk.call(lambda c: bool(c.listeners))
    assert (told.id, told.state, told.listeners, told.parties) == (line, UP, {w.sup.address: how}, ())
    await w.sup.hears(rang.id, 0)
    await w.agent.hears(line, at_agent)
    await w.caller.hears(out, at_caller)
    mark = len(w.desk.news)
    await w.phone.stop_listening(line, w.sup.address)
    assert (await w.desk.call(lambda c: c.id == line and not c.listeners, mark)).state is UP
    await w.caller.hears(out, AGENT_HZ)
    await w.agent.hears(line, CALLER_HZ)


async def a_blocked_number_does_not_ring(w: World) -> None:
    _, line = await w.line()
    number = [n.call.peer for n in w.desk.news if isinstance(n, CallIs) and n.call.id == line][-1]
    until_s = round(time.time()) + 3600
    if not await w.can("block"):
        await declined(w, line, w.phone.block(number, until_s), w.phone.unblock(number))
        return
    await w.phone.block(number, until_s)
    await w.phone.hang_up(line)
    await w.desk.becomes(line, ENDED)
    mark = len(w.desk.news)
    out = await w.caller.dial(w.agent.address)
    await w.caller.until(lambda c: c.id == out and c.state is ENDED)
    assert not [n for n in w.desk.news[mark:] if isinstance(n, CallIs) and n.call.state is RINGING]
    await w.phone.unblock(number)
    await w.line()


async def a_block_ends_by_itself(w: World) -> None:
    _, line = await w.line()
    number = [n.call.peer for n in w.desk.news if isinstance(n, CallIs) and n.call.id == line][-1]
    if await w.can("block"):
        await w.phone.block(number, round(time.time()) - 1)
        await w.line()


async def the_agent_is_paused(w: World) -> None:
    _, line = await w.line()
    if not await w.can("pause"):
        await declined(w, line, w.phone.pause(True, "breather"), w.phone.pause(False))
        return
    for paused in (True, False):
        mark = len(w.desk.news)
        await w.phone.pause(paused, "breather")
        await w.desk.told(lambda n, paused=paused: isinstance(n, PhoneIs) and n.paused is paused, mark)  # type: ignore[misc]


MORE: dict[str, tuple[Callable[[World], Awaitable[None]], ...]] = {
    "join": (
        a_third_party_comes_in_without_hold_and_may_have_the_call,
        a_third_party_may_leave_again,
        nobody_comes_into_the_call,
    ),
    "play": (what_is_played_changes_no_call,),
    "record": (a_recording_is_begun_and_stopped,),
    "listen": (somebody_listens,),
    "coach": (somebody_coaches_the_agent,),
    "barge": (somebody_barges_in,),
    "block": (a_blocked_number_does_not_ring, a_block_ends_by_itself),
    "pause": (the_agent_is_paused,),
}
