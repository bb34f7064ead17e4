"""What a supervisor does in another desk's case, signed for that very call, and worth nothing in any other.

The acting desk signs what is done: at which desk, over which of its connections, on which case and epoch, by which
desk and person. A name that is given once keeps two equal acts apart, so what was done once cannot be sent again; and
a desk that is there anew takes nothing that was meant for it before. Whether the call is still that one only `step` can
say, with the desk in its hands.
"""

import secrets

import msgspec
from msgspec import Struct

from rung import words as w
from rung.floor.ticket import sign
from rung.floor.vouching import Sender, Vouching

DOMAIN = b"rung-act-v1\0"


class Done(Struct, frozen=True, kw_only=True):
    """What is signed."""

    desk: str  # whose call it is
    connection: str  # of that desk
    case: str  # empty: there was none
    epoch: int
    name: str  # of this act, for ever
    by: str  # the desk that acts
    person: w.Person
    act: w.Act


class Acted(Struct, frozen=True, kw_only=True, tag=True):
    """As it is sent. ``done``: the JSON that was signed, byte for byte; ``ticket``: the pass of who sits there."""

    done: str
    signature: str
    ticket: str = ""


def acted(seed: str, ticket: str, desk: str, connection: str, done: w.FromDesk) -> Acted:
    """``done`` at ``desk``, which has the floor over ``connection``; ``seed`` is the acting desk's."""
    signed = Done(
        desk=desk,
        connection=connection,
        case=done.case or "",
        epoch=done.epoch,
        name=secrets.token_hex(8),
        by=done.desk,
        person=done.person,
        act=done.act,
    )
    text = msgspec.json.encode(signed)
    return Acted(done=text.decode(), signature=sign(seed, DOMAIN + text), ticket=ticket)


class Acts(Vouching):
    """The side of the desk whose call it is, over one connection."""

    def __init__(self, here: str, ca: str, signed_on: bool, connection: str) -> None:
        super().__init__(here, ca, signed_on)
        self._connection = connection

    def heard(self, said: Acted | w.FromDesk, sender: Sender, now_s: float) -> w.FromDesk | w.ActRefused:
        """What was done; or that it does not hold, and why."""
        if isinstance(said, w.FromDesk):
            return said if self.counts_unsigned(sender) else _refused(said, "it is not signed")
        try:
            told = msgspec.json.decode(said.done, type=Done)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            return w.ActRefused(desk=sender.desk, person="", act="", why="what was signed cannot be read")
        meant = w.FromDesk(sender.desk, told.person, told.act, told.case, told.epoch)
        why = (
            self.why_not(DOMAIN + said.done.encode(), said.signature, sender, told.by, told.desk)
            or ("" if told.connection == self._connection else "it was done before this desk was there anew")
            or self.who_not(said.ticket, told.person.id, sender, now_s)
            or self.again(said.done)
        )
        return _refused(meant, why) if why else meant


def _refused(said: w.FromDesk, why: str) -> w.ActRefused:
    return w.ActRefused(desk=said.desk, person=said.person.id, act=type(said.act).__name__, why=why)
