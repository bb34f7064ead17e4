"""Who comes in at the broker's door: what the floor vouches for, as long as it stands there."""

import time
from collections.abc import Callable

from rung.floor.ticket import CLOCKS_S, Ticket, TicketError, holds, is_signed, read_ticket
from rung.phone.base import PhoneError
from rung.phone.pbx.broker import Pass
from rung.phone.pbx.wire import Enter, signed
from rung.words import Job

NOBODY = "nobody sits at this desk any more"


class Gate:
    """``desks`` and ``people``: whose telephone is which, as Asterisk names it; a person's goes before the desk's."""

    def __init__(
        self, ca: str, desks: dict[str, str], people: dict[str, str], now: Callable[[], float] = time.time
    ) -> None:
        self._ca = ca
        self._desks = desks
        self._people = people
        self._now = now
        self._known: dict[str, str] | None = None  # every desk of the floor, with its key, as it last said
        self._in_reach = False
        self._inside: dict[str, Ticket] = {}

    def floor_is(self, desks: dict[str, str] | None) -> None:
        """What the floor says now; None: it is out of reach, and what it said last holds."""
        self._in_reach = desks is not None
        self._known = self._known if desks is None else desks

    def admit(self, enter: Enter, nonce: str) -> Pass:
        """PhoneError with one line, unless this desk proves that the pass is its own."""
        ticket = self._read(enter.desk, enter.ticket)
        if not is_signed(ticket.key, signed(nonce, enter.desk), enter.signature):
            raise PhoneError("the pass is another desk's: that desk's key has not signed")
        return self._pass(ticket)

    def again(self, desk: str, text: str) -> Pass:
        """Another pass of a desk that is inside: the floor gave it for the same key."""
        if not text:
            raise PhoneError(NOBODY)
        return self._pass(self._read(desk, text))

    def why_not(self, who: Pass) -> str:
        """Why somebody who is inside may not be there any more; or empty."""
        try:
            self._check(who.desk, self._inside[who.desk])
        except PhoneError as error:
            return str(error)
        return ""

    def _read(self, desk: str, text: str) -> Ticket:
        try:
            ticket = read_ticket(text, self._ca)
        except TicketError as error:
            raise PhoneError(str(error)) from None
        self._check(desk, ticket)
        return ticket

    def _check(self, desk: str, ticket: Ticket) -> None:
        """A pass that could not be renewed because the floor is gone counts on, to the end of the sign-on."""
        why, now = holds(ticket, desk, self._now()), self._now()
        if why and (ticket.desk != desk or self._in_reach):
            raise PhoneError(why)
        if now > ticket.ends + CLOCKS_S:
            raise PhoneError(f"the sign-on of {ticket.person} has come to its end")
        if self._known is not None and self._known.get(desk) != ticket.key:
            raise PhoneError(f"the desk {desk!r} was removed from the floor, or has another key")

    def _pass(self, ticket: Ticket) -> Pass:
        endpoint = self._people.get(ticket.person) or self._desks.get(ticket.desk)
        if endpoint is None:
            raise PhoneError(f"no telephone is told for {ticket.person} or the desk {ticket.desk!r}: see pbx.toml")
        self._inside[ticket.desk] = ticket
        wide = bool({Job.SUPERVISOR, Job.MANAGER} & set(ticket.jobs))
        return Pass(desk=ticket.desk, person=ticket.person, endpoint=endpoint, site_wide=wide)
