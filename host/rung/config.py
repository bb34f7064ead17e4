"""`rung.toml`: one desk's configuration. A mistake is one line: file, key, what is wrong, what is allowed."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from rung.config_phones import (
    AsteriskConfig,
    BaresipConfig,
    BrokerConfig,
    PhoneConfig,
    SipConfig,
    mistakes_of_phone,
)
from rung.journal.after.decide import Rules
from rung.link.keys import state_home
from rung.policy import Book, Policy, PolicyError, Rule, Times, load
from rung.policy.book import Recording
from rung.policy.checks import of_times
from rung.policy.library import shipped
from rung.policy.mistakes import wrong_types
from rung.policy.proof import proved
from rung.policy.tables import TablesError, one_line, tables
from rung.words import Person, Role

DAYS_MAX = 3650  # ten years; who needs a case longer places a hold
PAGE_LANGUAGES = ("en", "de")
GROUP_MAX = 9  # who waits for the tenth group has hung up long ago


class ConfigError(Exception):
    """A configuration that cannot be used; the message is one line with place and mend."""


class DeskConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The desk: who sits there, by which policy, and where its record is kept."""

    name: str = "desk"
    person: str | None = None  # who sits here; left out: people sign on; without a known person no call can be ended
    role: Role = Role.AGENT
    trained: bool = False  # that person holds a training that is still valid
    policy: str = "warm-transfer"  # a shipped policy, or the path of a .toml
    language: str = ""  # of the scripts; empty: the policy's first
    recording: Recording = "never"  # what panic may record: see `policy.book.Recording`
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


class FloorConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The floor that this desk is on; without this table it is alone."""

    enrolment: str = "floor.json"  # what `rung floor enrol` has written
    extension: str = ""  # what other desks dial for this one; empty: the phone's own
    group: int = 0  # of a supervisor: 0 is asked first, each wider group has the next number


class PrivacyConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How long what names a caller can be read, and how numbers are written here; see PRIVACY.md."""

    refused_days: int = 14  # the person and the buttons of a refused press
    cases_days: int = 180  # everything else, from the end of the call
    country: str = ""  # of numbers that begin with one 0, such as 49; empty: they stay as they are


class PageConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """This desk's pages in a browser; without this table there are none."""

    listen: str = "127.0.0.1:8710"  # another computer may look only at a supervisor's desk, with a certificate
    names: tuple[str, ...] = ()  # by which browsers call it, beside the address
    certificate: str = ""  # PEM files
    key: str = ""
    language: str = "en"  # of the pages, until somebody chooses another
    emergency: str = ""  # the number that the crisis card shows
    shift_hours: float = 12.0  # after that one signs on again


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One desk's whole configuration, as `read_config` has found it good."""

    phone: PhoneConfig
    box: BoxConfig = field(default_factory=BoxConfig)
    desk: DeskConfig = field(default_factory=DeskConfig)
    queue: tuple[QueueConfig, ...] = ()
    floor: FloorConfig | None = None
    privacy: PrivacyConfig = field(default_factory=PrivacyConfig)
    page: PageConfig | None = None
    after: Rules = Rules()
    times: Times | None = None  # instead of the policies' own, in seconds

    def state_folder(self) -> Path:
        if self.desk.state:
            return Path(self.desk.state)
        return state_home() / self.desk.name

    @property
    def journal(self) -> Path:
        return self.state_folder() / "journal.db"

    @property
    def vault(self) -> Path:
        """The keys of the record's texts; never copied anywhere."""
        return self.state_folder() / "vault.db"

    @property
    def keys(self) -> Path:
        return Path(self.box.keys) if self.box.keys else self.state_folder() / "keys"

    @property
    def phone_control(self) -> Path:
        return self.state_folder() / "phone.json"

    def policy(self) -> Policy:
        """Raises PolicyError, but not for a configuration that `read_config` has let through."""
        return load_proved(self.desk.policy, self.times)

    def book(self) -> Book:
        """The desk's policies, each call's chosen by its queue. Raises as `policy` does."""
        policy = self.policy()
        rules = []
        for queue in self.queue:
            own = load_proved(queue.policy, self.times) if queue.policy else policy
            spoken = self.desk.language if self.desk.language in own.languages() else own.languages()[0]
            rules.append(Rule(queue.name, own, queue.language or spoken))
        language = self.desk.language or policy.languages()[0]
        return Book(policy, tuple(rules), language, desk=self.desk.name, recording=self.desk.recording)

    def person(self) -> Person | None:
        """Who sits here."""
        desk = self.desk
        return None if desk.person is None else Person(desk.person, desk.role, desk.trained)


