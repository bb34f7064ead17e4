"""The embedded phone against telephones and a PBX that know nothing of it."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.real.peers import wait_for
from tests.real.peers.asterisk import Asterisk
from tests.real.peers.baresip import Baresip
from tests.real.sip_rig import Rig, RigPhone, play

from rung.phone.base import PhoneError
from rung.words import CallState, EndedBy, Outcome

UP, HELD, ENDED = CallState.UP, CallState.HELD, CallState.ENDED

Phones = Callable[..., Baresip]


async def dialled_by(peer: Baresip, agent: RigPhone) -> str:
    """A call from ``peer`` that the agent has answered; its id at the agent's phone."""
    await asyncio.to_thread(peer.command, "dial", f"sip:{agent.client.address}")
    line = await agent.rings()
    await agent.client.answer(line)
    await agent.becomes(line, UP)
    await asyncio.to_thread(peer.event, "CALL_ESTABLISHED")
    return line


async def held(agent: RigPhone, line: str) -> None:
    await agent.client.hold(line)
    await agent.becomes(line, HELD)


def test_debian_baresip_is_held_and_hung_up(tmp_path: Path, debian_baresip: Phones) -> None:
    caller = debian_baresip("caller")

    async def story(made: Rig) -> None:
        agent = await made.phone("agent")
        line = await dialled_by(caller, agent)
        await held(agent, line)
        mark = len(agent.seen)
        await agent.client.resume(line)
        await agent.becomes(line, UP, mark)
        await agent.client.hang_up(line)
        assert (await agent.becomes(line, ENDED)).ended_by is EndedBy.US
        assert "reset by peer" in (await asyncio.to_thread(caller.event, "CALL_CLOSED"))["param"]

        line = await dialled_by(caller, agent)
        await asyncio.to_thread(caller.command, "hangup")
        assert (await agent.becomes(line, ENDED)).ended_by is EndedBy.THEM

    play(story, tmp_path)


def test_debian_baresip_as_the_supervisor(tmp_path: Path, debian_baresip: Phones) -> None:
    sup = debian_baresip("sup")

    async def story(made: Rig) -> None:
        caller, agent = await made.phone("caller"), await made.phone("agent")
        _, line = await made.call(caller, agent)
        await held(agent, line)
        for answered, outcome in ((False, Outcome.BUSY), (True, Outcome.DECLINED)):
            consult = await agent.client.consult(line, sup.uri)
            await asyncio.to_thread(sup.event, "CALL_INCOMING")
            if answered:
                await asyncio.to_thread(sup.command, "accept")
                await agent.becomes(consult, UP)
            await asyncio.to_thread(sup.command, "hangup")
            assert (await agent.becomes(consult, ENDED)).outcome is outcome

    play(story, tmp_path)


def test_debian_baresip_follows_a_blind_transfer(tmp_path: Path, debian_baresip: Phones) -> None:
    caller = debian_baresip("caller")

    async def story(made: Rig) -> None:
        agent, sup = await made.phone("agent"), await made.phone("sup")
        line = await dialled_by(caller, agent)
        await agent.client.transfer(line, sup.client.address)
        await sup.client.answer(new := await sup.rings())
        await sup.becomes(new, UP)
        assert (await agent.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER

    play(story, tmp_path)


def test_a_peer_without_replaces_is_refused_before_anything_is_sent(tmp_path: Path, debian_baresip: Phones) -> None:
    caller = debian_baresip("caller")

    async def story(made: Rig) -> None:
        agent, sup = await made.phone("agent"), await made.phone("sup", auto_answer_ms=0)
        line = await dialled_by(caller, agent)
        await held(agent, line)
        consult = await agent.client.consult(line, sup.client.address)
        await agent.becomes(consult, UP)
        with pytest.raises(PhoneError):
            await agent.client.complete(line, consult)
        living = {c.id: c.state for c in await agent.client.calls()}
        assert living == {line: HELD, consult: UP}

    play(story, tmp_path)


async def registered(made: Rig, asterisk: Asterisk, user: str, **settings: object) -> RigPhone:
    return await made.phone(
        user,
        domain=f"127.0.0.1:{asterisk.sip_port}",
        password=asterisk.passwords[user],
        **settings,
    )


async def all_reachable(asterisk: Asterisk) -> None:
    ready = partial(_reachable, asterisk)
    await asyncio.to_thread(wait_for, "every endpoint to be reachable", ready)


def _reachable(asterisk: Asterisk) -> bool:
    ami = asterisk.ami()
    ami.action("PJSIPShowContacts")
    states = []
    while (contact := ami.event("ContactList", "ContactListComplete"))["Event"] == "ContactList":
        states.append(contact["Status"])
    ami.close()
    return states == ["Reachable"] * 3


def test_an_attended_transfer_through_asterisk(tmp_path: Path, asterisk: Asterisk) -> None:
    async def story(made: Rig) -> None:
        caller = await registered(made, asterisk, "caller", tone_hz=440)
        agent = await registered(made, asterisk, "agent", auto_answer_ms=0)
        sup = await registered(made, asterisk, "sup", auto_answer_ms=0, tone_hz=1000)
        await all_reachable(asterisk)
        out = await caller.client.dial("agent")
        await caller.becomes(out, UP)
        line = (await agent.until(lambda c: c.state is UP)).id
        await agent.hears(line, 440)
        await held(agent, line)
        consult = await agent.client.consult(line, "sup")
        await agent.becomes(consult, UP)
        await agent.client.complete(line, consult)
        assert (await agent.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER
        assert (await agent.becomes(consult, ENDED)).ended_by is EndedBy.TRANSFER
        await caller.hears(out, 1000)
        await sup.hears((await sup.client.calls())[-1].id, 440)

    play(story, tmp_path)


@pytest.mark.parametrize(("extension", "outcome"), [("nobody", Outcome.ABSENT), ("sup", Outcome.ABSENT)])
def test_asterisk_knows_no_such_phone(tmp_path: Path, asterisk: Asterisk, extension: str, outcome: Outcome) -> None:
    """An extension that is not there, and one whose phone is not registered."""

    async def story(made: Rig) -> None:
        caller = await made.phone("caller")
        agent = await registered(made, asterisk, "agent")
        _, line = await made.call(caller, agent)
        await held(agent, line)
        consult = await agent.client.consult(line, extension)
        told = await agent.becomes(consult, ENDED)
        assert told.outcome is outcome, told.cause

    play(story, tmp_path)
