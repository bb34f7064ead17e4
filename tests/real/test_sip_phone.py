"""The embedded phone on the real SIP stack: caller, agent and supervisor are processes of their own."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from tests.real.sip_rig import (
    AGENT_HZ,
    CALLER_HZ,
    SUP_HZ,
    Rig,
    RigPhone,
    connected,
    odd_peer,
    play,
    strange_call,
    three,
)

from rung.phone.base import PhoneError
from rung.words import Call, CallState, EndedBy, Outcome

UP, HELD, ENDED = CallState.UP, CallState.HELD, CallState.ENDED


async def consulting(agent: RigPhone, line: str, target: str) -> str:
    """Hold ``line`` and dial; the consult's id once it is under way."""
    await agent.client.hold(line)
    await agent.becomes(line, HELD)
    consult = await agent.client.consult(line, target)
    assert (await agent.until(lambda c: c.id == consult)).consult_for == line
    return consult


def test_hold_and_resume_reach_the_peer(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made)
        out, line = await made.call(caller, agent)
        await agent.hears(line, CALLER_HZ)
        await caller.hears(out, AGENT_HZ)
        await agent.client.hold(line)
        await agent.becomes(line, HELD)
        await caller.hears(out, 0)
        assert all(c.state is not HELD for c in caller.seen), "held is only who holds"
        mark = len(agent.seen)
        await agent.client.resume(line)
        await agent.becomes(line, UP, mark)
        await caller.hears(out, AGENT_HZ)

    play(story, tmp_path)


def test_hold_straight_after_the_answer(tmp_path: Path) -> None:
    """The stack renegotiates a moment after each answer; a hold in that moment must not be lost."""

    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made)
        for pause_ms in (0, 40, 60, 80, 100):
            out, line = await made.call(caller, agent)
            await asyncio.sleep(pause_ms / 1000)
            await agent.client.hold(line)
            await agent.becomes(line, HELD)
            await asyncio.sleep(0.5)  # long enough to hear the agent's tone, were it still sent
            assert await caller.client.heard(out) == 0
            await agent.client.hang_up(line)
            await agent.becomes(line, ENDED)

    play(story, tmp_path)


