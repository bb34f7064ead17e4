"""A supervisor's answer, signed for one ask of one case, and worth nothing anywhere else.

The answering desk signs with its own key (Ed25519) what is answered: whose ask, of which case and epoch, under which
number, by which desk and person, and how. Ask numbers and epochs never repeat on a desk, so these name one ask for
ever. Where people sign on, the floor's pass says with it who sits there and that they are a supervisor. Pure: the
clock, and what is open, are handed in.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from rung import words as w
from rung.floor.ticket import TicketError, holds, is_signed, read_ticket, sign
from rung.words import Job, Role

DOMAIN = b"rung-grant-v1\0"


class Grant(Struct, frozen=True, kw_only=True):
    """What is signed."""

    desk: str  # that asks
    case: str
    epoch: int
    ask: int
    by: str  # the desk that answers
    person: str
    reply: w.Reply
    word: str = ""


class Granted(Struct, frozen=True, kw_only=True, tag=True):
    """As it is sent. ``grant``: the JSON that was signed, byte for byte; ``ticket``: the pass of who sits there."""

    grant: str
    signature: str
    ticket: str = ""


class Sender(Struct, frozen=True, kw_only=True):
    """From whom it came, as the floor's server vouches; ``key`` as that desk has told it under its own name."""

    desk: str
    role: Role
    key: str


def grant(seed: str, ticket: str, asked: w.Brief, ask: int, desk: str, said: w.Replied) -> Granted:
    """``said``, to the ask of ``desk`` whose brief this is; ``seed`` is the answering desk's."""
    signed = Grant(
        desk=desk,
        case=asked.case,
        epoch=asked.epoch,
        ask=ask,
        by=said.desk,
        person=said.person,
        reply=said.reply,
        word=said.word,
    )
    text = msgspec.json.encode(signed)
    return Granted(grant=text.decode(), signature=sign(seed, DOMAIN + text), ticket=ticket)


class Grants:
    """The asking desk's side, over one connection: each answer counts once."""

    def __init__(self, here: str, ca: str, signed_on: bool) -> None:
        """``ca`` is the authority's certificate; ``signed_on``: people sign on here, so a pass must be shown."""
        self._here = here
        self._ca = ca
        self._signed_on = signed_on
        self._used: set[str] = set()

    def heard(
        self, said: Granted | w.Replied, sender: Sender, asks: Mapping[int, w.AskFloor], now_s: float
    ) -> w.Replied | w.GrantRefused:
        """As `read`. Unsigned it counts from a desk of the release before alone, where nobody has a pass to show."""
        if isinstance(said, Granted):
            return self.read(said, sender, asks, now_s)
        if self._signed_on or sender.key or sender.role != Role.SUPERVISOR:
            return w.GrantRefused(desk=sender.desk, person=said.person, ask=said.ask, why="it is not signed")
        return said

    def read(
        self, granted: Granted, sender: Sender, asks: Mapping[int, w.AskFloor], now_s: float
    ) -> w.Replied | w.GrantRefused:
        """What was answered; or that it does not hold, and why. ``asks``: what is open here, by number."""
        try:
            told = msgspec.json.decode(granted.grant, type=Grant)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            return w.GrantRefused(desk=sender.desk, person="", ask=0, why="what was signed cannot be read")
        why = self._why_not(granted, told, sender, asks.get(told.ask), now_s)
        if why:
            return w.GrantRefused(desk=sender.desk, person=told.person, ask=told.ask, why=why)
        self._used.add(granted.signature)
        return w.Replied(ask=told.ask, desk=told.by, person=told.person, reply=told.reply, word=told.word)

    def _why_not(self, granted: Granted, told: Grant, sender: Sender, open: w.AskFloor | None, now_s: float) -> str:
        if not is_signed(sender.key, DOMAIN + granted.grant.encode(), granted.signature):
            return f"the desk {sender.desk!r} has not signed it"
        if told.by != sender.desk:
            return f"it was given at the desk {told.by!r}"
        if sender.role != Role.SUPERVISOR:
            return f"the desk {sender.desk!r} is no supervisor's"
        if told.desk != self._here:
            return f"it was given to the desk {told.desk!r}"
        if open is None:
            return "that ask is over, or was never asked"
        if sender.desk not in open.to:
            return f"the desk {sender.desk!r} was not asked"
        if (told.case, told.epoch) != (open.brief.case, open.brief.epoch):
            return f"it was given for the case {told.case!r}, epoch {told.epoch}"
        if granted.signature in self._used:
            return "it was given already"
        return self._who(granted.ticket, told, sender, now_s)

    def _who(self, text: str, told: Grant, sender: Sender, now_s: float) -> str:
        if not text:
            return f"nobody has signed on at the desk {sender.desk!r}" if self._signed_on else ""
        try:
            ticket = read_ticket(text, self._ca)
        except TicketError as error:
            return str(error)
        if why := holds(ticket, sender.desk, now_s):
            return why
        if ticket.key != sender.key:
            return f"the pass is of another key of the desk {sender.desk!r}"
        if ticket.person != told.person:
            return f"{ticket.person} has signed on there, and not {told.person}"
        return "" if Job.SUPERVISOR in ticket.jobs else f"{told.person} is no supervisor"


def refused(said: w.Replied | w.GrantRefused) -> w.Answer | None:
    """What the other desk learns of its answer; None: it holds."""
    return w.Answer(verdict=w.Verdict.REFUSED, why=said.why) if isinstance(said, w.GrantRefused) else None
