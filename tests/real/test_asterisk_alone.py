"""A caller on hold is never left alone: whatever happens to supervisor, agent, bridge or connection meanwhile.

The desk does nothing here after the consult has been dialled: what brings people together is the dialplan alone.
"""

import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from tests.phone.contract import CASE
from tests.real.asterisk_rig import AsteriskWorld, Cut, Played, account, floor, play
from tests.real.peers.asterisk import WAITING_HZ
from tests.real.sip_rig import AGENT_HZ, CALLER_HZ, SUP_HZ

from rung.words import CallIs, CallsAre, CallState, EndedBy, Outcome, PhoneIs

LONG = os.environ.get("RUNG_LONG") == "1"
ALONE_S = 5.0  # from what befell them, for a caller who was on hold or in talk
HELD, UP, DIALLING, ENDED = CallState.HELD, CallState.UP, CallState.DIALLING, CallState.ENDED


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with floor(tmp_path_factory.mktemp("asterisk"), rtp_timeout_s=3) as made:
        yield made


async def held(w: AsteriskWorld) -> tuple[str, str]:
    out, line = await w.line()
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD)
    return out, line


async def consulting(w: AsteriskWorld, *, answered: bool = True) -> tuple[str, str, str, str]:
    """The ids of the caller's call, of the line, of the consult, and of the supervisor's call."""
    out, line = await held(w)
    consult, rang = await w.consult(line)
    if answered:
        await w.sup.answer(rang.id)
        await w.desk.becomes(consult.id, UP)
        await w.sup.hears(rang.id, AGENT_HZ)
    return out, line, consult.id, rang.id


async def soon(w: AsteriskWorld, out: str, hz: int) -> None:
    """The caller hears somebody, and was not alone for long."""
    begun = time.monotonic()
    await w.caller.hears(out, hz)
    took = time.monotonic() - begun
    print(f"the caller was alone for {took:.1f} s")
    assert took < ALONE_S


async def together(w: AsteriskWorld, out: str, line: str) -> None:
    """Agent and caller hear each other, and the desk knows it."""
    await soon(w, out, AGENT_HZ)
    await w.agent.hears(line, CALLER_HZ)
    last = [n.call for n in w.desk.news if isinstance(n, CallIs) and n.call.id == line][-1]
    assert last.state is UP


def test_the_supervisor_rejects(played: Played) -> None:
    async def story(w: AsteriskWorld) -> None:
        out, line, consult, rang = await consulting(w, answered=False)
        await w.sup.decline(rang)
        assert (await w.desk.becomes(consult, ENDED)).outcome in (Outcome.BUSY, Outcome.DECLINED)
        await together(w, out, line)

    play(played, story)


def test_the_supervisor_does_not_answer(played: Played) -> None:
    async def story(w: AsteriskWorld) -> None:
        out, line, consult, _ = await consulting(w, answered=False)
        assert (await w.desk.becomes(consult, ENDED)).outcome is Outcome.IGNORED
        await together(w, out, line)

    play(played, story, ring_s=1)


def test_the_supervisor_hangs_up(played: Played) -> None:
    async def story(w: AsteriskWorld) -> None:
        out, line, consult, rang = await consulting(w)
        await w.sup.hang_up(rang)
        assert (await w.desk.becomes(consult, ENDED)).outcome is Outcome.DECLINED
        await together(w, out, line)

    play(played, story)


def test_the_supervisor_is_not_registered(played: Played) -> None:
    async def story(w: AsteriskWorld) -> None:
        out, line = await held(w)
        await w.phone.consult(line, "nobody", CASE)
        consult = await w.desk.call(lambda c: c.consult_for == line and c.state is DIALLING)
        assert (await w.desk.becomes(consult.id, ENDED)).outcome is Outcome.ABSENT
        await together(w, out, line)

    play(played, story)


def test_the_agent_hangs_up_in_mid_consult(played: Played) -> None:
    """A click in the softphone, round Rung: the caller goes on, and it is known who did it."""

    async def story(w: AsteriskWorld) -> None:
        out, line, consult, _ = await consulting(w)
        await w.agent.hang_up(line)
        assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.US
        await soon(w, out, WAITING_HZ)
        await w.desk.becomes(consult, ENDED)

    play(played, story)


