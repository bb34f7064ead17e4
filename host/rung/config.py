"""`rung.toml`: one desk's configuration. A mistake is one line: file, key, what is wrong, what is allowed."""

import os
import tomllib
from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec import Struct, field

from rung.policy import Policy, PolicyError, Times, load


class ConfigError(Exception):
    """A configuration that cannot be used; the message is one line with place and mend."""


class DeskConfig(Struct, frozen=True, forbid_unknown_fields=True):
    name: str = "desk"
    person: str | None = None  # who sits here; without a known person no call can be ended
    policy: str = "warm-transfer"  # a shipped policy, or the path of a .toml
    state: str = ""  # folder of the record and of the phone's control file; empty: the user's state folder


class BoxConfig(Struct, frozen=True, forbid_unknown_fields=True):
    port: str  # a serial port or any pyserial URL


class SipConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The embedded SIP phone."""

    kind: Literal["sip"] = "sip"
    supervisors: str  # what to dial for a supervisor: a SIP address, or an extension of the domain
    user: str
    listen: str = "127.0.0.1:5060"
    domain: str = ""
    password: str = ""
    registrar: str = ""
    audio_driver: str = "aumem"
    auto_answer_ms: int | None = None
    tone_hz: int = 0


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    box: BoxConfig
    phone: SipConfig
    desk: DeskConfig = field(default_factory=DeskConfig)
    times: Times | None = None  # instead of the policy's own, in seconds

    def state_folder(self) -> Path:
        if self.desk.state:
            return Path(self.desk.state).expanduser()
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return Path(base) / "rung" / self.desk.name

    @property
    def journal(self) -> Path:
        return self.state_folder() / "journal.db"

    @property
    def phone_control(self) -> Path:
        return self.state_folder() / "phone.json"

    def policy(self) -> Policy:
        """Raises PolicyError, but not for a configuration that `read_config` has let through."""
        return load(self.desk.policy, self.times)


def read_config(path: Path) -> Config:
    """Raises ConfigError with one line: file, key, what is wrong, what is allowed."""
    try:
        config = msgspec.convert(tomllib.loads(path.read_text()), Config)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; start from host/rung.example.toml") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_where_and_what(str(error))}") from None
    for key, mistake in _mistakes(config):
        raise ConfigError(f"{path}: {key}: {mistake}")
    try:
        config.policy()
    except PolicyError as error:
        raise ConfigError(f"{path}: desk.policy: {error}") from None
    return config


def _mistakes(config: Config) -> list[tuple[str, str]]:
    found = []
    if not config.desk.name.replace("-", "").replace("_", "").isalnum():
        found.append(("desk.name", f"{config.desk.name!r} is not allowed; use letters, digits, - and _"))
    if not config.box.port:
        found.append(("box.port", "is empty; name a serial port, such as /dev/ttyUSB0 or COM3, or a pyserial URL"))
    for key, seconds in msgspec.structs.asdict(config.times or Times()).items():
        if not 0 <= seconds <= 3600:
            found.append((f"times.{key}", f"{seconds} is not between 0 and 3600 seconds"))
    if not config.phone.supervisors:
        found.append(("phone.supervisors", "is empty; name the extension to ring when a supervisor is asked"))
    host, _, port = config.phone.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 0xFFFF:
        found.append(("phone.listen", f"{config.phone.listen!r} is not an address:port, such as 127.0.0.1:5060"))
    return found


def _where_and_what(error: str) -> str:
    """msgspec's message, with the key first and what is allowed at the end."""
    what, _, where = error.partition(" - at ")
    key = where.strip("`").removeprefix("$").removeprefix(".")
    return f"{key or 'top level'}: {what}{_allowed(key, what)}"


def _allowed(key: str, what: str) -> str:
    table, _, name = key.partition(".")
    fields = {f.name: f.type for f in msgspec.structs.fields(_TABLES.get(table, Config))}
    if "field" in what:
        return f"; allowed: {', '.join(fields)}"
    choices = get_args(fields.get(name))
    return f"; allowed: {', '.join(map(str, choices))}" if "enum" in what and choices else ""


_TABLES: dict[str, type[Struct]] = {"desk": DeskConfig, "box": BoxConfig, "phone": SipConfig, "times": Times}
