"""Which case each entry of a record belongs to.

Most events of a call do not name their case: they belong to the one that the desk was on. Pure; it holds for one record
at a time, read from where the desk had no case.
"""

from typing import Protocol

from rung import words as w


class Told(Protocol):
    """An entry of a record, from whichever copy of it."""

    @property
    def wall_ms(self) -> int: ...
    @property
    def event(self) -> w.Event: ...


class Splitter:
    """Follows one record: `case_of` each of its events, in order."""

    def __init__(self) -> None:
        self._now = ""  # the case that the desk is on

    def case_of(self, event: w.Event) -> str:
        """The case that the event belongs to; empty: to none."""
        match event:
            case w.Attended(act=act):
                return "" if isinstance(act, w.Trained | w.Acknowledged) else act.case
            case w.CaseOpened(case=case) | w.CaseArrived(case=case) | w.CaseTurnedTo(case=case):
                self._now = case
            case w.CaseReceived(case=case) | w.CaseReturned(case=case):
                return case  # its call is still to come, or it has gone: the desk may be on another
            case w.CaseClosed(case=case):
                if case == self._now:
                    self._now = ""
                return case
        return self._now
