"""Which key declares which ground: the same on pages and in the terminal."""

from rung.words import Ground

GROUNDS = {
    "n": Ground.UNNAMED,
    "r": Ground.RUDENESS,
    "p": Ground.PROFANITY,
    "d": Ground.DEROGATORY,
    "s": Ground.SHOUTING,
    "i": Ground.INTERRUPTING,
    "m": Ground.DEMANDS,
    "u": Ground.UNCOOPERATIVE,
    "h": Ground.HARASSMENT,
    "l": Ground.SLUR,
    "H": Ground.HATE_SPEECH,
    "x": Ground.SEXUAL,
    "X": Ground.SEXIST,
    "o": Ground.HOMOPHOBIC,
    "t": Ground.THREAT,
    "T": Ground.THREAT_OTHER,
    "b": Ground.BOUNDARIES,
    "O": Ground.OTHER,
}
KEY_OF = {ground: key for key, ground in GROUNDS.items()}
