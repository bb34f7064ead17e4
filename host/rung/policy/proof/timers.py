"""The waits of a desk: which are running, and the desk in which one of them has just run out.

In the walk each wait may run out before any other, as far as a hold or a lost phone may delay it: that is more than can
happen, never less.
"""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from rung.policy.language import Policy
from rung.policy.proof.fold import MOMENT_MS, by, lapse_ms, lapsed, may_come_to_nothing
from rung.policy.proof.reads import Reads
from rung.policy.reading import COMPLETE_AFTER_MS
from rung.policy.state import ANNOUNCEMENT_MS as MINUTE_MS
from rung.policy.state import Ask, Case, Desk, Phase


class Timer(StrEnum):
    """A wait, in words that follow "and"."""

    TALK = "the call goes on for `wait`"
    JOINED = "the supervisor is in the call for `wait`"
    SAID = "`say_time` passes"
    MINUTE = "a minute passes"
    TELL = "`say_time` passes for the caller to be told"
    WIDER = "nobody answers for `widen_after`"
    IGNORED = "nobody answers for `answer_within`"
    ANSWERED = "agent and supervisor talk for 3 s"
    OVERDUE = "the phone does not confirm in time"


class Lapse(Struct, frozen=True):
    """The `lapses_after` of one rung; of a supervisor's, that of one person."""

    rung: str
    person: str | None = None

    def __str__(self) -> str:
        return f"{self.rung} lapses"


Wait = Timer | Lapse


def running(policy: Policy, desk: Desk) -> Iterator[Wait]:
    """The waits that have not run out."""
    case = desk.case
    if case is None:
        return
    now, times = desk.at_ms, policy.times
    if case.talking_since is not None:
        if case.counted_ms is not None and case.talk_ms(case.counted_ms, now) < times.wait_ms:
            yield Timer.TALK
        if any(case.talk_ms(j.at_ms, now) < times.wait_ms for j in case.joined):
            yield Timer.JOINED
    said = case.announcement
    if said is not None and now < said.at_ms + times.say_ms < said.at_ms + MINUTE_MS:
        yield Timer.SAID
    if said is not None or any(now - mark.at_ms <= MINUTE_MS for mark in case.marks):
        yield Timer.MINUTE
    standing = (t for t in case.taken if lapse_ms(policy, t.rung) is not None and not lapsed(policy, t, now))
    yield from dict.fromkeys(Lapse(t.rung, by(policy, t)) for t in standing)
    if any(p.unknown is None for p in case.pending):
        yield Timer.OVERDUE
    if case.ask is not None:
        yield from _of_ask(policy, case.ask, now)


def _of_ask(policy: Policy, ask: Ask, now: int) -> Iterator[Timer]:
    if ask.phase == Phase.TELLING:
        yield Timer.TELL
    if ask.to and not ask.taker and ask.phase in (Phase.TELLING, Phase.ASKING, Phase.HOLDING):
        if now < ask.asked_ms + policy.times.widen_ms:
            yield Timer.WIDER
        yield Timer.IGNORED
    elif ask.phase == Phase.RINGING:
        yield Timer.IGNORED
    if ask.answered_ms is not None and now < ask.answered_ms + COMPLETE_AFTER_MS:
        yield Timer.ANSWERED


def elapsed(reads: Reads, desk: Desk, timer: Wait) -> Desk:
    """The desk in which this wait has run out a moment from now."""
    policy = reads.policy
    case, now, times = desk.case, desk.at_ms + MOMENT_MS, policy.times
    assert case is not None
    ask, said = case.ask, case.announcement
    match timer:
        case Timer.TALK:
            case = replace(case, counted_ms=now - times.wait_ms)
        case Timer.JOINED:
            for j in case.joined:
                case = _older(case, j.at_ms, j.at_ms - (now - times.wait_ms))
        case Timer.SAID:
            assert said is not None
            case = replace(case, announcement=replace(said, at_ms=now - times.say_ms))
        case Timer.MINUTE:
            case = replace(
                case,
                announcement=said and replace(said, at_ms=now - MINUTE_MS),
                marks=tuple(replace(mark, at_ms=now - MINUTE_MS - 1) for mark in case.marks),
            )
        case Timer.OVERDUE:
            first = next(p for p in case.pending if p.unknown is None)
            overdue = replace(first, deadline_ms=now)
            case = replace(case, pending=tuple(overdue if p is first else p for p in case.pending))
        case Lapse():
            case = _lapse(reads, case, timer, now)
        case _:
            assert ask is not None
            case = replace(case, ask=_elapsed(policy, ask, timer, now))
    return replace(desk, case=case)


def _lapse(reads: Reads, case: Case, lapse: Lapse, now: int) -> Case:
    """The rung has lapsed. If it was taken once more and that may come to nothing, only what it was before."""
    policy = reads.policy
    taken = enumerate(case.taken)
    mine = [i for i, t in taken if Lapse(t.rung, by(policy, t)) == lapse and not lapsed(policy, t, now)]
    open = may_come_to_nothing(policy, case)
    if len(mine) > 1 and open in mine:
        mine.remove(open)
    gone = now - (lapse_ms(policy, lapse.rung) or 0)
    for i in mine:
        at = case.taken[i].at_ms
        if lapse.rung in reads.timed:
            case = _older(case, at, at - gone)  # what was declared after it stays so
        else:
            case = replace(case, taken=(*case.taken[:i], replace(case.taken[i], at_ms=gone), *case.taken[i + 1 :]))
    return case


def _older(case: Case, at_ms: int, by_ms: int) -> Case:
    """Move what happened up to ``at_ms`` back, all of it: in which order things happened stays as it was."""

    def moved(at: int) -> int:
        return at - by_ms if by_ms > 0 and at <= at_ms else at

    return replace(
        case,
        grounds=tuple(replace(d, at_ms=moved(d.at_ms)) for d in case.grounds),
        taken=tuple(replace(t, at_ms=moved(t.at_ms)) for t in case.taken),
        joined=tuple(replace(j, at_ms=moved(j.at_ms)) for j in case.joined),
        calmed_ms=None if case.calmed_ms is None else moved(case.calmed_ms),
    )


def _elapsed(policy: Policy, ask: Ask, timer: Timer, now: int) -> Ask:
    times = policy.times
    match timer:
        case Timer.TELL:
            return replace(ask, phase_ms=now - times.say_ms)
        case Timer.WIDER:
            return replace(ask, asked_ms=now - times.widen_ms)
        case Timer.ANSWERED:
            return replace(ask, answered_ms=now - COMPLETE_AFTER_MS)
        case _:
            ringing = ask.phase == Phase.RINGING
            return replace(ask, opened_ms=now - times.answer_ms, phase_ms=now - times.answer_ms if ringing else now)


def wait_ms(policy: Policy, timer: Wait) -> int:
    """How long one must really wait for it, at most."""
    if isinstance(timer, Lapse):
        return lapse_ms(policy, timer.rung) or 0
    times = policy.times
    longest = {
        Timer.TALK: times.wait_ms,
        Timer.JOINED: times.wait_ms,
        Timer.SAID: times.say_ms,
        Timer.TELL: times.say_ms,
        Timer.MINUTE: MINUTE_MS,
        Timer.WIDER: times.widen_ms,
        Timer.IGNORED: times.answer_ms,
        Timer.ANSWERED: COMPLETE_AFTER_MS,
        Timer.OVERDUE: 5000,
    }
    return longest[timer]
