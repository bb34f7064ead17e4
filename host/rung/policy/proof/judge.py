"""The judge: what has happened on a call, and whether the tables allow an ending after it.

It shares nothing with `reading` and `evolve`: it keeps its own account from the record's events, and reads the tables
by itself, the slow and plain way. What `step` takes, the judge must find allowed.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.policy.language import Policy, Requires, Rung
from rung.policy.proof.grounds import CALMED, Declared, Grounds, Said, joined
from rung.policy.proof.reads import Reads
from rung.policy.proof.timers import Lapse, Timer, Wait
from rung.words import Ground, Marker, Outcome, Role

Person = str | None
ASKS = ("transfer", "leave", "join", "involve")
CAME = (Outcome.ACCEPTED, Outcome.GRANTED, Outcome.ADVISED, Outcome.JOINED)
NOBODY = (Outcome.BUSY, Outcome.IGNORED, Outcome.ABSENT, Outcome.VOICEMAIL)
CHANGED_NOTHING = (Outcome.TAKEN_BACK, Outcome.INTERRUPTED, Outcome.CALLER_LEFT, Outcome.WITHDRAWN)


class Account(Struct, frozen=True):
    """What the judge knows of one call."""

    taken: tuple[tuple[str, Person], ...] = ()  # rungs that stand, and by whom
    asking: tuple[str, Person] | None = None  # the rung of the open ask, which stands as long as that
    went_on: bool | None = None  # has `wait` of talk passed since the last warning? None: nobody has warned
    present: tuple[tuple[str, bool], ...] = ()  # supervisors in the call; have they listened for `wait`?
    said: Said = Said()
    announced: tuple[str, Person, bool] | None = None  # rung, who, and whether `say_time` has passed since
    leave: str = "none"  # or "unused", or "used"
    used_by: str = ""  # the rung that has used leave and may still come to nothing
    unavailable: bool = False
    involved: bool = False
    not_necessary: bool = False
    declined: bool = False
    crisis: tuple[Person, ...] = ()

    def has(self, rung: Rung, person: Person) -> bool:
        """Does it stand? A supervisor's rung counts for that supervisor alone."""
        mine = (rung.id, person if rung.role == Role.SUPERVISOR else None)
        return mine in self.taken or mine == self.asking


# -- what the tables allow ---------------------------------------------------------------------------------------------


def allows(policy: Policy, rung: Rung, account: Account, who: w.Person) -> bool:
    """Does one of the rung's alternatives hold, all of it?"""
    return any(_holds(policy, rung, need, account, who) for need in rung.requires)


def _holds(policy: Policy, rung: Rung, need: Requires, account: Account, who: w.Person) -> bool:
    return (
        all(account.has(_rung(policy, other), who.id) for other in need.taken)
        and (not need.persisted or account.went_on is True)
        and (need.leave is None or need.leave == account.leave)
        and (not need.unavailable or account.unavailable)
        and (not need.involved or account.involved)
        and (not need.not_necessary or account.not_necessary)
        and (not need.trained or who.trained)
        and (not need.on_call or (who.id, True) in account.present)
        and (need.attested is None or attested(policy, need.attested, account.said, who.id))
        and (need.ground is None or _stands(policy, rung, need, account))
    )


def _rung(policy: Policy, id: str) -> Rung:
    return next(rung for rung in policy.rung if rung.id == id)


def _grounds(policy: Policy, wanted: str | tuple[Ground, ...]) -> set[Ground]:
    listed = set(Ground) if wanted == "any" else set(policy.grounds[wanted] if isinstance(wanted, str) else wanted)
    return listed | {Ground.THREAT_OTHER} if Ground.UNNAMED in listed else listed


def attested(policy: Policy, wanted: str | tuple[Ground, ...], said: Said, person: str) -> bool:
    """Has this supervisor declared one of these since they joined?"""
    since = said.mark(joined(person))
    mine = [d for d in said.declared if d.person == person and d.ground in _grounds(policy, wanted)]
    return since is not None and any(d.at > since for d in mine)


