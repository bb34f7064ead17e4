"""Which pins may carry what. A button on a strapping pin, held at power-up, would keep the board from starting.

Used once at the start, then forgotten. The tables are those of Espressif's data sheets.
"""

# For each chip: its pins, those that decide how it starts, those that flash, memory, USB or console have, and those
# that can only be read and have no pull-up.
CHIPS = {
    "ESP32": ("0-19 21-23 25-27 32-39", "0 2 5 12 15", "1 3 6-11", "34-39"),
    "ESP32S2": ("0-21 26-46", "0 45 46", "19-20 26-32 43-44", ""),
    "ESP32S3": ("0-21 26-48", "0 3 45 46", "19-20 26-37 43-44", ""),
    "ESP32C3": ("0-21", "2 8 9", "11-21", ""),
}


def problems(board) -> "list[str]":
    """What is wrong with a board's pins, one line each."""
    exist, strapping, taken, only_read = [pins_of(told) for told in CHIPS[board.CHIP]]
    found = []
    seen: "set[int]" = set()
    for part, pin in _parts(board):
        if pin not in exist:
            found.append("%s: no GPIO %d" % (part, pin))
        elif pin in strapping:
            found.append("%s: GPIO %d is a strapping pin" % (part, pin))
        elif pin in taken:
            found.append("%s: GPIO %d is in use" % (part, pin))
        elif pin in only_read:
            found.append("%s: GPIO %d has no pull-up" % (part, pin))
        if pin in seen:
            found.append("%s: GPIO %d twice" % (part, pin))
        seen.add(pin)
    return found


def _parts(board) -> "list[tuple[str, int]]":
    parts = [("lamps", board.PIXELS), ("buzzer", board.BUZZER)]
    parts.extend(zip(("escalate", "warn", "release"), board.BUTTONS))
    parts.extend(zip(("LED 1", "LED 2", "LED 3"), board.LEDS))
    return parts


def pins_of(told: str) -> "set[int]":
    """The numbers that "0-3 7" tells."""
    pins: "set[int]" = set()
    for part in told.split():
        first, _, last = part.partition("-")
        pins.update(range(int(first), int(last or first) + 1))
    return pins


def chip_of(machine: str) -> str:
    """The chip that MicroPython's name of the machine tells, such as "… with ESP32-S2FN4R2"; empty if none."""
    name = machine.split(" with ")[-1].replace("-", "")
    for chip in ("ESP32S2", "ESP32S3", "ESP32C3", "ESP32"):
        if name.startswith(chip):
            return chip
    return ""
