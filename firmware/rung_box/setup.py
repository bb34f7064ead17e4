"""What this box is made of: its board's pins and its settings. Read at the start, and forgotten when all is built."""

import sys

from rung_box import boards, pins, settings
from rung_box.once import forget


class Setup:
    """`buttons`: their pins in the order in which escalate, warn and release stand on the desk. `wrong`: what is wrong
    with the settings. Raises ValueError where a pin must not carry what the board's map puts there."""

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
        self._board = board
        self._has_leds = values["lamps"] == "leds"
        self._is_mirrored = values["mirror"] == "yes"
        self.buttons = self._in_order(board.BUTTONS)
        self.buzzer = board.BUZZER
        self.sounds = values["buzzer"]
        self.is_colour_blind = values["palette"] == "colour_blind"

    def lamps(self):
        """They can `show` three colours and be `dark`."""
        if self._has_leds:
            from rung_box.leds import Leds

            return Leds(self._in_order(self._board.LEDS))
        from rung_box.lamps import Lamps

        return Lamps(self._board.PIXELS, self._is_mirrored)

    def _in_order(self, three):
        return tuple(reversed(three)) if self._is_mirrored else three

    def forget(self) -> None:
        """Nobody needs it any more: let go of this, too."""
        loaded = [module for module in sys.modules if module.startswith("rung_box.boards.")]
        forget(*loaded, "rung_box.boards", "rung_box.pins", "rung_box.settings", "rung_box.setup")
