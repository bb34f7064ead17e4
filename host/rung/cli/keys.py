"""Keys of the terminal: what a person declares, attests, ticks and notes, and takes back."""

from collections.abc import Callable

from rung import words as w
from rung.page.keys import GROUNDS
from rung.words import Ground

HELP = (
    "a ground's key declares it, - before it takes back · c calmed · ! crisis · f false alarm · k take the ask back · "
    "w supervisor not wanted · b end the breather\n"
    "then type and Enter: y number of what was tried · a why no supervisor is necessary · L language · "
    "M matter · F what was offered · D demeanour"
)
TYPED: dict[str, Callable[[str], w.Input]] = {
    "O": lambda note: w.Declared(Ground.OTHER, note),
    "a": w.Attested,
    "L": w.LanguageChosen,
    "M": lambda text: w.Noted(matter=text),
    "F": lambda text: w.Noted(offered=text),
    "D": lambda text: w.Noted(demeanour=text),
}
TICK = "y"


class Keys:
    """Turns characters into inputs; where words are needed they are typed, then Enter.

    ``ticks`` tells what may be ticked as tried now.
    """

    def __init__(self, feed: Callable[[w.Input], None], ticks: Callable[[], tuple[str, ...]] = tuple) -> None:
        self._feed = feed
        self._ticks = ticks
        self._minus = False
        self._typing: Callable[[str], w.Input] | None = None
        self._text = ""

    @property
    def typing(self) -> bool:
        """A note or a reason is being typed: every key belongs to it, until Enter."""
        return self._typing is not None

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
        if char in TYPED and not minus:
            self._typing = TYPED[char]
        elif char == TICK:
            self._typing = self._ticked
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
        elif char == "w":
            self._feed(w.Unwanted())
        elif char == "b":
            self._feed(w.BreatherOver())

    def _ticked(self, number: str) -> w.Input:
        """What has no such number is named as it was typed, and refused by the desk."""
        items = dict(enumerate(self._ticks(), 1))
        return w.Ticked(items.get(int(number), number) if number.isdecimal() else number)
