"""What the desk has told, folded into one value that pages draw. It is written on the teller's thread alone."""

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.desk.happening import Happening
from rung.page.floor_seen import FloorSeen, fold_floor
from rung.policy.alerts import CALL_OVER, CALLED_OFF
from rung.policy.view import View


class Part(Struct, frozen=True):
    """Something beside the desk: whether it is there, and what is known of it."""

    up: bool | None = None  # None: nothing was told yet
    text: str = ""


class InFront(Struct, frozen=True):
    """The desk in words, with its lamps; or a case at another one, as a supervisor in its call sees it."""

    view: View | None = None
    view_ns: int = 0
    lamps: w.Lamps = w.Lamps()
    lamps_ns: int = 0
    desk: str = ""  # the other one


class Seen(Struct, frozen=True, kw_only=True):
    """A desk as its pages show it. Times are of the monotonic clock, in nanoseconds."""

    own: InFront = InFront()
    joined: InFront | None = None  # the case of another desk, in whose call the supervisor here is
    titles: dict[str, str] = {}  # of the rungs of this call's ladder, or of the last one's
    answer: w.Answer | None = None  # the newest, to a press or to an act, until the next call
    answer_ns: int = 0
    story: tuple[w.Event, ...] = ()  # what has been recorded of the call, or of the last one until the next
    closed: w.CaseClosed | None = None  # how the last call came out, until the next one
    wrapped: bool = False  # and was wrapped up
    replied: w.AskReplied | None = None  # what a supervisor said to the newest ask
    outcome: w.AskClosed | None = None  # how it came to its end
    called: str = ""  # what came of the newest panic, crisis, threat or quiet ask, once it is over
    box: Part = Part()
    phone: Part = Part()
    floor: Part = Part()
    trouble: str = ""
    afterwards: int = 0  # how often the record has got something that may be due after a call
    around: FloorSeen = FloorSeen()  # the floor as a supervisor sees it

    @property
    def front(self) -> InFront:
        """One case at a time: one's own before one that one has only joined."""
        own = self.own.view is not None and self.own.view.epoch != 0
        return self.own if own or self.joined is None else self.joined

    @property
    def view(self) -> View | None:
        return self.front.view

    @property
    def view_ns(self) -> int:
        return self.front.view_ns

    @property
    def lamps(self) -> w.Lamps:
        return self.front.lamps

    @property
    def lamps_ns(self) -> int:
        return self.front.lamps_ns


def fold(seen: Seen, told: Happening) -> Seen:
    """What is seen after this has happened; the very same where it changes nothing to see."""
    if told.view is not None:
        titles = {rung.id: rung.title for rung in told.view.ladder} or seen.titles
        return replace(seen, own=replace(seen.own, view=told.view, view_ns=told.at_ns), titles=titles)
    if told.kind == "lamps" and told.lamps is not None:
        return replace(seen, own=replace(seen.own, lamps=told.lamps, lamps_ns=told.at_ns))
    if told.kind == "joined":
        return _joined(seen, told)
    if told.answer is not None:
        return replace(seen, answer=told.answer, answer_ns=told.at_ns)
    if told.event is not None:
        return _recorded(seen, told.event, told.at_ns)
    if told.kind == "cases":
        return replace(seen, afterwards=seen.afterwards + 1)
    if told.kind in ("asked", "replied", "desks"):
        gone = told.kind == "desks" and seen.joined is not None and seen.joined.desk not in told.desks
        return replace(seen, around=fold_floor(seen.around, told), joined=None if gone else seen.joined)
    if told.kind in ("box", "phone", "floor"):
        return replace(seen, **{told.kind: Part(told.up, told.text)})
    if told.kind == "trouble":
        return replace(seen, trouble=told.text)
    return seen


def _joined(seen: Seen, told: Happening) -> Seen:
    """The newest of a case at another desk; of two at once, the one that was joined first until it is no more."""
    case, here = told.shown, seen.joined
    if here is not None and here.desk != told.text:
        return seen
    if case is None:
        return replace(seen, joined=None)
    return replace(seen, joined=InFront(case.view, told.at_ns, case.lamps, told.at_ns, told.text))


TOLD = (
    w.CaseOpened,
    w.CaseReceived,
    w.GroundDeclared,
    w.GroundTakenBack,
    w.RungTaken,
    w.RungUndone,
    w.Announced,
    w.AnnouncementWithdrawn,
    w.CallerCalmed,
    w.MarkerSet,
    w.MarkerLifted,
    w.AskOpened,
    w.AskReplied,
    w.AskClosed,
    w.PressAnswered,
    w.CaseClosed,
    w.DutyDue,
)
STORY_MOST = 500  # of one call; older ones are in the record


def _recorded(seen: Seen, event: w.Event, at_ns: int) -> Seen:
    if isinstance(event, w.Attended | w.DutyDue | w.CaseClosed):
        seen = replace(seen, afterwards=seen.afterwards + 1)
    if isinstance(event, w.CaseOpened | w.CaseReceived):
        seen = replace(seen, answer=None, closed=None, wrapped=False)
        return replace(seen, replied=None, outcome=None, called="", story=(event,))
    if isinstance(event, TOLD):
        seen = replace(seen, story=(*seen.story, event)[-STORY_MOST:])
    if isinstance(event, w.PressAnswered):
        return replace(seen, answer=event.answer, answer_ns=at_ns)
    if isinstance(event, w.CaseClosed):
        return replace(seen, closed=event)
    if isinstance(event, w.Attended) and seen.closed is not None and isinstance(event.act, w.WrappedUp):
        return replace(seen, wrapped=seen.wrapped or event.act.case == seen.closed.case)
    if isinstance(event, w.AskOpened):
        return replace(seen, replied=None, outcome=None)
    if isinstance(event, w.AskReplied):
        return replace(seen, replied=event)
    if isinstance(event, w.AskClosed):
        return replace(seen, outcome=event)
    if isinstance(event, w.AlertRaised):
        return replace(seen, called="")
    if isinstance(event, w.AlertClosed):
        return replace(seen, called="" if event.why in (CALLED_OFF, CALL_OVER) else event.why)
    return seen
