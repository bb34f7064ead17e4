"""`rung.toml`: one desk's configuration. A mistake is one line: file, key, what is wrong, what is allowed."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from rung.policy import Policy, PolicyError, Times, load
from rung.policy.language import mistaken_times
from rung.policy.mistakes import explain


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
            return Path(self.desk.state)
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
        raise ConfigError(f"{path}: {explain(error, Config)}") from None
    config = _with_paths_from(path.parent, config)
    for key, mistake in _mistakes(config):
        raise ConfigError(f"{path}: {key}: {mistake}")
    try:
        config.policy()
    except PolicyError as error:
        raise ConfigError(f"{path}: desk.policy: {error}") from None
    return config


def _with_paths_from(folder: Path, config: Config) -> Config:
    """Relative paths mean the same wherever the program is started: they count from the file's own folder."""
    desk = config.desk
    state = str(folder.resolve() / Path(desk.state).expanduser()) if desk.state else ""
    policy = str(folder.resolve() / desk.policy) if desk.policy.endswith(".toml") else desk.policy
    return replace(config, desk=replace(desk, state=state, policy=policy))


def _mistakes(config: Config) -> Iterator[tuple[str, str]]:
    desk, phone = config.desk, config.phone
    if not desk.name.replace("-", "").replace("_", "").isalnum():
        yield "desk.name", f"{desk.name!r} is not allowed; use letters, digits, - and _"
    if desk.person is not None and not desk.person.strip():
        yield "desk.person", "is blank; name the agent, or leave the key out where nobody is known"
    if not config.box.port:
        yield "box.port", "is empty; name a serial port, such as /dev/ttyUSB0 or COM3, or a pyserial URL"
    yield from mistaken_times(config.times or Times())
    if not phone.supervisors:
        yield "phone.supervisors", "is empty; name the extension to ring when a supervisor is asked"
    elif not phone.domain and "@" not in phone.supervisors:
        example = "sip:supervisors@127.0.0.1:5070"
        yield (
            "phone.supervisors",
            f"{phone.supervisors!r} needs phone.domain; set it, or give an address such as {example}",
        )
    host, _, port = phone.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 0xFFFF:
        yield "phone.listen", f"{phone.listen!r} is not an address:port, such as 127.0.0.1:5060"
