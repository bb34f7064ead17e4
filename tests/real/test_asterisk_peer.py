"""No command hits another call than the one that it names, and whoever is no Asterisk is named.

An Asterisk that is killed, stands still or talks garbage: test_phone_faults.py.
"""

import asyncio

import pytest
from tests.phone.contract import CASE, Desk
from tests.real.asterisk_rig import AsteriskWorld, Played, account, play, settings
from tests.real.sip_rig import AGENT_HZ, CALLER_HZ

from rung.phone.asterisk import AsteriskPhone
from rung.phone.base import PhoneError
from rung.words import Call, CallIs, CallState, EndedBy, PhoneIs

UP, HELD, ENDED = CallState.UP, CallState.HELD, CallState.ENDED


def ended(w: AsteriskWorld, mark: int) -> list[Call]:
    return [n.call for n in w.desk.news[mark:] if isinstance(n, CallIs) and n.call.state is ENDED]


async def in_the_consult(w: AsteriskWorld) -> list[tuple[str, CallState]]:
    _, line = await w.line()
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD)
    consult, rang = await w.consult(line)
    await w.sup.answer(rang.id)
    await w.desk.becomes(consult.id, UP)
    return [(line, HELD), (consult.id, UP)]


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
