"""The telephones that a `rung.toml` may name, and what can be wrong with what it says of them."""

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct


class SipConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="sip"):
    """The embedded SIP phone."""

    supervisors: str  # what to dial for a supervisor: a SIP address, or an extension of the domain
    user: str
    listen: str = "127.0.0.1:5060"
    domain: str = ""
    password: str = ""
    registrar: str = ""
    transport: Literal["udp", "tcp", "tls"] = "udp"
    ca: str = ""
    encryption: Literal["", "srtp", "srtp-mand", "dtls_srtp"] = ""
    audio_driver: str = "aumem"
    audio_source: str = ""
    audio_player: str = ""
    auto_answer_ms: int | None = None
    tone_hz: int = 0


class AsteriskConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="asterisk"):
    """A telephone of Asterisk's (FreePBX, Issabel), driven over the manager interface; see PHONES.md."""

    supervisors: str  # the extension that is rung for a supervisor
    user: str  # of the manager account
    secret: str
    endpoint: str  # the agent's telephone, as Asterisk names its channels: PJSIP/1001
    host: str = "127.0.0.1"
    port: int = 5038
    tls: bool = False
    ca: str = ""  # file of certificates that vouch for the manager's; empty: the system's
    dial: str = "PJSIP/{}"  # how Asterisk calls an extension
    member: str = ""  # the agent in Asterisk's queues; empty: the endpoint
    ring_s: int = 60
    recordings: str = ""  # folder on Asterisk's computer; empty: its own for recordings
    sounds: str = ""  # folder there of the recorded scripts; empty: nothing is played to a caller


class BaresipConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="baresip"):
    """A baresip that runs already on this computer, driven over its control line; see PHONES.md."""

    supervisors: str  # what to dial for a supervisor
    extension: str  # where this desk is rung by others
    control: str = "127.0.0.1:4444"  # its ctrl_tcp_listen


class BrokerConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="pbx"):
    """A telephone of Asterisk's behind `rung pbx`, which alone has the login; see PHONES.md."""

    supervisors: str  # the extension that is rung for a supervisor
    extension: str  # where this desk is rung by others
    host: str  # the broker's computer
    pin: str  # the digest of its certificate, as `rung pbx` prints it
    port: int = 4223


PhoneConfig = SipConfig | AsteriskConfig | BaresipConfig | BrokerConfig


def mistakes_of_phone(phone: PhoneConfig) -> Iterator[tuple[str, str]]:
    if isinstance(phone, AsteriskConfig):
        yield from _mistakes_of_asterisk(phone)
    elif isinstance(phone, BaresipConfig):
        yield from _mistakes_of_baresip(phone)
    elif isinstance(phone, BrokerConfig):
        yield from _not_dialled(phone)
        if not _PIN.fullmatch(phone.pin):
            yield "phone.pin", f"{phone.pin!r} is no certificate's digest; `rung pbx` prints it when it starts"
    else:
        yield from _mistakes_of_sip(phone)


def _not_dialled(phone: BaresipConfig | BrokerConfig) -> Iterator[tuple[str, str]]:
    for key, value in (("extension", phone.extension), ("supervisors", phone.supervisors)):
        if not _EXTENSION.fullmatch(value):
            yield f"phone.{key}", f"{value!r} cannot be dialled; name an extension, such as 1001, or an address"


def _mistakes_of_baresip(phone: BaresipConfig) -> Iterator[tuple[str, str]]:
    yield from _not_dialled(phone)
    if not _LISTEN.fullmatch(phone.control) or not phone.control.startswith("127."):
        yield "phone.control", f"{phone.control!r} is not an address:port of this computer, such as 127.0.0.1:4444"


def _mistakes_of_asterisk(phone: AsteriskConfig) -> Iterator[tuple[str, str]]:
    for key, value in (("user", phone.user), ("secret", phone.secret), ("host", phone.host)):
        if not value or " " in value:
            yield f"phone.{key}", f"{value!r} is empty or has a blank; see the manager account in PHONES.md"
    for key, value in (("endpoint", phone.endpoint), ("member", phone.member or phone.endpoint)):
        if not _DEVICE.fullmatch(value):
            yield f"phone.{key}", f"{value!r} is no telephone as Asterisk names it, such as PJSIP/1001"
    if not _EXTENSION.fullmatch(phone.supervisors):
        yield "phone.supervisors", f"{phone.supervisors!r} cannot be dialled; name an extension, such as 600"
    if phone.dial.count("{}") != 1 or not _EXTENSION.fullmatch(phone.dial.replace("{}", "")):
        yield "phone.dial", f"{phone.dial!r} is no way to dial, such as PJSIP/{{}} or Local/{{}}@from-internal"
    for key, number, least, most in (("port", phone.port, 1, 0xFFFF), ("ring_s", phone.ring_s, 1, 600)):
        if not least <= number <= most:
            yield f"phone.{key}", f"{number} is not between {least} and {most}"


def _mistakes_of_sip(phone: SipConfig) -> Iterator[tuple[str, str]]:
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
    for key, driver in (("driver", phone.audio_driver), ("source", phone.audio_source), ("player", phone.audio_player)):
        if not _AUDIO.fullmatch(driver) and (driver or key == "driver"):
            yield f"phone.audio_{key}", f"{driver!r} is no driver or device, such as aumem, alsa or alsa,plughw:1"
    if phone.ca and phone.transport != "tls":
        yield "phone.ca", 'vouches for nobody without transport = "tls"; set that, or leave it out'
    if phone.transport != "udp" and not phone.domain:
        yield "phone.transport", "is the way to a registrar; set phone.domain, or leave it out"
    for key, number, most in (("auto_answer_ms", phone.auto_answer_ms, 600_000), ("tone_hz", phone.tone_hz, 3400)):
        if number is not None and not 0 <= number <= most:
            yield f"phone.{key}", f"{number} is not between 0 and {most}"


_DEVICE = re.compile(r"[\w.-]+/[\w+.@/-]+", re.ASCII)
_PIN = re.compile(r"[A-Z2-7]{20,60}")
_EXTENSION = re.compile(r"[\w+*#@./:-]+", re.ASCII)
_LISTEN = re.compile(r"\d{1,3}(\.\d{1,3}){3}:\d{1,5}")
_AUDIO = re.compile(r"[a-z_0-9]{1,15}(,[^\s,]+)?")
