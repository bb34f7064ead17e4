"""The phone process: it outlives its clients, keeps strangers out, and leaves in good order."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from pytest import MonkeyPatch
from tests.phone.control_line import HANG_UP, HELLO, NEVER_TOO_LATE, say
from tests.real.sip_rig import CALLER_HZ, Rig, RigPhone, connected, no_orphan, play, start_process, three

from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.client import PhoneClient
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


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"listen": "foo bar:5060"}, "listen 'foo bar:5060' is not an address:port"),
        ({"listen": "127.0.0.1"}, "listen '127.0.0.1' is not an address:port"),
        ({"listen": "127.0.0.1:sip"}, "listen '127.0.0.1:sip' is not an address:port"),
        ({"listen": "127.0.0.1:99999"}, "listen '127.0.0.1:99999': "),
        ({"listen": "203.0.113.9:5060"}, "listen '203.0.113.9:5060': "),  # nobody's address
        ({"audio_driver": "foo"}, "audio_driver names 'foo'"),
        ({"audio_driver": "foo bar"}, "audio_driver contains ' '"),
        ({"user": ""}, "user must not be empty"),
        ({"user": "a b"}, "user contains ' '"),
        ({"domain": "x y"}, "domain contains ' '"),
        ({"domain": "127.0.0.1:9", "registrar": "x y"}, "registrar contains ' '"),
        ({"password": 'x"y'}, "password contains '\"'"),
        ({"rtp_timeout_s": -1}, "rtp_timeout_s"),
        ({"max_calls": 99}, "max_calls"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(tmp_path: Path, wrong: dict[str, object], named: str) -> None:
    settings, control = tmp_path / "settings", tmp_path / "control"
    settings.write_bytes(msgspec.json.encode({"user": "agent", **wrong}))
    command = [sys.executable, "-m", "rung.phone.sip_process", settings, control]
    with no_orphan(control):
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    (line,) = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (1, "") and named in line
    assert not control.exists()


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
        hang_up = HANG_UP % (line.encode(), NEVER_TOO_LATE)
        for strange in (b"", HELLO, HELLO + b'{"do":"prove","id":1,"proof":"wrong"}\n', os.urandom(2000) + b"\n"):
            *_, last = await say(door.port, strange + hang_up, replies=1)
            assert last["is"] == "refused"
        await say(door.port, hang_up[:-1], door.secret)  # half a line is no command
        await say(door.port, b"x" * 1_000_000 + b"\n" + hang_up, door.secret, replies=9)
        await agent.hears(line, CALLER_HZ)
        assert [c.state for c in await agent.client.calls()] == [UP]

    play(story, tmp_path)


def test_what_a_stopped_phone_missed_is_not_done_when_it_goes_on(tmp_path: Path) -> None:
    """Whether its client waits for it or has gone: nobody presses for a call in ten seconds' time."""

    async def story(made: Rig) -> None:
        caller, agent, sup = await three(made)
        _, line = await made.call(caller, agent)
        consult = await agent.client.consult(line, sup.client.address)
        await sup.client.answer(await sup.rings())
        await agent.becomes(consult, UP)
        gone = await connected(agent.control)
        os.kill(agent.process.pid, signal.SIGSTOP)
        asked = [each.hang_up(line) for each in (agent.client, gone)]
        asked += [agent.client.complete(line, consult), agent.client.transfer(line, sup.client.address)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(answer) for answer in answers] == [PhoneUnsureError] * 4
        await gone.close()
        os.kill(agent.process.pid, signal.SIGCONT)
        assert [(c.state, c.doing) for c in await agent.client.calls()] == [(UP, "")] * 2
        await agent.hears(line, CALLER_HZ)
        await agent.client.hang_up(line)
        assert (await agent.becomes(line, ENDED)).ended_by is EndedBy.US

    play(story, tmp_path)


def test_a_killed_phone_leaves_nothing_that_the_next_does_not_clear(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    """The stack's own folder is beside the control file, not in the system's, where nobody would ever remove it."""
    common = tmp_path / "tmp"
    common.mkdir()
    monkeypatch.setenv("TMPDIR", str(common))

    async def story(made: Rig) -> None:
        other = await made.phone("other")
        first = await made.phone("agent")
        os.kill(first.process.pid, signal.SIGKILL)
        await asyncio.to_thread(first.process.wait)
        left = kept(first)
        again = await made.phone("agent")
        assert len(left) == len(kept(again)) == 1 and left != kept(again), "only that of the one that lives"
        assert len(kept(other)) == 1, "another phone keeps its own"
        assert not list(common.iterdir())
        await again.client.quit()
        assert await asyncio.to_thread(again.process.wait, 30) == 0
        assert not again.control.with_suffix(".stack").exists()

    def kept(phone: RigPhone) -> list[str]:
        return [each.name for each in phone.control.with_suffix(".stack").iterdir()]

    play(story, tmp_path)


def test_a_phone_killed_and_its_port_taken_is_not_believed(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        agent = await made.phone("agent")
        port = read_control(agent.control).port
        os.kill(agent.process.pid, signal.SIGKILL)
        await asyncio.to_thread(agent.process.wait)
        visited: list[bool] = []
        async with await asyncio.start_server(lambda *_: visited.append(True), "127.0.0.1", port):
            with pytest.raises(PhoneError, match="has died"):
                await PhoneClient.connect(agent.control)
        assert not visited
        again = start_process(tmp_path / "agent", SipSettings(user="agent"))
        client = await connected(agent.control)
        assert client.pid == again.pid
        await client.quit()
        await client.close()
        await asyncio.to_thread(again.wait)

    play(story, tmp_path)
