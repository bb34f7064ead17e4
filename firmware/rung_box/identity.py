"""Who this box is and what it has to tell: the box's end of the link, made at the start. Needed once."""

import binascii
import os

import machine

from rung_box import VERSION, crashes
from rung_box.key import read_key
from rung_box.once import forget
from rung_wire import codes
from rung_wire.box import BoxLink

_CAUSES = {
    machine.PWRON_RESET: codes.BY_POWER,
    machine.HARD_RESET: codes.BY_BUTTON,
    machine.SOFT_RESET: codes.BY_SOFTWARE,
    machine.WDT_RESET: codes.BY_WATCHDOG,
    machine.DEEPSLEEP_RESET: codes.BY_SLEEP,
}


def make_link(settings_wrong: str, caught: int, nonce):
    """The link, and whether it tells of a failure that no bridge has heard of."""
    cause = _CAUSES.get(machine.reset_cause(), codes.BY_UNKNOWN)
    failed = crashes.untold()
    told = ((codes.RESTARTED, failed), (codes.SETTINGS, crashes.sendable(settings_wrong)))
    troubles = tuple([trouble for trouble in told if trouble[1]])
    unique_id = binascii.hexlify(machine.unique_id()).decode()
    boot = binascii.hexlify(os.urandom(4)).decode()
    link = BoxLink(unique_id, boot, VERSION, cause, read_key(), nonce, caught, troubles)
    forget("rung_box.crashes", "rung_box.key", "rung_box.identity")
    return link, bool(failed)
