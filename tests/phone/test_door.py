"""The control line's door, without a phone behind it."""

import asyncio
import contextlib
import json
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.phone.control_line import (
    CALL,
    HANG_UP,
    HELLO,
    NEVER_TOO_LATE,
    SECRET,
    Behind,
    Send,
    at_door,
    byte_by_byte,
    in_one_read,
    knock,
    say,
)

from rung.phone import sip_control as ctl
from rung.phone.sip_door import ControlDoor

CALLS = b'{"do":"calls","id":2}\n'

REQUESTS: list[ctl.Asked] = [
    ctl.Hello(7, "ours"),
    ctl.Prove(7, "proof"),
    ctl.Watch(7),
    ctl.Calls(7),
    ctl.Pulse(7),
    ctl.Hold(7, "a-1"),
    ctl.Resume(7, "a-1"),
    ctl.Consult(7, "a-1", "sup\u00e9@127.0.0.1"),
    ctl.Complete(7, "a-1", "a-2", NEVER_TOO_LATE),
    ctl.TakeBack(7, "a-1", None),
    ctl.Join(7, "a-1", "sup\u00e9@127.0.0.1", "desk-1-7"),
    ctl.Leave(7, "a-1", NEVER_TOO_LATE),
    ctl.Play(7, "a-1", "This call ends now.", "en"),
    ctl.Transfer(7, "a-1", "sup@127.0.0.1", NEVER_TOO_LATE),
    ctl.HangUp(7, "a-1", NEVER_TOO_LATE),
    ctl.Dial(7, "sup@127.0.0.1"),
    ctl.Answer(7, "a-1"),
    ctl.Reject(7, "a-1"),
    ctl.AutoAnswer(7, None),
    ctl.Tone(7, 440),
    ctl.Heard(7, "a-1"),
    ctl.Quit(7, force=True),
]
EACH_REQUEST = pytest.mark.parametrize("asked", REQUESTS, ids=lambda asked: type(asked).__name__)
EACH_WAY = pytest.mark.parametrize("send", [in_one_read, byte_by_byte])


@settings(max_examples=50)
@given(first=st.binary(max_size=200))
def test_without_the_secret_nothing_is_done(first: bytes) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        for said in await say(port, first + b"\n" + HANG_UP % (b"a-1", NEVER_TOO_LATE), replies=1):
            assert said["is"] == "refused"
        assert behind.asked == []

    at_door(test)


def test_no_proof_but_of_this_connection_opens_the_door() -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        heard, _ = await say(port, HELLO, replies=1)
        again = ctl.proof(SECRET, "client", "ours", str(heard["nonce"]))
        for wrong in (again, str(heard["proof"]), SECRET, "", "\u00e9"):
            prove = msgspec.json.encode(ctl.Prove(1, wrong)) + b"\n"
            challenge, refused = await say(port, HELLO + prove + CALLS, replies=2)
            assert (challenge["is"], refused["is"]) == ("challenge", "refused")
        assert behind.asked == []

    at_door(test)


@settings(max_examples=50)
@given(garbage=st.binary(max_size=200).filter(lambda b: b"\n" not in b))
def test_after_a_bad_line_the_next_good_one_counts(garbage: bytes) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        said = await say(port, garbage + b"\n" + CALLS, SECRET, replies=2)
        assert [s["is"] for s in said] == ["refused", "done"]
        assert behind.asked == [ctl.Calls(2)]

    at_door(test)


@pytest.mark.parametrize(
    "line",
    [
        b'{"do":"hang_up","id":2,"not_after_ns":9}',
        b'{"do":"hang_up","id":2,"call":"a-1"}',
        b'{"do":"hang_up","id":"2","call":"a-1","not_after_ns":9}',
        b'{"do":"hang_up","id":2,"call":7,"not_after_ns":9}',
        b'{"do":"hang_up","id":2,"call":"a-1","also":"b","not_after_ns":9}',
        b'{"do":"explode","id":2}',
        b'["hang_up"]',
    ],
)
def test_a_wrong_request_gets_one_clear_error(line: bytes) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        (said,) = await say(port, line + b"\n", SECRET, replies=1)
        assert said["is"] == "refused" and str(said["why"]).startswith("not understood: ")
        assert behind.asked == []

    at_door(test)


def test_every_request_is_tried_here() -> None:
    assert [type(asked) for asked in REQUESTS] == list(get_args(ctl.Asked))


@EACH_WAY
@EACH_REQUEST
@pytest.mark.parametrize("garbage", [b"\xff\xfe\x00", b'{"do":"explode","id":8}', b'"', b""])
def test_a_request_is_read_however_it_arrives_and_whatever_follows(
    asked: ctl.Asked, send: Send, garbage: bytes
) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async with knock(port, SECRET) as (reader, writer):
            await send(writer, msgspec.json.encode(asked) + b"\n" + garbage + b"\n" + CALLS)
            said = [json.loads(await asyncio.wait_for(reader.readline(), 30)) for _ in range(3)]
        assert behind.asked == [asked, ctl.Calls(2)]
        assert sorted((s["is"], s["id"]) for s in said if s["id"]) == [("done", 2), ("done", 7)]
        assert [s["is"] for s in said if s["id"] is None] == ["refused"]

    at_door(test)


