"""The box's own settings: a file that no flashing of the firmware touches. Pure.

One `name = value` a line; `#` begins a remark. What a line that is not understood would set keeps its first value.
"""

FILE = "/settings"
NAMES = {
    "board": ("", "esp32_devkitc", "esp32_s3_devkitc_1", "lolin_s2_mini", "esp32_c3_supermini"),  # "": that of its chip
    "lamps": ("pixels", "leds"),
    "palette": ("standard", "colour_blind"),
    "mirror": ("no", "yes"),  # for a desk whose agent has the box at the left hand
    "buzzer": ("off", "idle", "always"),  # idle: not during calls, when a caller could hear it
}


def read_settings():
    """The value of each of NAMES, and what is wrong with the file: a few words, empty if nothing is."""
    try:
        with open(FILE) as file:
            return parse(file.read())
    except OSError:
        return parse("")
    except ValueError:
        return parse("")[0], "it is no text"


def parse(text: str):
    """The same, of the file's text."""
    values = {name: allowed[0] for name, allowed in NAMES.items()}
    wrong = ""
    for number, line in enumerate(text.split("\n")):
        line = line.split("#")[0].strip()
        name, _, value = line.partition("=")
        name, value = name.strip(), value.strip()
        if value and value in NAMES.get(name, ()):
            values[name] = value
        elif line and not wrong:
            why = "%s cannot be %s" % (name, value) if name in NAMES else "no setting %s" % name
            wrong = "line %d: %s" % (number + 1, why)
    return values, wrong
