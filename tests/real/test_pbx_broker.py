"""The broker beside the real Asterisk: a desk has its own calls and no others, and nobody's death ends one."""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.phone.contract import Desk
from tests.real.asterisk_rig import Played
from tests.real.pbx_rig import PbxWorld, RealBroker, world
from tests.real.sip_rig import AGENT_HZ, CALLER_HZ

from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.pbx.client import NOBODY
from rung.words import CallIs, CallsAre, CallState, PhoneIs

LONG = pytest.mark.skipif(os.environ.get("RUNG_LONG") != "1", reason="takes seconds: RUNG_LONG=1")
HELD, UP, ENDED = CallState.HELD, CallState.UP, CallState.ENDED


def play(played: Played, folder: Path, story: Callable[[PbxWorld], Awaitable[None]]) -> None:
    floor, runner = played

    async def whole() -> None:
        async with world(floor, folder) as made:
            await story(made)

    runner.run(whole())


def test_another_extensions_calls_are_refused_recorded_and_never_told(played: Played, tmp_path: Path) -> None:
    """Each command of a phone, from the supervisor's desk, on the agent's call."""

    async def story(w: PbxWorld) -> None:
        out, line = await w.line()
        others = w.phones["sup"]
        commands: dict[str, Callable[[], Awaitable[None]]] = {
            "hold": lambda: others.hold(line),
            "resume": lambda: others.resume(line),
            "consult": lambda: others.consult(line, "caller"),
            "complete": lambda: others.complete(line, line),
            "take_back": lambda: others.take_back(line, None),
            "transfer": lambda: others.transfer(line, "sup"),
            "hang_up": lambda: others.hang_up(line),
            "join": lambda: others.join(line, "sup"),
            "leave": lambda: others.leave(line),
            "play": lambda: others.play(line, "x", "en"),
            "record": lambda: others.record(line, "x"),
            "stop_recording": lambda: others.stop_recording(line),
            "listen": lambda: others.listen(line, "sup"),
            "stop_listening": lambda: others.stop_listening(line, "sup"),
        }
        for name, command in commands.items():
            with pytest.raises(PhoneError, match="that is no call of PJSIP/sup"):
                await command()
            assert w.broker.refused[-1] == ("desk-sup", "p-sup", name, "that is no call of PJSIP/sup")
        assert len(w.broker.refused) == len(commands)
        told = [n for n in w.sup.desk.news if isinstance(n, CallIs) or (isinstance(n, CallsAre) and n.calls)]  # type: ignore[attr-defined]
        assert told == [], "and nothing of it was told there"
        await w.caller.hears(out, AGENT_HZ)
        await w.agent.hears(line, CALLER_HZ)

    play(played, tmp_path, story)


def test_what_is_felt_by_all_or_is_no_extension_is_refused(played: Played, tmp_path: Path) -> None:
    async def story(w: PbxWorld) -> None:
        _, line = await w.line()
        with pytest.raises(PhoneError, match="blocked by a supervisor or a manager"):
            await w.phones["sup"].block("123", 2_000_000_000)
        for target in ("Local/s@rung-end", "PJSIP/caller", "DAHDI/1/0900123"):
            with pytest.raises(PhoneError, match="is no extension"):
                await w.phone.consult(line, target)
        with pytest.raises(PhoneError, match="no command of a telephone"):
            await w.phones["agent"]._do("reach")
        with pytest.raises(PhoneError, match="no command of a telephone"):
            await w.phones["agent"]._do("hang_up", line, "more")
        assert [r[2] for r in w.broker.refused] == ["block", *["consult"] * 3, "reach", "hang_up"]

    play(played, tmp_path, story)


def test_an_extension_is_one_desks_and_who_signs_off_has_none(played: Played, tmp_path: Path) -> None:
    async def story(w: PbxWorld) -> None:
        second, at = w.broker.phone("second", "agent"), Desk()
        running = asyncio.ensure_future(second.run(at.feed))
        refused = await at.told(lambda n: isinstance(n, PhoneIs) and not n.up)
        assert isinstance(refused, PhoneIs) and "is commanded from the desk 'desk-agent'" in refused.why
        mark = len(w.desk.news)
        w.phones["agent"].present("")
        await w.desk.told(lambda n: isinstance(n, PhoneIs) and n.why == NOBODY, mark)
        await at.told(lambda n: isinstance(n, PhoneIs) and n.up)
        running.cancel()

    play(played, tmp_path, story)