def test_the_agents_phone_is_killed(played: Played) -> None:
    """In talk and in a consult; under RUNG_LONG=1 at each step."""
    made, _ = played

    async def dies(w: AsteriskWorld, out: str, line: str) -> None:
        process = made.phones["agent"].process
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        await soon(w, out, WAITING_HZ)
        assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.PHONE
        await made.phones["agent"].stop()
        await made.phone("agent")

    async def in_talk(w: AsteriskWorld) -> None:
        await dies(w, *await w.line())

    async def on_hold(w: AsteriskWorld) -> None:
        await dies(w, *await held(w))

    async def ringing(w: AsteriskWorld) -> None:
        out, line, _, _ = await consulting(w, answered=False)
        await dies(w, out, line)

    async def talking(w: AsteriskWorld) -> None:
        out, line, _, _ = await consulting(w)
        await dies(w, out, line)

    async def back_in_talk(w: AsteriskWorld) -> None:
        out, line, _, rang = await consulting(w)
        await w.sup.hang_up(rang)
        await together(w, out, line)
        await dies(w, out, line)

    steps = (in_talk, on_hold, ringing, talking, back_in_talk)
    for step in steps if LONG else (in_talk, talking):
        play(played, step)


def test_the_supervisors_phone_is_killed_once_they_have_the_caller(played: Played) -> None:
    made, _ = played

    async def story(w: AsteriskWorld) -> None:
        out, line, consult, rang = await consulting(w)
        await w.phone.complete(line, consult)
        await w.desk.becomes(line, ENDED)
        await w.sup.hears(rang, CALLER_HZ)
        process = made.phones["sup"].process
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        await soon(w, out, WAITING_HZ)
        await made.phones["sup"].stop()
        await made.phone("sup")

    play(played, story)


def test_the_bridge_is_killed(played: Played) -> None:
    """On hold, agent and caller are together again soon; in a consult, when it is over."""

    async def on_hold(w: AsteriskWorld) -> None:
        out, line = await held(w)
        w.adapter.cancel()
        await soon(w, out, AGENT_HZ)
        await w.agent.hears(line, CALLER_HZ)

    async def in_a_consult(w: AsteriskWorld) -> None:
        out, _, _, rang = await consulting(w)
        w.adapter.cancel()
        await w.sup.hears(rang, AGENT_HZ)
        await w.sup.hang_up(rang)
        await soon(w, out, AGENT_HZ)

    for story in (on_hold, in_a_consult):
        play(played, story)


def test_the_managers_line_is_cut(played: Played) -> None:
    """Every call is the same call afterwards, held or not, consult or not; and each end can still be reached."""
    made, runner = played

    async def story() -> None:
        async with Cut(made.asterisk.ami_port).open() as cut:
            through = account(made.asterisk, port=cut.port)
            async with made.world(account=through) as w:
                out, line, consult, rang = await consulting(w)
                mark = len(w.desk.news)
                cut.cut()
                lost = await w.desk.told(lambda n: isinstance(n, PhoneIs) and not n.up, mark)
                assert isinstance(lost, PhoneIs) and "Asterisk is not reached" in lost.why
                again = await w.desk.told(lambda n: isinstance(n, CallsAre), mark)
                assert isinstance(again, CallsAre)
                stands = [(c.id, c.state, c.consult_for) for c in again.calls]
                assert stands == [(line, HELD, None), (consult, UP, line)]
                await w.sup.hears(rang, AGENT_HZ)
                await w.phone.complete(line, consult)
                assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER
                await w.caller.hears(out, SUP_HZ)

    runner.run(story())


def test_the_managers_line_is_cut_and_stays_so(played: Played) -> None:
    """On hold and in a consult: they find together without us, as when the bridge dies; the desk learns it at last."""
    made, runner = played

    async def on_hold(w: AsteriskWorld, cut: Cut) -> tuple[str, str]:
        out, line = await held(w)
        cut.cut()
        return out, line

    async def in_a_consult(w: AsteriskWorld, cut: Cut) -> tuple[str, str]:
        out, line, _, rang = await consulting(w)
        cut.cut()
        await w.sup.hang_up(rang)
        return out, line

    async def story(step: Callable[[AsteriskWorld, Cut], Awaitable[tuple[str, str]]]) -> None:
        cut = Cut(made.asterisk.ami_port)
        async with cut.open(), made.world(account=account(made.asterisk, port=cut.port)) as w:
            mark, cut.refuses = len(w.desk.news), True
            out, line = await step(w, cut)
            await soon(w, out, AGENT_HZ)
            cut.refuses = False
            again = await w.desk.told(lambda n: isinstance(n, CallsAre), mark)
            assert isinstance(again, CallsAre)
            assert [(c.id, c.state) for c in again.calls if c.state is not ENDED] == [(line, UP)]

    for step in (on_hold, in_a_consult) if LONG else (in_a_consult,):
        runner.run(story(step))
