"""`rung floor`: one server with its steward, for a site whose floor is one computer."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rung.floor import authority
from rung.floor.base import FloorError
from rung.floor.enrolment import Code, Turned, Welcome, pin_of
from rung.floor.nats_copies import Continues, ReadHead
from rung.floor.nats_steward import Steward
from rung.floor.people import PEOPLE, People
from rung.floor.people_service import SignOns
from rung.floor.site import SITE, Account, SiteFolder
from rung.floor.site_server import SERVER_CONFIGURATION, NatsServer

LOOK_S = 0.2  # between two looks at whether `add-desk` or `remove-desk` has changed who may come
UP_S = 10.0  # a server with a large store reads it first


class FloorService:
    """`run` until cancelled; FloorError when the server cannot be started, or ends by itself."""

    def __init__(
        self, folder: SiteFolder, tell: Callable[[str], None], continues: Continues, read_head: ReadHead | None = None
    ) -> None:
        """``tell`` gets a line for people; ``continues`` and ``read_head`` as `Steward`."""
        self._folder = folder
        self._tell = tell
        self._server = NatsServer(folder.folder / SERVER_CONFIGURATION)
        known = People(folder.folder / PEOPLE)
        people = SignOns(known, folder.folder, folder.key_of)
        self._steward = Steward(
            *folder.steward(),
            enrol=self.enrol,
            people=people.answer,
            standing=folder.standing,
            signed_on=known.file.exists,
            continues=continues,
            read_head=read_head,
            trouble=tell,
        )

    async def run(self) -> None:
        known = self._changed()
        self._server.start()
        steward = asyncio.create_task(self._steward.run())
        try:
            await self._come_up()
            await self._watch(known)
        finally:
            steward.cancel()
            await asyncio.gather(steward, return_exceptions=True)
            await asyncio.to_thread(self._server.stop)

    async def _come_up(self) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            async with asyncio.timeout(UP_S):
                while not self._steward.up.is_set():
                    self._still_there()
                    await asyncio.sleep(LOOK_S)
                self._tell(f"the floor is up: {', '.join(self._folder.read().servers)}")
                return
        raise FloorError(f"the server does not answer; it says why in {self._folder.folder / 'nats.log'}")

    async def _watch(self, known: int) -> None:
        """A change of who may come is told to the server; the rest goes on by itself."""
        while True:
            self._still_there()
            if (changed := self._changed()) != known:
                known = changed
                self._server.reload()
            await asyncio.sleep(LOOK_S)

    def _changed(self) -> int:
        return (self._folder.folder / SITE).stat().st_mtime_ns

    def _still_there(self) -> None:
        if (code := self._server.ended()) is not None:
            raise FloorError(f"the server has ended ({code}); it says why in {self._folder.folder / 'nats.log'}")

    def enrol(self, desk: str, key: str) -> bytes:
        """The answer to a desk that came with a code."""
        try:
            account: Account = self._folder.enrol(desk, key, time.time())
        except FloorError as error:
            return msgspec.json.encode(Turned(str(error)))
        self._tell(f"{desk} is enrolled")
        site = self._folder.read()
        welcome = Welcome(
            role=account.role,
            servers=site.servers,
            ca=self._folder.ca(),
            config=account.config,
            policies=account.policies,
        )
        return msgspec.json.encode(welcome)


def code_for(folder: SiteFolder, desk: str, seed: str) -> Code:
    """What is typed at the desk."""
    site = folder.read()
    pem = (folder.folder / authority.SERVER_CERTIFICATE).read_bytes()
    certificate = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    return Code(site.hosts[0], site.port, desk, seed, pin_of(certificate))
