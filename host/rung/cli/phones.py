"""The phone that a configuration asks for."""

from pathlib import Path

import msgspec

from rung.cli.ends import NO_FLOOR, NO_SIP, need, stop
from rung.config import AsteriskConfig, BaresipConfig, BrokerConfig, Config, SipConfig
from rung.floor.base import FloorError
from rung.phone.asterisk import Account, AsteriskPhone, AsteriskSettings
from rung.phone.baresip import BaresipPhone
from rung.phone.base import Phone
from rung.phone.sip import SipPhone
from rung.phone.sip_control import SipSettings


def phone_of(config: Config) -> Phone:
    """Ends the command with one line if the parts for it are not installed."""
    if isinstance(config.phone, AsteriskConfig):
        return AsteriskPhone(asterisk_settings(config.phone))
    if isinstance(config.phone, BaresipConfig):
        return BaresipPhone(*control_of(config.phone))
    if isinstance(config.phone, BrokerConfig):
        return _behind_the_broker(config, config.phone)
    need("baresip", NO_SIP)
    return SipPhone(config.phone_control, sip_settings(config.phone), start=True)


def _behind_the_broker(config: Config, phone: BrokerConfig) -> Phone:
    need("nats", NO_FLOOR)
    from rung.floor.enrolment import pin_of, read_enrolment
    from rung.floor.ticket import sign
    from rung.phone.pbx.client import BrokerAt, BrokerPhone

    assert config.floor is not None
    try:
        enrolment = read_enrolment(Path(config.floor.enrolment))
    except FloorError as error:
        stop(str(error))
    at = BrokerAt(host=phone.host, port=phone.port, pin=phone.pin)
    return BrokerPhone(at, enrolment.desk, lambda data: sign(enrolment.seed, data), pin_of)


def extension_of(config: Config) -> str:
    """Where this desk is rung by others."""
    phone = config.phone
    if isinstance(phone, BaresipConfig | BrokerConfig):
        return phone.extension
    return phone.endpoint.partition("/")[2] if isinstance(phone, AsteriskConfig) else phone.user


def control_of(phone: BaresipConfig) -> tuple[str, int]:
    host, _, port = phone.control.partition(":")
    return host, int(port)


def sip_settings(phone: SipConfig) -> SipSettings:
    fields = msgspec.structs.asdict(phone)
    return SipSettings(**{key: value for key, value in fields.items() if key != "supervisors"})


def asterisk_settings(phone: AsteriskConfig) -> AsteriskSettings:
    account = Account(
        host=phone.host, port=phone.port, user=phone.user, secret=phone.secret, tls=phone.tls, ca=phone.ca
    )
    return AsteriskSettings(
        account=account,
        endpoint=phone.endpoint,
        dial=phone.dial,
        member=phone.member,
        ring_s=phone.ring_s,
        recordings=phone.recordings,
        sounds=phone.sounds,
    )
