"""`rung pbx`: the broker beside the PBX. It alone has the PBX's login; desks reach it with the floor's pass."""

import asyncio
import contextlib
import signal
import ssl
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from rung.cli.ends import stop
from rung.cli.pbx_gate import Gate
from rung.clock import wall_ms
from rung.floor.authority import self_signed
from rung.floor.base import FloorError
from rung.floor.enrolment import pin_of, read_enrolment
from rung.floor.nats_link import Enrolment, connected
from rung.floor.people_service import STANDING, read_standing
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.phone.asterisk import Account, AsteriskSettings
from rung.phone.asterisk.shared import SharedAmi
from rung.phone.base import PhoneError
from rung.phone.pbx.broker import Broker, Pass
from rung.phone.pbx.door import PbxDoor
from rung.phone.pbx.wire import Enter
from rung.policy.mistakes import wrong_types
from rung.policy.tables import TablesError, tables
from rung.words import CommandRefused

LOOK_S = 1.0  # between two looks at which desks the floor knows: one that was removed is cut off within that
AGAIN_S = 1.0
ANSWER_S = 2.0


class AsteriskTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As `phone` of a desk with `kind = "asterisk"`, for all telephones. ``{}`` stands for the extension."""

    user: str
    secret: str
    host: str = "127.0.0.1"
    port: int = 5038
    tls: bool = False
    ca: str = ""
    dial: str = "PJSIP/{}"
    member: str = ""  # in queues; empty: the telephone itself
    ring_s: int = 60
    recordings: str = ""
    sounds: str = ""


class PbxConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The broker's whole configuration."""

    asterisk: AsteriskTable
    floor: str = "floor.json"  # what `rung floor enrol` has written
    listen: str = "0.0.0.0:4223"
    state: str = "pbx"  # folder of its certificate and its record
    desks: dict[str, str] = {}  # which telephone stands at which desk, as Asterisk names it
    people: dict[str, str] = {}  # whose telephone goes with them, wherever they sit


def run_pbx(file: Path) -> None:
    config = read_pbx_config(file)
    folder = file.parent / config.state
    try:
        enrolment = read_enrolment(file.parent / config.floor)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        journal = Journal(folder / "pbx.db")
    except (FloorError, JournalError, OSError) as error:
        stop(str(error))
    try:
        asyncio.run(Pbx(config, enrolment, folder, journal).run())
    except OSError as error:
        stop(f"{file}: listen: {config.listen}: {error}")
    finally:
        journal.close()


def read_pbx_config(file: Path) -> PbxConfig:
    """Ends with one line, and the mend, if it cannot be used."""
    try:
        data = tables(file.read_bytes())
        config = msgspec.convert(data, PbxConfig)
    except (OSError, TablesError) as error:
        stop(f"{file}: cannot be read: {error}; see host/PHONES.md")
    except msgspec.ValidationError:
        stop("\n".join(f"{file}: {line}" for line in wrong_types(PbxConfig, data)))
    for table, names in (("desks", config.desks), ("people", config.people)):
        for name, endpoint in names.items():
            if endpoint.count("/") != 1:
                stop(f"{file}: {table}.{name}: {endpoint!r} is no telephone as Asterisk names it, such as PJSIP/1001")
    if not config.listen.rpartition(":")[2].isdigit():
        stop(f"{file}: listen: {config.listen!r} is no address:port, such as 0.0.0.0:4223")
    return config


class Pbx:
    """Joins the door, the floor and Asterisk."""

    def __init__(self, config: PbxConfig, enrolment: Enrolment, folder: Path, journal: Journal) -> None:
        self._config = config
        self._enrolment = enrolment
        self._folder = folder
        self._journal = journal
        table = config.asterisk
        self._account = Account(
            host=table.host, port=table.port, user=table.user, secret=table.secret, tls=table.tls, ca=table.ca
        )
        self._ami = SharedAmi(self._account)
        self._gate = Gate(enrolment.ca, config.desks, config.people)
        self._broker = Broker(self._settings, self._ami, self._refused)
        self._door = PbxDoor(self._broker, self._admit, self._gate.again)

    async def run(self) -> None:
        """Until Ctrl-C. OSError when its port cannot be had."""
        task = asyncio.current_task()
        assert task is not None
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
        host, _, port = self._config.listen.rpartition(":")
        certificate, key = self_signed(self._folder, "Rung broker")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        at = await self._door.open(host.strip("[]"), int(port), context)
        der = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.DER)
        self._say(f'the broker is up: port = {at}, pin = "{pin_of(der)}"')
        with contextlib.suppress(asyncio.CancelledError):
            await self._watch_floor()
        await self._door.close()
        await self._broker.stop()
        await self._ami.close()

    async def _watch_floor(self) -> None:
        while True:
            with contextlib.suppress(FloorError):
                async with connected(self._enrolment) as link:
                    while True:
                        said = await link.request(f"{STANDING}.{self._enrolment.desk}", b"", ANSWER_S)
                        self._gate.floor_is(read_standing(said.data))
                        self._cut()
                        await asyncio.sleep(LOOK_S)
            self._gate.floor_is(None)
            await asyncio.sleep(AGAIN_S)

    def _cut(self) -> None:
        for who in self._door.inside():
            if why := self._gate.why_not(who):
                self._refused(who.desk, who.person, "stay", why)
                self._door.cut(lambda each, who=who: each == who, why)  # type: ignore[misc]

    def _admit(self, enter: Enter, nonce: str) -> Pass:
        try:
            return self._gate.admit(enter, nonce)
        except PhoneError as error:
            self._refused(enter.desk[:40], "", "come in", str(error))
            raise

    def _settings(self, endpoint: str) -> AsteriskSettings:
        table, extension = self._config.asterisk, endpoint.partition("/")[2]
        return AsteriskSettings(
            account=self._account,
            endpoint=endpoint,
            dial=table.dial,
            member=table.member.format(extension),
            ring_s=table.ring_s,
            recordings=table.recordings,
            sounds=table.sounds,
        )

    def _refused(self, desk: str, person: str, what: str, why: str) -> None:
        self._say(f"refused: {desk} ({person or 'nobody'}): {what}: {why}")
        now = wall_ms()
        try:
            event = CommandRefused(desk=desk, person=person, what=what, why=why)
            self._journal.append([event], at_ms=now, wall_ms=now)
        except JournalError as error:
            self._say(f"not recorded: {error}")

    def _say(self, line: str) -> None:
        print(line, flush=True)
