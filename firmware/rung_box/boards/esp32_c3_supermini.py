"""ESP32-C3 SuperMini: native USB, few pins, none to spare."""

CHIP = "ESP32C3"
BUTTONS = (3, 4, 5)
PIXELS = 10
LEDS = (0, 1, 6)
BUZZER = 7