def load_proved(name: str, times: Times | None) -> Policy:
    """A floor's own file is proved when it is loaded; what is shipped has been, and holds whatever its times are."""
    policy = load(name, times)
    return policy if name in shipped() else proved(policy, name)


def read_config(path: Path) -> Config:
    """Raises ConfigError: file, key, what is wrong, what is allowed, a line for each mistake."""
    try:
        data = tables(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}; start from host/rung.example.toml") from None
    except TablesError as error:
        raise ConfigError(f"{path}: {error}") from None
    if isinstance(data.get("phone"), dict):
        data["phone"].setdefault("kind", "sip")
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError:
        raise ConfigError("\n".join(one_line(f"{path}: {line}") for line in wrong_types(Config, data))) from None
    config = _with_paths_from(path.parent, config)
    if found := list(_mistakes(config)) or list(_mistakes_of_policies(config)):
        raise ConfigError("\n".join(one_line(f"{path}: {key}: {mistake}") for key, mistake in found))
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
    floor = config.floor
    if floor is not None:
        floor = replace(floor, enrolment=str(folder.resolve() / Path(floor.enrolment).expanduser()))
    page = config.page
    if page is not None:
        files = [str(folder.resolve() / Path(f).expanduser()) if f else "" for f in (page.certificate, page.key)]
        page = replace(page, certificate=files[0], key=files[1])
    return replace(config, desk=desk, box=replace(config.box, keys=keys), queue=queues, floor=floor, page=page)


def _mistakes(config: Config) -> Iterator[tuple[str, str]]:
    desk, phone = config.desk, config.phone
    floor = config.floor or FloorConfig()
    for table, values in (("desk", desk), ("box", config.box), ("phone", phone), ("floor", floor)):
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
    if not 0 <= floor.group <= GROUP_MAX:
        yield "floor.group", f"{floor.group} is not between 0 and {GROUP_MAX}"
    if isinstance(phone, BrokerConfig) and (config.floor is None or desk.person is not None):
        mend = "write [floor], and leave desk.person out"
        yield "phone.kind", f"behind the broker people sign on at the floor; {mend}"
    for key, days in (("refused_days", config.privacy.refused_days), ("cases_days", config.privacy.cases_days)):
        if not 1 <= days <= DAYS_MAX:
            yield f"privacy.{key}", f"{days} is not between 1 and {DAYS_MAX}"
    if not re.fullmatch(r"([1-9]\d{0,2})?", config.privacy.country, re.ASCII):
        yield "privacy.country", f"{config.privacy.country!r} is no country's code, such as 49 or 1"
    if config.page is not None:
        yield from _mistakes_of_page(config.page, desk.role)
    yield from of_times(config.times or Times())
    yield from mistakes_of_phone(phone)


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
            spoken = load_proved(name, config.times).languages()
        except PolicyError as error:
            yield from ((f"{place}.policy", line) for line in str(error).split("\n"))
            return
        if language and language not in spoken:
            yield f"{place}.language", f"{name} has no scripts in {language!r}; allowed: {', '.join(spoken)}"


def _mistakes_of_page(page: PageConfig, role: Role) -> Iterator[tuple[str, str]]:
    host, _, port = page.listen.rpartition(":")
    try:
        own = ip_address(host.strip("[]")).is_loopback
    except ValueError:
        own = host == "localhost"
        if not own:
            yield "page.listen", f"{page.listen!r} is no address of this computer, such as 127.0.0.1:8710"
            return
    if not port.isdecimal() or int(port) > 0xFFFF:
        yield "page.listen", f"{page.listen!r} has no port, such as 127.0.0.1:8710"
    elif not own and role != Role.SUPERVISOR:
        yield "page.listen", "an agent's page is for this computer alone; write 127.0.0.1"
    elif not own and not (page.certificate and page.key):
        yield "page.listen", "other computers need TLS: set page.certificate and page.key, or write 127.0.0.1"
    if page.language not in PAGE_LANGUAGES:
        yield "page.language", f"{page.language!r} is not allowed: {', '.join(PAGE_LANGUAGES)}"
    if not 0 < page.shift_hours <= 24:
        yield "page.shift_hours", f"{page.shift_hours:g} is not between 0 and 24"


__all__ = [
    "AsteriskConfig",
    "BaresipConfig",
    "BrokerConfig",
    "Config",
    "ConfigError",
    "DeskConfig",
    "FloorConfig",
    "PageConfig",
    "PhoneConfig",
    "PrivacyConfig",
    "SipConfig",
    "read_config",
]
