"""`rung.toml`: one desk's configuration. A mistake is one line: file, key, what is wrong, what is allowed."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from rung.link.keys import state_home
from rung.policy import Book, Policy, PolicyError, Rule, Times, load
from rung.policy.checks import of_times
from rung.policy.library import shipped
from rung.policy.mistakes import explain
from rung.policy.proof import proved
from rung.words import Person, Role


class ConfigError(Exception):
    """A configuration that cannot be used; the message is one line with place and mend."""


class DeskConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The desk: who sits there, by which policy, and where its record is kept."""

    name: str = "desk"
    person: str | None = None  # who sits here; without a known person no call can be ended
    role: Role = Role.AGENT
    trained: bool = False  # that person holds a training that is still valid
    policy: str = "warm-transfer"  # a shipped policy, or the path of a .toml
    language: str = ""  # of the scripts; empty: the policy's first
    state: str = ""  # folder of the record and of the phone's control file; empty: the user's state folder


class QueueConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Calls of one queue or called number: another policy, another language, or both."""

    name: str  # of the queue, or the number that was called
    policy: str = ""  # as in `desk`; empty: the desk's
    language: str = ""  # empty: the desk's, where the policy speaks it, else the policy's first


class BoxConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Which box is this desk's, and where it is attached."""

    port: str = "auto"  # wherever it is plugged in; or a serial port, or any pyserial URL
    id: str = ""  # of the box; empty: the only one that is paired
    keys: str = ""  # folder of the keys of paired boxes; empty: in the state folder


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
    """One desk's whole configuration, as `read_config` has found it good."""

    phone: SipConfig
    box: BoxConfig = field(default_factory=BoxConfig)
    desk: DeskConfig = field(default_factory=DeskConfig)
    queue: tuple[QueueConfig, ...] = ()
    times: Times | None = None  # instead of the policies' own, in seconds

    def state_folder(self) -> Path:
        if self.desk.state:
            return Path(self.desk.state)
        return state_home() / self.desk.name

    @property
    def journal(self) -> Path:
        return self.state_folder() / "journal.db"

    @property
    def keys(self) -> Path:
        return Path(self.box.keys) if self.box.keys else self.state_folder() / "keys"

    @property
    def phone_control(self) -> Path:
        return self.state_folder() / "phone.json"

    def policy(self) -> Policy:
        """Raises PolicyError, but not for a configuration that `read_config` has let through."""
        return _proved(self.desk.policy, self.times)

    def book(self) -> Book:
        """The desk's policies, each call's chosen by its queue. Raises as `policy` does."""
        policy = self.policy()
        rules = []
        for queue in self.queue:
            own = _proved(queue.policy, self.times) if queue.policy else policy
            spoken = self.desk.language if self.desk.language in own.languages() else own.languages()[0]
            rules.append(Rule(queue.name, own, queue.language or spoken))
        return Book(policy, tuple(rules), self.desk.language or policy.languages()[0], desk=self.desk.name)

    def person(self) -> Person | None:
        """Who sits here."""
        desk = self.desk
        return None if desk.person is None else Person(desk.person, desk.role, desk.trained)


def _proved(name: str, times: Times | None) -> Policy:
    """A floor's own file is proved when it is loaded; what is shipped has been, and holds whatever its times are."""
    policy = load(name, times)
    return policy if name in shipped() else proved(policy, name)


def read_config(path: Path) -> Config:
    """Raises ConfigError with one line: file, key, what is wrong, what is allowed."""
    try:
        data = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; start from host/rung.example.toml") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {explain(error, Config, data)}") from None
    config = _with_paths_from(path.parent, config)
    for key, mistake in _mistakes(config):
        raise ConfigError(f"{path}: {key}: {mistake}")
    for key, mistake in _mistakes_of_policies(config):
        raise ConfigError(f"{path}: {key}: {mistake}")
    return config


def _with_paths_from(folder: Path, config: Config) -> Config:
    """Relative paths mean the same wherever the program is started: they count from the file's own folder."""
    desk = config.desk

    def policy_at(policy: str) -> str:
        return str(folder.resolve() / policy) if policy.endswith(".toml") else policy

    queues = tuple(replace(queue, policy=policy_at(queue.policy)) for queue in config.queue)
    state = str(folder.resolve() / Path(desk.state).expanduser()) if desk.state else ""
    keys = str(folder.resolve() / Path(config.box.keys).expanduser()) if config.box.keys else ""
    desk = replace(desk, state=state, policy=policy_at(desk.policy))
    return replace(config, desk=desk, box=replace(config.box, keys=keys), queue=queues)


