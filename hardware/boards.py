"""The boards a box can be built around: their headers as printed, and which pin of each does what.

The pins are written here a second time, beside the firmware's own map: `tests/hardware` compares them, so that neither
moves without the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

BUTTONS = ("escalate", "warn", "release")
LAMPS = ("pixels", "leds")  # three pixels in a row, or a plain LED for each button


@dataclass(frozen=True)
class Board:
    """One development board. A header pin is a GPIO's number, or one of 5V, 3V3, GND, EN."""

    name: str
    title: str
    # In the order of the pins, from the antenna's end to the USB end; outer rows first, the left before the right.
    headers: dict[str, tuple[int | str, ...]]
    buttons: tuple[int, int, int]  # GPIOs, in the order of BUTTONS
    pixels: int
    leds: tuple[int, int, int]
    buzzer: int
    strapping: frozenset[int]  # read by the chip at reset
    taken: frozenset[int]  # by flash, PSRAM, console, USB or a light on the board
    usb: str  # the cable's plug at the box
    firmware: str = ""  # the firmware's map, where it is not that of the same name
    input_only: frozenset[int] = field(default=frozenset())
    labels: dict[int | str, str] = field(default_factory=dict)  # what the board prints, where it is not the number

    def pins(self, lamps: str) -> dict[str, int]:
        """Function: GPIO, for a box with such lamps."""
        found = dict(zip(BUTTONS, self.buttons, strict=True)) | {"buzzer": self.buzzer}
        if lamps == "pixels":
            return found | {"lamps": self.pixels}
        return found | {f"lamp {role}": gpio for role, gpio in zip(BUTTONS, self.leds, strict=True)}


_ESP32_STRAPPING = frozenset({0, 2, 5, 12, 15})
_ESP32_TAKEN = frozenset({1, 3, 6, 7, 8, 9, 10, 11, 16, 17})  # 16 and 17 are PSRAM's on a WROVER
_ESP32_INPUT_ONLY = frozenset({34, 35, 36, 39})

BOARDS = (
    Board(
        name="esp32_devkitc",
        title="ESP32-DevKitC V4",
        headers={
            "left": ("3V3", "EN", 36, 39, 34, 35, 32, 33, 25, 26, 27, 14, 12, "GND", 13, 9, 10, 11, "5V"),
            "right": ("GND", 23, 22, 1, 3, 21, "GND", 19, 18, 5, 17, 16, 4, 0, 2, 15, 8, 7, 6),
        },
        buttons=(25, 26, 27),
        pixels=4,
        leds=(18, 19, 21),
        buzzer=22,
        strapping=_ESP32_STRAPPING,
        taken=_ESP32_TAKEN,
        input_only=_ESP32_INPUT_ONLY,
        usb="USB Micro-B",
        labels={36: "VP", 39: "VN", 9: "D2", 10: "D3", 11: "CMD", 1: "TX", 3: "RX", 8: "D1", 7: "D0", 6: "CLK"},
    ),
    Board(
        name="esp32_devkit_v1",
        firmware="esp32_devkitc",
        title="ESP32 DevKit V1 (30 pins)",
        headers={
            "left": ("EN", 36, 39, 34, 35, 32, 33, 25, 26, 27, 14, 12, 13, "GND", "5V"),
            "right": (23, 22, 1, 3, 21, 19, 18, 5, 17, 16, 4, 2, 15, "GND", "3V3"),
        },
        buttons=(25, 26, 27),
        pixels=4,
        leds=(18, 19, 21),
        buzzer=22,
        strapping=_ESP32_STRAPPING,
        taken=_ESP32_TAKEN,
        input_only=_ESP32_INPUT_ONLY,
        usb="USB Micro-B",
        labels={
            "5V": "VIN",
            **{gpio: f"D{gpio}" for gpio in (2, 4, 5, 12, 13, 14, 15, 18, 19, 21, 22, 23, 25, 26, 27, 32, 33, 34, 35)},
            **{36: "VP", 39: "VN", 1: "TX0", 3: "RX0", 16: "RX2", 17: "TX2"},
        },
    ),
    Board(
        name="esp32_s3_devkitc_1",
        title="ESP32-S3-DevKitC-1",
        headers={
            "J1": ("3V3", "3V3", "EN", 4, 5, 6, 7, 15, 16, 17, 18, 8, 3, 46, 9, 10, 11, 12, 13, 14, "5V", "GND"),
            "J3": ("GND", 43, 44, 1, 2, 42, 41, 40, 39, 38, 37, 36, 35, 0, 45, 48, 47, 21, 20, 19, "GND", "GND"),
        },
        buttons=(4, 5, 6),
        pixels=7,
        leds=(15, 16, 17),
        buzzer=18,
        strapping=frozenset({0, 3, 45, 46}),
        # Octal PSRAM has 33 to 37; the board's own pixel hangs on 48 (v1.0) or 38 (v1.1).
        taken=frozenset({19, 20, 35, 36, 37, 38, 43, 44, 48}),
        usb="the plug of the port marked USB (C or Micro-B, by the board's version)",
        labels={"EN": "RST", "GND": "G", 43: "TX", 44: "RX"},
    ),
    Board(
        name="lolin_s2_mini",
        title="LOLIN S2 mini",
        headers={
            "outer left": ("EN", 3, 5, 7, 9, 11, 12, "3V3"),
            "outer right": (39, 37, 35, 33, 18, 16, "GND", "5V"),
            "inner left": (1, 2, 4, 6, 8, 10, 13, 14),
            "inner right": (40, 38, 36, 34, 21, 17, "GND", 15),
        },
        buttons=(5, 7, 9),
        pixels=11,
        leds=(12, 16, 18),
        buzzer=33,
        strapping=frozenset({0, 45, 46}),
        taken=frozenset({15}),  # the board's own light
        usb="USB-C",
        labels={"5V": "VBUS"},
    ),
    Board(
        name="esp32_c3_supermini",
        title="ESP32-C3 SuperMini",
        headers={
            "left": (0, 1, 2, 3, 4, "3V3", "GND", "5V"),
            "right": (21, 20, 10, 9, 8, 7, 6, 5),
        },
        buttons=(3, 4, 5),
        pixels=10,
        leds=(0, 1, 6),
        buzzer=7,
        strapping=frozenset({2, 8, 9}),
        taken=frozenset({20, 21}),
        usb="USB-C",
    ),
)
