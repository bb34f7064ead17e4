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
from rung.floor.cluster import NODES, SharedFolder
from rung.floor.enrolment import Code, Turned, Welcome, pin_of
from rung.floor.nats_copies import Continues, ReadHead
from rung.floor.nats_steward import Steward
from rung.floor.nats_views import Fold
from rung.floor.people import PEOPLE, People
from rung.floor.people_queue import SignOnQueue
from rung.floor.people_service import SignOns
from rung.floor.site import Account, SiteFolder
from rung.floor.site_server import SERVER_CONFIGURATION, NatsServer
from rung.words import Training

LOOK_S = 0.2  # between two looks at whether `add-desk` or `remove-desk` has changed who may come
UP_S = 10.0  # a server with a large store reads it first


class FloorService:
    """`run` until cancelled; FloorError when the server cannot be started, or ends by itself."""

    def __init__(
        self,
        folder: SiteFolder,
        tell: Callable[[str], None],
        continues: Continues,
        read_head: ReadHead | None = None,
        fold: Callable[[], Fold] | None = None,
    ) -> None:
        """``tell`` gets a line for people; ``continues``, ``read_head`` and ``fold`` as `Steward`."""
        self._fold = fold
        self._folder = folder
        self._tell = tell
        self._server = NatsServer(folder.folder / SERVER_CONFIGURATION)
        self._continues = continues
        self._read_head = read_head
        self._people = People(folder.folder / PEOPLE, said=self._training)
        self._steward: Steward | None = None
        self._sign_ons = SignOns(self._people, folder.folder, folder.key_of)
        self._queue = SignOnQueue(self._sign_ons.answer)
        self._shared = SharedFolder(folder.is_first, (folder, self._people), tell)

    async def run(self) -> None:
        known = self._changed()
        self._server.start()
        try:
            while True:
                steward = self._new_steward()
                task = asyncio.create_task(steward.run())
                try:
                    await self._come_up(steward)
                    known = await self._watch(known, self._folder.is_first())
                finally:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
        finally:
            await asyncio.to_thread(self._server.stop)

    def _training(self, person: str) -> Training:
        """As all desks' records tell of it."""
        views = None if self._steward is None else self._steward.views
        if views is None or views.told is None:
            raise FloorError("the desks' records are still being read")
        return views.told.fold.training(person)

    def _new_steward(self) -> Steward:
        node = self._folder.node()
        self._steward = Steward(
            *self._folder.steward(),
            replicas=1 if node is None else NODES,
            enrol=self.enrol if self._folder.is_first() else None,
            people=self._queue.answer,
            standing=self._folder.standing,
            signed_on=self._people.file.exists,
            continues=self._continues,
            read_head=self._read_head,
            fold=self._fold,
            trouble=self._tell,
            keeping=() if node is None else (self._shared,),
        )
        return self._steward

    async def _come_up(self, steward: Steward) -> None:
        node, waited_s = self._folder.node(), 0.0
        while not steward.up.is_set():
            self._still_there()
            await asyncio.sleep(LOOK_S)
            waited_s += LOOK_S
            if node is None and waited_s > UP_S:
                raise FloorError(f"the server does not answer; it says why in {self._folder.folder / 'nats.log'}")
            if node is not None and UP_S <= waited_s < UP_S + LOOK_S:
                self._tell(
                    f"{node.name} waits for another computer of the floor: two of three must be there ({steward.why})"
                )
        name = "" if node is None else f"{node.name} of "
        self._tell(f"{name}the floor is up: {', '.join(self._folder.read().servers)}")

    async def _watch(self, known: int, first: bool) -> int:
        """A change of who may come is told to the server, and to the other computers; the rest goes on by itself.

        Returns when another computer is the first from now on: then another one answers those who enrol.
        """
        while self._folder.is_first() == first:
            self._still_there()
            if (changed := self._changed()) != known:
                known = changed
                self._server.reload()
            with contextlib.suppress(FloorError):  # a cluster that has no majority just now
                await self._shared.publish()
            await asyncio.sleep(LOOK_S)
        return known

    def _changed(self) -> int:
        """Of what the server reads, which is written last: told earlier, it would read what was there before."""
        return (self._folder.folder / SERVER_CONFIGURATION).stat().st_mtime_ns

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
            callers=site.callers,
            config=account.config,
            policies=account.policies,
        )
        return msgspec.json.encode(welcome)


def code_for(folder: SiteFolder, desk: str, seed: str) -> Code:
    """What is typed at the desk."""
    site, node = folder.read(), folder.node()
    host, port = (site.hosts[0], site.port) if node is None else (node.host, node.port)
    pem = (folder.folder / authority.SERVER_CERTIFICATE).read_bytes()
    certificate = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    return Code(host, port, desk, seed, pin_of(certificate))
