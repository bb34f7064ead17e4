"""A desk as the others on the floor see it: whether its person may be asked, and what goes on there since when."""

from msgspec.structs import replace

from rung.floor.base import Doing, Place, Status
from rung.policy import Book, Desk
from rung.policy.listening import ways
from rung.words import CallState, Listening, Marker, Want

ON_THE_LINE = (CallState.UP, CallState.HELD)


class Presenter:
    """Remembers what was told, and since when the desk does what it does."""

    def __init__(self) -> None:
        self._told: Place | None = None

    def change(self, place: Place, desk: Desk, book: Book, wall_ms: int) -> Place | None:
        """The place to tell now; None: the floor knows it already."""
        does = doing(desk)
        told = self._told
        since_ms = told.since_ms if told is not None and told.doing == does else wall_ms
        status = Status.ON_A_CALL if place.status == Status.FREE and _is_taken(desk) else place.status
        place = replace(
            place,
            status=status,
            doing=does,
            since_ms=since_ms,
            ways=() if desk.case is None else ways(desk.facts.can, book.recording),
            listeners=_listeners(desk),
            runs=book.runs,
            case="" if desk.case is None else desk.case.id,
            epoch=0 if desk.case is None else desk.case.epoch,
        )
        if place == told:
            return None
        self._told = place
        return place


def _is_taken(desk: Desk) -> bool:
    """Nobody is asked while they have a caller, or talk about one."""
    talks = any(call.state in ON_THE_LINE for call in desk.facts.calls.values())
    return talks or desk.case is not None or desk.arriving is not None


def _listeners(desk: Desk) -> dict[str, Listening]:
    """By desk; by the address alone where no desk has it."""
    call = desk.facts.calls.get(desk.case.call) if desk.case is not None else None
    names = {address: name for name, address in desk.facts.desks.items()}
    return {} if call is None else {names.get(address, address): how for address, how in call.listeners.items()}


def doing(desk: Desk) -> Doing:
    """What goes on here, in one word; what concerns a supervisor most comes first."""
    case, calls = desk.case, desk.facts.calls.values()
    if any(alert.want == Want.PANIC for alert in desk.alerts):
        return Doing.EMERGENCY
    if case is not None and case.marks:
        return Doing.CRISIS if case.marked(Marker.CRISIS) else Doing.EMERGENCY
    if case is not None:
        if case.added is not None:
            return Doing.SUPERVISED
        if case.ask is not None:
            return Doing.ASKS
        return Doing.HOLDS if case.held else Doing.TALKS
    if any(call.state in ON_THE_LINE for call in calls):
        return Doing.TALKS
    if any(call.state == CallState.RINGING for call in calls):
        return Doing.RINGING
    return Doing.RESTS if desk.rest is not None else Doing.IDLE
