"""Asterisk killed, restarted, stalled, or talking garbage: no call is ended by us, and the person is told.

A command that came to nothing then does not come true later.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.phone.contract import CASE, Desk
from tests.real.asterisk_rig import AsteriskWorld, Cut, Played, account, play, settings
from tests.real.sip_rig import AGENT_HZ, CALLER_HZ

from rung.phone.asterisk import AsteriskPhone
from rung.phone.base import PhoneError
from rung.words import Call, CallIs, CallsAre, CallState, EndedBy, PhoneIs

UP, HELD, RINGING, DIALLING, ENDED = (
    CallState.UP, CallState.HELD, CallState.RINGING, CallState.DIALLING, CallState.ENDED,
)  # fmt: skip
STALL_S = 30.0 if os.environ.get("RUNG_LONG") == "1" else 1.0  # after it has been noticed


async def lost(w: AsteriskWorld, mark: int, begun: float) -> PhoneIs:
    told = await w.desk.told(lambda n: isinstance(n, PhoneIs) and not n.up, mark)
    print(f"told after {time.monotonic() - begun:.2f} s")
    assert isinstance(told, PhoneIs) and told.why
    return told


async def back(w: AsteriskWorld, mark: int) -> tuple[Call, ...]:
    """The calls as they are told once Asterisk is there again."""
    told = await w.desk.told(lambda n: isinstance(n, CallsAre), mark)
    assert isinstance(told, CallsAre)
    return told.calls


def ended(w: AsteriskWorld, mark: int) -> list[Call]:
    return [n.call for n in w.desk.news[mark:] if isinstance(n, CallIs) and n.call.state is ENDED]


async def in_talk(w: AsteriskWorld) -> list[tuple[str, CallState]]:
    _, line = await w.line()
    return [(line, UP)]


async def on_hold(w: AsteriskWorld) -> list[tuple[str, CallState]]:
    _, line = await w.line()
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD)
    return [(line, HELD)]


async def while_it_rings(w: AsteriskWorld) -> list[tuple[str, CallState]]:
    ((line, _),) = await on_hold(w)
    consult, _ = await w.consult(line)
    return [(line, HELD), (consult.id, DIALLING)]


async def in_the_consult(w: AsteriskWorld) -> list[tuple[str, CallState]]:
    ((line, _),) = await on_hold(w)
    consult, rang = await w.consult(line)
    await w.sup.answer(rang.id)
    await w.desk.becomes(consult.id, UP)
    return [(line, HELD), (consult.id, UP)]


Step = Callable[[AsteriskWorld], Awaitable[list[tuple[str, CallState]]]]
STEPS = (in_talk, on_hold, while_it_rings, in_the_consult)


@asynccontextmanager
async def stalled(pid: int) -> AsyncIterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("step", STEPS)
def test_a_stalled_asterisk(
    step: Callable[[AsteriskWorld], Awaitable[list[tuple[str, CallState]]]], played: Played
) -> None:
    """No command given meanwhile is carried out when it is back, least of all a hang-up."""

    async def story(w: AsteriskWorld) -> None:
        stands = await step(w)
        mark = len(w.desk.news)
        begun = time.monotonic()
        async with stalled(played[0].asterisk.pid):
            with pytest.raises(PhoneError):  # mostly "nothing was done"; unsure where it stalls in that very instant
                await w.phone.hang_up(stands[-1][0])
            await lost(w, mark, begun)
            for command in (w.phone.hang_up, w.phone.hold, w.phone.resume):
                with pytest.raises(PhoneError):
                    await command(stands[0][0])
            await asyncio.sleep(STALL_S)
        calls = await back(w, mark)
        assert [(call.id, call.state) for call in calls if call.state is not ENDED] == stands
        assert ended(w, mark) == []

    play(played, story)


def test_an_asterisk_that_is_killed_and_starts_again(played: Played) -> None:
    """Its calls are gone with it, which is told as what it is; the next call is like any other."""
    made, _ = played

    async def story(w: AsteriskWorld) -> None:
        _, line = await w.line()
        mark = len(w.desk.news)
        assert made.asterisk.process is not None
        made.asterisk.process.kill()
        made.asterisk.process.wait()
        await lost(w, mark, time.monotonic())
        await asyncio.to_thread(made.asterisk.start)
        (call,) = await back(w, mark)
        assert (call.id, call.state, call.ended_by) == (line, ENDED, EndedBy.PHONE)
        assert call.cause == "Asterisk was restarted"
        await made.register_anew()
        for name, hand in (("agent", w.agent), ("caller", w.caller), ("sup", w.sup)):
            hand.sip = made.phones[name]
        out, line = await w.line()
        await w.caller.hears(out, AGENT_HZ)
        await w.phone.hang_up(line)
        assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.US

    play(played, story)


@pytest.mark.parametrize("garbage", [b"\x00\xff\x00\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 200_000])
def test_garbage_from_the_manager(garbage: bytes, played: Played) -> None:
    made, runner = played

    async def story() -> None:
        cut = Cut(made.asterisk.ami_port)
        async with cut.open(), made.world(account=account(made.asterisk, port=cut.port)) as w:
            stands = await in_the_consult(w)
            mark = len(w.desk.news)
            cut.say(garbage)
            await lost(w, mark, time.monotonic())
            assert [(call.id, call.state) for call in await back(w, mark)] == stands

    runner.run(story())


def test_whoever_is_no_asterisk_is_named(played: Played) -> None:
    made, runner = played

    async def story() -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example.com ESMTP\r\n")

        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        desk = Desk()
        phone = AsteriskPhone(settings(made.asterisk, "agent", account=account(made.asterisk, port=port)))
        running = asyncio.ensure_future(phone.run(desk.feed))
        told = await desk.told(lambda n: isinstance(n, PhoneIs) and not n.up)
        assert isinstance(told, PhoneIs) and "is no Asterisk manager" in told.why
        with pytest.raises(PhoneError):
            await phone.hold("any")
        running.cancel()
        server.close()

    runner.run(story())


def test_a_call_that_arrives_between_aiming_and_hanging_up_stays_up(played: Played) -> None:
    """It comes when the channel of the first has been looked up, and the hang-up is about to be written."""

    async def story(w: AsteriskWorld) -> None:
        one_out, one = await w.line()
        link = w.phone.reach()
        do = link.do
        arrived: list[tuple[str, str]] = []

        async def slowly(name: str, *args: object, **fields: object) -> object:
            if name == "Originate" and not arrived:
                arrived.append(("", ""))
                arrived[0] = await w.line()
            return await do(name, *args, **fields)

        link.do = slowly  # type: ignore[method-assign]
        await w.phone.hang_up(one)
        assert (await w.desk.becomes(one, ENDED)).ended_by is EndedBy.US
        await w.caller.until(lambda c: c.id == one_out and c.state is ENDED)
        two_out, two = arrived[0]
        await w.caller.hears(two_out, AGENT_HZ)
        await w.agent.hears(two, CALLER_HZ)
        assert [c.id for c in ended(w, 0)] == [one]

    play(played, story)


def test_a_call_that_has_left_the_agent_is_not_hit(played: Played) -> None:
    """The caller has been passed on by the consult; the agent's old call is gone, whatever is asked of it."""

    async def story(w: AsteriskWorld) -> None:
        ((line, _), (consult, _)) = await in_the_consult(w)
        await w.phone.complete(line, consult)
        await w.desk.becomes(line, ENDED)
        for call in (line, consult):
            with pytest.raises(PhoneError):
                await w.phone.hang_up(call)
        assert (await w.sup.until(lambda c: c.state is UP and c.case == CASE)).case == CASE

    play(played, story)
