"""The phone process: it outlives its clients, keeps strangers out, and leaves in good order."""

import asyncio
import os
import signal
import stat
from pathlib import Path

import pytest
from tests.real.sip_rig import CALLER_HZ, Rig, connected, play, start_process, three

from rung.phone.base import PhoneError
from rung.phone.sip_control import SipSettings, read_control
from rung.words import CallState, EndedBy

UP, ENDED = CallState.UP, CallState.ENDED


def test_calls_outlive_a_client_and_the_next_one_is_told_all(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made)
        _, first = await made.call(caller, agent)
        await agent.client.close()
        await caller.client.hang_up((await caller.client.calls())[0].id)
        out = await caller.client.dial(agent.client.address)
        again = await connected(agent.control)
        while (ringing := (await again.watch())[-1]).state is not CallState.RINGING:
            await asyncio.sleep(0.02)
        ended = (await again.calls())[0]
        assert (ended.id, ended.state, ended.ended_by) == (first, ENDED, EndedBy.THEM)
        await again.answer(ringing.id)
        await caller.becomes(out, UP)
        await again.close()

    play(story, tmp_path)


def test_signals_end_no_call(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made)
        out, line = await made.call(caller, agent)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(agent.process.pid, number)
        with pytest.raises(PhoneError, match="a call is up"):
            await agent.client.quit()
        await agent.hears(line, CALLER_HZ)
        assert agent.process.poll() is None
        await caller.client.hang_up(out)
        assert await asyncio.to_thread(agent.process.wait, 30) == 0, "asked to leave, it left after the call"
        assert not agent.control.exists()

    play(story, tmp_path)


def test_quit_by_force_tells_the_peer(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made)
        out, _ = await made.call(caller, agent)
        await agent.client.quit(force=True)
        assert (await caller.becomes(out, ENDED)).ended_by is EndedBy.THEM
        assert await asyncio.to_thread(agent.process.wait, 30) == 0

    play(story, tmp_path)


def test_one_process_for_one_control_file(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        agent = await made.phone("agent")
        before = read_control(agent.control)
        second = start_process(tmp_path / "agent", SipSettings(user="agent"))
        assert await asyncio.to_thread(second.wait, 30) != 0
        assert "already serves" in (tmp_path / "agent" / "log").read_text()
        assert read_control(agent.control) == before
        assert stat.S_IMODE(agent.control.stat().st_mode) == 0o600
        assert stat.S_IMODE(agent.control.parent.stat().st_mode) == 0o700

    play(story, tmp_path)


def test_a_stranger_at_the_door_changes_nothing(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller, agent, _ = await three(made)
        _, line = await made.call(caller, agent)
        door = read_control(agent.control)
        hang_up = b'{"do":"hang_up","id":2,"call":"%s"}\n' % line.encode()
        hello = b'{"do":"hello","id":1,"secret":"%s"}\n' % door.secret.encode()

        async def say(what: bytes) -> bytes:
            reader, writer = await asyncio.open_connection(door.host, door.port)
            heard = b""
            try:
                writer.write(what)
                writer.write_eof()
                while more := await asyncio.wait_for(reader.read(65536), 30):
                    heard += more
            except OSError:
                pass  # it closed on more than it wanted to read
            writer.close()
            return heard

        assert b"refused" in await say(hang_up)
        assert b"refused" in await say(b'{"do":"hello","id":1,"secret":"wrong"}\n' + hang_up)
        assert b"refused" in await say(os.urandom(2000) + b"\n" + hang_up)
        assert b"welcome" not in await say(hello[:20])
        assert b"not understood" in await say(hello + b'{"do":"explode","id":2}\n')
        assert b"not understood" in await say(hello + b'{"do":"hang_up","id":2}\n')
        assert b"done" not in await say(hello + hang_up[:-1]), "half a line is no command"
        await say(b"x" * 1_000_000 + b"\n" + hang_up)
        await say(hello + b"x" * 1_000_000 + b"\n" + hang_up)
        await agent.hears(line, CALLER_HZ)
        assert [c.state for c in await agent.client.calls()] == [UP]

    play(story, tmp_path)
