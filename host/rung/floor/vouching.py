"""What one desk has signed for another: by whom, from where, and that it counts once.

A desk signs with its own key (Ed25519), and says with the floor's pass who sits there. What it signs is for one desk,
and what else it holds for stands in it: an answer to one ask (`grants`), or an act on one call (`acts`). Pure: the
clock is handed in.
"""

from msgspec import Struct

from rung.floor.ticket import TicketError, holds, is_signed, read_ticket
from rung.words import Job, Role


class Sender(Struct, frozen=True, kw_only=True):
    """From whom it came, as the floor's server vouches; ``key`` as that desk has told it under its own name."""

    desk: str
    role: Role
    key: str

    @property
    def is_former(self) -> bool:
        """Of the release before this one, which signs nothing."""
        return not self.key and self.role == Role.SUPERVISOR


class Vouching:
    """The side of whoever gets it, over one connection."""

    def __init__(self, here: str, ca: str, signed_on: bool) -> None:
        """``ca`` is the authority's certificate; ``signed_on``: people sign on here, so a pass must be shown."""
        self._here = here
        self._ca = ca
        self._signed_on = signed_on
        self._used: set[str] = set()  # what was signed: a signature can be spelled in more than one way

    def counts_unsigned(self, sender: Sender) -> bool:
        """From a supervisor's desk of the release before alone, where nobody has a pass to show."""
        return sender.is_former and not self._signed_on

    def why_not(self, text: bytes, signature: str, sender: Sender, by: str, to: str) -> str:
        """Whether the sender has signed this, as the desk ``by``, for this desk; empty: so it is."""
        if not is_signed(sender.key, text, signature):
            return f"the desk {sender.desk!r} has not signed it"
        if by != sender.desk:
            return f"it was given at the desk {by!r}"
        if sender.role != Role.SUPERVISOR:
            return f"the desk {sender.desk!r} is no supervisor's"
        return "" if to == self._here else f"it was given to the desk {to!r}"

    def again(self, text: str) -> str:
        """Whether it has counted already; from now on it has."""
        if text in self._used:
            return "it was given already"
        self._used.add(text)
        return ""

    def who_not(self, pass_: str, person: str, sender: Sender, now_s: float) -> str:
        """Whether this supervisor sits there, by the floor's pass; empty: so it is."""
        if not pass_:
            return f"nobody has signed on at the desk {sender.desk!r}" if self._signed_on else ""
        try:
            ticket = read_ticket(pass_, self._ca)
        except TicketError as error:
            return str(error)
        if why := holds(ticket, sender.desk, now_s):
            return why
        if ticket.key != sender.key:
            return f"the pass is of another key of the desk {sender.desk!r}"
        if ticket.person != person:
            return f"{ticket.person} has signed on there, and not {person}"
        return "" if Job.SUPERVISOR in ticket.jobs else f"{person} is no supervisor"
