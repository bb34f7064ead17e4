"""Asterisk, driven over its manager interface (AMI) and a dialplan of our own: `extensions_rung.conf`, beside this."""

from rung.phone.asterisk.link import Account
from rung.phone.asterisk.phone import AsteriskPhone
from rung.phone.asterisk.settings import AsteriskSettings

__all__ = ["Account", "AsteriskPhone", "AsteriskSettings"]
