"""What people, the bridge and the tests call the frames, fields and codes of the wire. The box never imports it."""

from rung_wire import codes

# -- codes -----------------------------------------------------------------------------------------
ESCALATE, WARN, RELEASE = "E", "W", "R"
BOTH = "EW"  # escalate and warn
NAME_ESCALATE, NAME_WARN, NAME_RELEASE = "WE", "WW", "WR"  # warn held, and this one tapped: names a ground
BUTTONS = (ESCALATE, WARN, RELEASE, BOTH, NAME_ESCALATE, NAME_WARN, NAME_RELEASE)  # what one press may name
NEXT_BUTTONS = (ESCALATE, WARN, RELEASE, codes.NO_BUTTON)
GESTURES = (codes.TAP, codes.HOLD, codes.CHORD)
LAMP_STATES = tuple(codes.LAMP_STATES)
LAMP_MARKS = tuple(codes.LAMP_MARKS)
TAKEN, NOTHING = "t", "n"
VERDICTS = (TAKEN, codes.PRESS_REFUSED, codes.TOO_LATE, NOTHING)
RESET_CAUSES = (
    codes.BY_POWER,
    codes.BY_BUTTON,
    codes.BY_SOFTWARE,
    codes.BY_WATCHDOG,
    codes.BY_SLEEP,
    codes.BY_UNKNOWN,
)
TROUBLES = (codes.RESTARTED, codes.SAFE, codes.SETTINGS)

# What a bridge thinks of a box that greets.
PAIRED = "paired"
UNPAIRED = "unpaired"  # it has no key
UNKNOWN = "unknown"  # it has one, and this bridge has none for it
WRONG_KEY = "wrong key"

# -- frames and fields -----------------------------------------------------------------------------
NUMBER = "number"
HEX = "hex"
TEXT = "text"
ONE_OF = "one of"
LAMP = "lamp"

_FORMS = {"n": NUMBER, "x": HEX, "t": TEXT}
_BOX = {
    codes.HELLO: "HELLO box boot protocol firmware cause bad dropped pending caught nonce",
    codes.TROUBLE: "TROUBLE box trouble what",
    codes.PRESS: "PRESS number buttons gesture epoch age_ms",
    codes.GOT: "GOT sequence",
    codes.BOX_ALIVE: "ALIVE bad dropped",
    codes.BOX_BYE: "BYE",
}
_HOST = {
    codes.WHO: "WHO",
    codes.WELCOME: "WELCOME nonce last",
    codes.ACK: "ACK number",
    codes.LAMPS: "LAMPS epoch escalate warn release fill_ds",
    codes.RESULT: "RESULT number verdict next",
    codes.HOST_ALIVE: "ALIVE",
    codes.MAINTAIN: "MAINTAIN",
    codes.BYE: "BYE",
}


def _field(name: str, rule: str) -> "tuple[str, str, int | tuple[str, ...]]":
    if rule == codes.LAMP_FORM:
        return name, LAMP, 2
    if rule[0] == "=":
        return name, ONE_OF, tuple(rule[1:].split("|"))
    return name, _FORMS[rule[0]], int(rule[1:])


def _named(
    frames: "dict[str, str]", names: "dict[str, str]"
) -> "dict[str, tuple[str, tuple[tuple[str, str, int | tuple[str, ...]], ...]]]":
    """For each kind its name, and of each field name, form and the most characters or the allowed codes."""
    named = {}
    for kind, told in names.items():
        name, *fields = told.split()
        named[kind] = (name, tuple([_field(*pair) for pair in zip(fields, frames[kind].split())]))
    return named


BOX_FRAMES = _named(codes.BOX_FRAMES, _BOX)
HOST_FRAMES = _named(codes.HOST_FRAMES, _HOST)