def _stands(policy: Policy, rung: Rung, need: Requires, account: Account) -> bool:
    assert need.ground is not None
    said = account.said
    if not said.declared and not account.crisis and Ground.UNNAMED in _grounds(policy, need.ground):
        return True  # the press itself declares it
    marks = [said.mark(CALMED) if rung.does == "end" else None, said.mark(need.after) if need.after else None]
    if need.after and marks[1] is None:
        return False
    since = max((at for at in marks if at is not None), default=-1)
    return any(d.ground in _grounds(policy, need.ground) and d.at > since for d in said.declared)


# -- what has happened -------------------------------------------------------------------------------------------------


def waited(account: Account, timer: Wait) -> Account:
    """A wait has run out."""
    if timer == Timer.TALK:
        return replace(account, went_on=True)
    if timer == Timer.JOINED:
        return replace(account, present=tuple((person, True) for person, _ in account.present))
    if timer == Timer.SAID and account.announced is not None:
        return replace(account, announced=(*account.announced[:2], True))
    if isinstance(timer, Lapse):
        gone = (timer.rung, timer.person)
        if gone not in account.taken:
            return replace(account, asking=None if account.asking == gone else account.asking)
        return replace(account, taken=tuple(t for t in account.taken if t != gone))
    return account


def heard(reads: Reads, account: Account, events: tuple[w.Event, ...]) -> Account:
    """The account after these events of one step, which all happened at once."""
    changes = [(change, event) for event in events if (change := _CHANGES.get(type(event))) is not None]
    if changes:
        said = account.said
        at = 1 + max((*(d.at for d in said.declared), *(at for _, at in said.marks)), default=0)
        for change, event in changes:
            account = change(reads, account, event, at)
    return account


def folded(grounds: Grounds, account: Account) -> Account:
    """The account without what no table reads."""
    reads = grounds.reads
    flags = reads.flags(account.involved)
    undecided = "not_necessary" in flags
    return Account(
        taken=tuple(sorted((t for t in set(account.taken) if t[0] in reads.rungs), key=str)),
        asking=account.asking if account.asking is None or account.asking[0] in reads.rungs else None,
        went_on=account.went_on if reads.persisted else None,
        present=account.present,
        said=grounds.fold(account.said),
        announced=account.announced,
        leave=account.leave if reads.leave else "none",
        used_by=account.used_by if reads.leave else "",
        unavailable=account.unavailable and "unavailable" in flags,
        involved=account.involved and "involved" in reads.flags(False),
        not_necessary=account.not_necessary and undecided,
        declined=account.declined and undecided,
        crisis=account.crisis,
    )


def _again(account: Account) -> bool | None:
    """The wait starts again, if one has begun."""
    return None if account.went_on is None else False


def _marked(said: Said, name: str, at: int) -> Said:
    return Said(said.declared, tuple(sorted((dict(said.marks) | {name: at}).items())))


def _unmarked(said: Said, name: str) -> Said:
    return Said(said.declared, tuple(m for m in said.marks if m[0] != name))


def _taken(reads: Reads, account: Account, event: w.RungTaken, at: int) -> Account:
    rung = _rung(reads.policy, event.rung)
    mine, asks = (rung.id, event.person if rung.role == Role.SUPERVISOR else None), rung.does in ASKS
    return replace(
        account,
        taken=account.taken if asks else (*account.taken, mine),
        asking=mine if asks else account.asking,
        went_on=False if rung.warns else account.went_on,
        leave="used" if event.uses_leave else account.leave,
        used_by=rung.id if event.uses_leave and rung.does != "say" else account.used_by,
        announced=None if rung.does == "end" else account.announced,
        said=_marked(account.said, rung.id, at) if rung.id in reads.timed else account.said,
    )


def _given_back(account: Account, rung: str) -> Account:
    """A rung has come to nothing: leave that it had used is unused again."""
    return replace(account, leave="unused", used_by="") if account.used_by == rung else account


def _undone(reads: Reads, account: Account, event: w.RungUndone, at: int) -> Account:
    """An ending cannot be repeated, so it stands at most once."""
    left = tuple(t for t in account.taken if t[0] != event.rung)
    return _given_back(replace(account, taken=left), event.rung)


