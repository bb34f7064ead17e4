"""ESP32-DevKitC, all versions. GPIO 16 and 17 stay free: on a WROVER module its memory has them."""

CHIP = "ESP32"
BUTTONS = (25, 26, 27)
PIXELS = 4
LEDS = (18, 19, 21)
BUZZER = 22
