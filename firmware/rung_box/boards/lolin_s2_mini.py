"""LOLIN S2 mini: native USB, no chip beside it. Its own light is at GPIO 15 and stays dark."""

CHIP = "ESP32S2"
BUTTONS = (5, 7, 9)
PIXELS = 11
LEDS = (12, 16, 18)
BUZZER = 33
