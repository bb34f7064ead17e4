"""`rung doctor`: what is seen (ports, box, phone, journal, floor), and what is wrong with the mend."""

import asyncio
import os
import socket
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from serial.tools import list_ports

from rung import words as w
from rung.cli.ends import NO_FLOOR, NO_SIP
from rung.cli.phones import asterisk_settings, control_of
from rung.config import AsteriskConfig, BaresipConfig, BrokerConfig, Config, ConfigError, read_config
from rung.floor.base import FloorError
from rung.journal.format import JournalError
from rung.journal.reading import reading
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.journal.verify import verify
from rung.link.hello import Trouble, greeted
from rung.link.keys import KeysError, read_keys
from rung.link.port import PortError
from rung.link.search import AUTO, boards
from rung.phone.asterisk.recall import look
from rung.phone.baresip_ask import look as look_at_baresip
from rung.phone.base import PhoneError
from rung.phone.client import PhoneClient
from rung.phone.pbx.client import connect

BOX_S = 4.0  # a box greets every 500 ms; a reset by opening the port takes a second or two


class Doctor:
    """Counts what is wrong while it tells what it sees."""

    def __init__(self) -> None:
        self.wrong = 0
        self._console = Console(highlight=False, soft_wrap=True)

    def good(self, about: str, text: str) -> None:
        self._console.print(f"[green]ok[/green]     {about:8} {escape(text)}")

    def bad(self, about: str, text: str) -> None:
        self.wrong += 1
        self._console.print(f"[red]wrong[/red]  {about:8} {escape(text)}")


def examine(file: Path) -> bool:
    """Print one line for each thing seen. True if nothing is wrong."""
    doctor = Doctor()
    _ports(doctor)
    try:
        config = read_config(file)
    except ConfigError as error:
        for line in str(error).split("\n"):
            doctor.bad("config", line)
        return False
    doctor.good("config", f"{file}: policy {config.policy().title!r}")
    if config.desk.person is None:
        doctor.bad("config", f"{file}: desk.person: nobody is named, so no call can be ended here; name the agent")
    in_use = _journal(doctor, config)
    _box(doctor, config, in_use)
    _phone(doctor, config)
    _floor(doctor, config)
    return doctor.wrong == 0


def _ports(doctor: Doctor) -> None:
    ports = list_ports.comports()
    for port in ports:
        doctor.good("port", f"{port.device}: {port.description}, USB {port.vid or 0:04x}:{port.pid or 0:04x}")
    if not ports:
        doctor.good("port", "no serial port is attached")


def _journal(doctor: Doctor, config: Config) -> bool:
    """Returns whether a running bridge has the record, and so the box."""
    path = config.journal
    if not path.exists():
        doctor.good("journal", f"{path}: not there yet; `rung run` makes it")
        return False
    in_use = False
    try:
        Journal(path).close()
    except JournalError as error:
        in_use = "in use" in str(error)
        (doctor.good if in_use else doctor.bad)("journal", str(error))
    try:
        with reading(path) as record:
            report = verify(record.entries(), record.id)
        if report.broken is None:
            doctor.good("journal", f"{path}: {report.head.seq} entries, the chain holds")
        else:
            doctor.bad("journal", f"{path}: entry {report.broken.seq} is {report.broken.fault}: {report.broken.what}")
    except JournalError as error:
        doctor.bad("journal", str(error))
    if not in_use:
        _vault(doctor, config)
    return in_use


def _vault(doctor: Doctor, config: Config) -> None:
    """The keys of what names a caller; a running bridge has them open, and says itself when they fail."""
    if not config.vault.exists():
        doctor.bad("keys", f"{config.vault}: not there, so what names callers in this record can be read no more")
        return
    if os.name == "posix" and config.vault.stat().st_mode & 0o077:
        doctor.bad("keys", f"{config.vault}: readable by others; chmod 600 {config.vault}")
    try:
        vault = Vault(config.vault, country=config.privacy.country)
        doctor.good("keys", f"{config.vault}: {len(vault.there())} keys")
        vault.close()
    except JournalError as error:
        doctor.bad("keys", str(error))


def _box(doctor: Doctor, config: Config, in_use: bool) -> None:
    if in_use:
        doctor.good("box", f"{config.box.port}: in use by the running bridge, which tells about the box")
        return
    try:
        keys = read_keys(config.keys)
    except KeysError as error:
        doctor.bad("keys", str(error))
        return
    wanted = config.box.id or (next(iter(keys)) if len(keys) == 1 else "")
    is_auto = config.box.port == AUTO
    ports = boards() if is_auto else [config.box.port]
    found = [_hear(doctor, config, port, wanted, is_auto) for port in ports]
    if is_auto and not any(found):
        mend = f"box {wanted}: plug it in" if wanted else "plug one in, then: rung pair"
        doctor.bad("box", f"no box for this desk on {', '.join(ports) or 'any port'}; {mend}")