def test_attended_transfer_joins_caller_and_supervisor(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, sup = await three(made)
        out, line = await made.call(caller, agent)
        consult = await consulting(agent, line, sup.client.address)
        await sup.client.answer(await sup.rings())
        await agent.becomes(consult, UP)
        await agent.hears(consult, SUP_HZ)
        await caller.hears(out, 0)

        await agent.client.complete(line, consult)
        ended = await agent.becomes(line, ENDED)
        told = await agent.becomes(consult, ENDED)
        assert (ended.ended_by, told.ended_by, told.outcome) == (EndedBy.TRANSFER, EndedBy.TRANSFER, None)
        new = await sup.rings()  # it takes the consult's place without anybody's hand
        joined = await caller.until(lambda c: c.id != out and c.state is UP)
        await caller.hears(joined.id, SUP_HZ)
        await sup.hears(new, CALLER_HZ)

    play(story, tmp_path)


def test_blind_transfer(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, sup = await three(made)
        _, line = await made.call(caller, agent)
        await agent.client.transfer(line, sup.client.address)
        await sup.client.answer(new := await sup.rings())
        assert (await agent.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER
        await sup.hears(new, CALLER_HZ)

    play(story, tmp_path)


def test_a_failed_transfer_leaves_the_caller_on_the_line(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made)
        _, line = await made.call(caller, agent)
        await agent.client.hold(line)
        await agent.becomes(line, HELD)
        async with odd_peer("503 Service Unavailable") as odd:
            await agent.client.transfer(line, odd.address)
            failed = await agent.until(lambda c: c.cause.startswith("transfer failed"))
        assert (failed.id, failed.state, failed.doing) == (line, HELD, "")
        assert "503" in failed.cause
        mark = len(agent.seen)
        await agent.client.resume(line)
        await agent.becomes(line, UP, mark)

    play(story, tmp_path)


def test_a_transfer_nobody_reports_on_counts_as_failed(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made, transfer_ms=300)
        _, line = await made.call(caller, agent)
        async with odd_peer() as silent:
            await agent.client.transfer(line, silent.address)
            failed = await agent.until(lambda c: c.cause.startswith("transfer failed"))
        assert (failed.id, failed.state) == (line, UP)

    play(story, tmp_path)


def test_a_peer_that_follows_nobody_refuses_the_transfer(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        agent, other = await made.phone("agent"), await made.phone("other")
        _, line = await made.call(other, agent)
        await agent.client.transfer(line, "somebody@127.0.0.1:9")
        failed = await agent.until(lambda c: c.cause.startswith("transfer failed"))
        assert failed.state is UP and "603" in failed.cause

    play(story, tmp_path)


def test_who_ended_the_call(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made)
        for leaver, others in ((caller, agent), (agent, caller)):
            ids = dict(zip((caller, agent), await made.call(caller, agent), strict=True))
            await leaver.client.hang_up(ids[leaver])
            assert (await leaver.becomes(ids[leaver], ENDED)).ended_by is EndedBy.US
            assert (await others.becomes(ids[others], ENDED)).ended_by is EndedBy.THEM

    play(story, tmp_path)


def test_a_peer_that_dies_is_the_network(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made, rtp_timeout_s=2)
        _, line = await made.call(caller, agent)
        await agent.hears(line, CALLER_HZ)
        os.kill(caller.process.pid, signal.SIGKILL)
        assert (await agent.becomes(line, ENDED)).ended_by is EndedBy.NETWORK

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (("180 Ringing", "603 Decline"), Outcome.DECLINED),
        (("180 Ringing", "486 Busy Here"), Outcome.BUSY),
        (("180 Ringing", "408 Request Timeout"), Outcome.IGNORED),
        (("180 Ringing", "480 Temporarily Unavailable"), Outcome.IGNORED),
        (("404 Not Found",), Outcome.ABSENT),
        (("503 Service Unavailable",), Outcome.ABSENT),
        (("500 Server Internal Error",), Outcome.FAILED),
        ((), Outcome.ABSENT),
    ],
    ids=lambda value: ("-".join(a[:3] for a in value) or "no-reply") if isinstance(value, tuple) else str(value),
)
def test_how_a_supervisors_phone_answers(tmp_path: Path, answers: tuple[str, ...], outcome: Outcome) -> None:
    async def story(made: Rig) -> None:
        caller, agent = await made.phone("caller"), await made.phone("agent", no_reply_ms=300)
        _, line = await made.call(caller, agent)
        async with odd_peer(*answers) as odd:
            consult = await consulting(agent, line, odd.address)
            assert (await agent.becomes(consult, ENDED)).outcome is outcome
        assert (await agent.client.calls())[-1].state is HELD, "the caller is untouched by all this"

    play(story, tmp_path)


def test_no_port_there_is_absent(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent = await made.phone("caller"), await made.phone("agent")
        _, line = await made.call(caller, agent)
        consult = await consulting(agent, line, "sip:sup@127.0.0.1:9;transport=tcp")
        told = await agent.becomes(consult, ENDED)
        assert (told.ended_by, told.outcome) == (EndedBy.NETWORK, Outcome.ABSENT)

    play(story, tmp_path)


def test_busy_declined_and_taken_back_on_a_real_phone(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, sup = await three(made)
        out, line = await made.call(caller, agent)
        await agent.client.hold(line)
        await agent.becomes(line, HELD)

        async def ended(how: Callable[[str, str], Awaitable[None]]) -> Call:
            consult = await agent.client.consult(line, sup.client.address)
            await how(consult, await sup.rings())
            return await agent.becomes(consult, ENDED)

        async def reject(_: str, ringing: str) -> None:
            await sup.client.reject(ringing)

        async def answer_and_end(consult: str, ringing: str) -> None:
            await sup.client.answer(ringing)
            await agent.becomes(consult, UP)
            await sup.client.hang_up(ringing)

        async def take_back(consult: str, _: str) -> None:
            await agent.client.take_back(line, consult)

        assert (await ended(reject)).outcome is Outcome.BUSY
        assert (await ended(answer_and_end)).outcome is Outcome.DECLINED
        mark = len(agent.seen)
        told = await ended(take_back)
        assert (told.ended_by, told.outcome) == (EndedBy.US, None)
        await agent.becomes(line, UP, mark)
        await caller.hears(out, AGENT_HZ)

    play(story, tmp_path)


def test_a_supervisor_who_leaves_as_the_transfer_begins(tmp_path: Path) -> None:
    """Whatever wins, the caller is with the supervisor or still with us, and the record says which."""

    async def story(made: Rig) -> None:
        caller, agent, sup = await three(made, transfer_ms=3000)
        _, line = await made.call(caller, agent)
        consult = await consulting(agent, line, sup.client.address)
        await sup.client.answer(at_sup := await sup.rings())
        await agent.becomes(consult, UP)
        await asyncio.gather(sup.client.hang_up(at_sup), agent.client.complete(line, consult), return_exceptions=True)
        told = await agent.becomes(consult, ENDED)
        if told.ended_by is EndedBy.TRANSFER:
            assert (await agent.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER
        else:
            assert told.outcome in (Outcome.DECLINED, Outcome.FAILED)
            assert {c.id: c.state for c in await agent.client.calls()}[line] is HELD

    play(story, tmp_path)


def test_every_command_names_a_living_call(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made)
        _, gone = await made.call(caller, agent)
        await agent.client.hang_up(gone)
        await agent.becomes(gone, ENDED)
        _, line = await made.call(caller, agent)
        do = agent.client
        for call in (gone, "nonsense"):
            for command in (do.hold, do.resume, do.hang_up, do.answer, do.reject):
                with pytest.raises(PhoneError, match="no living call"):
                    await command(call)
            for pair in (do.consult, do.complete, do.transfer, do.take_back):
                with pytest.raises(PhoneError, match="no living call"):
                    await pair(call, line)
        for target in ("", "a b", "x\r\ny", "<sip:x@y>", "no-domain"):
            with pytest.raises(PhoneError):
                await do.consult(line, target)
        assert [c.state for c in await do.calls()] == [ENDED, UP]

    play(story, tmp_path)


def test_a_dozen_transfers_in_a_row(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, sup = await three(made)
        await asyncio.gather(*(p.client.auto_answer(0) for p in (agent, sup)))
        for _ in range(12):
            out = await caller.client.dial(agent.client.address)
            await caller.becomes(out, UP)
            line = (await agent.until(partial(_lives, {c.id for c in agent.seen if c.state is ENDED}))).id
            consult = await consulting(agent, line, sup.client.address)
            await agent.becomes(consult, UP)
            await agent.client.complete(line, consult)
            for call in (line, consult):
                assert (await agent.becomes(call, ENDED)).ended_by is EndedBy.TRANSFER
            joined = (await caller.client.calls())[-1]
            await caller.client.hang_up(joined.id)
            await caller.becomes(joined.id, ENDED)

    play(story, tmp_path)


def _lives(gone: set[str], call: Call) -> bool:
    return call.state is UP and call.id not in gone


def test_callers_with_outrageous_names_leave_the_phone_in_reach(tmp_path: Path) -> None:
    """A list of calls that is longer than a line may be would keep every client out, for ever."""

    async def story(made: Rig) -> None:
        agent = await made.phone("agent")
        for name in [b"\x01" * 900, b"\x1b[2J" + b"\x01" * 900] * 10:
            await strange_call(agent.client.address, name)
            ringing = await agent.rings()
            await agent.client.reject(ringing)
            await agent.becomes(ringing, ENDED)
        again = await connected(agent.control)
        calls = await again.watch()
        assert len(calls) == 20
        assert all(call.peer.isprintable() for call in calls)
        await again.close()

    play(story, tmp_path)
