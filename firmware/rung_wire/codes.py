"""The codes, fields, limits and timers of the wire that the box needs; what they are called stands in `names`.

PROTOCOL.md explains them, and a test holds the two together. A box keeps all of this in its heap: hence so short, and
each name on a line of its own, since MicroPython would keep the values of a whole line once more, as a tuple.
"""

PROTOCOL = 3  # version of the wire; a bridge welcomes no other

# -- limits ----------------------------------------------------------------------------------------
HOST_FRAME_MAX_BYTES = 48  # five fit into MicroPython's 259-byte input ring, which drops silently
BOX_FRAME_MAX_BYTES = 96  # the host has room; this bounds the decoder's memory
TAG_CHARS = 8  # 48 bits: 250 guesses a second, as many as the line carries, take 35,000 years
KEY_BYTES = 32  # of the key that a box and its bridge share: as many as SHA-256 gives
PRESS_QUEUE_MAX = 8  # unconfirmed presses a box keeps; the next one is refused at the button
AGE_MAX_MS = 0x3FFFFFFF  # ages stop here (12 days): the largest small integer on a 32-bit box

# -- timers ----------------------------------------------------------------------------------------
PART_MS = 500  # half a frame waits no longer for the rest; a whole one takes 10 ms
HELLO_MS = 500  # a box without a host greets this often
ALIVE_MS = 500  # both ends: three may get lost before SILENCE_MS is over
SILENCE_MS = 1900  # nothing valid heard for so long: the link is lost, and a frame later the lamps tell so, within 2 s
PRESS_FIRST_MS = 100  # first repetition of a press; durable record and way back take a tenth of it
PRESS_MOST_MS = 1000  # repetitions grow up to this, and never end

# -- values of fields ------------------------------------------------------------------------------
NO_BUTTON = "-"
TAP = "t"
HOLD = "h"
CHORD = "c"
OFF = "o"
LIT = "l"
BREATHING = "b"
BLINKING = "k"
REFUSED = "r"
DONE = "d"
NO_MARK = "-"
FILLING = "f"
ALONE = "a"
PRESS_REFUSED = "r"
TOO_LATE = "l"
BY_POWER = "p"
BY_BUTTON = "b"
BY_SOFTWARE = "s"
BY_WATCHDOG = "w"
BY_SLEEP = "d"
BY_UNKNOWN = "u"
RESTARTED = "r"
SAFE = "s"
SETTINGS = "c"

# -- frames ----------------------------------------------------------------------------------------
# Capitals from box to host, small letters from host to box: an echo of our own is never an answer.
HELLO = "H"
TROUBLE = "T"
PRESS = "P"
GOT = "G"
BOX_ALIVE = "A"
BOX_BYE = "B"
WHO = "q"
WELCOME = "w"
ACK = "k"
LAMPS = "l"
RESULT = "r"
HOST_ALIVE = "a"
MAINTAIN = "m"
BYE = "b"
RELIABLE = "lr"  # LAMPS and RESULT: repeated until GOT; they are counted by themselves

HEX_CHARS = "0123456789abcdef"
TEXT_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"
TAG_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

# The fields of each frame, in their order. How a field is written, and the most characters:
# n4 number, hexadecimal in small letters; x4 the same, kept as text; t4 letters, digits and . _ + -;
# =a|b one of these codes; L a lamp state and a lamp mark.
LAMP_FORM = "L"
LAMP_STATES = "olbkrd"
LAMP_MARKS = "-fa"
BOX_FRAMES = {
    HELLO: "x16 x8 n2 t12 =p|b|s|w|d|u n4 n4 n1 n1 x10",
    TROUBLE: "x16 =r|s|c t40",
    PRESS: "n8 =E|W|R|EW|WE|WW|WR =t|h|c n8 n8",
    GOT: "n2",
    BOX_ALIVE: "n4 n4",
    BOX_BYE: "",
}
HOST_FRAMES = {
    WHO: "",
    WELCOME: "x12 n8",
    ACK: "n8",
    LAMPS: "n8 L L L n3",
    RESULT: "n8 =t|r|l|n =E|W|R|-",
    HOST_ALIVE: "",
    MAINTAIN: "",
    BYE: "",
}

# -- what a lamp shows when several things hold ----------------------------------------------------
# The first that holds, from the strongest down. `unconfirmed` stands above `link lost`: that this
# press has not arrived is what its lamp must not hide, and the others still say that the link is lost.
SAFE_MODE = "safe mode"
FAULT = "fault"
UNCONFIRMED = "unconfirmed"
LINK_LOST = "link lost"
OWN_NAMING = "naming"
OWN_HOLD = "filling"
OWN_REFUSED = "refused"
OWN_NEXT = "next"
FROM_HOST = "host"
PRECEDENCE = (SAFE_MODE, FAULT, UNCONFIRMED, LINK_LOST, OWN_NAMING, OWN_HOLD, OWN_REFUSED, OWN_NEXT, FROM_HOST)


def strongest(holding: "set[str] | tuple[str, ...] | list[str]") -> str:
    """What a lamp shows of all that holds for it; the host's state and mark if nothing else does."""
    for name in PRECEDENCE:
        if name in holding:
            return name
    return FROM_HOST
