"""The bridge's adapter: it starts the phone, loses it, finds it again, and may itself be killed."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.real.sip_rig import PATIENCE_S, connected, no_orphan, phones_at, rig

from rung.phone import client
from rung.phone.base import Phone, PhoneError, PhoneNews
from rung.phone.sip import SipPhone
from rung.phone.sip_control import SipSettings, read_control
from rung.phone.sip_lock import serving
from rung.words import CallIs, CallsAre, CallState, EndedBy, PhoneIs

IS_UP = PhoneIs(up=True, can=frozenset({"attended", "returns", "case"}))


class Desk:
    """What the adapter fed, in order."""

    def __init__(self) -> None:
        self.news: list[PhoneNews] = []

    def feed(self, news: PhoneNews) -> None:
        self.news.append(news)

    async def until(self, wanted: Callable[[PhoneNews], bool], since: int = 0) -> PhoneNews:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := [n for n in self.news[since:] if wanted(n)]):
                await asyncio.sleep(0.01)
        return found[0]

    async def call(self, state: CallState, since: int = 0) -> str:
        said = await self.until(lambda n: isinstance(n, CallIs) and n.call.state is state, since)
        assert isinstance(said, CallIs)
        return said.call.id


@asynccontextmanager
async def at_desk(phone: Phone) -> AsyncIterator[Desk]:
    desk = Desk()
    running = asyncio.ensure_future(phone.run(desk.feed))
    try:
        yield desk
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def end(control: Path) -> None:
    """Stop the phone process that an adapter has started."""
    client = await connected(control)
    await client.quit(force=True)
    await client.close()


def test_it_starts_the_phone_and_tells_all_in_order(tmp_path: Path) -> None:
    async def story() -> None:
        control = tmp_path / "agent" / "control"
        settings = SipSettings(user="agent", auto_answer_ms=0)
        async with rig(tmp_path) as made, at_desk(SipPhone(control, settings, start=True)) as desk:
            caller = await made.phone("caller")
            await desk.until(lambda n: isinstance(n, CallsAre))
            assert desk.news == [IS_UP, CallsAre(())]
            agent = await connected(control)
            await caller.client.dial(agent.address)
            line = await desk.call(CallState.UP)
            assert await desk.call(CallState.RINGING) == line
            await agent.close()
            await end(control)
            await desk.until(lambda n: n == PhoneIs(up=False))
            # It starts another, which knows nothing of the old calls and reuses none of their ids.
            await desk.until(lambda n: n == CallsAre(()), since=2)

    with no_orphan(tmp_path / "agent" / "control"):
        asyncio.run(story())


def test_two_adapters_share_one_process_and_a_click_counts_as_ours(tmp_path: Path) -> None:
    async def story() -> None:
        control = tmp_path / "agent" / "control"
        settings = SipSettings(user="agent", auto_answer_ms=0)
        one, other = (SipPhone(control, settings, start=True) for _ in range(2))
        async with rig(tmp_path) as made, at_desk(one) as desk, at_desk(other) as softphone:
            caller = await made.phone("caller")
            for each in (desk, softphone):
                await each.until(lambda n: isinstance(n, CallsAre))
            agent = await connected(control)
            await caller.client.dial(agent.address)
            line = await desk.call(CallState.UP)
            await other.hang_up(line)
            ended = await desk.until(lambda n: isinstance(n, CallIs) and n.call.state is CallState.ENDED)
            assert isinstance(ended, CallIs) and ended.call.ended_by is EndedBy.US
            with pytest.raises(PhoneError, match="no living call"):
                await one.hang_up(line)
            await agent.close()

    with no_orphan(tmp_path / "agent" / "control"):
        asyncio.run(story())


def test_a_process_that_still_waits_for_the_lock_is_no_orphan(tmp_path: Path) -> None:
    """The loser of two starts: nobody reaches it yet, but once the winner is killed it would live on."""
    control = tmp_path / "agent" / "control"

    async def story() -> None:
        async with at_desk(SipPhone(control, SipSettings(user="agent"), start=True)):
            async with asyncio.timeout(PATIENCE_S):
                while not phones_at(control):
                    await asyncio.sleep(0.01)

    control.parent.mkdir()
    with no_orphan(control), serving(control):
        asyncio.run(story())
        assert not control.exists()
    assert phones_at(control) == []


def test_without_a_phone_commands_fail_with_one_line(tmp_path: Path) -> None:
    async def story() -> None:
        phone = SipPhone(tmp_path / "control")
        async with at_desk(phone) as desk:
            for command in (phone.hold, phone.resume, phone.hang_up):
                with pytest.raises(PhoneError, match="does not answer"):
                    await command("a-1")
            await desk.until(is_down_because("no phone answers"))
            await asyncio.sleep(0.5)  # several tries later
            assert len(desk.news) == 1, "one reason is told once"

    asyncio.run(story())


def is_down_because(words: str) -> Callable[[PhoneNews], bool]:
    return lambda news: isinstance(news, PhoneIs) and not news.up and words in news.why


def test_a_taken_port_is_explained_until_it_is_free(tmp_path: Path) -> None:
    async def story() -> None:
        control = tmp_path / "agent" / "control"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
            thief.bind(("127.0.0.1", 0))
            settings = SipSettings(user="agent", listen=f"127.0.0.1:{thief.getsockname()[1]}")
            async with at_desk(SipPhone(control, settings, start=True)) as desk:
                told = await desk.until(is_down_because("ended with code 1"))
                assert isinstance(told, PhoneIs)
                assert "Address already in use" in told.why and str(control.with_suffix(".log")) in told.why
                thief.close()
                await desk.until(lambda n: n == IS_UP)
        await end(control)

    with no_orphan(tmp_path / "agent" / "control"):
        asyncio.run(story())


def test_a_phone_that_cannot_even_be_started_is_explained_and_tried_again(tmp_path: Path) -> None:
    async def story() -> None:
        control = tmp_path / "agent" / "control"
        control.parent.write_text("a file where the folder should be")
        async with at_desk(SipPhone(control, SipSettings(user="agent"), start=True)) as desk:
            await desk.until(is_down_because("cannot be started"))
            control.parent.unlink()
            await desk.until(lambda n: n == IS_UP)
        await end(control)

    with no_orphan(tmp_path / "agent" / "control"):
        asyncio.run(story())


def test_a_stopped_phone_is_explained_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_REPLY_S", 1.0)  # shortened from 10

    async def story() -> None:
        control = tmp_path / "agent" / "control"
        async with rig(tmp_path) as made:
            pid = (await made.phone("agent")).process.pid
            os.kill(pid, signal.SIGSTOP)
            async with at_desk(SipPhone(control)) as desk:
                await desk.until(is_down_because("did not reply"))
                os.kill(pid, signal.SIGCONT)
                await desk.until(lambda n: n == IS_UP)

    asyncio.run(story())


def test_a_phone_that_stalls_in_mid_call_is_told_soon_and_its_call_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with rig(tmp_path) as made:
            caller, agent = await made.phone("caller"), await made.phone("agent", auto_answer_ms=0)
            phone = SipPhone(agent.control)
            async with at_desk(phone) as desk:
                await desk.until(lambda n: isinstance(n, CallsAre))
                out = await caller.client.dial(agent.client.address)
                line = await desk.call(CallState.UP)
                os.kill(agent.process.pid, signal.SIGSTOP)
                mark = len(desk.news)
                async with asyncio.timeout(10):  # 2.5 s by its own clock; the machine may be slow
                    await desk.until(is_down_because("does not answer"), mark)
                with pytest.raises(PhoneError, match="does not answer"):
                    await phone.hang_up(line)
                os.kill(agent.process.pid, signal.SIGCONT)
                await desk.until(lambda n: n == IS_UP, mark)
                told = await desk.until(lambda n: isinstance(n, CallsAre), mark)
                assert isinstance(told, CallsAre) and [(c.id, c.state) for c in told.calls] == [(line, CallState.UP)]
                await phone.hang_up(line)
                await desk.call(CallState.ENDED, mark)
                await caller.becomes(out, CallState.ENDED)

    asyncio.run(story())


def test_a_phone_that_crashes_in_mid_call_is_told_apart_from_a_click(tmp_path: Path) -> None:
    async def story() -> None:
        control = tmp_path / "agent" / "control"
        settings = SipSettings(user="agent", auto_answer_ms=0)
        async with rig(tmp_path) as made, at_desk(SipPhone(control, settings, start=True)) as desk:
            caller = await made.phone("caller")
            await desk.until(lambda n: isinstance(n, CallsAre))
            agent = await connected(control)
            await caller.client.dial(agent.address)
            line = await desk.call(CallState.UP)
            os.kill(agent.pid, signal.SIGKILL)
            await agent.close()
            told = await desk.until(lambda n: isinstance(n, CallsAre) and bool(n.calls))
            assert isinstance(told, CallsAre)
            (call,) = told.calls
            assert (call.id, call.state, call.ended_by) == (line, CallState.ENDED, EndedBy.PHONE)
            await end(control)

    with no_orphan(tmp_path / "agent" / "control"):
        asyncio.run(story())


BRIDGE = """
import asyncio, sys
from pathlib import Path
from rung.phone.sip import SipPhone
from rung.phone.sip_control import SipSettings

phone = SipPhone(Path(sys.argv[1]), SipSettings(user="agent", auto_answer_ms=0), start=True)
asyncio.run(phone.run(lambda news: None))
"""


def test_the_call_outlives_the_bridges_whole_process_group(tmp_path: Path) -> None:
    async def story() -> None:
        control = tmp_path / "agent" / "control"
        bridge = subprocess.Popen([sys.executable, "-c", textwrap.dedent(BRIDGE), control], start_new_session=True)
        async with rig(tmp_path) as made:
            caller = await made.phone("caller")
            agent = await connected(control)
            out = await caller.client.dial(agent.address)
            await caller.becomes(out, CallState.UP)
            os.killpg(bridge.pid, signal.SIGKILL)  # it leads its group, which is nobody else's
            bridge.wait()

            async with at_desk(SipPhone(control)) as desk:
                (known,) = (await desk.until(lambda n: isinstance(n, CallsAre))).calls  # type: ignore[union-attr]
                assert known.state is CallState.UP
                assert read_control(control).pid == agent.pid
            assert (await caller.client.calls())[0].state is CallState.UP
            await agent.close()

    with no_orphan(tmp_path / "agent" / "control"):
        asyncio.run(story())