def _mistakes(config: Config) -> Iterator[tuple[str, str]]:
    desk, phone = config.desk, config.phone
    for table, values in (("desk", desk), ("box", config.box), ("phone", phone)):
        for key, value in msgspec.structs.asdict(values).items():
            if isinstance(value, str) and not value.isprintable():
                yield f"{table}.{key}", f"{value!r} has a character that cannot be printed; take it out"
    if not desk.name.replace("-", "").replace("_", "").isalnum():
        yield "desk.name", f"{desk.name!r} is not allowed; use letters, digits, - and _"
    if desk.person is not None and not desk.person.strip():
        yield "desk.person", "is blank; name the agent, or leave the key out where nobody is known"
    if not config.box.port:
        mend = 'write "auto", or name a serial port, such as /dev/ttyUSB0 or COM3, or a pyserial URL'
        yield "box.port", f"is empty; {mend}"
    if config.box.id.strip("0123456789abcdef"):
        yield "box.id", f"{config.box.id!r} is no box's id, such as 24dcc3a1b2c3; `rung doctor` tells it"
    yield from of_times(config.times or Times())
    yield from _mistakes_of_phone(phone)


def _mistakes_of_policies(config: Config) -> Iterator[tuple[str, str]]:
    named: set[str] = set()
    places = [("desk", config.desk.policy, config.desk.language)]
    for number, queue in enumerate(config.queue):
        place = f"queue[{number}]"
        if not queue.name.strip() or not queue.name.isprintable():
            yield f"{place}.name", f"{queue.name!r} is no queue's name or number, such as billing or 1001"
        if queue.name in named:
            yield f"{place}.name", f"{queue.name!r} is named twice; keep one of them"
        if not queue.policy and not queue.language:
            yield place, f"changes nothing for {queue.name!r}; give it a policy, a language, or both"
        named.add(queue.name)
        places.append((place, queue.policy or config.desk.policy, queue.language))
    for place, name, language in places:
        try:
            spoken = _proved(name, config.times).languages()
        except PolicyError as error:
            yield f"{place}.policy", str(error)
            return
        if language and language not in spoken:
            yield f"{place}.language", f"{name} has no scripts in {language!r}; allowed: {', '.join(spoken)}"


def _mistakes_of_phone(phone: SipConfig) -> Iterator[tuple[str, str]]:
    for key, value in (("user", phone.user), ("supervisors", phone.supervisors)):
        if not value or " " in value:
            yield f"phone.{key}", f"{value!r} is empty or has a blank; name an extension, such as 1001"
    user, at, host = phone.supervisors.partition("@")
    if at and not (user.removeprefix("sip:") and host):
        yield "phone.supervisors", f"{phone.supervisors!r} is no address, such as sip:supervisors@127.0.0.1:5070"
    if not at and not phone.domain:
        mend = "set it, or give an address such as sip:supervisors@127.0.0.1:5070"
        yield "phone.supervisors", f"{phone.supervisors!r} needs phone.domain; {mend}"
    for key, value in (("domain", phone.domain), ("registrar", phone.registrar)):
        if " " in value:
            yield f"phone.{key}", f"{value!r} has a blank; name a host, such as pbx.example.com"
    if not _LISTEN.fullmatch(phone.listen) or int(phone.listen.rpartition(":")[2]) > 0xFFFF:
        yield "phone.listen", f"{phone.listen!r} is not an address:port, such as 127.0.0.1:5060"
    if not _AUDIO.fullmatch(phone.audio_driver):
        yield "phone.audio_driver", f"{phone.audio_driver!r} is no driver's name, such as aumem, alsa or pulse"
    for key, number, most in (("auto_answer_ms", phone.auto_answer_ms, 600_000), ("tone_hz", phone.tone_hz, 3400)):
        if number is not None and not 0 <= number <= most:
            yield f"phone.{key}", f"{number} is not between 0 and {most}"


_LISTEN = re.compile(r"\d{1,3}(\.\d{1,3}){3}:\d{1,5}")
_AUDIO = re.compile(r"[a-z_0-9]+")
