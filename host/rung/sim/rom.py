"""Why a box starts, and what an ESP32's boot ROM prints then.

The text is that of a classic ESP32. The reset pin and the power switch look alike to it, and to
`machine.reset_cause()`; a watchdog's reset looks in the ROM's text like one by software.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Cause = Literal["power", "pin", "software", "watchdog", "soft"]


class _Reset(NamedTuple):
    reset_cause: int  # what machine.reset_cause() answers
    rom_code: str


RESETS: Final[dict[Cause, _Reset]] = {
    "power": _Reset(1, "0x1 (POWERON_RESET)"),
    "pin": _Reset(1, "0x1 (POWERON_RESET)"),
    "software": _Reset(2, "0xc (SW_CPU_RESET)"),
    "watchdog": _Reset(3, "0xc (SW_CPU_RESET)"),
    "soft": _Reset(5, ""),
}

_ROM = """ets Jul 29 2019 12:21:46

rst:{code},boot:0x13 (SPI_FAST_FLASH_BOOT)
configsip: 0, SPIWP:0xee
clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00
mode:DIO, clock div:2
load:0x3fff0030,len:4892
ho 0 tail 12 room 4
load:0x40078000,len:14896
load:0x40080400,len:4
load:0x40080404,len:3372
entry 0x400805b0
"""

_WATCHDOG = """E ({up_ms}) task_wdt: Task watchdog got triggered. \
The following tasks/users did not reset the watchdog in time:
E ({up_ms}) task_wdt:  - mp_task (CPU 1)
E ({up_ms}) task_wdt: Aborting.

Rebooting...
"""


def boot_text(cause: Cause, up_ms: int) -> bytes:
    """What appears on the port before MicroPython speaks; `up_ms` is how long the box was up."""
    if cause == "soft":
        return b"MPY: soft reboot\r\n"
    last_words = _WATCHDOG.format(up_ms=up_ms) if cause == "watchdog" else ""
    text = last_words + _ROM.format(code=RESETS[cause].rom_code)
    return text.replace("\n", "\r\n").encode()