def _ask_closed(reads: Reads, account: Account, event: w.AskClosed, at: int) -> Account:
    if not event.rung:
        return account
    rung = _rung(reads.policy, event.rung)
    if event.outcome in CAME:
        taken = account.taken if account.asking is None else (*account.taken, account.asking)
        involved = account.involved or rung.does == "involve"
        return replace(account, taken=taken, asking=None, used_by="", involved=involved, unavailable=False)
    account = _given_back(replace(account, asking=None), event.rung)
    if event.outcome in CHANGED_NOTHING:
        return account
    declined = account.declined or event.outcome in (Outcome.DECLINED, Outcome.DENIED)
    return replace(
        account,
        went_on=_again(account),
        unavailable=event.outcome in NOBODY,
        declined=declined,
        not_necessary=account.not_necessary and not declined,
    )


def _declared(reads: Reads, account: Account, event: w.GroundDeclared, at: int) -> Account:
    """A person's first ground after their `unnamed` names it, and attests nothing new."""
    mine = {d.ground: d for d in account.said.declared if d.person == event.person}
    gone = {event.ground}
    if Ground.UNNAMED in mine and event.ground != Ground.UNNAMED:
        at, gone = mine[Ground.UNNAMED].at, {event.ground, Ground.UNNAMED}
    kept = tuple(d for d in account.said.declared if d.person != event.person or d.ground not in gone)
    return replace(account, said=Said((*kept, Declared(event.ground, event.person, at)), account.said.marks))


def _taken_back(reads: Reads, account: Account, event: w.GroundTakenBack, at: int) -> Account:
    kept = tuple(d for d in account.said.declared if (d.ground, d.person) != (event.ground, event.person))
    return replace(account, said=Said(kept, account.said.marks))


def _calmed(reads: Reads, account: Account, event: w.CallerCalmed, at: int) -> Account:
    return replace(account, went_on=_again(account), said=_marked(account.said, CALMED, at))


def _joined(account: Account, person: Person, at: int) -> Account:
    present = (*account.present, (str(person), False))
    return replace(account, present=present, unavailable=False, said=_marked(account.said, joined(person), at))


def _left(reads: Reads, account: Account, event: w.SupervisorLeft, at: int) -> Account:
    present = tuple(p for p in account.present if p[0] != event.person)
    return replace(account, present=present, said=_unmarked(account.said, joined(event.person)))


def _began(reads: Reads, account: Account, event: w.CaseOpened | w.CaseArrived, at: int) -> Account:
    return _joined(account, event.person, at) if event.role == Role.SUPERVISOR else account


def _crisis(reads: Reads, account: Account, event: w.MarkerSet | w.MarkerLifted, at: int) -> Account:
    if event.marker != Marker.CRISIS:
        return account
    others = tuple(p for p in account.crisis if p != event.person)
    return replace(account, crisis=(*others, event.person) if isinstance(event, w.MarkerSet) else others)


_CHANGES: dict[type, Callable[[Reads, Account, Any, int], Account]] = {
    w.CaseOpened: _began,
    w.CaseArrived: _began,
    w.RungTaken: _taken,
    w.RungUndone: _undone,
    w.AskClosed: _ask_closed,
    w.GroundDeclared: _declared,
    w.GroundTakenBack: _taken_back,
    w.CallerCalmed: _calmed,
    w.SupervisorJoined: lambda reads, account, event, at: _joined(account, event.person, at),
    w.SupervisorLeft: _left,
    w.MarkerSet: _crisis,
    w.MarkerLifted: _crisis,
    w.Announced: lambda reads, account, event, at: replace(account, announced=(event.rung, event.person, False)),
    w.AnnouncementWithdrawn: lambda reads, account, event, at: replace(account, announced=None),
    w.LeaveGranted: lambda reads, account, event, at: replace(account, leave="unused"),
    w.LeaveWithdrawn: lambda reads, account, event, at: replace(account, leave="none"),
    w.NotNecessary: lambda reads, account, event, at: replace(account, not_necessary=True),
    w.SupervisorFree: lambda reads, account, event, at: replace(account, unavailable=False),
}
