"""The client of a control line: whom it believes, and what it makes of every answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.phone.control_line import CALL, SECRET, Behind, Send, at_door, byte_by_byte, in_one_read

from rung.phone import sip_control as ctl
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.client import PhoneClient
from rung.phone.sip_door import ControlDoor
from rung.phone.sip_lock import is_served, serving
from rung.private import write_private
from rung.words import Call, CallIs, CallsAre, CallState


def written(folder: Path, port: int, secret: str = SECRET) -> Path:
    control = folder / "control"
    write_private(control, msgspec.json.encode(ctl.ControlFile("127.0.0.1", port, secret, 1)))
    return control


@asynccontextmanager
async def entered(folder: Path, port: int) -> AsyncIterator[PhoneClient]:
    control = written(folder, port)
    with serving(control):
        client = await PhoneClient.connect(control)
        try:
            yield client
        finally:
            await client.close()


Odd = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def at_odd_phone(odd: Odd, test: Callable[[int], Awaitable[None]]) -> None:
    """``odd`` has the line from its first byte on."""

    async def whole() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await odd(reader, writer)
            finally:
                writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            await test(server.sockets[0].getsockname()[1])

    asyncio.run(whole())


async def let_in(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, send: Send = in_one_read, after: bytes = b""
) -> None:
    """What an honest phone does first; ``after`` comes with its welcome."""
    hello = msgspec.json.decode(await reader.readline(), type=ctl.Hello)
    known = ctl.proof(SECRET, "phone", hello.nonce, "theirs")
    await send(writer, msgspec.json.encode(ctl.Challenge(hello.id, "theirs", known)) + b"\n")
    prove = msgspec.json.decode(await reader.readline(), type=ctl.Prove)
    await send(writer, msgspec.json.encode(ctl.Welcome(prove.id, 1, "x@127.0.0.1:1")) + b"\n" + after)


# -- whom it believes --------------------------------------------------------------------------------------------------


def test_the_port_of_a_dead_phone_is_not_even_tried(tmp_path: Path) -> None:
    tried: list[bool] = []

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried.append(True)

    async def test(port: int) -> None:
        control = written(tmp_path, port)
        for _ in range(2):  # before any phone had a lock, and after it died
            assert not is_served(control)
            with pytest.raises(PhoneError, match="has died"):
                await PhoneClient.connect(control)
            with serving(control):
                assert is_served(control)
        assert not tried

    at_odd_phone(stranger, test)


def test_whoever_took_the_port_learns_nothing_and_is_not_believed(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def mirror(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = msgspec.json.decode(await reader.readline(), type=ctl.Hello)
        said = ctl.Challenge(hello.id, hello.nonce, ctl.proof("guessed", "phone", hello.nonce, hello.nonce))
        writer.write(msgspec.json.encode(said) + b"\n")
        heard.append(msgspec.json.encode(hello) + await reader.read())

    async def test(port: int) -> None:
        control = written(tmp_path, port)
        with serving(control), pytest.raises(PhoneError, match="does not know the secret"):
            await PhoneClient.connect(control)

    at_odd_phone(mirror, test)
    (line,) = heard
    assert SECRET.encode() not in line and b"prove" not in line


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.sampled_from(list(map(msgspec.json.encode, [ctl.Done(1), ctl.Told(CALL), ctl.Refused(2, "")]))))
def test_nonsense_from_the_port_is_one_clear_error(tmp_path: Path, nonsense: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(nonsense + b"\n")
        await writer.drain()

    async def test(port: int) -> None:
        control = written(tmp_path, port)
        with serving(control), pytest.raises(PhoneError):
            await PhoneClient.connect(control)

    at_odd_phone(babble, test)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b'{"host":"\xff","port":1,"secret":"","pid":1}',
        b'{"host":"127.0.0.1","port":99999,"secret":"","pid":1}',
        b'{"host":"127.0.0.1","port":-1,"secret":"","pid":1}',
        b'{"host":"%s","port":1,"secret":"","pid":1}' % (b"x" * 300),
        b'{"host":"\\u0000","port":1,"secret":"","pid":1}',
        b"[]",
    ],
)
def test_nonsense_in_the_control_file_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    control = tmp_path / "control"
    write_private(control, content)
    with serving(control), pytest.raises(PhoneError, match="no phone answers"):
        asyncio.run(PhoneClient.connect(control))


def test_a_control_file_that_others_could_write_is_not_believed(tmp_path: Path) -> None:
    control = written(tmp_path, 9)
    control.chmod(0o666)
    with serving(control), pytest.raises(PhoneError, match="somebody else"):
        asyncio.run(PhoneClient.connect(control))


def test_a_wrong_secret_is_refused(tmp_path: Path) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        control = written(tmp_path, port, "wrong")
        with serving(control), pytest.raises(PhoneError, match="secret"):
            await PhoneClient.connect(control)

    at_door(test)


# -- what it makes of the answers --------------------------------------------------------------------------------------


def test_it_tells_refused_from_unsure(tmp_path: Path) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async with entered(tmp_path, port) as client:
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

    at_door(test)


EACH_WAY = pytest.mark.parametrize("send", [in_one_read, byte_by_byte])
EACH_GARBAGE = pytest.mark.parametrize(
    "garbage", [b"\xff\xfe\n", b'{"is":"explode"}\n', b'{"is":"done","id":3}x\n', b"\n"]
)


async def made_of(asked: Awaitable[tuple[Call, ...]]) -> object:
    try:
        return await asked
    except PhoneError as error:
        return type(error), str(error)


@EACH_WAY
@EACH_GARBAGE
@pytest.mark.parametrize(
    ("said", "made"),
    [
        (ctl.Done(3, calls=(CALL,)), (CALL,)),
        (ctl.Refused(3, "a call is up"), (PhoneError, "a call is up")),
        (ctl.Refused(3, "stalled", unsure=True), (PhoneUnsureError, "stalled")),
        (ctl.Refused(None, "not understood"), (PhoneUnsureError, "not understood")),
    ],
    ids=["done", "refused", "unsure", "not-understood"],
)
def test_an_answer_is_read_however_it_arrives_and_whatever_follows(
    tmp_path: Path, said: ctl.Said, made: object, send: Send, garbage: bytes
) -> None:
    """With a change before it and one after; the garbage ends this line, for nobody knows what was meant."""
    ended = msgspec.structs.replace(CALL, state=CallState.ENDED, cause="caf\u00e9")

    async def phone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer, send)
        await reader.readline()
        lines = [msgspec.json.encode(each) + b"\n" for each in (ctl.Told(CALL), said, ctl.Told(ended))]
        await send(writer, b"".join(lines) + garbage)
        await reader.read()

    async def test(port: int) -> None:
        async with entered(tmp_path, port) as client, asyncio.timeout(30):
            assert await made_of(client.calls()) == made
            assert [news async for news in client.news()] == [CallIs(CALL), CallIs(ended)]
            with pytest.raises(PhoneError, match="closed"):
                await client.calls()

    at_odd_phone(phone, test)


@EACH_WAY
@EACH_GARBAGE
def test_garbage_after_the_welcome_ends_the_line(tmp_path: Path, send: Send, garbage: bytes) -> None:
    async def phone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer, send, garbage)
        await reader.read()

    async def test(port: int) -> None:
        async with entered(tmp_path, port) as client, asyncio.timeout(30):
            assert client.address == "x@127.0.0.1:1"
            assert [news async for news in client.news()] == []
            with pytest.raises(PhoneError, match="closed"):
                await client.calls()

    at_odd_phone(phone, test)


def test_a_line_lost_in_mid_command_is_unsure(tmp_path: Path) -> None:
    async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        await reader.readline()

    async def test(port: int) -> None:
        async with entered(tmp_path, port) as client:
            with pytest.raises(PhoneUnsureError):
                await client.hang_up("a-1")
            with pytest.raises(PhoneError, match="closed"):
                await client.hang_up("a-1")

    at_odd_phone(vanish, test)


def test_a_refusal_of_nobody_knows_which_line_is_unsure(tmp_path: Path) -> None:
    async def mishear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        await reader.readline()
        writer.write(msgspec.json.encode(ctl.Refused(None, "not understood")) + b"\n")
        await reader.read()

    async def test(port: int) -> None:
        async with entered(tmp_path, port) as client:
            with pytest.raises(PhoneUnsureError, match="not understood"):
                await client.hang_up("a-1")

    at_odd_phone(mishear, test)


def test_a_recount_keeps_its_place_among_the_changes(tmp_path: Path) -> None:
    """A change that came after the answer must not be undone by it, however late the one who asked wakes up."""

    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async with entered(tmp_path, port) as client:
            await client.watch()
            door.tell(ctl.Told(CALL))
            await client.recount()
            door.tell(ctl.Told(CALL))
            news = client.news()
            assert [await anext(news) for _ in range(3)] == [CallIs(CALL), CallsAre((CALL,)), CallIs(CALL)]

    at_door(test)


def test_what_ends_or_moves_a_call_says_until_when(tmp_path: Path) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async with entered(tmp_path, port) as client:
            leaving = (client.hang_up("a-1"), client.complete("a-1", "a-2"), client.transfer("a-1", "sup"))
            for command in (*leaving, client.leave("a-1")):
                before_ns = time.monotonic_ns()
                await command
                asked = behind.asked.pop()
                assert isinstance(asked, ctl.HangUp | ctl.Complete | ctl.Transfer | ctl.Leave)
                within_ns = round(ctl.HANG_UP_WITHIN_S * 1e9)
                assert before_ns + within_ns <= asked.not_after_ns <= time.monotonic_ns() + within_ns

    at_door(test)


def test_it_gives_up_on_a_silent_phone_after_the_limit_and_is_unsure(tmp_path: Path) -> None:
    asked_ns: list[int] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        asked_ns.append(msgspec.json.decode(await reader.readline(), type=ctl.HangUp).not_after_ns)
        await reader.read()

    async def test(port: int) -> None:
        async with entered(tmp_path, port) as client:
            with pytest.raises(PhoneUnsureError):
                await client.hang_up("a-1")
            assert time.monotonic_ns() > asked_ns[0], "sooner, and it might yet be begun unheard"

    at_odd_phone(silent, test)
