"""One connection to a manager that is slow, silent or gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from rung.phone.asterisk import Account, AsteriskPhone, AsteriskSettings
from rung.phone.asterisk.link import Ami, AmiLink
from rung.phone.asterisk.recall import furnished
from rung.phone.base import PhoneError, PhoneUnsureError


@asynccontextmanager
async def manager(*answers: bytes) -> AsyncIterator[Account]:
    """Says each of these after one more action has come; to the first, that is the login."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        for answer in answers:
            head = await reader.readuntil(b"\r\n\r\n")
            (id,) = [line[10:] for line in head.split(b"\r\n") if line.startswith(b"ActionID: ")]
            writer.write(answer.replace(b"@@", id))
        await reader.read()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield Account(host="127.0.0.1", port=server.sockets[0].getsockname()[1], user="rung", secret="open")
    server.close()


YES = b"Response: Success\r\nActionID: @@\r\n\r\n"


def test_a_reply_that_does_not_come_is_unsure_and_the_connection_is_lost() -> None:
    async def story() -> None:
        async with manager(YES) as account:
            link = await AmiLink.connect(account, lambda event: None)
            with pytest.raises(PhoneUnsureError):
                await link.do("Hangup", 0.05, Channel="1.2")
            assert "no reply to Hangup" in link.lost.result()
            with pytest.raises(PhoneError) as refused:
                await link.do("Ping")
            assert not isinstance(refused.value, PhoneUnsureError), "it was not even sent"
            await link.close()

    asyncio.run(story())


def test_what_is_listed_is_also_told_and_in_its_place() -> None:
    listing = (
        b"Response: Success\r\nActionID: @@\r\nEventList: start\r\n\r\n"
        b"Event: A\r\nActionID: @@\r\n\r\nEvent: Between\r\n\r\nEvent: B\r\nActionID: @@\r\n\r\n"
        b"Event: Done\r\nActionID: @@\r\nEventList: Complete\r\n\r\n"
    )

    async def story() -> None:
        told: list[str] = []
        async with manager(YES, listing) as account:
            link = await AmiLink.connect(account, lambda event: told.append(event["Event"]))
            assert [event["Event"] for event in await link.list("Things")] == ["A", "B"]
            assert told == ["A", "Between", "B"]
            await link.close()

    asyncio.run(story())


@pytest.mark.parametrize("moment_s", [0, 0.01, 0.05, 0.12, 0.3])
def test_it_ends_when_it_is_cancelled_whatever_it_is_doing(moment_s: float) -> None:
    """Between the attempts to connect, in the midst of closing, and while it waits for a reply."""

    async def story() -> None:
        async with manager(YES, b"garbage\r\n") as account:
            phone = AsteriskPhone(AsteriskSettings(account=account, endpoint="PJSIP/1001"))
            running = asyncio.ensure_future(phone.run(lambda news: None))
            await asyncio.sleep(moment_s)
            running.cancel()
            await asyncio.wait([running], timeout=10)
            assert running.cancelled()

    asyncio.run(story())


def test_a_dialplan_of_an_earlier_release_is_not_worked_with() -> None:
    class Older:
        async def list(self, name: str, **fields: str) -> list[object]:
            if fields["Context"] == "rung-answered":
                raise PhoneError("Did not find context rung-answered")
            return []

    with pytest.raises(PhoneError, match=r"extensions_rung\.conf .* copy it anew .* see PHONES\.md"):
        asyncio.run(furnished(cast(Ami, Older())))
