"""Where the parts of a box are on each board; one module a board, with the same names in each.

CHIP is one of `pins.CHIPS`. BUTTONS: escalate, warn, release; to ground when pressed, with the chip's own pull-up. The
lamps are three NeoPixels in a row, data at PIXELS, or three plain LEDs at LEDS, each to ground through its resistor.
BUZZER: a passive one, or its transistor.
"""

# The board of a chip, if the box's settings name no other.
USUAL = {
    "ESP32": "esp32_devkitc",
    "ESP32S2": "lolin_s2_mini",
    "ESP32S3": "esp32_s3_devkitc_1",
    "ESP32C3": "esp32_c3_supermini",
}
