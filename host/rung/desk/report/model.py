"""The report of one case, as plain data: what `rung incidents show --json` prints. Instants are ISO 8601."""

from msgspec import Struct


class GroundTold(Struct, frozen=True, kw_only=True):
    """A ground that somebody declared, or took back."""

    at: str
    ground: str
    person: str
    note: str = ""
    taken_back: bool = False


class Taken(Struct, frozen=True, kw_only=True):
    """A rung that was taken, or announced, and whether its own policy allowed that then."""

    at: str
    desk: str  # by its record's name
    rung: str
    title: str
    person: str
    announced: bool = False  # shown and said; the ending itself follows
    script: str = ""  # the words that were shown
    language: str = ""
    needs: str = ""  # what the policy asks for, in words
    lacked: tuple[str, ...] = ()  # of that, by the record; empty: the order was kept
    says: tuple[str, ...] = ()  # what the press itself attested
    grounds: tuple[str, ...] = ()  # of an ending
    came_to_nothing: str = ""  # why it stands no longer


class Refused(Struct, frozen=True, kw_only=True):
    """A press that was refused, and what was said."""

    at: str
    person: str
    press: str
    why: str
    next: str = ""


class Replied(Struct, frozen=True, kw_only=True):
    """What somebody answered to an ask."""

    desk: str
    person: str
    reply: str
    word: str = ""


class Asked(Struct, frozen=True, kw_only=True):
    """An ask or an alert: who was asked, who saw it, who answered, and who did not."""

    at: str
    want: str
    to: tuple[str, ...]
    seen: tuple[str, ...] = ()
    replies: tuple[Replied, ...] = ()
    silent: tuple[str, ...] = ()
    outcome: str = ""
    after_s: float | None = None  # how long it was open


class Afterwards(Struct, frozen=True, kw_only=True):
    """What somebody did after the call."""

    at: str
    by: str
    what: str
    told: tuple[tuple[str, str], ...] = ()  # the rest of it, by name


class Report(Struct, frozen=True, kw_only=True):
    """One case, whole."""

    case: str
    caller: str
    policy: str
    title: str
    version: str
    began: str
    ended: str
    talk_s: float
    people: tuple[str, ...]
    matter: str = ""
    offered: str = ""
    demeanour: str = ""
    grounds: tuple[GroundTold, ...] = ()
    tried: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    rungs: tuple[Taken, ...] = ()
    refused: tuple[Refused, ...] = ()
    asks: tuple[Asked, ...] = ()
    how: str = ""
    side: str = ""
    cause: str = ""
    reason: str = ""  # of the ending, in the words of whoever ended the call
    recording: str = ""  # under which name the phone system has it
    due: tuple[str, ...] = ()  # and not done yet
    afterwards: tuple[Afterwards, ...] = ()

    @property
    def order_kept(self) -> bool:
        """Whether every rung was open when it was taken, by the record and the policy alone."""
        return all(not taken.lacked for taken in self.rungs)
