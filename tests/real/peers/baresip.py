"""Debian's baresip as a telephone: one process, driven over its loopback TCP control (ctrl_tcp).

That of the machine, 1.0.0 on Debian 12, or with ``newer`` that of Debian sid, unpacked with its own C library.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from . import START_S, free_port, missing, peers, start, stop, wait_for

CONFIG = """
sip_listen 127.0.0.1:{sip_port}
net_interface 127.0.0.1
call_max_calls 4
call_local_timeout 60
call_hold_other_calls no
audio_source aubridge,p1
audio_player aubridge,p1
audio_alert aubridge,p1
rtp_timeout 0
rtp_ports 10000-19999
module_path {modules}
module g711.so
module aubridge.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
"""

# A hand beside the control line, which has one client; a voice; and an ear: what each call hears is written to a file.
HAND = """
module_app httpd.so
http_listen 127.0.0.1:{http_port}
module ausine.so
module sndfile.so
snd_path {heard}
audio_source ausine,{tone_hz}
audio_player aubridge,ear
ausrc_srate 48000
ausrc_channels 2
"""


class Baresip:
    """A running baresip and its control connection (baresip serves one at a time)."""

    def __init__(self, user: str, sip_port: int, control_port: int, pid: int, http_port: int, home: Path) -> None:
        self.user, self.sip_port, self.control_port, self.pid = user, sip_port, control_port, pid
        self.http_port, self.home = http_port, home
        self.events: deque[dict[str, Any]] = deque()
        self._socket = socket.create_connection(("127.0.0.1", control_port), START_S)
        self._buffer = b""
        self._token = 0

    @property
    def uri(self) -> str:
        return f"sip:{self.user}@127.0.0.1:{self.sip_port}"

    def command(self, name: str, params: str = "") -> str:
        """Run a menu command (`dial`, `accept`, `hold`, `hangup` …) and return what it printed.

        Raises RuntimeError when baresip does not know it. Events in between are kept.
        """
        self._token += 1
        token = str(self._token)
        body = json.dumps({"command": name, "params": params, "token": token}).encode()
        self._socket.sendall(b"%d:%s," % (len(body), body))
        while True:
            message = self._message()
            if message.get("event"):
                self.events.append(message)
            elif message.get("token") == token:
                if not message["ok"]:
                    raise RuntimeError(f"baresip {name} {params}: {message['data']}")
                return str(message["data"])

    def event(self, kind: str) -> dict[str, Any]:
        """The next event of that type, such as CALL_ESTABLISHED; earlier ones are thrown away.

        Raises TimeoutError after START_S seconds without any message.
        """
        while True:
            message = self.events.popleft() if self.events else self._message()
            if message.get("type") == kind:
                return message

    def close(self) -> None:
        """Leave the control line to another client."""
        self._socket.close()

    def key(self, key: str) -> str:
        """What a person at it presses, and sees then: `a` accepts, `b` hangs up, `l` lists. Only with a tone."""
        address = f"http://127.0.0.1:{self.http_port}/raw/?{key}"
        with urllib.request.urlopen(address, timeout=START_S) as page:
            return str(page.read().decode(errors="replace"))

    def _message(self) -> dict[str, Any]:
        head, colon, rest = self._buffer.partition(b":")
        while not colon or len(rest) <= int(head):  # a netstring: LENGTH:BODY,
            if not (more := self._socket.recv(65536)):
                raise ConnectionError(f"{self.user}'s baresip closed its control connection")
            self._buffer += more
            head, colon, rest = self._buffer.partition(b":")
        length = int(head)
        self._buffer = rest[length + 1 :]
        # It puts colours, as raw control characters, inside its strings.
        message: dict[str, Any] = json.loads(rest[:length], strict=False)
        return message


@contextmanager
def running(
    user: str,
    folder: Path,
    sip_port: int | None = None,
    registrar: int | None = None,
    password: str = "",
    tone_hz: int = 0,
    newer: bool = False,
) -> Iterator[Baresip]:
    """Start a phone of that user; with `registrar`, a SIP port on loopback, it registers there.

    With `tone_hz` it has that voice, an ear and a hand (`key`); else it says back what it hears.
    """
    program, modules = _of_sid() if newer else _of_this_machine()
    process, phone = _start(program, modules, user, folder, sip_port, registrar, password, tone_hz)
    try:
        yield phone
    finally:
        phone.close()
        stop(process)


def _of_this_machine() -> tuple[list[str], Path]:
    program = shutil.which("baresip")
    if program is None:
        missing("Debian's baresip", "make peers")
    return [program], next(Path("/usr/lib").glob("**/baresip/modules"))


def _of_sid() -> tuple[list[str], Path]:
    root = peers() / "baresip"
    if not root.is_dir():
        missing("Debian sid's baresip", "make peers")
    libraries = next(root.glob("usr/lib/*-linux-gnu*/libre.so*")).parent
    loader = next(libraries.glob("ld-linux*.so.*"))
    program = [str(loader), "--library-path", str(libraries), str(root / "usr/bin/baresip")]
    return program, root / "usr/lib/baresip/modules"


def _start(
    program: list[str],
    modules: Path,
    user: str,
    folder: Path,
    sip_port: int | None,
    registrar: int | None,
    password: str,
    tone_hz: int,
) -> tuple[subprocess.Popen[bytes], Baresip]:
    last_words = ""
    for attempt in range(3):  # another program may take a port between choosing and binding it
        port = sip_port or free_port(2)  # baresip takes the next one too, for TLS
        control, http = free_port(), free_port()
        home = folder / f"{user}{attempt}"
        home.mkdir(parents=True)
        config = CONFIG.format(sip_port=port, control_port=control, modules=modules)
        if tone_hz:
            (home / "heard").mkdir()
            config = "".join(line for line in config.splitlines(True) if "audio_" not in line)
            config += HAND.format(http_port=http, heard=home / "heard", tone_hz=tone_hz)
        (home / "config").write_text(config.lstrip())
        (home / "contacts").write_text("")
        account = f"<sip:{user}@127.0.0.1:{registrar or port}>;auth_user={user};auth_pass={password}"
        (home / "accounts").write_text(f"{account};regint={60 if registrar else 0}\n")
        process = start([*program, "-f", str(home)], home / "console.log")
        try:
            connect = partial(Baresip, user, port, control, process.pid, http, home)
            return process, wait_for("baresip", connect, process)
        except RuntimeError:
            stop(process)
            last_words = (home / "console.log").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{user}'s baresip does not start; its last words: {last_words}")
