"""What a supervisor sees of the floor, folded from what it tells: asks in their order, what became of them, live desks.

Pure, and written where `seen` is. Times are of this desk's monotonic clock, in nanoseconds.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.desk.happening import Happening
from rung.floor.base import Asked, Doing, Place
from rung.words import Outcome, Reply, Want

PAST_MOST = 30  # the newest asks that are over, of all desks
ALARMS = (Want.PANIC, Want.CRISIS, Want.THREAT)  # the most urgent first
NOBODY = frozenset({Outcome.IGNORED, Outcome.BUSY, Outcome.ABSENT, Outcome.VOICEMAIL})
SOMEBODY = frozenset({Outcome.ACCEPTED, Outcome.GRANTED, Outcome.ADVISED, Outcome.JOINED})
REFUSED = frozenset({Outcome.DENIED, Outcome.DECLINED})
QUIET = frozenset({Doing.IDLE, Doing.RINGING, Doing.RESTS})  # no call goes on there

Key = tuple[str, int]
End = Literal["mine", "other", "missed", "gone"]


class Waiting(Struct, frozen=True):
    """An ask that is open before this desk."""

    asked: Asked
    came_ns: int
    told_ns: int  # when its brief was told, from which the brief's ages count
    first_to: tuple[str, ...]  # whom it was put before when it came
    replied: Reply | None = None  # what was answered from here; the asking desk decides who was first

    @property
    def key(self) -> Key:
        return (self.asked.desk, self.asked.ask)

    @property
    def alarm(self) -> bool:
        return self.asked.want in ALARMS

    @property
    def widened(self) -> bool:
        """Has it gone to more desks since it came here?"""
        return len(self.asked.to) > len(self.first_to)


class Past(Struct, frozen=True):
    """An ask that is over."""

    asked: Asked
    ended_ns: int
    replied: Reply | None = None

    @property
    def key(self) -> Key:
        return (self.asked.desk, self.asked.ask)

    def end(self, here: str) -> End:
        """By whom it ended: from ``here``, by another supervisor, because nobody answered, or by itself."""
        over = self.asked.over
        if over in SOMEBODY or over in REFUSED:
            first = self.asked.by in ("", here)  # of several who have answered
            return "mine" if first and self.replied not in (None, Reply.BUSY) else "other"
        return "missed" if over in NOBODY and self.replied is None else "gone"


class Live(Struct, frozen=True):
    """A desk of the floor. ``since_ns``: seen here to begin; 0: it had begun before, and only its own clock tells."""

    place: Place
    since_ns: int = 0


class FloorSeen(Struct, frozen=True):
    waiting: tuple[Waiting, ...] = ()  # alarms first, the most urgent before the others; then the oldest first
    past: tuple[Past, ...] = ()  # the newest first
    desks: dict[str, Live] = {}

    def find(self, key: Key) -> Waiting | None:
        return next((waiting for waiting in self.waiting if waiting.key == key), None)


def fold_floor(seen: FloorSeen, told: Happening) -> FloorSeen:
    """What is seen after this; the very same where it changes nothing."""
    match told.kind:
        case "asked":
            return _asked(seen, told.asks, told.at_ns)
        case "replied":
            return _replied(seen, told.asks, Reply(told.text))
        case "desks":
            live = {name: _live(seen, name, place, told.at_ns) for name, place in told.desks.items()}
            return replace(seen, desks=live)
    return seen


def _asked(seen: FloorSeen, asks: tuple[Asked, ...], at_ns: int) -> FloorSeen:
    before = {waiting.key: waiting for waiting in seen.waiting}
    waiting, past = [], []
    for asked in asks:
        old = before.get((asked.desk, asked.ask))
        if asked.over is not None:
            past.append(Past(asked, at_ns, None if old is None else old.replied))
        elif old is None:
            waiting.append(Waiting(asked, at_ns, at_ns, asked.to))
        else:
            urgent = asked.want != old.asked.want  # it is another question now, and open again
            told_ns = old.told_ns if asked.brief == old.asked.brief else at_ns
            waiting.append(replace(old, asked=asked, told_ns=told_ns, replied=None if urgent else old.replied))
    told = {(asked.desk, asked.ask) for asked in asks}
    lost = [  # the floor is out of reach: nobody knows what becomes of them
        Past(replace(old.asked, over=Outcome.INTERRUPTED), at_ns, old.replied)
        for key, old in before.items()
        if key not in told
    ]
    return replace(
        seen, waiting=tuple(sorted(waiting, key=_urgency)), past=(*past[::-1], *lost, *seen.past)[:PAST_MOST]
    )


def _urgency(waiting: Waiting) -> tuple[int, int]:
    want = waiting.asked.want
    return (ALARMS.index(want) if want in ALARMS else len(ALARMS), waiting.came_ns)


def _replied(seen: FloorSeen, asks: tuple[Asked, ...], reply: Reply) -> FloorSeen:
    """It was sent from here. It may be over by now, for the answer is quick."""
    keys = {(asked.desk, asked.ask) for asked in asks}
    waiting = tuple(replace(each, replied=reply) if each.key in keys else each for each in seen.waiting)
    past = tuple(
        replace(each, replied=reply) if each.key in keys and each.replied is None else each for each in seen.past
    )
    return replace(seen, waiting=waiting, past=past)


def _live(seen: FloorSeen, name: str, place: Place, at_ns: int) -> Live:
    old = seen.desks.get(name)
    if old is None:
        return Live(place)
    if old.place == place:
        return old
    began = old.place.doing != place.doing or old.place.since_ms != place.since_ms
    return Live(place, at_ns if began else old.since_ns)


# -- what may be done --------------------------------------------------------------------------------------------------


class Choice(Struct, frozen=True):
    """One thing that a supervisor can do with one tap. ``key``: which key does it where the ask has the focus."""

    act: Reply | w.Act
    name: str  # of its text
    key: str = ""
    first: bool = False  # what one is most likely to do


KEYS = {
    Reply.GRANT: "g",
    Reply.DENY: "d",
    Reply.ACCEPT: "c",
    Reply.TAKE: "t",
    Reply.JOIN: "j",
    Reply.ADVISE: "v",
    Reply.DECLINE: "d",
    Reply.BUSY: "b",
}
_FIRST = {Want.LEAVE: Reply.GRANT, Want.TRANSFER: Reply.ACCEPT, Want.JOIN: Reply.JOIN, Want.INVOLVE: Reply.TAKE}
LISTEN_KEYS = {"listen": "l", "coach": "o", "barge": "r"}


def answers(asked: Asked) -> tuple[Choice, ...]:
    """What can be answered to it."""
    likely = _FIRST.get(asked.want, Reply.JOIN if Reply.JOIN in asked.may else Reply.ACCEPT)
    return tuple(Choice(reply, _name(asked.want, reply), KEYS[reply], first=reply == likely) for reply in asked.may)


def _name(want: Want, reply: Reply) -> str:
    """In an ask for leave whoever joins listens first, and may grant or deny after that."""
    return "reply.join_first" if (want, reply) == (Want.LEAVE, Reply.JOIN) else f"reply.{reply}"


def at_desk(seen: FloorSeen, desk: str, here: str) -> tuple[Choice, ...]:
    """What a supervisor at ``here`` can do at that desk, beside answering it: as its phone and the site allow."""
    live = seen.desks.get(desk)
    if live is None or desk == here:
        return ()
    place, found = live.place, []
    hears = place.listeners.get(here)
    found += [
        Choice(w.ListenIn(way), f"listen.{way}", LISTEN_KEYS[way], first=hears == way)
        for way in place.ways
        if way != hears
    ]
    if hears is not None:
        found.append(Choice(w.ListenOut(), "listen.out", "x"))
    if place.doing == Doing.CRISIS:
        found.append(Choice(w.Unmarked(w.Marker.CRISIS), "act.lift_crisis"))
    mine = next((past for past in seen.past if past.asked.desk == desk and past.end(here) == "mine"), None)
    if mine is not None and mine.asked.brief.case == place.case and place.doing not in QUIET:
        # Whoever comes to the desk for an alarm or a quiet ask has no call to take.
        if mine.replied == Reply.JOIN or (mine.replied, mine.asked.want) == (Reply.ACCEPT, Want.TRANSFER):
            found.append(Choice(w.TakeOver(), "act.take_over", "t"))
        elif mine.replied == Reply.GRANT:
            found.append(Choice(w.LeaveTakenBack(), "act.withdraw_leave"))
    return tuple(found)


def wider(waiting: Waiting, seen: FloorSeen, here: str) -> bool:
    """Did it come here only after others who are asked first had not answered?"""
    groups = {name: live.place.group for name, live in seen.desks.items()}
    return any(groups.get(desk, 0) < groups.get(here, 0) for desk in waiting.asked.to)
