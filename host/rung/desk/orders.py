"""Erasing, holds, clear text and one's own data: what is asked for on the command line, and what came of it.

Asked like everything that concerns past calls: see `after_desk`.
"""

from typing import Literal

from msgspec import Struct

from rung import words as w
from rung.desk.own_data import Own
from rung.desk.privacy import Privacy, PrivacyError, Retention
from rung.journal.format import JournalError


class Order(Struct, frozen=True, kw_only=True, tag=True):
    """What one person wants. ``caller`` instead of ``cases``: all that this desk has of them."""

    do: Literal["erase", "hold", "lift", "retain", "reveal", "mine"]
    cases: tuple[str, ...] = ()
    caller: str = ""
    person: str = ""
    why: str = ""


class Line(Struct, frozen=True):
    """One entry in clear text; ``event`` None: what it named is erased."""

    seq: int
    wall_ms: int
    kind: str
    event: w.Event | None


class Done(Struct, frozen=True, kw_only=True):
    """What came of an order; ``wrong`` says why nothing was done."""

    told: tuple[str, ...] = ()
    entries: tuple[Line, ...] = ()
    own: Own | None = None
    wrong: str = ""


def carry_out(order: Order, privacy: Privacy, retention: Retention) -> Done:
    """Do it; whatever stops it is in the answer."""
    try:
        cases = tuple(privacy.cases_of(order.caller)) if order.caller else order.cases
        if not cases and order.do in ("erase", "hold", "lift", "reveal"):
            return Done(wrong="nothing is kept here of this caller" if order.caller else "name a case, or a caller")
        match order.do:
            case "erase":
                keys = privacy.erase(cases, order.person, order.why)
                return Done(told=(f"erased: {', '.join(cases)} ({len(keys)} keys)",))
            case "retain":
                keys = privacy.retain(retention)
                return Done(told=(f"erased, since their time was over: {len(keys)} keys", *keys))
            case "hold":
                for case in cases:
                    privacy.hold(case, order.person, order.why)
                return Done(told=tuple(f"{case}: held by {order.person}" for case in cases))
            case "lift":
                for case in cases:
                    privacy.lift(case, order.person, order.why)
                return Done(told=tuple(f"{case}: held no more" for case in cases))
            case "reveal":
                seen = [one for case in cases for one in privacy.see(case, order.person, order.why or "the whole case")]
                lines = (Line(one.entry.seq, one.entry.wall_ms, one.entry.kind, one.event) for one in seen)
                return Done(entries=tuple(lines))
            case "mine":
                return Done(own=privacy.own(order.person))
    except (PrivacyError, JournalError) as error:
        return Done(wrong=str(error))
