"""baresip's words and a scripted newer one: what Debian's 1.0.0, the real one in tests/real, does not have.

No newer baresip is packaged for where these tests run, so its `atransferstart` and `atransferexec` are told by a script
that answers as its source says. What is aimed, and what is sent together, is held here too.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.phone.contract import Desk, running

from rung.phone.baresip import BaresipPhone
from rung.phone.baresip_ask import dialled, look
from rung.phone.baresip_calls import Book, Printed, current_of, ended_by, lines_of, printed
from rung.phone.base import PhoneError
from rung.phone.ctrl_tcp import MOST, frame, frames
from rung.words import CallIs, CallState, EndedBy, Outcome, PhoneIs

UP, HELD, ENDED, DIALLING = CallState.UP, CallState.HELD, CallState.ENDED, CallState.DIALLING

LISTED = (
    "\n--- Active calls (2) ---\n  [line 1]  0:00:04  ESTABLISHED  (on hold)  sip:p@127.0.0.1:25100\n"
    "> [line 2]  0:00:01    RINGING             sip:q@127.0.0.1:25120\n\n"
)
PRINTED = (
    "\n===== Call debug (ESTABLISHED) =====\n local_uri:  <sip:agent@127.0.0.1:25060;transport=udp>\n"
    " peer_uri:   <sip:q@127.0.0.1:25120>\n af=AF_INET id=876e134daa5f2072\n direction: Incoming\nSDP session\n"
)


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", range(1, 12))
def test_netstrings_come_whole_however_they_arrive(cut: int) -> None:
    data, found, buffer = frame(b"{}") + frame(b'{"a":1}') + b"5:ab", [], bytearray()
    for start in range(0, len(data), cut):
        buffer += data[start : start + cut]
        found += frames(buffer)
    assert (found, bytes(buffer)) == ([b"{}", b'{"a":1}'], b"5:ab")


@pytest.mark.parametrize("garbage", [b"x", b"12x:", b"3:abc;", b"%d:" % (MOST + 1), b"9" * 30, b":", b"\xff1:"])
def test_what_is_no_netstring_is_never_waited_for(garbage: bytes) -> None:
    with pytest.raises(ValueError):
        frames(bytearray(garbage))


def test_what_it_prints_is_read() -> None:
    assert lines_of(LISTED) == {1: True, 2: False}
    assert current_of(LISTED) == 2
    assert current_of("\n--- Active calls (0) ---\n\n") is None
    assert printed(PRINTED, held=True) == Printed("876e134daa5f2072", HELD, "in", "sip:q@127.0.0.1:25120", "agent")
    assert printed(PRINTED.replace("ESTABLISHED", "OUTGOING").replace("Incoming", "Outgoing"), held=True) == Printed(
        "876e134daa5f2072", DIALLING, "out", "sip:q@127.0.0.1:25120", ""
    )
    assert printed("\n(no active calls)\n") is None
    assert printed(PRINTED.replace("sip:q@", "sip:rung-aim@")) is None


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("Connection reset by user", EndedBy.US),
        ("Rejected by user", EndedBy.US),
        ("Connection reset by peer", EndedBy.THEM),
        ("486 Busy Here", EndedBy.THEM),
        ("Call transfered", EndedBy.TRANSFER),
        ("Call transferred", EndedBy.TRANSFER),
        ("Connection timed out", EndedBy.NETWORK),
        ("rtp stream error", EndedBy.NETWORK),
        ("", EndedBy.UNKNOWN),
    ],
)
def test_who_ended_it(text: str, by: EndedBy) -> None:
    assert ended_by(text, ours=False) is by
    assert ended_by(text, ours=True) is (EndedBy.US if by is EndedBy.UNKNOWN else by)


@pytest.mark.parametrize("target", ["", "a b", "sip:x@y\r\nhangup", "<x>", 'a"b', "büro"])
def test_what_could_be_another_command_is_not_dialled(target: str) -> None:
    with pytest.raises(PhoneError):
        dialled(target)
    assert (dialled("1001"), dialled("a@b"), dialled("sips:a@b")) == ("1001", "sip:a@b", "sips:a@b")


def test_a_call_that_ended_is_not_begun_again_by_late_news() -> None:
    book = Book()
    said = {"type": "CALL_INCOMING", "id": "a", "direction": "incoming", "peeruri": "sip:p@x", "accountaor": "sip:me@x"}
    assert [c.queue for c in book.saw(said)[0]] == ["me"]
    assert book.saw(said | {"type": "CALL_CLOSED", "param": "Connection reset by peer"})[0][0].ended_by is EndedBy.THEM
    assert book.saw(said | {"type": "CALL_RINGING"}) == ([], False)
    assert book.saw({"type": "REGISTER_OK", "id": "b"}) == ([], False)
    assert book.compare([]) == []


# -- a scripted newer one ----------------------------------------------------------------------------------------------


class Newer:
    """One call that is up, and what a baresip 3 says to each command. It dials for real: decoys get their INVITE."""

    def __init__(self) -> None:
        self.asked: list[list[tuple[str, str]]] = []  # what came in one piece
        self.calls = {"line-a": ["ESTABLISHED", False, "sip:caller@x", "Incoming"]}
        self.current = "line-a"
        self.silent = False
        self._writer: asyncio.StreamWriter | None = None
        self._decoys = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer, buffer = writer, bytearray()
        while data := await reader.read(65536):
            buffer += data
            said = [json.loads(message) for message in frames(buffer)]
            self.asked.append([(one["command"], one["params"]) for one in said])
            for one in said:
                ok, text = await self.do(one["command"], one["params"])
                self.say({"response": True, "ok": ok, "data": text, "token": one["token"]})
        writer.close()

    def say(self, message: dict[str, Any]) -> None:
        if self._writer is not None and not self.silent:
            self._writer.write(frame(json.dumps(message).encode()))

    def event(self, kind: str, id: str, param: str = "") -> None:
        _, _, peer, direction = self.calls[id]
        told = {"type": kind, "id": id, "peeruri": peer, "direction": str(direction).lower(), "param": param}
        self.say({"event": True, "accountaor": "sip:agent@x", "class": "call", **told})

    async def do(self, command: str, params: str) -> tuple[bool, str]:
        match command:
            case "about":
                return True, "\x1b[34;1mbare\x1b[31;1msip\x1b[;m 3.16.0"
            case "listcalls":
                return True, "".join(
                    f"{'>' if id == self.current else ' '} [line {n}, id {id}]  0:00:01  "
                    f"{call[0]} {'(on hold)' * bool(call[1])}\n"
                    for n, (id, call) in enumerate(self.calls.items(), 1)
                )
            case "line":
                self.current = list(self.calls)[int(params) - 1]
            case "callstat":
                state, _, peer, direction = self.calls[self.current]
                return True, f"Call debug ({state})\npeer_uri: <{peer}>\nid={self.current}\ndirection: {direction}\n"
            case "callfind" if params not in self.calls:
                return True, f"call not found (id={params})"
            case "callfind":
                self.current = params
            case "hold" | "resume":
                self.calls[self.current][1] = command == "hold"
                self.event("CALL_REMOTE_SDP", self.current, "answer")
            case "dial" if "rung-aim" in params:
                self._decoys += 1
                await self._invite(params)
            case "atransferstart":
                self.current = "consult"
                self.calls[self.current] = ["OUTGOING", False, params, "Outgoing"]
            case "atransferexec":
                self.event("CALL_CLOSED", "line-a", "Call transferred")
                self.event("CALL_CLOSED", "consult", "Connection reset by peer")
                self.calls.clear()
            case "hangup":
                self.event("CALL_CLOSED", self.current, "Connection reset by user")
                del self.calls[self.current]
        return True, ""

    async def _invite(self, uri: str) -> None:
        host, port = re.findall(r"@([\d.]+):(\d+)", uri)[0]
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(host, int(port)), local_addr=("127.0.0.1", 0)
        )
        id = f"decoy-{self._decoys}"
        transport.sendto(f"INVITE {uri} SIP/2.0\r\nCall-ID: {id}\r\nContact: <sip:agent-0x1@x>\r\n\r\n".encode())
        transport.close()
        self.calls[id] = ["OUTGOING", False, uri, "Outgoing"]


@asynccontextmanager
async def newer() -> AsyncIterator[tuple[Newer, BaresipPhone, Desk]]:
    peer = Newer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    phone = BaresipPhone("127.0.0.1", server.sockets[0].getsockname()[1])
    try:
        async with running(phone) as desk:
            yield peer, phone, desk
    finally:
        server.close()


async def consulted(peer: Newer, phone: BaresipPhone, desk: Desk) -> None:
    await phone.hold("line-a")
    await desk.becomes("line-a", HELD)
    await phone.consult("line-a", "600")
    peer.event("CALL_ESTABLISHED", "consult")
    await desk.becomes("consult", UP)


def test_a_newer_one_completes_a_consult_as_an_attended_transfer() -> None:
    async def story() -> None:
        async with newer() as (peer, phone, desk):
            assert desk.news[0] == PhoneIs(up=True, can=frozenset({"attended", "returns"}))
            await phone.hold("line-a")
            await desk.becomes("line-a", HELD)
            await phone.consult("line-a", "600", "desk-1-1")
            consult = await desk.call(lambda c: c.consult_for == "line-a" and c.state is DIALLING)
            peer.event("CALL_ESTABLISHED", "consult")
            await desk.becomes(consult.id, UP)
            await phone.complete("line-a", consult.id)
            assert (await desk.becomes("line-a", ENDED)).ended_by is EndedBy.TRANSFER
            assert (await desk.becomes(consult.id, ENDED)).outcome is None
            (sent,) = [one for one in peer.asked if ("atransferexec", "") in one]
            assert sent[-2:] == [("callfind", "consult"), ("atransferexec", "")], "aimed at the consult, in one piece"

    asyncio.run(story())


@pytest.mark.parametrize("verdict", ["Call transferred", ""])
def test_the_end_of_a_consult_tells_nothing_before_the_verdict(verdict: str) -> None:
    async def story() -> None:
        async with newer() as (peer, phone, desk):
            await consulted(peer, phone, desk)

            async def nothing_yet(command: str, params: str) -> tuple[bool, str]:
                return (True, "") if command == "atransferexec" else await Newer.do(peer, command, params)

            peer.do = nothing_yet  # type: ignore[method-assign]
            await phone.complete("line-a", "consult")
            peer.event("CALL_CLOSED", "consult", "Connection reset by peer")
            if verdict:
                peer.event("CALL_CLOSED", "line-a", verdict)
                assert (await desk.becomes("line-a", ENDED)).ended_by is EndedBy.TRANSFER
                assert (await desk.becomes("consult", ENDED)).ended_by is EndedBy.TRANSFER
            else:
                peer.event("CALL_TRANSFER_FAILED", "line-a", "481 Call Does Not Exist")
                assert (await desk.becomes("consult", ENDED)).outcome is Outcome.FAILED
                await desk.call(lambda c: c.cause == "transfer failed: 481 Call Does Not Exist" and c.state is HELD)

    asyncio.run(story())


def test_a_supervisor_who_hangs_up_on_a_newer_one_has_declined() -> None:
    async def story() -> None:
        async with newer() as (peer, phone, desk):
            await consulted(peer, phone, desk)
            peer.event("CALL_CLOSED", "consult", "Connection reset by peer")
            assert (await desk.becomes("consult", ENDED)).outcome is Outcome.DECLINED

    asyncio.run(story())


def test_what_ends_a_call_goes_in_one_piece_behind_a_decoy_of_its_own() -> None:
    async def story() -> None:
        async with newer() as (peer, phone, desk):
            await phone.hang_up("line-a")
            assert (await desk.becomes("line-a", ENDED)).ended_by is EndedBy.US
            (sent,) = [one for one in peer.asked if ("hangup", "") in one]
            decoy = sent[0][1]
            assert decoy.startswith("decoy-")
            assert sent == [("callfind", decoy), ("callfind", "line-a"), ("hangup", "")]

    asyncio.run(story())


def test_a_call_that_ended_unheard_is_not_hung_up_and_nor_is_another() -> None:
    async def story() -> None:
        async with newer() as (peer, phone, _):
            peer.calls["line-b"] = peer.calls.pop("line-a")  # no event has told it yet
            with pytest.raises(PhoneError, match="cannot aim"):
                await phone.hang_up("line-a")
            assert "line-b" in peer.calls

    asyncio.run(story())


def test_no_decoy_no_end() -> None:
    async def story() -> None:
        async with newer() as (peer, phone, desk):
            dial: Callable[[str, str], Any] = peer.do

            async def full(command: str, params: str) -> tuple[bool, str]:
                return (False, "Too many calls") if command == "dial" else await dial(command, params)

            peer.do = full  # type: ignore[method-assign]
            with pytest.raises(PhoneError, match="cannot aim: baresip dials no further call: Too many calls"):
                await phone.hang_up("line-a")
            assert "line-a" in peer.calls and not [o for o in peer.asked if ("hangup", "") in o]
            assert not [n for n in desk.news if isinstance(n, CallIs) and n.call.doing]

    asyncio.run(story())


def test_what_is_no_baresip_is_said() -> None:
    async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(http, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(PhoneError, match="does not speak as baresip"):
            await look("127.0.0.1", port)
        server.close()
        await server.wait_closed()
        with pytest.raises(PhoneError, match="no baresip listens"):
            await look("127.0.0.1", port)

    asyncio.run(story())