def _hear(doctor: Doctor, config: Config, port: str, wanted: str, is_one_of_many: bool) -> bool:
    """Whether this desk's box is behind this port."""
    say = doctor.good if is_one_of_many else doctor.bad  # other desks' boxes, and other things, may be plugged in
    try:
        hello = greeted(port, read_keys(config.keys), BOX_S)
    except PortError as error:
        say("box", str(error))
        return False
    if hello is None:
        say("box", f"{port}: opened, but no box answers; flash it: rung flash --port {port}")
        return False
    if isinstance(hello, Trouble):
        say = doctor.bad if wanted in ("", hello.box) else doctor.good
        say("box", f"{port}: {hello}")
        return True
    stranger = hello.stranger(port, wanted, config.keys)
    if stranger:
        say("box", stranger)
        return False
    doctor.good("box", f"{port}: box {hello.box}, firmware {hello.firmware}, paired")
    for trouble in hello.troubles:
        doctor.bad("box", f"{port}: {trouble}")
    return True


def _phone(doctor: Doctor, config: Config) -> None:
    if isinstance(config.phone, AsteriskConfig):
        try:
            doctor.good("phone", asyncio.run(look(asterisk_settings(config.phone))))
        except PhoneError as error:
            doctor.bad("phone", str(error))
        return
    if isinstance(config.phone, BaresipConfig):
        _baresip(doctor, config.phone)
        return
    if isinstance(config.phone, BrokerConfig):
        _broker(doctor, config.phone)
        return
    control = config.phone_control
    try:
        address, calls = asyncio.run(_ask_phone(control))
    except PhoneError as error:
        if control.exists():
            doctor.bad("phone", f"{error}; it has died: `rung run` starts it again")
        elif find_spec("baresip") is None:
            doctor.bad("phone", NO_SIP)
        elif (taken := _port_taken(config.phone.listen)) is not None:
            doctor.bad("phone", f"phone.listen: {config.phone.listen}: {taken}; end that program, or name another port")
        else:
            doctor.good("phone", f"{control}: not running; `rung run` starts it")
        return
    doctor.good("phone", f"{address}: running, {calls} calls")
    if os.name == "posix" and control.stat().st_mode & 0o077:
        doctor.bad("phone", f"{control}: readable by others; chmod 600 {control}")


def _floor(doctor: Doctor, config: Config) -> None:
    if config.floor is None:
        doctor.good("floor", "this desk is alone; the supervisors' extension is rung")
        return
    if find_spec("nats") is None:
        doctor.bad("floor", NO_FLOOR)
        return
    from rung.floor.enrolment import read_enrolment
    from rung.floor.nats_places import look

    try:
        enrolment = read_enrolment(Path(config.floor.enrolment))
        floor = asyncio.run(look(enrolment))
    except FloorError as error:
        doctor.bad("floor", str(error))
        return
    here = "this one too" if enrolment.desk in floor.desks else "this one not: `rung run` joins it"
    seen = f"{len(floor.desks)} desks, {here}; {len(floor.present)} supervisors beside"
    doctor.good("floor", f"{enrolment.servers[0]}: in reach, {seen}")


def _port_taken(listen: str) -> str | None:
    """Why no phone could listen there; None if one could."""
    host, _, port = listen.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((host, int(port)))
        except OSError as error:
            return str(error.strerror)
    return None


async def _ask_phone(control: Path) -> tuple[str, int]:
    client = await PhoneClient.connect(control)
    try:
        calls = await client.calls()
        return client.address, sum(call.state != w.CallState.ENDED for call in calls)
    finally:
        await client.close()


def _broker(doctor: Doctor, phone: BrokerConfig) -> None:
    from rung.floor.enrolment import pin_of

    async def shown() -> str:
        _, writer, certificate = await connect(phone.host, phone.port)
        writer.transport.abort()
        return pin_of(certificate)

    at = f"the broker at {phone.host}:{phone.port}"
    try:
        pin = asyncio.run(shown())
    except (OSError, TimeoutError) as error:
        doctor.bad("phone", f"{at} is out of reach: {error or 'no answer'}; start it there: rung pbx")
        return
    if pin == phone.pin:
        doctor.good("phone", f"{at} is there; whoever signs on has a telephone")
    else:
        doctor.bad("phone", f"{at} shows another certificate; phone.pin is the one that `rung pbx` prints")


def _baresip(doctor: Doctor, phone: BaresipConfig) -> None:
    try:
        doctor.good("phone", asyncio.run(look_at_baresip(*control_of(phone))))
    except PhoneError as error:
        doctor.bad("phone", f"{error}; see PHONES.md")
