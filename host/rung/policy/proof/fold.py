"""The fold: of all desks that the policy cannot tell apart, one.

``Fold.desk`` takes any desk and gives the one member that stands for its whole class: a real `Desk`, which the real
`step` takes like any other. Two desks are of one class if their folds are equal. What makes it small:

- *Time.* Nothing in the ladder asks what time it is, only whether a wait has passed. Each instant becomes one of two:
  its wait has passed, or it has not. `elapsed` is the way from the one to the other.
- *Grounds.* Only the answers to the tables' questions count (`grounds`).
- *History.* A rung is remembered if a table asks for it, until it lapses (the ladder's walk presses once more before
  that is forgotten). So are `unavailable`, leave and the rest.
- *Names.* Cases, epochs, asks and effects have numbers that only count up; here each begins at 1 again.
- *What no rule reads* is forgotten: notes, ticks, earlier incidents, the flash of a lamp, how long a hold lasted.

That the fold forgets nothing that matters is no belief: `tests/policy/test_fold.py` lets chance find desks, and shows
that the step of a desk and the step of its fold come to the same class, with the same answer.
"""

from msgspec.structs import replace

from rung import words as w
from rung.policy import asks
from rung.policy.acts import TAKE_BACK_MS
from rung.policy.effects import RESTARTED
from rung.policy.language import Policy
from rung.policy.proof.grounds import CALMED, Declared, Grounds, Said, joined
from rung.policy.proof.reads import Reads
from rung.policy.reading import COMPLETE_AFTER_MS
from rung.policy.state import (
    Alert,
    Announcement,
    Ask,
    Case,
    Declaration,
    Desk,
    Facts,
    Mark,
    Pending,
    Phase,
    Taken,
)
from rung.words import Marker, Outcome, Role

NOW_MS = 1_000_000_000  # of every folded desk: later than any wait is long
LONG_MS = 1_000_000  # until a deadline that has not passed
MOMENT_MS = 1  # between two inputs, so that one is always later than the other

# An ask that comes to nothing leaves the same behind for all outcomes of one kind; each is known by its first.
_KINDS = (
    (Outcome.TAKEN_BACK, Outcome.INTERRUPTED, Outcome.CALLER_LEFT, Outcome.WITHDRAWN),
    (Outcome.DECLINED, Outcome.DENIED),
    (Outcome.FAILED, Outcome.UNWANTED),
    (Outcome.BUSY, Outcome.IGNORED, Outcome.ABSENT, Outcome.VOICEMAIL),
    (Outcome.ACCEPTED, Outcome.GRANTED, Outcome.ADVISED, Outcome.JOINED),
)
_TIMED = (Phase.TELLING, Phase.RINGING)
_CONSULT = "consult-1"  # as `moves.consult` names that of the first ask
_AT_ONCE_COUNTS = (Phase.TELLING, Phase.ASKING, Phase.HOLDING, Phase.RINGING, Phase.JOINING, Phase.OFFERING)
_LEAVES = {outcome: kind[0] for kind in _KINDS for outcome in kind}


