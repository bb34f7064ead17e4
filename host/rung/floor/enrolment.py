"""How a desk comes onto the floor: a code from the floor's computer, and for it the floor's trust.

The code names where the floor is, which desk may come, a secret to come with once, and by its digest the certificate
that the server must show: so the desk knows the floor before it says anything, and its own key never leaves it.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import re
import ssl
from pathlib import Path

import msgspec
from msgspec import Struct

from rung.floor.base import FloorError, FloorUnsureError
from rung.floor.nats_link import ATTEMPTS, CONNECT_S, Enrolment, Unreachable, connected
from rung.floor.nkey import new_seed, public
from rung.private import write_private
from rung.words import Role

DESK = re.compile(r"[A-Za-z0-9_-]{1,40}")
ANSWER_S = 5.0  # the floor writes it to its disk first
PIN_BYTES = 16
_CODE = re.compile(r"rung:(?P<host>[^/\s]+):(?P<port>\d+)/(?P<desk>[\w-]+)/(?P<seed>[A-Z2-7]+)/(?P<pin>[A-Z2-7]+)")


class Welcome(Struct, frozen=True, kw_only=True, tag=True):
    """What a desk gets for its code."""

    role: Role
    servers: tuple[str, ...]
    ca: str
    callers: str = ""  # see `Enrolment`
    config: str = ""  # a whole rung.toml, if the floor hands one out
    policies: dict[str, str] = {}  # files beside it, by name


class Turned(Struct, frozen=True, tag=True):
    """It is not let in."""

    why: str


class Code(Struct, frozen=True):
    """`str` of it is what is typed at the desk."""

    host: str
    port: int
    desk: str
    seed: str
    pin: str

    def __str__(self) -> str:
        return f"rung:{self.host}:{self.port}/{self.desk}/{self.seed}/{self.pin}"


def read_code(text: str) -> Code:
    found = _CODE.fullmatch(text.strip())
    if found is None:
        raise FloorError("that is no enrolment code; copy the whole line that `rung floor add-desk` has printed")
    host = found["host"].strip("[]")
    return Code(host, int(found["port"]), found["desk"], found["seed"], found["pin"])


def pin_of(certificate: bytes) -> str:
    """The digest of a certificate (DER)."""
    return base64.b32encode(hashlib.sha256(certificate).digest()[:PIN_BYTES]).decode().rstrip("=")


async def enrol(code: Code) -> tuple[Enrolment, Welcome]:
    """Use the code up. FloorError, with one line, if that does not come to its end; then ask for another code."""
    certificate = await _shown(code)
    seed = new_seed()
    guest = Enrolment(
        desk=code.desk,
        role=Role.AGENT,
        servers=(f"tls://{_bracketed(code.host)}:{code.port}",),
        ca=certificate,
        seed=code.seed,
    )
    said = await _ask(guest, public(seed), ATTEMPTS)
    if isinstance(said, Turned):
        raise FloorError(said.why)
    made = Enrolment(desk=code.desk, role=said.role, servers=said.servers, ca=said.ca, seed=seed, callers=said.callers)
    return made, said


async def _ask(guest: Enrolment, key: str, attempts: int) -> Welcome | Turned:
    """The same key gets the same answer, so it may be asked for again when that was lost."""
    try:
        async with connected(guest) as link:
            answer = await link.request(f"rung.floor.enrol.{guest.desk}", key.encode(), ANSWER_S)
    except (FloorUnsureError, Unreachable):
        if attempts == 1:
            raise
        return await _ask(guest, key, attempts - 1)
    return msgspec.json.decode(answer.data, type=Welcome | Turned)


async def _shown(code: Code) -> str:
    """The certificate that the server there shows, as PEM; only the very one that the code names."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    at = f"{code.host}:{code.port}"
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(code.host, code.port, ssl=context)
    except (TimeoutError, OSError) as error:
        raise FloorError(f"the floor at {at} is out of reach: {error or 'it does not answer'}") from None
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    if not hmac.compare_digest(pin_of(certificate), code.pin):
        raise FloorError(f"{at} is not the floor that made this code, or has a new certificate; ask for another code")
    return ssl.DER_cert_to_PEM_cert(certificate)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def keep_enrolment(file: Path, enrolment: Enrolment) -> None:
    """Readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, msgspec.json.format(msgspec.json.encode(enrolment), indent=1))


def read_enrolment(file: Path) -> Enrolment:
    """FloorError with one line, and the mend, if there is none."""
    with contextlib.suppress(FileNotFoundError):
        try:
            return msgspec.json.decode(file.read_bytes(), type=Enrolment)
        except (OSError, msgspec.MsgspecError) as error:
            raise FloorError(f"{file}: cannot be read: {error}; enrol the desk again: rung floor enrol") from None
    raise FloorError(f"{file}: not there; rung floor add-desk (at the floor) gives a code, then: rung floor enrol CODE")
