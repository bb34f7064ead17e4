"""A supervisor's answer, signed for one ask of one case, and worth nothing anywhere else.

The answering desk signs what is answered: whose ask, of which case and epoch, under which number, by which desk and
person, and how. Ask numbers and epochs never repeat on a desk, so these name one ask for ever. Pure: what is open is
handed in.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from rung import words as w
from rung.floor.ticket import sign
from rung.floor.vouching import Sender, Vouching

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


class Grants(Vouching):
    """The asking desk's side, over one connection: each answer counts once."""

    def heard(
        self, said: Granted | w.Replied, sender: Sender, asks: Mapping[int, w.AskFloor], now_s: float
    ) -> w.Replied | w.GrantRefused:
        """What was answered; or that it does not hold, and why. ``asks``: what is open here, by number."""
        if isinstance(said, Granted):
            return self.read(said, sender, asks, now_s)
        if not self.counts_unsigned(sender):
            return w.GrantRefused(desk=sender.desk, person=said.person, ask=said.ask, why="it is not signed")
        return said

    def read(
        self, granted: Granted, sender: Sender, asks: Mapping[int, w.AskFloor], now_s: float
    ) -> w.Replied | w.GrantRefused:
        try:
            told = msgspec.json.decode(granted.grant, type=Grant)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            return w.GrantRefused(desk=sender.desk, person="", ask=0, why="what was signed cannot be read")
        why = (
            self.why_not(DOMAIN + granted.grant.encode(), granted.signature, sender, told.by, told.desk)
            or self._stale(told, sender, asks.get(told.ask))
            or self.who_not(granted.ticket, told.person, sender, now_s)
            or self.again(granted.grant)
        )
        if why:
            return w.GrantRefused(desk=sender.desk, person=told.person, ask=told.ask, why=why)
        return w.Replied(ask=told.ask, desk=told.by, person=told.person, reply=told.reply, word=told.word)

    def _stale(self, told: Grant, sender: Sender, open: w.AskFloor | None) -> str:
        if open is None:
            return "that ask is over, or was never asked"
        if sender.desk not in open.to:
            return f"the desk {sender.desk!r} was not asked"
        if (told.case, told.epoch) != (open.brief.case, open.brief.epoch):
            return f"it was given for the case {told.case!r}, epoch {told.epoch}"
        return ""