class Fold:
    """The fold of one policy. ``alerts``: are alerts (panic, crisis, quiet asks) told apart as well?"""

    def __init__(self, reads: Reads, *, alerts: bool) -> None:
        self.policy = reads.policy
        self.reads = reads
        self.grounds = Grounds(reads)
        self.alerts = alerts
        times = reads.policy.times
        self.wait_ms, self.say_ms = times.wait_ms, times.say_ms
        self.places = {rung.id: place for place, rung in enumerate(reads.policy.rung)}

    def reads_of(self, desk: Desk) -> tuple[object, ...]:
        """All of a desk that decides its class: of two desks with the same, one need be folded."""
        return desk.at_ms, desk.case, desk.facts, desk.alert if self.alerts else None

    def desk(self, desk: Desk) -> Desk:
        """The member that stands for the class of ``desk``."""
        case = None if desk.case is None else self.case(desk.case, desk.at_ms)
        effect = len(case.pending) if case is not None else 0
        asked = case is not None and case.ask is not None
        alert = _alert(desk.alert) if self.alerts and desk.alert is not None else None  # others are for other calls
        return Desk(
            facts=_facts(desk.facts, desk.case),
            case=case,
            alerts=() if alert is None else (alert,),
            epoch=1,
            effect=effect,
            ask=int(asked) + 2 * int(alert is not None),
            at_ms=NOW_MS,
        )

    def case(self, case: Case, now: int) -> Case:
        said = self.grounds.fold(said_of(self.reads, case))
        instants = self._instants(said, case, now)
        counted = None
        if case.counted_ms is not None and self.reads.persisted:
            counted = NOW_MS - self.wait_ms if case.talk_ms(case.counted_ms, now) >= self.wait_ms else NOW_MS
        flags = self.reads.flags(case.involved)
        undecided = "not_necessary" in flags
        return Case(
            id="case-1",
            epoch=1,
            call=case.call,
            version=case.version,
            origin=case.origin,
            released=case.released,
            held=case.held,
            talks=((0, NOW_MS),),
            talking_since=NOW_MS if case.talking_since is not None else None,
            counted_ms=counted,
            grounds=tuple(Declaration(d.ground, d.person, instants[d.at]) for d in said.declared),
            marks=_in_crisis(case, now),
            taken=self._taken(case, instants, now),
            announcement=case.announcement and self._announcement(case.announcement, now),
            ask=case.ask and self._ask(case.ask, now),
            leave=case.leave and replace(case.leave, at_ms=NOW_MS) if self.reads.leave else None,
            leave_used=case.leave_used and self.reads.leave,
            unavailable=case.unavailable and "unavailable" in flags,
            involved=case.involved and bool(self.reads.flags(False) & {"involved"}),
            not_necessary=case.not_necessary and undecided,
            declined=case.declined and undecided,
            joined=tuple(replace(j, at_ms=instants[joined(j.person)]) for j in case.joined),
            calmed_ms=instants.get(CALMED),
            pending=_pending(case.pending),
            old_consults=(_CONSULT,) if _ends_its_consult(case) else (),
        )

    # -- the parts of a case -------------------------------------------------------------------------------------------

    def _instants(self, said: Said, case: Case, now: int) -> dict[int | str, int]:
        """An instant for each place in the order and for each mark, so that what has passed of its wait stays true."""
        ages = self._ages(case, now)
        at = dict(said.marks)
        by_place = {place: ages[name] for name, place in said.marks if name in ages}
        latest, found = NOW_MS - 100, {}
        for place in sorted({d.at for d in said.declared} | set(at.values()), reverse=True):
            wait_ms, passed = by_place.get(place, (0, False))
            latest = min(latest, NOW_MS - (wait_ms + 100 if passed else wait_ms // 2))
            found[place] = latest + place
        return found | {name: found[place] for name, place in at.items()}

    def _ages(self, case: Case, now: int) -> dict[str, tuple[int, bool]]:
        """Of each mark that has a wait of its own: how long it is, and whether it has passed."""
        ages = {joined(j.person): (self.wait_ms, case.talk_ms(j.at_ms, now) >= self.wait_ms) for j in case.joined}
        lapsing = (taken for taken in case.taken if taken.rung in self.reads.lapsing)
        return ages | {t.rung: (lapse_ms(self.policy, t.rung) or 0, lapsed(self.policy, t, now)) for t in lapsing}

    def _taken(self, case: Case, instants: dict[int | str, int], now: int) -> tuple[Taken, ...]:
        """Each rung of which it is read, once, until it lapses; and at the end that which may still come to nothing."""
        open = may_come_to_nothing(self.policy, case)
        kept: dict[tuple[str, str | None], Taken] = {}
        for i, t in enumerate(case.taken):
            if i == open or t.rung not in self.reads.rungs:
                continue
            if t.rung in self.reads.timed or not self._lapsed(t, now):
                kept[t.rung, by(self.policy, t)] = self._one(t, instants, now)
        read = sorted(kept.values(), key=self._in_ladder)
        if open is None:
            return tuple(read)
        last = case.taken[open]
        leave = last.leave and replace(last.leave, at_ms=NOW_MS) if self.reads.leave else None
        return (*read, replace(self._one(last, instants, now), leave=leave))

    def _one(self, taken: Taken, instants: dict[int | str, int], now: int) -> Taken:
        gone_ms = lapse_ms(self.policy, taken.rung) if self._lapsed(taken, now) else None
        at = NOW_MS - (gone_ms or 0)
        return Taken(taken.rung, by(self.policy, taken), instants.get(taken.rung, at))

    def _lapsed(self, taken: Taken, now: int) -> bool:
        return taken.rung in self.reads.lapsing and lapsed(self.policy, taken, now)

    def _in_ladder(self, taken: Taken) -> tuple[int, str]:
        return self.places[taken.rung], str(taken.person)

    def _announcement(self, said: Announcement, now: int) -> Announcement:
        return replace(said, at_ms=_aged(said.at_ms, self.say_ms, now))

    def _ask(self, ask: Ask, now: int) -> Ask:
        times, answered = self.policy.times, ask.answered_ms
        if answered is not None:
            answered = _aged(answered, COMPLETE_AFTER_MS, now)
        of_phase_ms = times.say_ms if ask.phase == Phase.TELLING else times.answer_ms
        over = (
            ask.phase == Phase.RETURNING
        )  # then nobody is heard any more; who was rung still counts, and what it leaves
        return replace(
            ask,
            number=1,
            opened_ms=_aged(ask.opened_ms, times.answer_ms, now) if asks.waits_for_desks(ask) else NOW_MS,
            phase_ms=_aged(ask.phase_ms, of_phase_ms, now) if ask.phase in _TIMED else NOW_MS,
            asked_ms=_aged(ask.asked_ms, times.widen_ms, now) if asks.waits_for_desks(ask) else NOW_MS,
            answered_ms=None if over else answered,
            to=() if over else tuple(sorted(ask.to)),
            busy=() if over else tuple(sorted(ask.busy)),
            seen=(),
            at_once=ask.at_once and ask.phase in _AT_ONCE_COUNTS,
            consult=_CONSULT if ask.consult is not None else None,
            outcome=None if ask.outcome is None else _LEAVES[ask.outcome],
        )


def by(policy: Policy, taken: Taken) -> str | None:
    """Whose rung it is: a supervisor's counts for that supervisor alone."""
    return taken.person if policy.find(taken.rung).role == Role.SUPERVISOR else None


def lapse_ms(policy: Policy, rung: str) -> int | None:
    lapses_after = policy.find(rung).lapses_after
    return None if lapses_after is None else round(lapses_after * 1000)


def lapsed(policy: Policy, taken: Taken, now: int) -> bool:
    after_ms = lapse_ms(policy, taken.rung)
    return after_ms is not None and now - taken.at_ms >= after_ms


def may_come_to_nothing(policy: Policy, case: Case) -> int | None:
    """Which of the rungs taken may still be undone: the one of the open ask, or the ending that was ordered."""
    rung, ends = case.ask.rung if case.ask is not None else "", case.waiting(w.HangUp) is not None
    if not rung and not ends:
        return None
    found = (i for i, t in enumerate(case.taken) if t.rung == rung or (ends and policy.find(t.rung).does == "end"))
    return max(found, default=None)


def _aged(at: int, wait_ms: int, now: int) -> int:
    """The instant that stands for all from which this wait has passed, or has not."""
    return NOW_MS - wait_ms if now - at >= wait_ms else NOW_MS


def _in_crisis(case: Case, now: int) -> tuple[Mark, ...]:
    """Who has marked a crisis that stands. Marking it again changes nothing: the first mark counts."""
    first: dict[str | None, int] = {}
    for mark in case.marks:
        if mark.marker == Marker.CRISIS:
            first.setdefault(mark.person, mark.at_ms)
    # Taken back freely up to and with the last millisecond of its minute.
    free_ms = TAKE_BACK_MS[Marker.CRISIS] + 1
    return tuple(Mark(Marker.CRISIS, p, _aged(at, free_ms, now)) for p, at in sorted(first.items(), key=str))


def said_of(reads: Reads, case: Case) -> Said:
    """What was declared on a case, and the instants that the tables hold it against."""
    marks: dict[str, int] = {} if case.calmed_ms is None else {CALMED: case.calmed_ms}
    for taken in case.taken:
        if taken.rung in reads.timed:
            marks[taken.rung] = max(taken.at_ms, marks.get(taken.rung, taken.at_ms))
    marks |= {joined(j.person): j.at_ms for j in case.joined}
    declared = tuple(Declared(d.ground, d.person, d.at_ms) for d in case.grounds)
    return Said(declared, tuple(sorted(marks.items())))


def _ends_its_consult(case: Case) -> bool:
    """Was the phone told to end the consult of this very ask, so that nothing more is heard of it?"""
    return any(isinstance(p.effect, w.TakeBack) and p.effect.consult is not None for p in case.pending)


def _pending(all: tuple[Pending, ...]) -> tuple[Pending, ...]:
    """What is not confirmed yet, the last of a kind: the same command sent again is settled together with it."""
    found: dict[tuple[type, str], Pending] = {}
    for pending in all:
        effect = replace(pending.effect, id=0)
        if isinstance(effect, w.Offer):
            effect = replace(effect, case="case-1", state="", policy="")
        elif isinstance(effect, w.Consult | w.Join):
            effect = replace(effect, case="case-1")
        elif isinstance(effect, w.Complete | w.TakeBack) and effect.consult is not None:
            effect = replace(effect, consult=_CONSULT)
        known = pending.unknown if pending.unknown in (None, RESTARTED) else "overdue"
        found[type(effect), getattr(effect, "target", "")] = Pending(effect, NOW_MS + LONG_MS, known)
    return tuple(replace(p, effect=replace(p.effect, id=n)) for n, p in enumerate(found.values(), 1))


def _alert(alert: Alert) -> Alert:
    case = "case-1" if alert.case else ""
    told, busy = tuple(sorted(alert.to)), tuple(sorted(alert.busy))
    return replace(alert, number=2, at_ms=NOW_MS, to=told, busy=busy, case=case)


def _facts(facts: Facts, case: Case | None) -> Facts:
    """Of the phone's calls only those that still concern somebody: the lines, and the consult of the open ask."""
    ask = case.ask if case is not None else None
    if ask is not None and ask.phase == Phase.RETURNING:
        ask = None  # its consult is over
    calls = {}
    for id, call in sorted(facts.calls.items()):
        if call.consult_for is None:
            calls[id] = replace(call, cause="", outcome=None)
        elif ask is not None and id == ask.consult:
            calls[_CONSULT] = replace(call, id=_CONSULT, cause="", outcome=None)
    return replace(facts, calls=calls)
