"""`rung doctor`: what is seen (ports, box, phone, journal), and what is wrong with the mend."""

import asyncio
import os
import queue
import socket
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from serial.tools import list_ports

from rung import words as w
from rung.cli.ends import NO_SIP
from rung.config import Config, ConfigError, read_config
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.journal.verify import verify
from rung.link.line import BoxIs, Counters, Line, NotRecorded
from rung.phone.base import PhoneError
from rung.phone.client import PhoneClient

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
        doctor.bad("config", str(error))
        return False
    doctor.good("config", f"{file}: policy {config.policy().title!r}")
    if config.desk.person is None:
        doctor.bad("config", f"{file}: desk.person: nobody is named, so no call can be ended here; name the agent")
    in_use = _journal(doctor, config)
    _box(doctor, config, in_use)
    _phone(doctor, config)
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
    try:
        journal = Journal(path)
    except JournalError as error:
        in_use = "in use" in str(error)
        (doctor.good if in_use else doctor.bad)("journal", str(error))
        return in_use
    try:
        report = verify(journal.entries(), journal.id)
        if report.broken is None:
            doctor.good("journal", f"{path}: {report.head.seq} entries, the chain holds")
        else:
            doctor.bad("journal", f"{path}: entry {report.broken.seq} is {report.broken.fault}: {report.broken.what}")
    except JournalError as error:
        doctor.bad("journal", str(error))
    finally:
        journal.close()
    return False


class _Listener:
    """A door that takes nothing, and acknowledges nothing: it only hears whether a box greets."""

    def __init__(self) -> None:
        self.heard: queue.SimpleQueue[BoxIs] = queue.SimpleQueue()

    def last_press(self, box: str, boot: str) -> int:
        return 0

    def press(self, press: w.Pressed) -> w.Answer:
        raise NotRecorded("a press came while the doctor listened; the box keeps it for the bridge")

    def acknowledged(self, press: w.Pressed) -> None:
        pass

    def act(self) -> None:
        pass

    def shown(self, lamps: w.Lamps) -> None:
        pass

    def box(self, status: BoxIs) -> None:
        self.heard.put(status)

    def counted(self, counters: Counters) -> None:
        pass

    def failed(self, error: BaseException) -> None:
        self.heard.put(BoxIs(up=False, trouble=f"the line to the box broke by a mistake of this program: {error!r}"))


def _box(doctor: Doctor, config: Config, in_use: bool) -> None:
    if in_use:
        doctor.good("box", f"{config.box.port}: in use by the running bridge, which tells about the box")
        return
    status = asyncio.run(_hear(config.box.port))
    if status.up:
        doctor.good("box", f"{config.box.port}: box {status.box}, firmware {status.firmware}")
    else:
        doctor.bad("box", status.trouble)


async def _hear(port: str) -> BoxIs:
    listener = _Listener()
    line = Line(port, listener)
    line.start()
    status = BoxIs(up=False, trouble=f"{port}: no word from the line")
    loop = asyncio.get_running_loop()
    end = loop.time() + BOX_S
    while not status.up and (left := end - loop.time()) > 0:
        try:
            status = await asyncio.to_thread(listener.heard.get, True, left)
        except queue.Empty:
            break
        if "cannot be opened" in status.trouble:
            break
    line.stop()
    if not status.up and "no box has answered" in status.trouble:
        return BoxIs(up=False, trouble=f"{port}: opened, but no box answers; flash it: make flash PORT={port}")
    return status


def _phone(doctor: Doctor, config: Config) -> None:
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
