"""ESP32-S3-DevKitC-1. Its own light is at GPIO 48 or 38 and stays dark."""

CHIP = "ESP32S3"
BUTTONS = (4, 5, 6)
PIXELS = 7
LEDS = (15, 16, 17)
BUZZER = 18
