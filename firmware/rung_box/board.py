"""Where the parts are on the board: an ESP32 DevKitC.

None of these pins is a strapping pin (0, 2, 12, 15), so that a button held at power-up cannot keep the board from
starting; none is in use by flash or console.
"""

BUTTON_PINS = (25, 26, 27)  # escalate, warn, release: to ground when pressed, with the chip's own pull-up
LAMPS_PIN = 4  # three NeoPixels in a row: escalate, warn, release
