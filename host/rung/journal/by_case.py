"""Which case each entry of a record belongs to.

Most events of a call do not name their case: they belong to the one that the desk was on. Pure; it holds for one record
at a time, read from where the desk had no case.
"""

from typing import Protocol

import msgspec
from msgspec import Struct

from rung import words as w
from rung.words.keeping import Keeping


class Told(Protocol):
    """An entry of a record, from whichever copy of it."""

    @property
    def wall_ms(self) -> int: ...
    @property
    def event(self) -> w.Event: ...


class _CallerOf(Struct):
    caller: str = ""


def caller_of(event: w.CaseOpened | w.CaseReceived) -> str:
    """Of a case that begins here, or comes from another desk, which sends along who calls; empty: it is sealed."""
    if isinstance(event, w.CaseOpened):
        return event.caller
    return msgspec.json.decode(event.state, type=_CallerOf).caller if event.state else ""


def case_of(event: w.Event, case: str) -> tuple[str, str]:
    """Which case it is about, where the desk was about ``case``; and what the desk is about from then on.

    A case that closes while the desk is about another one takes nothing of that other along.
    """
    if isinstance(event, w.CaseOpened | w.CaseTurnedTo | w.CaseArrived):
        case = event.case
    its = _named_in(event) or case
    return its, "" if isinstance(event, w.CaseClosed) and its == case else case


def _named_in(event: w.Event) -> str:
    named: str = getattr(event, "case", "")
    if isinstance(event, w.EffectDecided):
        effect = event.effect  # whoever is asked reads of the case that it is about, on hold or not
        named = effect.brief.case if isinstance(effect, w.AskFloor) else getattr(effect, "case", "")
    elif isinstance(event, w.Attended):
        named = getattr(event.act, "case", "")
    return named


class Splitter:
    """Follows one record: `case_of` each of its events, in order."""

    def __init__(self) -> None:
        self._now = ""  # the case that the desk is on

    def case_of(self, event: w.Event) -> str:
        """The case that the event belongs to; empty: to none."""
        its, self._now = case_of(event, self._now)
        if isinstance(event, w.Attended):  # what is done after a call is no part of the one that the desk is on
            return _named_in(event)
        return "" if isinstance(event, Keeping) else its
