"""Which cases of other desks a call here may be about: those of which their desk has told us.

Whoever rings may write any name into a header. With one of their own making, a caller would be in nobody's case: no
press would be for that call.
"""

from msgspec.structs import replace

from rung import words as w
from rung.floor.base import Asked
from rung.journal.store import Journal


class KnownCases:
    """From the floor's asks, and from the record: what was received here, and what may come back.

    What a bridge finds when it starts is believed: asks are not in the record, and a call that is in a case of this
    desk stays in it, whatever it says.
    """

    def __init__(self, journal: Journal) -> None:
        """Raises JournalError if the record cannot be read."""
        self._known: set[str] = set()
        self._starting = True
        for kind in (w.CaseReceived, w.CaseReleased):
            self.recorded(tuple(entry.event for entry in journal.of_kind(kind)))

    def asked(self, asks: tuple[Asked, ...]) -> None:
        self._known |= {ask.brief.case for ask in asks}

    def recorded(self, events: tuple[w.Event, ...]) -> None:
        self._known |= {e.case for e in events if isinstance(e, w.CaseReceived | w.CaseReleased)}

    def believed(self, call: w.Call) -> w.Call:
        """The call, without a case that nobody has told us of."""
        return call if call.case in self._known else replace(call, case="")

    def all_believed(self, calls: tuple[w.Call, ...]) -> tuple[w.Call, ...]:
        """The same for a full answer of the phone."""
        if self._starting:
            self._known |= {call.case for call in calls}
            self._starting = False
        return tuple(self.believed(call) for call in calls)
