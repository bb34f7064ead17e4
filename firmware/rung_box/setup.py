"""What this box is made of: its board's pins and its settings. Read at the start, and forgotten when all is built."""

import sys

from rung_box import boards, pins, settings
from rung_box.once import forget


class Setup:
    """`buttons`, and `leds` if the lamps are plain LEDs: pins in the order in which escalate, warn and release stand on
    the desk. `wrong`: what is wrong with the settings. ValueError where a pin must not carry what the map has there."""

    def __init__(self) -> None:
        values, self.wrong = settings.read_settings()
        chip = pins.chip_of(getattr(sys.implementation, "_machine", ""))
        name = values["board"] or boards.USUAL.get(chip, "esp32_devkitc")
        __import__("rung_box.boards." + name)
        board = getattr(boards, name)
        if chip and chip != board.CHIP:
            raise ValueError("board %s is no %s" % (name, chip))
        for problem in pins.problems(board):
            raise ValueError(problem)
        self.is_mirrored = values["mirror"] == "yes"
        self.buttons = tuple(reversed(board.BUTTONS)) if self.is_mirrored else board.BUTTONS
        leds = tuple(reversed(board.LEDS)) if self.is_mirrored else board.LEDS
        self.leds = leds if values["lamps"] == "leds" else None
        self.pixels = board.PIXELS
        self.buzzer = board.BUZZER
        self.sounds = values["buzzer"]
        self.is_colour_blind = values["palette"] == "colour_blind"

    def forget(self) -> None:
        """Nobody needs it any more: let go of this, too."""
        loaded = [module for module in sys.modules if module.startswith("rung_box.boards.")]
        forget(*loaded, "rung_box.boards", "rung_box.pins", "rung_box.settings", "rung_box.setup")
