"""A floor's server in a network namespace of its own, and from there a cable to each desk, which can be pulled.

A pulled cable tells nobody anything: what is sent is lost, and TCP tries again for as long as it likes.
"""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.floor.nats_rig import NatsRig, RealSite, SteppedFloor

from rung.floor.nats_link import Enrolment
from rung.floor.site_server import NatsServer, find_server

STEWARD = "floor"
_numbers = itertools.count(1)


def may_make_namespaces() -> str:
    """Why not; empty: one may."""
    if sys.platform != "linux":
        return "network namespaces are Linux's"
    if shutil.which("ip") is None:
        return "needs ip: apt install iproute2"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    name = f"rung-try-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return f"no network namespace can be made here: {tried.stderr.strip()}" if tried.returncode else ""


needs_namespaces = pytest.mark.skipif(bool(may_make_namespaces()), reason=may_make_namespaces() or "-")


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Cable:
    """From one desk to the server."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        number, process = next(_numbers), os.getpid()
        self._here, self._there = f"r{process % 100_000}h{number}", f"r{process % 100_000}s{number}"
        net = f"10.{77 + process % 100}.{number % 256}"
        self.address = f"{net}.2"  # of the server, at this cable's end
        ip("link", "add", self._here, "type", "veth", "peer", "name", self._there, "netns", namespace)
        ip("addr", "add", f"{net}.1/24", "dev", self._here)
        ip("link", "set", self._here, "up")
        ip("-n", namespace, "addr", "add", f"{self.address}/24", "dev", self._there)
        ip("-n", namespace, "link", "set", self._there, "up")

    def pull(self) -> None:
        ip("-n", self._namespace, "link", "set", self._there, "down")

    def remove(self) -> None:
        ip("link", "del", self._here)

    def plug(self) -> None:
        ip("-n", self._namespace, "link", "set", self._there, "up")


class ServerThere(NatsServer):
    """In the namespace."""

    def __init__(self, configuration: Path, namespace: str) -> None:
        super().__init__(configuration)
        self._namespace = namespace

    def _command(self) -> list[str]:
        return ["ip", "netns", "exec", self._namespace, *super()._command()]


class FarSite(RealSite):
    """A site whose server is there; each desk has a cable to it, and so has the steward."""

    listen = "0.0.0.0"

    def __init__(self, folder: Path, namespace: str, desks: tuple[str, ...]) -> None:
        self._namespace = namespace
        super().__init__(folder, desks)

    def _hosts(self, desks: tuple[str, ...]) -> tuple[str, ...]:
        self.cables = {desk: Cable(self._namespace) for desk in (STEWARD, *desks)}
        return tuple(cable.address for cable in self.cables.values())

    def _server(self, configuration: Path) -> NatsServer:
        return ServerThere(configuration, self._namespace)

    def steward(self) -> tuple[Enrolment, Enrolment]:
        one, other = self.site.steward()
        return self._over(STEWARD, one), self._over(STEWARD, other)

    def enrolment(self, desk: str, port: int = 0) -> Enrolment:
        return self._over(desk, super().enrolment(desk))

    def _over(self, desk: str, who: Enrolment) -> Enrolment:
        return replace(who, servers=(f"tls://{self.cables[desk].address}:{self.site.read().port}",))


class FarRig(NatsRig):
    """Use `nats_rig` with it."""

    made: FarSite

    def desk(self, name: str) -> SteppedFloor:
        return SteppedFloor(self, self.made.enrolment(name))


@contextmanager
def far_site(*desks: str) -> Iterator[FarSite]:
    find_server()
    namespace = f"rung-{os.getpid()}-{next(_numbers)}"
    folder = Path(tempfile.mkdtemp(prefix="rung-far-"))
    ip("netns", "add", namespace)
    try:
        ip("-n", namespace, "link", "set", "lo", "up")
        made = FarSite(folder, namespace, desks)
        try:
            yield made
        finally:
            made.server.kill()
            for cable in made.cables.values():
                cable.remove()
    finally:
        ip("netns", "del", namespace)
        shutil.rmtree(folder)
