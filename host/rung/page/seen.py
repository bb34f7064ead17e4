"""What the desk has told, folded into one value that pages draw. It is written on the teller's thread alone."""

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.desk.happening import Happening
from rung.floor.base import Asked
from rung.policy.view import View


class Part(Struct, frozen=True):
    """Something beside the desk: whether it is there, and what is known of it."""

    up: bool | None = None  # None: nothing was told yet
    text: str = ""


class Seen(Struct, frozen=True, kw_only=True):
    """A desk as its pages show it. Times are of the monotonic clock, in nanoseconds."""

    view: View | None = None
    view_ns: int = 0
    lamps: w.Lamps = w.Lamps()
    answer: w.Answer | None = None  # the newest, to a press or to an act, until the next call
    answer_ns: int = 0
    closed: w.CaseClosed | None = None  # how the last call came out, until the next one
    box: Part = Part()
    phone: Part = Part()
    floor: Part = Part()
    trouble: str = ""
    asks: tuple[Asked, ...] = ()  # what other desks ask of whoever sits here, and what has come to its end


def fold(seen: Seen, told: Happening) -> Seen:
    """What is seen after this has happened; the very same where it changes nothing to see."""
    if told.view is not None:
        return replace(seen, view=told.view, view_ns=told.at_ns)
    if told.kind == "lamps" and told.lamps is not None:
        return replace(seen, lamps=told.lamps)
    if told.answer is not None:
        return replace(seen, answer=told.answer, answer_ns=told.at_ns)
    if told.event is not None:
        return _recorded(seen, told.event, told.at_ns)
    if told.kind == "asked":
        return replace(seen, asks=told.asks)
    if told.kind in ("box", "phone", "floor"):
        return replace(seen, **{told.kind: Part(told.up, told.text)})
    if told.kind == "trouble":
        return replace(seen, trouble=told.text)
    return seen


def _recorded(seen: Seen, event: w.Event, at_ns: int) -> Seen:
    if isinstance(event, w.PressAnswered):
        return replace(seen, answer=event.answer, answer_ns=at_ns)
    if isinstance(event, w.CaseOpened | w.CaseReceived):
        return replace(seen, answer=None, closed=None)
    if isinstance(event, w.CaseClosed):
        return replace(seen, closed=event)
    return seen
