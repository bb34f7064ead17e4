"""What the record keeps of asks, alerts, leave, and supervisors in the call."""

from msgspec import Struct

from rung.words.basics import Private
from rung.words.calls import Listening, Outcome
from rung.words.floor import Reply, Want


class AskOpened(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A supervisor is being asked."""

    ask: int
    rung: str  # empty: a supervisor hands the caller back
    person: str | None
    want: Want
    to: tuple[str, ...] = ()  # desks; empty: by telephone, at ``target``
    target: str = ""


class AskWidened(Struct, frozen=True, gc=False, tag=True):
    """More desks are asked."""

    to: tuple[str, ...]
    why: str


class AskSeen(Struct, frozen=True, gc=False, tag=True):
    """A supervisor's desk shows it."""

    desk: str


class AskReplied(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A supervisor's answer. With ACCEPT, JOIN and TAKE, ``target`` is where to ring them."""

    desk: str
    person: str
    reply: Reply
    word: Private = ""
    target: str = ""
    sealed: str = ""


class AskMoved(Struct, frozen=True, gc=False, tag=True):
    """The ask reached its next phase: see ``policy.state.Phase``."""

    phase: str
    consult: str | None = None
    outcome: Outcome | None = None  # with phase "returning": what it will close as


class AskClosed(Struct, frozen=True, gc=False, tag=True):
    """The ask came to its end; the caller is off hold, transferred or gone."""

    rung: str
    outcome: Outcome


class LeaveGranted(Struct, frozen=True, gc=False, tag=True):
    """For one next step, to be used once."""

    person: str


class LeaveWithdrawn(Struct, frozen=True, gc=False, tag=True):
    """Leave that had not been used."""

    person: str


class AlertRaised(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """Supervisors are told, beside any ask: panic, crisis, a threat, or a quiet ask."""

    ask: int
    want: Want
    person: str | None
    to: tuple[str, ...]
    case: str = ""  # on which it was raised; empty: without a call, or by a release before, on the present one


class AlertAnswered(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """Somebody comes, or cannot."""

    ask: int
    desk: str
    person: str
    reply: Reply
    target: str = ""
    case: str = ""  # as in AlertRaised


class AlertClosed(Struct, frozen=True, gc=False, tag=True):
    """Nobody is called any more: somebody has come, it was called off, or its own call is over."""

    ask: int
    why: str
    case: str = ""  # as in AlertRaised


class SupervisorFree(Struct, frozen=True, gc=False, tag=True):
    """A supervisor came free: one can be had again."""

    person: str
    case: str = ""  # of a line on hold; empty: the present one


class SupervisorJoined(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A supervisor is in the call: beside the agent, or because they sat down at this very desk."""

    person: str
    desk: str
    address: str  # among the parties of the call; empty: at this very desk


class SupervisorLeft(Struct, frozen=True, gc=False, tag=True):
    """The supervisor is no longer in the call."""

    person: str


class ListeningAsked(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A supervisor wants to hear the call. Not ``granted``: the caller must agree first."""

    person: str
    how: Listening
    granted: bool