def test_the_brokers_death_neither_ends_nor_forgets_a_call(played: Played, tmp_path: Path) -> None:
    """On hold as well: agent and caller are together again by the dialplan, and the desk knows both calls after."""

    async def story(w: PbxWorld) -> None:
        out, line = await w.line()
        await w.phone.hold(line)
        await w.desk.becomes(line, HELD)
        mark = len(w.desk.news)
        port = w.broker.port
        await w.broker.die()
        await w.desk.told(lambda n: isinstance(n, PhoneIs) and not n.up, mark)
        with pytest.raises(PhoneError):
            await w.phone.hang_up(line)
        await w.caller.hears(out, AGENT_HZ)
        again = RealBroker(played[0].asterisk, tmp_path)
        await again.open(port)
        try:
            known = await w.desk.told(lambda n: isinstance(n, CallsAre) and bool(n.calls), mark)
            assert isinstance(known, CallsAre) and [(c.id, c.state) for c in known.calls] == [(line, UP)]
            await w.phone.hang_up(line)
            await w.desk.becomes(line, ENDED, mark)
        finally:
            await again.die()

    play(played, tmp_path, story)


@LONG
def test_a_desk_that_dies_leaves_no_caller_on_hold_and_learns_what_became_of_the_call(
    played: Played, tmp_path: Path
) -> None:
    async def story(w: PbxWorld) -> None:
        out, line = await w.line()
        await w.phone.hold(line)
        await w.desk.becomes(line, HELD)
        w.adapter.cancel()
        await w.caller.hears(out, AGENT_HZ)
        await w.caller.hang_up(out)
        await w.caller.until(lambda c: c.id == out and c.state is ENDED)
        again, at = w.broker.phone("agent"), Desk()
        running = asyncio.ensure_future(again.run(at.feed))
        known = await at.told(lambda n: isinstance(n, CallsAre) and bool(n.calls))
        assert isinstance(known, CallsAre) and [(c.id, c.state) for c in known.calls] == [(line, ENDED)]
        running.cancel()

    play(played, tmp_path, story)


def test_who_is_cut_off_is_so_at_once_and_the_call_goes_on(played: Played, tmp_path: Path) -> None:
    async def story(w: PbxWorld) -> None:
        out, line = await w.line()
        mark = len(w.desk.news)
        w.broker.broker, admit = w.broker.broker, w.broker.door._admit
        w.broker.door._admit = lambda enter, nonce: w.broker._again(enter.desk, "")  # it is let in no more
        w.broker.door.cut(lambda who: who.desk == "desk-agent", "the desk was removed")
        told = await w.desk.told(lambda n: isinstance(n, PhoneIs) and not n.up, mark)
        assert isinstance(told, PhoneIs) and "the desk was removed" in told.why
        with pytest.raises(PhoneError):
            await w.phone.hang_up(line)
        await w.caller.hears(out, AGENT_HZ)
        w.broker.door._admit = admit

    play(played, tmp_path, story)


def test_another_certificate_is_no_broker(played: Played, tmp_path: Path) -> None:
    async def story(w: PbxWorld) -> None:
        w.broker.pin, right = "A" * 26, w.broker.pin
        phone, at = w.broker.phone("second", "second"), Desk()
        running = asyncio.ensure_future(phone.run(at.feed))
        told = await at.told(lambda n: isinstance(n, PhoneIs))
        assert isinstance(told, PhoneIs) and "another certificate" in told.why
        running.cancel()
        w.broker.pin = right

    play(played, tmp_path, story)


GARBAGE = [
    b"\n",
    b"{}\n",
    b"\xff\xfe\n",
    b"x" * 300_000 + b"\n",
    b'{"type":"Do","id":1,"what":"hang_up","args":[],"beat":0}\n',
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda g: repr(g[:12]))
def test_nonsense_at_the_door_harms_nobody(garbage: bytes, played: Played, tmp_path: Path) -> None:
    async def story(w: PbxWorld) -> None:
        _, line = await w.line()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection("127.0.0.1", w.broker.port, ssl=context)
        assert b"Challenge" in await reader.readline()
        writer.write(garbage)
        async with asyncio.timeout(10):
            assert await reader.read() == b"", "whoever does not say who they are is sent away"
        writer.transport.abort()
        await w.phone.hold(line)
        await w.desk.becomes(line, HELD)

    play(played, tmp_path, story)


@LONG
def test_an_order_to_end_that_was_under_way_too_long_is_not_begun(played: Played, tmp_path: Path) -> None:
    async def story(w: PbxWorld) -> None:
        out, line = await w.line()
        agent = w.phones["agent"]
        await asyncio.sleep(3.2)  # older than what is still begun
        agent._hear = lambda said: None if type(said).__name__ == "Beat" else type(agent)._hear(agent, said)  # type: ignore[method-assign]
        agent._beat = max(1, agent._beat - 6)
        with pytest.raises(PhoneError, match="too late, press again") as caught:
            await w.phone.hang_up(line)
        assert not isinstance(caught.value, PhoneUnsureError)
        await w.caller.hears(out, AGENT_HZ)

    play(played, tmp_path, story)
