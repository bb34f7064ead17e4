"""What desks say to each other over NATS, and on which subjects.

A desk speaks to another one in letters: a request, which that desk answers when it has taken it. Whoever gets no answer
sends it again under the same name, and the second one does nothing. The server lets a desk publish only on subjects
that end with its own name, so the sender is who the subject says; a letter that says otherwise is thrown away.

| subject | who may publish | what |
| --- | --- | --- |
| rung.to.DESK.SENDER | SENDER | letters |
| rung.place.ROLE.DESK | DESK, stewards | who sits there; kept by the server, the last one of each desk |
| rung.places.ROLE.DESK | the server | the same, to all, as soon as it is kept |
| rung.journal.DESK | DESK | parts of its record; kept on disk |
| rung.floor.SERVICE.DESK | DESK | what the stewards answer: places, look_up, report, forget, copied |
"""

from collections import OrderedDict
from collections.abc import Callable

import msgspec
from msgspec import Struct
from nats.aio.msg import Msg

from rung import words as w
from rung.floor.acts import Acted
from rung.floor.base import Asked, Copied, Line, Place
from rung.floor.grants import Granted

LETTERS_KEPT = 2000  # of which a second copy is known; a desk gets a few a second at most, and copies come within 4 s


class Board(Struct, frozen=True, kw_only=True, tag=True):
    """Everything that a desk asks of another one; always the whole of it. A lower number of a connection is stale."""

    connection: str
    number: int
    asks: tuple[Asked, ...]  # those with ``over`` have come to their end


class Who(Struct, frozen=True, tag=True):
    """Does somebody of this name answer? Said to one's own name before taking it."""


News = (
    w.Seen | Granted | w.Replied | w.OfferAnswered | w.CaseOffered | w.CaseReclaimed | w.CaseShown | Acted | w.FromDesk
)
Body = News | Board | Who


class Letter(Struct, frozen=True):
    """One thing said to one desk over its connection ``to``, and to no later one; ``id`` names it for ever."""

    id: str
    to: str
    body: Body


class Taken(Struct, frozen=True, tag=True):
    """It has arrived, and has been acted upon; once, however often it came."""

    answer: w.Answer | None = None  # to an act


class NotYet(Struct, frozen=True, tag=True):
    """One of the two does not know the other's connection yet: nothing was done; say it again in a moment."""


class Sat(Struct, frozen=True, kw_only=True):
    """Who sits at a desk, and over which connection they are on the floor."""

    place: Place
    connection: str
    key: str = ""  # the desk's public nkey, by which others know what it has signed


class Found(Struct, frozen=True, kw_only=True):
    """One desk in a steward's answer."""

    subject: str
    seq: int
    data: str


class Page(Struct, frozen=True):
    """A part of all places, by subject; ``more`` follow after the last one."""

    found: tuple[Found, ...]
    more: bool
    signed_on: bool = False  # people sign on at this site
    at: int = 0  # the server's number of the last change that the steward has heard of
    beats: bool = False  # of a cluster: something is told every few seconds, if only that nothing is new


class LookedUp(Struct, frozen=True):
    incidents: tuple[w.Earlier, ...]


class Reported(Struct, frozen=True):
    """An incident, as a desk reports it."""

    caller: str
    incident: w.Earlier


class Stood(Struct, frozen=True):
    """How far a desk's record is copied, and the server's number of the last part of it."""

    copied: Copied
    number: int


class Part(Struct, frozen=True):
    """The next lines of a desk's record."""

    journal: str
    lines: tuple[Line, ...]


class Upheld(Struct, frozen=True):
    """A review has found that it was one; it counts up to and with that day, ISO 8601."""

    case: str
    until: str


encode = msgspec.json.encode
read_letter = msgspec.json.Decoder(Letter).decode
read_answer = msgspec.json.Decoder(Taken | NotYet).decode
read_sat = msgspec.json.Decoder(Sat).decode
read_page = msgspec.json.Decoder(Page).decode
read_looked_up = msgspec.json.Decoder(LookedUp).decode
read_incident = msgspec.json.Decoder(Reported).decode
read_stood = msgspec.json.Decoder(Stood).decode
read_copied = msgspec.json.Decoder(Copied).decode
read_part = msgspec.json.Decoder(Part).decode
read_upheld = msgspec.json.Decoder(Upheld).decode


def from_whom(msg: Msg) -> str:
    """The desk that sent it, as the server vouches; empty: it wants the answer to go to somebody else."""
    sender = msg.subject.rpartition(".")[2]
    return sender if msg.reply.startswith(f"_INBOX.{sender}.") else ""


class Letterbox:
    """Opens letters to this desk, each once."""

    def __init__(self, connection: str, take: Callable[[str, News | Board], Taken | NotYet]) -> None:
        """``take`` gets the sender with what they say."""
        self._connection = connection
        self._take = take
        self._answered: OrderedDict[tuple[str, str], Taken] = OrderedDict()

    async def opened(self, msg: Msg) -> None:
        sender = from_whom(msg)
        try:
            letter = read_letter(msg.data)
        except msgspec.MsgspecError:
            return
        if not sender or getattr(letter.body, "desk", sender) != sender:
            return
        await msg.respond(encode(self._answer(sender, letter)))

    def _answer(self, sender: str, letter: Letter) -> Taken | NotYet:
        if isinstance(letter.body, Who):
            return Taken()
        if letter.to != self._connection:
            return NotYet()
        name = (sender, letter.id)
        answer = self._answered.get(name) or self._take(sender, letter.body)
        if isinstance(answer, Taken):
            self._answered[name] = answer
            if len(self._answered) > LETTERS_KEPT:
                self._answered.popitem(last=False)
        return answer
