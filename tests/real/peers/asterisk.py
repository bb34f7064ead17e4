"""Asterisk 22 from the folder that `make peers` unpacks: own ports, own configuration, no root.

It runs under its own C library and loader, so it does not matter which Debian the machine has.
Phones register as `agent`, `caller` or `sup` and may dial each other by name or by number.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from . import free_port, missing, peers, start, stop, wait_for

ENDPOINTS = {"agent": "1001", "caller": "1002", "sup": "1003"}
"""Who may register, and the number that rings them (Atxfer needs numbers)."""

# With autoload=no it boots in a third of a second; the order is the order of dependence.
MODULES = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip
res_pjsip_session res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
res_pjsip_endpoint_identifier_user res_pjsip_registrar res_pjsip_sdp_rtp res_pjsip_caller_id
res_pjsip_pubsub res_pjsip_refer res_pjsip_rfc3326 res_pjsip_dtmf_info res_pjsip_header_funcs
res_pjsip_nat res_rtp_asterisk res_musiconhold chan_pjsip chan_bridge_media
codec_ulaw codec_alaw codec_a_mu codec_gsm codec_resample
format_pcm format_wav format_gsm format_sln
bridge_simple bridge_softmix bridge_holding bridge_native_rtp bridge_builtin_features
func_callerid func_channel func_logic func_strings func_db func_env func_global func_cut func_groupcount
func_uri func_periodic_hook func_timeout func_hangupcause func_volume
app_dial app_echo app_playback app_stack app_bridgewait app_bridgeaddchan app_originate
app_chanspy app_mixmonitor app_verbose app_userevent app_transfer app_queue app_exec
app_channelredirect app_playtones app_milliwatt app_voicemail
pbx_config
""".split()  # noqa: SIM905 (a list of 70 quoted names reads worse)


SHIPPED = Path(__file__).parents[3] / "host/rung/phone/asterisk"
WAITING = """
[waiting]
exten => s,1,Answer()
 same => n,Playtones(1400/1000)
 same => n,Wait(60)
"""
WAITING_HZ = 1400  # what a caller hears who was sent on, in place of a queue
# How long a telephone rings. More than any test lets Asterisk stand still: Dial counts that time too.
RING_S = 120


class AmiError(Exception):
    """The manager interface said no, or nothing."""


