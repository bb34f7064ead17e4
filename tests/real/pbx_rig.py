"""The broker beside a real Asterisk, with a door on loopback; who comes in is a table."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.phone.contract import Desk
from tests.real.asterisk_rig import AsteriskHand, AsteriskWorld, Floor, account, settings
from tests.real.peers import asterisk as pbx

from rung.floor.authority import self_signed
from rung.floor.enrolment import pin_of
from rung.phone.asterisk.shared import SharedAmi
from rung.phone.base import PhoneError
from rung.phone.pbx.broker import Broker, Pass
from rung.phone.pbx.client import BrokerAt, BrokerPhone
from rung.phone.pbx.door import PbxDoor
from rung.phone.pbx.wire import Enter
from rung.words import CallsAre


class RealBroker:
    """Its own pass opens for each desk: ``desk-NAME`` with the pass ``NAME`` has the telephone NAME."""

    def __init__(self, asterisk: pbx.Asterisk, folder: Path, **more: Any) -> None:
        self.refused: list[tuple[str, str, str, str]] = []
        self._folder = folder
        self._ami = SharedAmi(account(asterisk))
        self.broker = Broker(
            lambda endpoint: settings(asterisk, endpoint.partition("/")[2], **more),
            self._ami,
            lambda *refused: self.refused.append(refused),
        )
        self.door = PbxDoor(self.broker, self._admit, self._again)

    def _admit(self, enter: Enter, nonce: str) -> Pass:
        return self._again(enter.desk, enter.ticket)

    def _again(self, desk: str, ticket: str) -> Pass:
        if not ticket:
            raise PhoneError("nobody sits there")
        return Pass(desk=desk, person=f"p-{ticket}", endpoint=f"PJSIP/{ticket}", site_wide=ticket == "agent")

    async def open(self, port: int = 0) -> None:
        certificate, key = self_signed(self._folder, "Rung broker")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        self.port = await self.door.open("127.0.0.1", port, context)
        self.pin = pin_of(ssl.PEM_cert_to_DER_cert(certificate.read_text()))

    def phone(self, name: str, ticket: str | None = None) -> BrokerPhone:
        at = BrokerAt(host="127.0.0.1", port=self.port, pin=self.pin)
        made = BrokerPhone(at, f"desk-{name}", lambda data: "", pin_of)
        made.present(name if ticket is None else ticket)
        return made

    async def die(self) -> None:
        """As killed: every line is cut, nothing is said or done for the occasion."""
        assert self.door._server is not None
        self.door._server.close()
        for visit in list(self.door._visits):
            visit._writer.transport.abort()
        await self.broker.stop()
        await self._ami.close()


@asynccontextmanager
async def broker(asterisk: pbx.Asterisk, folder: Path, **more: Any) -> AsyncIterator[RealBroker]:
    made = RealBroker(asterisk, folder, **more)
    await made.open()
    try:
        yield made
    finally:
        await made.die()
        await asyncio.sleep(0)


class PbxWorld(AsteriskWorld):
    broker: RealBroker
    phones: dict[str, BrokerPhone]


@asynccontextmanager
async def world(floor: Floor, folder: Path, **more: Any) -> AsyncIterator[PbxWorld]:
    """As `Floor.world`, each telephone behind the broker."""
    hands: dict[str, AsteriskHand] = {}
    running: list[asyncio.Future[None]] = []
    phones: dict[str, BrokerPhone] = {}
    async with broker(floor.asterisk, folder, **more) as made:
        try:
            for name in ("agent", "caller", "sup"):
                phones[name], at = made.phone(name), Desk()
                running.append(asyncio.ensure_future(phones[name].run(at.feed)))
                await at.told(lambda news: isinstance(news, CallsAre))
                hands[name] = AsteriskHand(name, floor.phones[name], at)
            agent = hands["agent"]
            at = PbxWorld(phones["agent"], agent.desk, agent, hands["caller"], hands["sup"], running[0])
            at.broker, at.phones = made, phones
            yield at
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await floor.quiet()
