"""Every code, field, limit and timer of the wire.

PROTOCOL.md explains them, and a test holds the two together.
"""

PROTOCOL = 2  # version of the wire; a bridge welcomes no other

# -- limits ----------------------------------------------------------------------------------------
HOST_FRAME_MAX_BYTES = 48  # five fit into MicroPython's 259-byte input ring, which drops silently
BOX_FRAME_MAX_BYTES = 96  # the host has room; this bounds the decoder's memory
TAG_CHARS = 8  # 48 bits: 250 guesses a second, as many as the line carries, take 35,000 years
KEY_BYTES = 32  # of the key that a box and its bridge share: as many as SHA-256 gives
PRESS_QUEUE_MAX = 8  # unconfirmed presses a box keeps; the next one is refused at the button
RESULT_QUEUE_MAX = 4  # results that wait; the oldest is dropped: LAMPS tell the state anyway
AGE_MAX_MS = 0x3FFFFFFF  # ages stop here (12 days): the largest small integer on a 32-bit box

# -- timers ----------------------------------------------------------------------------------------
PART_MS = 500  # half a frame waits no longer for the rest; a whole one takes 10 ms
HELLO_MS = 500  # a box without a host greets this often
ALIVE_MS = 500  # both ends: four may get lost before SILENCE_MS is over
SILENCE_MS = 2000  # nothing valid heard for so long: the link is lost
PRESS_FIRST_MS = 100  # first repetition of a press; durable record and way back take a tenth of it
PRESS_MOST_MS = 1000  # repetitions grow up to this, and never end
RELIABLE_FIRST_MS = 60  # first repetition of LAMPS or RESULT; a slow adapter needs about 30
RELIABLE_MOST_MS = 480  # repetitions grow up to this: four fit into SILENCE_MS
RESULT_KEEP_MS = 5000  # an answer this old would only puzzle the person who pressed

# -- values of fields ------------------------------------------------------------------------------
ESCALATE, WARN, RELEASE = "E", "W", "R"
BOTH = "EW"  # escalate and warn
NO_BUTTON = "-"
BUTTONS = (ESCALATE, WARN, RELEASE, BOTH)  # what one press may name
NEXT_BUTTONS = (ESCALATE, WARN, RELEASE, NO_BUTTON)

TAP, HOLD, CHORD = "t", "h", "c"
GESTURES = (TAP, HOLD, CHORD)

OFF, LIT, BREATHING, BLINKING, REFUSED, DONE = "o", "l", "b", "k", "r", "d"
LAMP_STATES = (OFF, LIT, BREATHING, BLINKING, REFUSED, DONE)

NO_MARK, FILLING, ALONE = "-", "f", "a"
LAMP_MARKS = (NO_MARK, FILLING, ALONE)

TAKEN, PRESS_REFUSED, TOO_LATE, NOTHING = "t", "r", "l", "n"
VERDICTS = (TAKEN, PRESS_REFUSED, TOO_LATE, NOTHING)

BY_POWER, BY_BUTTON, BY_SOFTWARE, BY_WATCHDOG, BY_SLEEP, BY_UNKNOWN = "p", "b", "s", "w", "d", "u"
RESET_CAUSES = (BY_POWER, BY_BUTTON, BY_SOFTWARE, BY_WATCHDOG, BY_SLEEP, BY_UNKNOWN)

# -- frames ----------------------------------------------------------------------------------------
# Capitals from box to host, small letters from host to box: an echo of our own is never an answer.
HELLO, PRESS, GOT, BOX_ALIVE = "H", "P", "G", "A"
WHO, WELCOME, ACK, LAMPS, RESULT, HOST_ALIVE, BYE = "q", "w", "k", "l", "r", "a", "b"
RELIABLE = (LAMPS, RESULT)  # repeated until GOT; they are counted by themselves

# How a field is written: its form, and the most characters or the allowed codes.
NUMBER = "number"  # hexadecimal, small letters
HEX = "hex"  # the same characters, kept as text: an identity
TEXT = "text"  # letters, digits and . _ + -
ONE_OF = "one of"
LAMP = "lamp"  # a lamp state and a lamp mark

HEX_CHARS = "0123456789abcdef"
TEXT_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"
TAG_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

BOX_FRAMES = {
    HELLO: (
        "HELLO",
        (
            ("box", HEX, 16),
            ("boot", HEX, 8),
            ("protocol", NUMBER, 2),
            ("firmware", TEXT, 12),
            ("cause", ONE_OF, RESET_CAUSES),
            ("bad", NUMBER, 4),
            ("dropped", NUMBER, 4),
            ("pending", NUMBER, 1),
            ("caught", NUMBER, 1),
            ("nonce", HEX, 10),
        ),
    ),
    PRESS: (
        "PRESS",
        (
            ("number", NUMBER, 8),
            ("buttons", ONE_OF, BUTTONS),
            ("gesture", ONE_OF, GESTURES),
            ("epoch", NUMBER, 8),
            ("age_ms", NUMBER, 8),
        ),
    ),
    GOT: ("GOT", (("sequence", NUMBER, 2),)),
    BOX_ALIVE: ("ALIVE", (("bad", NUMBER, 4), ("dropped", NUMBER, 4))),
}

HOST_FRAMES = {
    WHO: ("WHO", ()),
    WELCOME: ("WELCOME", (("nonce", HEX, 12), ("last", NUMBER, 8))),
    ACK: ("ACK", (("number", NUMBER, 8),)),
    LAMPS: (
        "LAMPS",
        (
            ("epoch", NUMBER, 8),
            ("escalate", LAMP, 2),
            ("warn", LAMP, 2),
            ("release", LAMP, 2),
            ("fill_ds", NUMBER, 3),
        ),
    ),
    RESULT: (
        "RESULT",
        (("number", NUMBER, 8), ("verdict", ONE_OF, VERDICTS), ("next", ONE_OF, NEXT_BUTTONS)),
    ),
    HOST_ALIVE: ("ALIVE", ()),
    BYE: ("BYE", ()),
}

# -- what a lamp shows when several things hold ----------------------------------------------------
# The first that holds, from the strongest down. `unconfirmed` stands above `link lost`: that this
# press has not arrived is what its lamp must not hide, and the others still say that the link is lost.
SAFE_MODE, FAULT, UNCONFIRMED, LINK_LOST = "safe mode", "fault", "unconfirmed", "link lost"
OWN_HOLD, OWN_REFUSED, OWN_NEXT, FROM_HOST = "filling", "refused", "next", "host"
PRECEDENCE = (SAFE_MODE, FAULT, UNCONFIRMED, LINK_LOST, OWN_HOLD, OWN_REFUSED, OWN_NEXT, FROM_HOST)


def strongest(holding: "set[str] | tuple[str, ...] | list[str]") -> str:
    """What a lamp shows of all that holds for it; the host's state and mark if nothing else does."""
    for name in PRECEDENCE:
        if name in holding:
            return name
    return FROM_HOST