class Ami:
    """One login at the manager interface: one action at a time; events in between are kept."""

    def __init__(self, port: int, user: str, secret: str, timeout_s: float = 10.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\r\n")
        self.banner = self._lines.readline().strip()
        self.events: list[dict[str, str]] = []
        self.action("Login", Username=user, Secret=secret)

    def action(self, name: str, **fields: str) -> dict[str, str]:
        """Send one action and return its reply. Raises AmiError when Asterisk refuses it."""
        action_id = secrets.token_hex(4)
        lines = {"Action": name, "ActionID": action_id, **fields}
        self._socket.sendall("".join(f"{k}: {v}\r\n" for k, v in lines.items()).encode() + b"\r\n")
        while True:
            message = self._message()
            if "Event" in message:
                self.events.append(message)
            elif message.get("ActionID") == action_id:
                if message["Response"] == "Error":
                    raise AmiError(f"{name}: {message.get('Message')}")
                return message

    def event(self, *names: str, **fields: str) -> dict[str, str]:
        """The next event of one of those names with those fields; earlier ones are thrown away.

        Raises TimeoutError when nothing comes within the login's `timeout_s` seconds.
        """
        while True:
            message = self.events.pop(0) if self.events else self._message()
            if message.get("Event") in names and fields.items() <= message.items():
                return message

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def _message(self) -> dict[str, str]:
        message: dict[str, str] = {}
        while line := self._lines.readline():
            if line == "\r\n":
                if message:
                    return message
            else:
                key, _, value = line.rstrip("\r\n").partition(": ")
                message[key] = value
        raise AmiError("Asterisk closed the connection")


@dataclass
class Asterisk:
    """A running Asterisk. `passwords` are those of the SIP endpoints, by name; `endpoints` their numbers."""

    sip_port: int
    ami_port: int
    folder: Path
    pid: int = 0
    process: subprocess.Popen[bytes] | None = None
    command: list[str] = field(default_factory=list)
    ami_user: str = "admin"
    desk_secret: str = field(default_factory=lambda: secrets.token_hex(8))  # of the shipped account, user `rung`
    trunk_port: int = field(default_factory=lambda: free_port(4))  # where endpoint `trunk` is, which needs no password
    tls_port: int = field(default_factory=free_port)
    ami_secret: str = field(default_factory=lambda: secrets.token_hex(8))
    endpoints: Mapping[str, str] = field(default_factory=lambda: ENDPOINTS)
    rtp_timeout_s: int = 0  # after which a silent phone counts as lost; 0: never
    passwords: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.passwords = {name: secrets.token_hex(8) for name in self.endpoints}

    def start(self) -> None:
        """Again, after it was killed; with the ports and files that it had. RuntimeError if it does not."""
        self.process = start(self.command, self.console)
        self.pid = self.process.pid
        try:
            wait_for("Asterisk's manager", partial(_booted, self), self.process)
            wait_for("Asterisk's SIP", partial(_answers_options, self.sip_port), self.process)
        except RuntimeError:
            stop(self.process)
            raise

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    def ami(self) -> Ami:
        """A new login at the manager interface."""
        return Ami(self.ami_port, self.ami_user, self.ami_secret)

    def uri(self, name: str) -> str:
        return f"sip:{name}@127.0.0.1:{self.sip_port}"


def root() -> Path:
    """Where `make peers` has put Asterisk; the test skips (or fails) without it."""
    folder = peers() / "asterisk"
    if not folder.is_dir():
        missing("Asterisk", "make peers")
    return folder


@contextmanager
def running(folder: Path, dialplan: str = "", **more: Any) -> Iterator[Asterisk]:
    """Start Asterisk with its files in `folder`; `dialplan` adds extensions to context `rung`.

    ``more``: other fields of `Asterisk`.
    """
    pbx = _made(root(), folder, dialplan, more)
    try:
        yield pbx
    finally:
        assert pbx.process is not None
        stop(pbx.process)


def _made(here: Path, folder: Path, dialplan: str, more: dict[str, Any]) -> Asterisk:
    libraries = next(here.glob("usr/lib/*-linux-gnu*/asterisk/modules")).parent.parent
    loader = next(libraries.glob("ld-linux*.so.*"))
    last_words = ""
    for attempt in range(3):  # another program may take a port between choosing and binding it
        pbx = Asterisk(free_port(), free_port(), folder / f"asterisk{attempt}", **more)
        write_configuration(pbx, here, libraries / "asterisk/modules", dialplan)
        program = [loader, "--library-path", libraries, here / "usr/sbin/asterisk"]
        pbx.command = [str(part) for part in [*program, "-f", "-n", "-C", pbx.folder / "asterisk.conf"]]
        try:
            pbx.start()
        except RuntimeError:
            last_words = pbx.console.read_text(errors="replace")[-2000:]
        else:
            return pbx
    raise RuntimeError(f"Asterisk does not start; its last words: {last_words}")


def _booted(pbx: Asterisk) -> bool:
    ami = pbx.ami()
    ami.event("FullyBooted")
    ami.close()
    return True


def _answers_options(port: int) -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.settimeout(1)
        udp.connect(("127.0.0.1", port))
        here = f"127.0.0.1:{udp.getsockname()[1]}"
        branch = secrets.token_hex(8)
        udp.send(
            f"OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{branch}\r\n"
            f"From: <sip:probe@{here}>;tag={branch}\r\nTo: <sip:127.0.0.1:{port}>\r\n"
            f"Call-ID: {branch}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
            "Content-Length: 0\r\n\r\n".encode()
        )
        return udp.recv(4096).startswith(b"SIP/2.0")


def write_configuration(pbx: Asterisk, here: Path, modules: Path, dialplan: str) -> None:
    """Write every file that Asterisk reads, and make the folders that it writes to."""
    data = here / "usr/share/asterisk"
    (pbx.folder / "moh").mkdir(parents=True)
    for name in ("lib", "spool", "run", "log"):
        (pbx.folder / name).mkdir()
    self_sign(pbx.certificate, pbx.folder / "key.pem")
    # Music on hold must be a file that is there; a second of quiet noise is enough.
    tone = bytes(0xFF - (n % 8) for n in range(8000))
    (pbx.folder / "moh/tone.ulaw").write_bytes(tone)
    files = {
        "asterisk.conf": f"""
[directories]
astetcdir = {pbx.folder}
astmoddir = {modules}
astdatadir = {data}
astvarlibdir = {pbx.folder}/lib
astdbdir = {pbx.folder}/lib
astkeydir = {pbx.folder}/lib
astagidir = {pbx.folder}/lib
astspooldir = {pbx.folder}/spool
astrundir = {pbx.folder}/run
astlogdir = {pbx.folder}/log
[options]
documentation_language = en
""",
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {m}.so\n" for m in MODULES),
        "indications.conf": (here / "etc/asterisk/indications.conf").read_text(),
        "logger.conf": "[general]\n[logfiles]\nconsole = error,warning\n",
        "manager.conf": f"""
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {pbx.ami_port}
tlsenable = yes
tlsbindaddr = 127.0.0.1:{pbx.tls_port}
tlscertfile = {pbx.certificate}
tlsprivatekey = {pbx.folder}/key.pem
[{pbx.ami_user}]
secret = {pbx.ami_secret}
read = all
write = all
"""
        + (SHIPPED / "manager_rung.conf").read_text().replace("CHANGE-ME", pbx.desk_secret),
        "pjsip.conf": _pjsip(pbx),
        "extensions.conf": _extensions(pbx, dialplan),
        "extensions_rung.conf": (SHIPPED / "extensions_rung.conf").read_text(),
        "queues.conf": f"[help]\nstrategy = ringall\nmember => PJSIP/{next(iter(pbx.endpoints))}\n",
        "musiconhold.conf": f"[default]\nmode = files\ndirectory = {pbx.folder}/moh\n",
        "voicemail.conf": "[general]\nformat = wav\n[default]\n1003 = 4711,Supervisor\n",
        "rtp.conf": "[general]\nrtpstart = 32000\nrtpend = 32700\n",
        "features.conf": "[general]\natxferdropcall = no\n",
    }
    # Asterisk complains about each of these that is absent.
    for name in ("acl", "ccss", "cdr", "cel", "pjproject", "stasis", "udptl"):
        files[f"{name}.conf"] = ""
    for name, text in files.items():
        (pbx.folder / name).write_text(text.lstrip())


def self_sign(certificate: Path, key: Path) -> None:
    """For 127.0.0.1; whoever is given it as an authority trusts it."""
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = ["openssl", "req", "-x509", *curve, *subject, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)


def _pjsip(pbx: Asterisk) -> str:
    text = f"""
[loopback]
type = transport
protocol = udp
bind = 127.0.0.1:{pbx.sip_port}
"""
    text += f"""
[trunk]
type = endpoint
context = rung
disallow = all
allow = ulaw
aors = trunk
direct_media = no
[trunk]
type = aor
contact = sip:trunk@127.0.0.1:{pbx.trunk_port}
"""
    for name, password in pbx.passwords.items():
        # Without moh_passthrough the other side sees no hold.
        text += f"""
[{name}]
type = endpoint
context = rung
disallow = all
allow = ulaw,alaw
auth = {name}
aors = {name}
direct_media = no
moh_passthrough = yes
callerid = {name} <{pbx.endpoints[name]}>
rtp_timeout = {pbx.rtp_timeout_s}
[{name}]
type = auth
auth_type = userpass
username = {name}
password = {password}
[{name}]
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = 5
"""
    return text


def _extensions(pbx: Asterisk, dialplan: str) -> str:
    """As a PBX may have them: blocked callers turned away, and a caller whose agent was lost sent on."""
    text = "[globals]\nRUNG_ONWARD = waiting,s,1\n[rung]\nexten => echo,1,Answer()\n same => n,Echo()\n"
    text += "exten => help,1,Answer()\n same => n,Queue(help)\n"
    for name, number in pbx.endpoints.items():
        for extension in (name, number):
            text += f"exten => {extension},1,Gosub(rung-blocked,s,1)\n"
            text += f" same => n,Gosub(rung-ring,s,1(PJSIP/{name},{RING_S},tT))\n"
    return text + dialplan + WAITING + "\n#include extensions_rung.conf\n"
