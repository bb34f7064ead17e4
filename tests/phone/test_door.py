"""The control line's door, without a phone behind it."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.phone import sip_control as ctl
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.client import PhoneClient
from rung.phone.sip_door import ControlDoor
from rung.words import Call, CallIs, CallsAre, CallState

SECRET = "s3cret"
HELLO = b'{"do":"hello","id":1,"secret":"s3cret"}\n'
CALL = Call(id="a-1", state=CallState.UP, direction="in")


class Behind:
    """What a door opens to: it notes every request, and refuses or is unsure when told to."""

    def __init__(self) -> None:
        self.asked: list[ctl.Asked] = []
        self.refuse: PhoneError | None = None

    async def do(self, asked: ctl.Asked) -> ctl.Said:
        self.asked.append(asked)
        if self.refuse:
            raise self.refuse
        return ctl.Done(asked.id, calls=(CALL,))


def at_door(test: Callable[[Behind, ControlDoor, int], Awaitable[None]]) -> None:
    async def whole() -> None:
        behind = Behind()
        door = ControlDoor(SECRET, behind.do, lambda id: ctl.Welcome(id, 1, "x@127.0.0.1:1"))
        port = await door.open("127.0.0.1")
        try:
            await test(behind, door, port)
        finally:
            await door.close()

    asyncio.run(whole())


async def say(port: int, what: bytes) -> list[dict[str, object]]:
    """All that the door answers until it closes; it must close once we have."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = b""
    try:
        writer.write(what)
        writer.write_eof()
        while more := await asyncio.wait_for(reader.read(65536), 30):
            heard += more
    except OSError:
        pass  # it closed on more than it wanted to read
    writer.close()
    return [json.loads(line) for line in heard.splitlines()]


@settings(max_examples=50)
@given(first=st.binary(max_size=200))
def test_without_the_secret_nothing_is_done(first: bytes) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        for said in await say(port, first + b'\n{"do":"hang_up","id":2,"call":"a-1"}\n'):
            assert said["is"] == "refused"
        assert behind.asked == []

    at_door(test)


@settings(max_examples=50)
@given(garbage=st.binary(max_size=200).filter(lambda b: b"\n" not in b))
def test_after_a_bad_line_the_next_good_one_counts(garbage: bytes) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        said = await say(port, HELLO + garbage + b'\n{"do":"calls","id":2}\n')
        assert [s["is"] for s in said] == ["welcome", "refused", "done"]
        assert behind.asked == [ctl.Calls(2)]

    at_door(test)


@pytest.mark.parametrize(
    "line",
    [
        b'{"do":"hang_up","id":2}',
        b'{"do":"hang_up","id":"2","call":"a-1"}',
        b'{"do":"hang_up","id":2,"call":7}',
        b'{"do":"hang_up","id":2,"call":"a-1","also":"b"}',
        b'{"do":"explode","id":2}',
        b'["hang_up"]',
    ],
)
def test_a_wrong_request_gets_one_clear_error(line: bytes) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        _, said = await say(port, HELLO + line + b"\n")
        assert said["is"] == "refused" and str(said["why"]).startswith("not understood: ")
        assert behind.asked == []

    at_door(test)


def test_half_a_line_and_an_endless_one_do_nothing() -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        await say(port, HELLO + b'{"do":"calls","id":2}')
        await say(port, HELLO + b" " * 2_000_000 + b'{"do":"calls","id":2}\n')
        await say(port, b" " * 2_000_000 + HELLO + b'{"do":"calls","id":2}\n')
        assert behind.asked == []

    at_door(test)


def test_a_client_that_never_reads_is_cut_off_and_the_others_are_told() -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        deaf_reader, deaf = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        keen_reader, keen = await asyncio.open_connection("127.0.0.1", port)
        for reader, writer in ((deaf_reader, deaf), (keen_reader, keen)):
            writer.write(HELLO + b'{"do":"watch","id":2}\n')
            await reader.readline()
            await reader.readline()
        told, count = ctl.Told(msgspec.structs.replace(CALL, cause="x" * 10_000)), 2000
        for _ in range(count):
            door.tell(told)
            await asyncio.wait_for(keen_reader.readline(), 30)
        with pytest.raises(ConnectionError):
            while await asyncio.wait_for(deaf_reader.read(1 << 20), 30):
                pass
            raise ConnectionError
        deaf.close()
        keen.close()

    at_door(test)


def test_a_recount_keeps_its_place_among_the_changes(tmp_path: Path) -> None:
    """A change that came after the answer must not be undone by it, however late the one who asked wakes up."""

    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        control = tmp_path / "phone" / "control"
        ctl.write_private(control, msgspec.json.encode(ctl.ControlFile("127.0.0.1", port, SECRET, 1)))
        client = await PhoneClient.connect(control)
        await client.watch()
        door.tell(ctl.Told(CALL))
        await client.recount()
        door.tell(ctl.Told(CALL))
        news = client.news()
        assert [await anext(news) for _ in range(3)] == [CallIs(CALL), CallsAre((CALL,)), CallIs(CALL)]
        await client.close()

    at_door(test)


def test_the_client_tells_refused_from_unsure(tmp_path: Path) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        control = tmp_path / "phone" / "control"
        ctl.write_private(control, msgspec.json.encode(ctl.ControlFile("127.0.0.1", port, SECRET, 1)))
        assert stat.S_IMODE(control.stat().st_mode) == 0o600
        assert stat.S_IMODE(control.parent.stat().st_mode) == 0o700
        assert [p.name for p in control.parent.iterdir()] == ["control"]
        client = await PhoneClient.connect(control)
        assert await client.watch() == (CALL,)
        door.tell(ctl.Told(CALL))
        assert await anext(client.changes()) == CALL
        behind.refuse = PhoneError("no living call 'a-1'")
        with pytest.raises(PhoneError, match="no living call") as refused:
            await client.hang_up("a-1")
        assert not isinstance(refused.value, PhoneUnsureError)
        behind.refuse = PhoneUnsureError("stalled")
        with pytest.raises(PhoneUnsureError):
            await client.hang_up("a-1")
        await client.close()

        ctl.write_private(control, msgspec.json.encode(ctl.ControlFile("127.0.0.1", port, "wrong", 1)))
        with pytest.raises(PhoneError, match="right secret"):
            await PhoneClient.connect(control)

    at_door(test)


def test_a_line_lost_in_mid_command_is_unsure(tmp_path: Path) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b'{"is":"welcome","id":1,"pid":1,"address":"x@127.0.0.1:1"}\n')
            await reader.readline()
            writer.close()

        server = await asyncio.start_server(vanish, "127.0.0.1", 0)
        control = tmp_path / "control"
        where = ctl.ControlFile("127.0.0.1", server.sockets[0].getsockname()[1], SECRET, 1)
        ctl.write_private(control, msgspec.json.encode(where))
        client = await PhoneClient.connect(control)
        with pytest.raises(PhoneUnsureError):
            await client.hang_up("a-1")
        with pytest.raises(PhoneError, match="closed"):
            await client.hang_up("a-1")
        await client.close()
        server.close()

    at_door(test)
