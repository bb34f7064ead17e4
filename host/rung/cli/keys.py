"""Keys of the terminal, until the page exists: grounds, crisis, calmed, and taking things back."""

from collections.abc import Callable

from rung import words as w
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
HELP = "a ground's key declares it, - before it takes back · c calmed · ! crisis · f false alarm · k take the ask back"


class Keys:
    """Turns characters into inputs. `other` needs a note, taking crisis back may need a reason: typed, then Enter."""

    def __init__(self, feed: Callable[[w.Input], None]) -> None:
        self._feed = feed
        self._minus = False
        self._typing: Callable[[str], w.Input] | None = None
        self._text = ""

    @property
    def prompt(self) -> str:
        """What is being typed, if anything."""
        return f"note or reason, then Enter: {self._text}" if self._typing else ("take back: " if self._minus else "")

    def key(self, char: str) -> None:
        if self._typing is not None:
            self._type(char)
        elif char == "-":
            self._minus = True
        else:
            minus, self._minus = self._minus, False
            self._act(char, minus)

    def _type(self, char: str) -> None:
        if char in "\r\n":
            make, self._typing = self._typing, None
            text, self._text = self._text.strip(), ""
            assert make is not None
            self._feed(make(text))
        elif char in "\x08\x7f":
            self._text = self._text[:-1]
        elif char.isprintable():
            self._text += char

    def _act(self, char: str, minus: bool) -> None:
        if char == "O" and not minus:
            self._typing = lambda note: w.Declared(Ground.OTHER, note)
        elif char in GROUNDS:
            self._feed(w.TakenBack(GROUNDS[char]) if minus else w.Declared(GROUNDS[char]))
        elif char == "!" and minus:
            self._typing = lambda reason: w.Unmarked(w.Marker.CRISIS, reason)
        elif char == "!":
            self._feed(w.Marked(w.Marker.CRISIS))
        elif char == "f":
            self._feed(w.Unmarked(w.Marker.EMERGENCY))
        elif char == "c":
            self._feed(w.Calmed())
        elif char == "k":
            self._feed(w.AskTakenBack())