@EACH_WAY
@EACH_REQUEST
@pytest.mark.parametrize("garbage", [b"x", b"\xff", b"{}", b"\x00"])
def test_a_request_with_garbage_on_its_own_line_is_not_done(asked: ctl.Asked, send: Send, garbage: bytes) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async with knock(port, SECRET) as (reader, writer):
            await send(writer, msgspec.json.encode(asked) + garbage + b"\n" + CALLS)
            said = [json.loads(await asyncio.wait_for(reader.readline(), 30)) for _ in range(2)]
        assert behind.asked == [ctl.Calls(2)]
        assert [(s["is"], s["id"]) for s in said] == [("refused", None), ("done", 2)]

    at_door(test)


@EACH_WAY
def test_the_proof_is_read_however_it_arrives(send: Send) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async with knock(port) as (reader, writer):
            await send(writer, HELLO)
            nonce = json.loads(await asyncio.wait_for(reader.readline(), 30))["nonce"]
            prove = ctl.Prove(1, ctl.proof(SECRET, "client", "ours", nonce))
            await send(writer, msgspec.json.encode(prove) + b"\n" + CALLS + b"garbage\n")
            said = [json.loads(await asyncio.wait_for(reader.readline(), 30))["is"] for _ in range(3)]
        assert sorted(said) == ["done", "refused", "welcome"] and behind.asked == [ctl.Calls(2)]

    at_door(test)


@EACH_WAY
@pytest.mark.parametrize("garbage", [b"x", b"\n", b"\xff\n", CALLS])
def test_garbage_after_the_first_line_opens_nothing(send: Send, garbage: bytes) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async with knock(port) as (reader, writer):
            await send(writer, HELLO + garbage)
            nonce = json.loads(await asyncio.wait_for(reader.readline(), 30))["nonce"]
            prove = ctl.Prove(1, ctl.proof(SECRET, "client", "ours", nonce))
            writer.write(msgspec.json.encode(prove) + b"\n" + CALLS)
            heard = b""
            with contextlib.suppress(OSError):  # it closed on more than it wanted to read
                while more := await asyncio.wait_for(reader.readline(), 30):
                    heard += more
        assert b"welcome" not in heard and behind.asked == []

    at_door(test)


def test_half_a_line_and_an_endless_one_do_nothing() -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        await say(port, CALLS[:-1], SECRET)
        await say(port, b" " * 2_000_000 + CALLS, SECRET, replies=9)  # it closes before that many
        await say(port, b" " * 2_000_000 + CALLS, replies=9)
        assert behind.asked == []

    at_door(test)


def test_a_client_that_never_reads_is_cut_off_and_the_others_are_told() -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async with knock(port, SECRET) as (deaf_reader, deaf), knock(port, SECRET) as (keen_reader, keen):
            for reader, writer in ((deaf_reader, deaf), (keen_reader, keen)):
                writer.write(b'{"do":"watch","id":2}\n')
                await reader.readline()
            told, count = ctl.Told(msgspec.structs.replace(CALL, cause="x" * 10_000)), 2000
            for _ in range(count):
                door.tell(told)
                await asyncio.wait_for(keen_reader.readline(), 30)
            with pytest.raises(ConnectionError):
                while await asyncio.wait_for(deaf_reader.read(1 << 20), 30):
                    pass
                raise ConnectionError

    at_door(test)


def test_a_hang_up_waits_for_nobody_and_the_rest_keeps_its_order() -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        behind.dawdle.clear()
        async with knock(port, SECRET) as (reader, writer):
            writer.write(b'{"do":"hold","id":3,"call":"a-1"}\n' + CALLS + HANG_UP % (b"a-1", NEVER_TOO_LATE))
            assert b"done" in await asyncio.wait_for(reader.readline(), 30)
            assert [type(asked) for asked in behind.asked] == [ctl.Hold, ctl.HangUp]
            behind.dawdle.set()
            for _ in range(2):
                await asyncio.wait_for(reader.readline(), 30)
        assert [type(asked) for asked in behind.asked] == [ctl.Hold, ctl.HangUp, ctl.Calls]

    at_door(test)


@pytest.mark.parametrize("half", [True, False], ids=["says-no-more", "gone"])
def test_what_was_not_begun_when_its_client_went_is_never_done(half: bool) -> None:
    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        behind.dawdle.clear()
        complete = b'{"do":"complete","id":4,"call":"a-1","consult":"a-2","not_after_ns":%d}\n' % NEVER_TOO_LATE
        async with knock(port, SECRET) as (_, writer):
            writer.write(b'{"do":"hold","id":3,"call":"a-1"}\n' + complete)
            await behind.begun.wait()
            if half:
                writer.write_eof()
                behind.dawdle.set()
                await asyncio.sleep(0.1)
        behind.dawdle.set()
        await say(port, CALLS, SECRET, replies=1)  # a whole round later
        assert [type(asked) for asked in behind.asked] == [ctl.Hold, ctl.Calls]

    at_door(test)


def test_a_hang_up_that_a_client_left_in_the_socket_is_dropped() -> None:
    """As after a stopped process goes on: the line and the end of the connection are there together."""

    async def test(behind: Behind, door: ControlDoor, port: int) -> None:
        async with knock(port, SECRET) as (_, writer):
            writer.write(HANG_UP % (b"a-1", NEVER_TOO_LATE))  # nothing is awaited before it closes
        await say(port, CALLS, SECRET, replies=1)
        assert [type(asked) for asked in behind.asked] == [ctl.Calls]

    at_door(test)
